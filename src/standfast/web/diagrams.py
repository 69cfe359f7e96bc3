"""Our own Mermaid as SVG, drawn on the server: no script of anybody's, and text for who cannot see it.

Only the part of Mermaid's flowchart grammar is read that `publish.graph` writes; for any other
diagram the answer is None, and its text is shown as it stands.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST = 80  # nodes; a drawing of more is no help
_NODE = re.compile(r'(n_\w+)\["([^"]*)"\]')
_EDGE = re.compile(r"(n_\w+) (-->|-\.->|==>)(?:\|([^|]*)\|)? (n_\w+)")
_BOX = re.compile(r'subgraph (n_\w+)\["([^"]*)"\]')
_CLASS = re.compile(r"class (n_\w+) down")
_HEIGHT, _GAP, _ACROSS, _LETTER = 44, 20, 90, 7.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    source: str
    kind: str  # as in Mermaid: --> -.-> ==>
    words: str
    target: str


@dataclass(slots=True, kw_only=True)
class Diagram:
    nodes: dict[str, str] = field(default_factory=dict)  # id -> its lines, parted by \n
    boxes: dict[str, tuple[str, list[str]]] = field(default_factory=dict)  # id -> words, nodes
    edges: list[Edge] = field(default_factory=list)
    down: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    x: float
    y: float
    width: float
    height: float


def svg(text: str, number: int = 0) -> Markup | None:
    """`number` tells the diagrams of one page apart."""
    diagram = read(text)
    if diagram is None:
        return None
    places = _boxed(diagram) if diagram.boxes else _layered(diagram)
    width = max(place.x + place.width for place in places.values()) + 12
    height = max(place.y + place.height for place in places.values()) + 12
    arrow = f"arrow-{number}"
    body = [
        Markup(
            '<defs><marker id="{}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9" '
            'markerUnits="userSpaceOnUse" '
            'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>'
        ).format(arrow)
    ]
    body += [_box(places[name], words) for name, (words, _) in diagram.boxes.items()]
    body += [_line(places[one.source], places[one.target], one, arrow) for one in diagram.edges]
    body += [
        _node(places[name], words, down=name in diagram.down)
        for name, words in diagram.nodes.items()
    ]
    return Markup(
        '<svg class="diagram" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">'
        "{3}</svg>"
    ).format(round(width), round(height), " ".join(sentences(diagram)), Markup("").join(body))


def sentences(diagram: Diagram) -> list[str]:
    """What the drawing says, for those who do not see it."""
    names = {name: words.partition("\n")[0] for name, words in diagram.nodes.items()}
    names |= {name: words.partition("\n")[0] for name, (words, _) in diagram.boxes.items()}
    verbs = {"-->": "needs", "-.->": "needs softly", "==>": "fails over to"}
    told = [
        f"{names[name]} holds {', '.join(names[one] for one in inside) or 'nothing'}."
        for name, (_, inside) in diagram.boxes.items()
    ]
    if diagram.boxes:
        verbs["-.->"] = "is replicated to"
    told += [
        f"{names[one.source]} {verbs[one.kind]} {names[one.target]}"
        + (f" ({one.words})." if one.words and one.kind == "-.->" else ".")
        for one in diagram.edges
    ]
    return told or [f"{name} stands alone." for name in names.values()]


# ------------------------------------------------------------------ reading


def read(text: str) -> Diagram | None:
    """None for what is not our own, or too large to be of help."""
    first, *rest = [line.strip() for line in text.strip().split("\n")]
    if not first.startswith("flowchart ") or len(rest) > 20 * _MOST:
        return None
    found, box = Diagram(), ""
    for line in rest:
        if line.startswith("classDef ") or not line:
            continue
        if line == "end" and box:
            box = ""
        elif match := _BOX.fullmatch(line):
            box = match[1]
            found.boxes[box] = (_plain(match[2]), [])
        elif match := _NODE.fullmatch(line):
            found.nodes[match[1]] = _plain(match[2])
            if box:
                found.boxes[box][1].append(match[1])
        elif match := _CLASS.fullmatch(line):
            found.down.add(match[1])
        elif match := _EDGE.fullmatch(line):
            words = _plain(match[3] or "")
            found.edges.append(Edge(source=match[1], kind=match[2], words=words, target=match[4]))
        else:
            return None
    known = {*found.nodes, *found.boxes}
    whole = all({one.source, one.target} <= known for one in found.edges)
    return found if whole and 0 < len(found.nodes) <= _MOST else None


def _plain(text: str) -> str:
    """The words of a label: Mermaid's entities undone, its line break as one."""
    lines = text.replace("<br/>", "\n")
    return re.sub(r"#(\d{1,6});", lambda match: _sign(int(match[1])), lines)


def _sign(number: int) -> str:
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else ""


# ------------------------------------------------------------------ where everything stands


def _layered(diagram: Diagram) -> dict[str, Place]:
    """From left to right, each as far right as the longest way to it."""
    level = _levels(list(diagram.nodes), diagram.edges)
    columns: dict[int, list[str]] = {}
    for name in diagram.nodes:
        columns.setdefault(level[name], []).append(name)
    tallest = max(len(names) for names in columns.values())
    places: dict[str, Place] = {}
    x = 12.0
    for number in sorted(columns):
        names = columns[number]
        width = max(_width(diagram.nodes[name]) for name in names)
        top = 12 + (tallest - len(names)) * (_HEIGHT + _GAP) / 2
        for turn, name in enumerate(names):
            y = top + turn * (_HEIGHT + _GAP)
            places[name] = Place(x=x, y=y, width=width, height=_HEIGHT)
        x += width + _ACROSS
    return places


def _levels(names: list[str], edges: Iterable[Edge]) -> dict[str, int]:
    """Longest ways from the roots; in a circle nobody is pushed further than there are nodes."""
    level = dict.fromkeys(names, 0)
    for _ in names:
        moved = False
        for one in edges:
            if level[one.target] <= level[one.source] < len(names):
                level[one.target], moved = level[one.source] + 1, True
        if not moved:
            break
    return level


def _boxed(diagram: Diagram) -> dict[str, Place]:
    """Each box a column of its nodes; nodes outside of any box are a column of their own."""
    inside = {name for _, names in diagram.boxes.values() for name in names}
    loose = [name for name in diagram.nodes if name not in inside]
    places: dict[str, Place] = {}
    x = 12.0
    for box, (words, names) in [*diagram.boxes.items(), *([("", ("", loose))] if loose else [])]:
        width = max([_width(words), *(_width(diagram.nodes[name]) for name in names)])
        for turn, name in enumerate(names):
            y = 70 + turn * (_HEIGHT + _GAP)
            places[name] = Place(x=x + 14, y=y, width=width, height=_HEIGHT)
        height = 70 + max(1, len(names)) * (_HEIGHT + _GAP) - 12
        if box:
            places[box] = Place(x=x, y=12, width=width + 28, height=height)
        x += width + 28 + _ACROSS
    return places


def _width(words: str) -> float:
    return max(len(line) for line in words.split("\n")) * _LETTER + 28


# ------------------------------------------------------------------ drawing


def _box(place: Place, words: str) -> Markup:
    return Markup('<rect class="box" x="{}" y="{}" width="{}" height="{}" rx="10"/>{}').format(
        place.x,
        place.y,
        round(place.width),
        round(place.height),
        _words(place, words, place.y + 22),
    )


def _node(place: Place, words: str, *, down: bool) -> Markup:
    return Markup(
        '<g class="node{}"><rect x="{}" y="{}" width="{}" height="{}" rx="7"/>{}</g>'
    ).format(
        " down" if down else "",
        round(place.x, 1),
        round(place.y, 1),
        round(place.width),
        place.height,
        _words(place, words, place.y + (18 if "\n" in words else 27)),
    )


def _words(place: Place, words: str, y: float) -> Markup:
    middle = round(place.x + place.width / 2, 1)
    lines = [
        Markup('<text x="{}" y="{}" text-anchor="middle" class="{}">{}</text>').format(
            middle, round(y + turn * 17, 1), "soft" if turn else "", line
        )
        for turn, line in enumerate(words.split("\n")[:2])
    ]
    return Markup("").join(lines)


def _line(source: Place, target: Place, edge: Edge, arrow: str) -> Markup:
    forth = source.x <= target.x
    high = edge.kind == "==>"  # between boxes: along their heads
    x1 = source.x + source.width if forth else source.x
    x2 = target.x if forth else target.x + target.width
    y1 = source.y + (30 if high else source.height / 2)
    y2 = target.y + (30 if high else target.height / 2)
    bend = max(30.0, abs(x2 - x1) / 2) * (1 if forth else -1)
    path = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    kind = {"-->": "hard", "-.->": "soft", "==>": "over"}[edge.kind]
    label = (
        Markup('<text x="{}" y="{}" text-anchor="middle" class="soft">{}</text>').format(
            round(x1 + (x2 - x1) * 0.62, 1), round(y1 + (y2 - y1) * 0.75 - 4, 1), edge.words
        )
        if edge.words
        else ""
    )
    return Markup('<path class="{}" d="{}" marker-end="url(#{})"/>{}').format(
        kind, path, arrow, label
    )

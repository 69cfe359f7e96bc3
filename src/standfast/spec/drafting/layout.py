"""How a reliability file is laid out: its sections and keys in their order, short maps on one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.spec.drafting.scalar import comment, emit, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from standfast.spec.drafting.draft import Path, Plain
    from standfast.spec.values import Place

WIDEST = 100
_MOST_PLACES = 3
SECTIONS = (
    "apiVersion", "include", "system", "regions", "components", "journeys", "service_levels",
    "composites", "agreements", "budget_policy", "alerts", "severities", "people", "teams", "on_call",
    "channels", "incidents", "runbooks", "data", "backups", "locations", "failover", "degradation",
    "compliance", "experience", "waivers", "server", "environments",
)  # fmt: skip
_KEYS = (
    "name", "role", "mode", "zones", "type", "of", "store", "vendor", "owner", "members", "lead", "url",
    "address", "replicas", "replication", "health", "live", "ready", "deep", "path", "every", "timeout",
    "scrape", "exporter", "dsn", "size", "availability", "sli", "when", "expr", "slo", "sla", "window",
    "severity", "runbook", "strength", "criticality", "platform", "timezone",
)  # fmt: skip
_LAST = ("needs",)
_ORDER = {key: place for place, key in enumerate(_KEYS)}
HEADS = {
    "components": "what it is made of, and what needs what",
    "service_levels": "what is promised",
    "alerts": "what wakes whom",
}


@dataclass(slots=True)
class Leaf:
    value: Plain
    places: tuple[Place, ...] = ()


@dataclass(slots=True)
class Branch:
    """A map in the making; `places` say that it exists."""

    children: dict[str, Branch | Leaf] = field(default_factory=dict)
    places: tuple[Place, ...] = ()

    def put(self, path: Path, leaf: Leaf) -> None:
        """Set a value; where one thing is given short and long, the long form holds the short one."""
        here = self
        for step in path[:-1]:
            found = here.children.get(step)
            if not isinstance(found, Branch):
                found = _widened(step, found)
                here.children[step] = found
            here = found
        last = path[-1]
        known = here.children.get(last)
        if isinstance(known, Branch):
            known.places = tuple(dict.fromkeys((*known.places, *leaf.places)))
            if leaf.value is not None and (key := short_for(path)):
                known.children.setdefault(key, Leaf(leaf.value, leaf.places))
        elif known is None:
            here.children[last] = leaf


def _widened(step: str, found: Leaf | None) -> Branch:
    branch = Branch(places=found.places if found else ())
    if found is not None and found.value is not None:
        key = "path" if step in ("live", "ready", "deep") else "strength"
        branch.children[key] = found
    return branch


def short_for(path: Path) -> str:
    """The key for which a bare value at `path` stands: `db: hard` is `db: {strength: hard}`."""
    if len(path) == 4 and path[0] == "components":
        return {"needs": "strength", "health": "path"}.get(path[2], "")
    return ""


def sections(root: Branch) -> Iterator[str]:
    """The lines of the whole file below its head."""
    for name in sorted(root.children, key=_section_place):
        child = root.children[name]
        if name in ("apiVersion", "system"):
            yield from entry(name, child, 0, ())
            continue
        yield ""
        head = f"{text(name)}:"
        said = HEADS.get(name)
        yield f"{head:<38}# {said}" if said else head
        if isinstance(child, Leaf):
            yield from (f"  {emit(child.value)}",) if child.value is not None else ()
        else:
            yield from _children(child, 2, (name,))


def _section_place(name: str) -> tuple[int, str]:
    return (SECTIONS.index(name), "") if name in SECTIONS else (len(SECTIONS), name)


def _children(branch: Branch, indent: int, path: Path) -> Iterator[str]:
    keys = sorted(branch.children, key=_key_place) if len(path) > 1 else list(branch.children)
    if path[-1] == "needs":
        yield from _aligned(branch, keys, indent)
        return
    for key in keys:
        yield from entry(key, branch.children[key], indent, path, branch.places)


def _key_place(key: str) -> tuple[int, int, str]:
    return (key in _LAST, _ORDER.get(key, len(_ORDER)), key)


def entry(
    key: str, child: Branch | Leaf, indent: int, path: Path, said: tuple[Place, ...] = ()
) -> Iterator[str]:
    """One key with what belongs to it; places that the line above has named are not named again."""
    lead = f"{' ' * indent}{text(key)}:"
    if isinstance(child, Leaf):
        yield _cited(
            f"{lead} {emit(child.value)}" if child.value is not None else lead, child.places, said
        )
        return
    short = flow(child, (*path, key))
    if key != "needs" and "needs" not in child.children and len(lead) + len(short) < WIDEST:
        yield _cited(f"{lead} {short}", _all_places(child), said)
        return
    places = child.places or _first_places(child)
    yield _cited(lead, () if key == "needs" else places, said)
    yield from _children(Branch(child.children, places), indent + 2, (*path, key))


def flow(child: Branch | Leaf, path: Path) -> str:
    """A map on one line, in its shorthand where there is one."""
    if isinstance(child, Leaf):
        return emit(child.value)
    key = short_for(path)
    if key and [*child.children] == [key]:
        return flow(child.children[key], (*path, key))
    parts = [
        f"{text(name)}: {flow(child.children[name], (*path, name))}"
        for name in sorted(child.children, key=_key_place)
    ]
    return f"{{{', '.join(parts)}}}"


def _aligned(branch: Branch, keys: Iterable[str], indent: int) -> Iterator[str]:
    """Needs line by line, what is said of them in one column."""
    lines = []
    for key in keys:
        child = branch.children[key]
        open_question = isinstance(child, Leaf) and child.value is None
        shown = "" if open_question else f" {flow(child, ('components', '', 'needs', key))}"
        places = child.places if isinstance(child, Leaf) else _all_places(child)
        asked = "hard or soft? " if open_question else ""
        lines.append((f"{' ' * indent}{text(key)}:{shown}", f"{asked}{cite(places)}"))
    wide = min(max((len(line) for line, _ in lines), default=0), 60)
    for line, words in lines:
        yield f"{line:<{wide}}  # {words}" if words else line


def _cited(line: str, places: Iterable[Place], said: Iterable[Place]) -> str:
    fresh = [one for one in places if one not in set(said)]
    return f"{line}  # {cite(fresh)}" if fresh else line


def cite(places: Iterable[Place]) -> str:
    """ "from compose.yaml:12, :40": lines are enough for a reader, and a file is named once."""
    known = list(dict.fromkeys((one.file, one.line) for one in places))
    if not known:
        return ""
    shown = [
        f"{'' if index and known[index - 1][0] == file else file}:{line}"
        for index, (file, line) in enumerate(known[:_MOST_PLACES])
    ]
    more = f" and {len(known) - _MOST_PLACES} more" if len(known) > _MOST_PLACES else ""
    return comment(f"from {', '.join(shown)}{more}")


def _all_places(child: Branch | Leaf) -> tuple[Place, ...]:
    if isinstance(child, Leaf):
        return child.places
    below = (place for one in child.children.values() for place in _all_places(one))
    return tuple(dict.fromkeys((*child.places, *below)))


def _first_places(child: Branch) -> tuple[Place, ...]:
    typed = child.children.get("type")
    return typed.places if isinstance(typed, Leaf) else ()


def tree(facts: Mapping[Path, tuple[Plain, tuple[Place, ...]]]) -> Branch:
    root = Branch()
    for path, (value, places) in facts.items():
        root.put(path, Leaf(value, places))
    return root

"""The objects of one file, lists opened; what is a template still, and what is broken, is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.kubernetes.resource import Resource, resource
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Note, NoteKind
from standfast.spec.tree import Node, Refused, grow_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.drivers.importers.source import Source

# Helm's own words; `{{pod}}` in a dashboard and `{{ $labels.job }}` in an alert are none of them.
TEMPLATE = re.compile(
    r"\{\{-?\s*(?:\.(?:Values|Release|Chart|Capabilities|Files|Template)\b|include\b|template\b|define\b"
    r"|toYaml\b|tpl\b|fullname|if\b|range\b|with\b|end\b|\$|/\*|default\b|printf\b|\(|-\s)"
)
_APART = re.compile(r"^---(?=[ \t\r\n]|$)", re.MULTILINE)
_MARKS = re.compile(r"^(?:apiVersion|kind):", re.MULTILINE)
_RENDER = "let `helm template` render the chart and import what it prints"
MOST_APART = 500
DEEPEST_LIST = 4


def documents(source: Source) -> tuple[tuple[Node, ...], list[Note]]:
    """The trees of a file. Where one document is broken, those beside it are still read."""
    try:
        return source.documents, [_doubled(problem) for problem in source.doubled]
    except Refused as refused:
        if match := TEMPLATE.search(source.text):
            return (), [
                _template(source, match.start(), f"a Helm template that is not rendered; {_RENDER}")
            ]
        if (spot := source.text.find("{{")) >= 0:
            said = "a template that is not filled in; import what comes of it"
            return (), [_template(source, spot, said)]
        pieces = _pieces(source.text)
        if len(pieces) < 2:
            return (), [_broken(source, refused)]
        return _each(source, pieces)


def _doubled(problem: object) -> Note:
    said = getattr(problem, "sentence", "")
    where = Node(
        getattr(problem, "file", ""), getattr(problem, "line", 1), getattr(problem, "column", 1)
    )
    return Note(kind=NoteKind.CONFLICT, place=place(where), text=said)


def _template(source: Source, position: int, said: str) -> Note:
    line = source.text.count("\n", 0, position) + 1
    return Note(kind=NoteKind.PLACEHOLDER, place=place(Node(source.path, line, 1)), text=said)


def _broken(source: Source, refused: Refused) -> Note:
    problem = refused.problem
    spot = Node(source.path, problem.line, problem.column)
    return Note(kind=NoteKind.UNREADABLE, place=place(spot), text=f"not read: {problem.sentence}")


def _pieces(text: str) -> list[tuple[int, str]]:
    """Each document's text with the number of lines before it; nothing where there are too many."""
    starts = [0, *(match.start() for match in _APART.finditer(text))]
    if len(starts) > MOST_APART:
        return []
    ends = [*starts[1:], len(text)]
    return [
        (text.count("\n", 0, start), text[start:end])
        for start, end in zip(starts, ends, strict=True)
        if text[start:end].strip("- \r\n")
    ]


def _each(source: Source, pieces: list[tuple[int, str]]) -> tuple[tuple[Node, ...], list[Note]]:
    found: list[Node] = []
    notes: list[Note] = []
    for before, text in pieces:
        try:
            found += grow_all("\n" * before + text, source.path, [])
        except Refused as refused:
            notes.append(_broken(source, refused))
    return tuple(found), notes


def objects(source: Source) -> tuple[tuple[Resource, ...], list[Note]]:
    """Every object of a file; a name that is still a template is told and left."""
    trees, notes = documents(source)
    found = []
    for tree in trees:
        for node in _opened(tree, 0):
            one = resource(node)
            if one is None:
                continue
            if "{{" in one.name or "{{" in one.kind:
                line = node.line
                said = f"the name is a template; {_RENDER}"
                spot = place(Node(source.path, line, 1))
                notes.append(Note(kind=NoteKind.PLACEHOLDER, place=spot, text=said))
                continue
            found.append(one)
    return tuple(found), notes


def _opened(node: Node, depth: int) -> Iterator[Node]:
    if nodes.text(node, "kind").endswith("List") and node.child("items") is not None:
        if depth < DEEPEST_LIST:
            for item in nodes.items(node, "items"):
                yield from _opened(item, depth + 1)
    else:
        yield node


def looks_like(text: str) -> bool:
    """Has the text the marks of an object, whether or not it can be read?"""
    return len(set(_MARKS.findall(text[:2_000_000]))) == 2

"""What the last import read, kept beside the file: base of the next merge, evidence of values."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from standfast.spec.drafting.draft import Fact
from standfast.spec.drafting.scalar import quoted
from standfast.spec.problem import Problem
from standfast.spec.tree import Refused, grow
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from standfast.spec.drafting.draft import Path, Plain
    from standfast.spec.tree import Node

VERSION = "standfast-imported/v1"
_HEAD = f"""\
# What `standfast import` last read. Written by it, kept beside the reliability file and in version control:
# the next `--merge` tells by it what was changed by hand, and the review what nobody has confirmed.
imported: {VERSION}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The facts of one import, and the digest (SHA-256, hex) of every file that they were read from."""

    sources: Mapping[str, str]
    facts: tuple[Fact, ...]

    @property
    def values(self) -> dict[Path, Plain]:
        return {one.path: one.value for one in self.facts}


def name_of(path: str) -> str:
    """Where the record of the reliability file at `path` lies."""
    for ending in (".yaml", ".yml"):
        if path.endswith(ending):
            return f"{path.removesuffix(ending)}.imported.yaml"
    return f"{path}.imported.yaml"


def render(record: Record) -> str:
    """One line for each source and each fact, so that a change is seen as one."""
    lines = [_HEAD + "sources:" + (" {}" if not record.sources else "")]
    lines += [f"  {quoted(path)}: {digest}" for path, digest in sorted(record.sources.items())]
    lines.append("facts:" + (" []" if not record.facts else ""))
    for one in record.facts:
        places = ", ".join(quoted(str(place)) for place in one.places)
        lines.append(f"  - {{at: {_json(one.path)}, is: {_json(one.value)}, from: [{places}]}}")
    return "\n".join(lines) + "\n"


def _json(value: Plain) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(quoted(one) for one in value)}]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


class BadRecord(Exception):
    """The text is no record of an import."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


def read(text: str, name: str) -> Record:
    """Raises BadRecord where the text is none."""
    problems: list[Problem] = []
    try:
        root = grow(text, name, problems)
        version = root.child("imported")
        if version is None or version.scalar != VERSION:
            raise _refused(
                version or root, f"this is no record of an import: it lacks 'imported: {VERSION}'"
            )
        sources, facts = root.child("sources"), root.child("facts")
        found = Record(
            sources={key: str(node.scalar) for key, (_, node) in (_entries(sources)).items()},
            facts=tuple(_fact(one) for one in (facts.items if facts is not None else None) or ()),
        )
    except Refused as refused:
        raise BadRecord(_told(refused.problem)) from None
    if problems:
        raise BadRecord(_told(problems[0]))
    return found


def _told(problem: Problem) -> Problem:
    said = f"{problem.sentence}; take it from version control, or remove it to import without"
    return replace(problem, sentence=said)


def _entries(node: Node | None) -> Mapping[str, tuple[Node, Node]]:
    return (node.entries or {}) if node is not None else {}


def _fact(node: Node) -> Fact:
    at, value, origin = node.child("at"), node.child("is"), node.child("from")
    if at is None or not at.items or value is None:
        raise _refused(node, "a fact has `at:` and `is:`")
    said: Plain = tuple(map(_word, value.items)) if value.items is not None else value.scalar
    return Fact(
        path=tuple(map(_word, at.items)),
        value=said,
        places=tuple(
            _place(_word(one)) for one in (origin.items if origin is not None else None) or ()
        ),
    )


def _word(node: Node) -> str:
    return str(node.scalar)


def _place(text: str) -> Place:
    file, _, rest = text.rpartition(":")
    file, _, line = file.rpartition(":")
    ends = line.isdigit() and rest.isdigit() and len(line) < 10 and len(rest) < 10
    return (
        Place(file=file, line=int(line), column=int(rest))
        if ends
        else Place(file=text, line=1, column=1)
    )


def _refused(node: Node, sentence: str) -> Refused:
    return Refused(Problem(node.file, node.line, node.column, sentence, "imported"))


def confirmed(record: Record, root: Node) -> frozenset[str]:
    """The dotted paths whose value is still what was imported; a map is, where all that it holds is."""
    values = record.values
    found: set[str] = set()
    _confirm(root, (), values, found)
    return frozenset(found)


def _confirm(node: Node, path: Path, values: Mapping[Path, Plain], found: set[str]) -> bool:
    """Whether all of `node` was imported; each part of which it holds goes to `found`."""
    if node.entries is not None:
        parts = [
            _confirm(value, (*path, key), values, found) for key, (_, value) in node.entries.items()
        ]
        whole = all(parts) and bool(parts or path in values)
    else:
        whole = same(values.get(path, _NOTHING), node) or _short(node, path, values)
    if whole and path:
        found.add(".".join(path))
        for index, _ in enumerate(node.items or ()):
            found.add(".".join((*path, str(index))))
    return whole


_NOTHING = ("\0",)


def _short(node: Node, path: Path, values: Mapping[Path, Plain]) -> bool:
    """`ready: /health` says what was imported as `{path: /health}`."""
    return any(same(values.get((*path, key), _NOTHING), node) for key in ("path", "strength"))


def same(value: Plain, node: Node) -> bool:
    """Does the file say at `node` what `value` is?"""
    if node.items is not None:
        return isinstance(value, tuple) and [one.scalar for one in node.items] == [*value]
    if node.entries is not None:
        return value is None and not node.entries
    return type(value) is type(node.scalar) and value == node.scalar


def sources_of(facts: Iterable[Fact]) -> tuple[str, ...]:
    """The files that facts cite, in the order in which they are first named."""
    return tuple(dict.fromkeys(place.file for one in facts for place in one.places if place.file))

"""From text to a tree whose every key and value knows its place; YAML 1.2 scalars, hostile files refused.

PyYAML's own resolver reads `12:30` as 750, `on` as True and `014` as 12; here they stay text.
The tree is built from the parser's events in a loop, so that depth costs no stack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from standfast.spec.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 4_000_000
MAX_DEPTH = 40
MAX_NODES = 200_000
MAX_FOREIGN_BYTES = 16_000_000
MAX_FOREIGN_NODES = 1_000_000
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]{1,3})?", re.ASCII)
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")

Scalar = str | int | float | bool | None


@dataclass(slots=True, eq=False)
class Node:
    """A value with its place. A mapping keeps beside each value the place of its key."""

    file: str
    line: int
    column: int
    scalar: Scalar = None
    items: list[Node] | None = None
    entries: dict[str, tuple[Node, Node]] | None = None  # key -> (the key's own node, the value)
    weight: int = 1  # nodes in it, aliases counted as often as they are used
    tag: str = ""  # an explicit one, in a file of somebody else's only: "!reset"

    @property
    def kind(self) -> str:
        if self.entries is not None:
            return "mapping"
        return "list" if self.items is not None else "scalar"

    def child(self, key: str) -> Node | None:
        found = (self.entries or {}).get(key)
        return found[1] if found else None

    def data(self) -> object:
        """Plain Python values, as the shapes take them."""
        if self.entries is not None:
            return {key: value.data() for key, (_, value) in self.entries.items()}
        if self.items is not None:
            return [item.data() for item in self.items]
        return self.scalar


class Refused(Exception):
    """The text cannot become a tree: broken YAML, or more of it than is reasonable."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


@dataclass(slots=True)
class _Builder:
    file: str
    problems: list[Problem]
    foreign: bool = False  # somebody else's file: tags, merge keys and several documents are usual
    roots: list[Node] = field(default_factory=list)
    open: list[tuple[Node, Node | None]] = field(default_factory=list)  # container, key waiting
    anchors: dict[str, Node] = field(default_factory=dict)
    weight: int = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._add(self._node(event, scalar=self._resolve(event)), event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._begin(self._node(event, entries={}), event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._begin(self._node(event, items=[]), event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._document(event)

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        if self.roots and not self.foreign:
            raise self._refuse(event, "a second document begins here; one file holds one document")
        self.anchors.clear()  # an anchor ends with its document

    def _node(
        self,
        event: yaml.Event,
        *,
        scalar: Scalar = None,
        items: list[Node] | None = None,
        entries: dict[str, tuple[Node, Node]] | None = None,
    ) -> Node:
        line, column = _spot(event)
        tag = getattr(event, "tag", None) or ""
        tag = "" if tag in _TEXT_TAGS or not self.foreign else tag
        return Node(self.file, line, column, scalar=scalar, items=items, entries=entries, tag=tag)

    def _resolve(self, event: yaml.ScalarEvent) -> Scalar:
        if event.tag not in _TEXT_TAGS and not self.foreign:
            raise self._refuse(event, f"tags are not used in this file: {event.tag!r}")
        plain = event.implicit[0] or (self.foreign and event.tag not in _TEXT_TAGS)
        return resolve(event.value) if plain and not event.style else event.value

    def _begin(self, node: Node, event: yaml.CollectionStartEvent) -> None:
        if event.tag is not None and not self.foreign:
            raise self._refuse(event, f"tags are not used in this file: {event.tag!r}")
        if len(self.open) >= MAX_DEPTH:
            raise self._refuse(event, f"nested more than {MAX_DEPTH} deep")
        self._count(event, 1)
        if event.anchor:
            self.anchors.pop(event.anchor, None)
            self.anchors[event.anchor] = node
        if self.open and self.open[-1][0].entries is not None and self.open[-1][1] is None:
            raise self._refuse(event, "a key is one word or text, never a list or a mapping")
        self.open.append((node, None))

    def _end(self) -> None:
        node, _ = self.open.pop()
        if self.foreign and node.entries is not None and "<<" in node.entries:
            node.entries = _merged(node.entries)
        node.weight = 1 + sum(child.weight for child in _children(node))
        self._place(node)

    def _add(self, node: Node, event: yaml.ScalarEvent) -> None:
        self._count(event, 1)
        if event.anchor:
            self.anchors[event.anchor] = node
        if self.open and self.open[-1][0].entries is not None and self.open[-1][1] is None:
            node.scalar = event.value  # a key is text, whatever it looks like
            self.open[-1] = (self.open[-1][0], node)
            return
        self._place(node)

    def _alias(self, event: yaml.AliasEvent) -> None:
        node = self.anchors.get(event.anchor or "")
        if node is None or any(node is container for container, _ in self.open):
            raise self._refuse(event, f"the alias '*{event.anchor}' points at nothing finished")
        if self.open and self.open[-1][0].entries is not None and self.open[-1][1] is None:
            raise self._refuse(event, "a key is one word or text, never an alias")
        self._count(event, node.weight)
        self._place(node)

    def _place(self, node: Node) -> None:
        if not self.open:
            self.roots.append(node)
            return
        container, key = self.open[-1]
        if container.items is not None:
            container.items.append(node)
        elif container.entries is not None and key is not None:
            self._enter(container.entries, key, node)
            self.open[-1] = (container, None)

    def _enter(self, entries: dict[str, tuple[Node, Node]], key: Node, node: Node) -> None:
        name = str(key.scalar)
        if name in entries:
            first = entries[name][0]
            said = f"the key '{name}' is here twice; it was given first on line {first.line}"
            path = ".".join([*self._path(), name])
            self.problems.append(Problem(self.file, key.line, key.column, said, path))
            return
        entries[name] = (key, node)

    def _path(self) -> Iterator[str]:
        for container, key in self.open[:-1]:
            if container.items is not None:
                yield str(len(container.items))
            elif key is not None:
                yield str(key.scalar)

    def _count(self, event: yaml.Event, many: int) -> None:
        self.weight += many
        most = MAX_FOREIGN_NODES if self.foreign else MAX_NODES
        if self.weight > most:
            raise self._refuse(event, f"more than {most:,} values, aliases counted each time")

    def _refuse(self, event: yaml.Event, sentence: str) -> Refused:
        return Refused(Problem(self.file, *_spot(event), sentence, "syntax"))


def _spot(event: yaml.Event) -> tuple[int, int]:
    """Line and column from 1; the parser marks every event that it makes from text."""
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _children(node: Node) -> Iterator[Node]:
    if node.items is not None:
        yield from node.items
    if node.entries is not None:
        for _, value in node.entries.values():
            yield value


def _merged(entries: dict[str, tuple[Node, Node]]) -> dict[str, tuple[Node, Node]]:
    """YAML 1.1's merge key: what `<<` names stands below what the mapping says itself."""
    _, below = entries["<<"]
    maps = below.items if below.items is not None else [below]
    found = {name: entry for name, entry in entries.items() if name != "<<"}
    for node in maps:
        for name, entry in (node.entries or {}).items():
            found.setdefault(name, entry)
    return found


def resolve(text: str) -> Scalar:
    """A plain scalar by YAML 1.2, save that only what is surely a number becomes one."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def grow(text: str, file: str, problems: list[Problem]) -> Node:
    """The tree of one file. Duplicate keys go to `problems`; raises Refused where no tree can be had."""
    if len(text) > MAX_BYTES:
        said = f"the file holds {len(text):,} characters; at most {MAX_BYTES:,} are read"
        raise Refused(Problem(file, 1, 1, f"{said}; split it with `include:`", "syntax"))
    roots = _roots(_Builder(file, problems), text)
    if not roots or (roots[0].kind == "scalar" and roots[0].scalar is None):
        said = "the file is empty; `standfast init` writes a starting one"
        raise Refused(Problem(file, 1, 1, said, "syntax"))
    return roots[0]


def grow_all(text: str, file: str, problems: list[Problem]) -> tuple[Node, ...]:
    """The documents of somebody else's YAML or JSON; empty ones are left out.

    Tags are kept on their nodes, merge keys resolved, duplicate keys go to `problems`. Raises Refused
    where no tree can be had: broken YAML, or more of it than is reasonable.
    """
    if len(text) > MAX_FOREIGN_BYTES:
        said = f"the file holds {len(text):,} characters; at most {MAX_FOREIGN_BYTES:,} are read"
        raise Refused(Problem(file, 1, 1, said, "syntax"))
    roots = _roots(_Builder(file, problems, foreign=True), text)
    return tuple(one for one in roots if one.kind != "scalar" or one.scalar is not None)


def _roots(builder: _Builder, text: str) -> list[Node]:
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise Refused(_broken(builder.file, error)) from error
    except (yaml.reader.ReaderError, UnicodeEncodeError) as error:
        before = text[: getattr(error, "position", getattr(error, "start", 0))]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        said = "a character that YAML does not allow; save the file as plain UTF-8 text"
        raise Refused(Problem(builder.file, line, column, said, "syntax")) from error
    return builder.roots


def _broken(file: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    said = (error.problem or "not YAML").replace("did not find expected", "expected")
    if "'\\t'" in said or "cannot start any token" in said:
        said += "; indent with spaces, and put text that begins with a sign in quotes"
    elif "expected key" in said or "block end" in said or "expected '-' indicator" in said:
        said += "; it stands further in or out than what it belongs to: indent alike"
    elif "mapping values are not allowed" in said:
        said += "; put text with ': ' in it in quotes, and a key where its neighbours begin"
    return Problem(file, line, column, said, "syntax")


# libyaml's parser is ten times as fast; a build of PyYAML without it still works.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

"""A YAML text changed at single places; every byte elsewhere stays, with its comments and its alignment.

Writing the whole tree anew, as round-trip parsers do, would lose alignment within braces and move comments
of what is removed. Here only the span of a value, or the lines of an entry, are touched.
"""

from __future__ import annotations

import re
from bisect import insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from standfast.spec.drafting.layout import Branch, Leaf, cite, entry, flow
from standfast.spec.drafting.scalar import emit, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from standfast.spec.drafting.draft import Path, Plain
    from standfast.spec.values import Place

_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_COMMENT = re.compile(r"(?:^|(?<=\s))#(.*)$", re.MULTILINE)  # within quotes too: then more is kept
_CITATION = re.compile(r"(?:hard or soft\? )?from [^#]*:\d+(?: and \d+ more)?")
_NULLS = ("", "~", "null")


class NotHere(Exception):
    """The place cannot be changed without changing more; says why."""


@dataclass(slots=True)
class Sheet:
    """One file's text and its tree with marks; edits are collected and applied at once."""

    text: str
    root: yaml.MappingNode
    starts: list[int]
    newline: str
    shared: frozenset[int]
    edits: list[tuple[int, int, str]] = field(default_factory=list)

    # ------------------------------------------------------------------ places

    def at(self, mark: yaml.Mark) -> int:
        return self.starts[mark.line] + mark.column

    def end(self, node: yaml.Node) -> int:
        """Where the node's own text ends, without comments and empty lines behind it."""
        if isinstance(node, yaml.ScalarNode):
            stop = self.at(node.end_mark)
            if node.style in ("|", ">"):
                return len(self.text[:stop].rstrip())
            return stop
        assert isinstance(node, yaml.CollectionNode)  # noqa: S101 - there are three kinds
        if node.flow_style or not node.value:
            return self.at(node.end_mark)
        last = node.value[-1]
        return self.end(last[1] if isinstance(last, tuple) else last)

    def line_end(self, at: int) -> int:
        found = _BREAK.search(self.text, at)
        return found.start() if found else len(self.text)

    def next_line(self, at: int) -> int:
        found = _BREAK.search(self.text, at)
        return found.end() if found else len(self.text)

    # ------------------------------------------------------------------ looking up

    def walk(self, path: Path) -> tuple[yaml.Node, Path, bool]:
        """The deepest node along `path`, what of the path is left, and whether braces are around it."""
        node: yaml.Node = self.root
        braces = bool(self.root.flow_style)
        for index, step in enumerate(path):
            if id(node) in self.shared:
                raise NotHere("it is written once and used at several places (an anchor)")
            found = _child(node, step)
            if found is None:
                return node, path[index:], braces
            node = found[1]
            braces = braces or bool(getattr(node, "flow_style", False))
        if id(node) in self.shared:
            raise NotHere("it is written once and used at several places (an anchor)")
        return node, (), braces

    # ------------------------------------------------------------------ edits

    def put(self, path: Path, value: Plain, before: Iterable[Place], now: Iterable[Place]) -> None:
        """Put `value` where another one stands, and the citation behind it right."""
        node, rest, braces = self.walk(path)
        short = rest in (("path",), ("strength",)) and isinstance(node, yaml.ScalarNode)
        if rest and not short:
            raise NotHere("it is not there")
        start, stop = self.at(node.start_mark), self.end(node)
        shown = emit(value)
        empty = start == stop
        self._edit(start, stop, f" {shown}" if empty else shown)
        if not braces:
            self._recite(stop, cite(before), cite(now))

    def _recite(self, stop: int, before: str, now: str) -> None:
        rest = self.text[stop : self.line_end(stop)]
        if before and now != before and rest.strip() == f"# {before}":
            at = stop + rest.index("#")
            self._edit(at, at + 2 + len(before), f"# {now}")

    def add(self, container: Path, branch: Branch) -> None:
        """Put new entries at the end of the map at `container`, which exists."""
        node, rest, braces = self.walk(container)
        if rest:
            raise NotHere("the map that it belongs to is not there")
        if isinstance(node, yaml.SequenceNode):
            self._add_items(node, branch)
        elif isinstance(node, yaml.MappingNode):
            self._add_entries(node, container, branch, braces)
        elif isinstance(node, yaml.ScalarNode) and node.value in _NULLS and not node.style:
            self._fill(node, container, branch, braces)
        else:
            raise NotHere("a short form stands there")

    def _add_entries(
        self, node: yaml.MappingNode, container: Path, branch: Branch, braces: bool
    ) -> None:
        if braces or node.flow_style:
            inside = flow(branch, container)[1:-1]
            if not node.value:
                start = self.at(node.start_mark)
                self._edit(start, self.at(node.end_mark), f"{{{inside}}}")
            else:
                stop = self.end(node.value[-1][1])
                self._edit(stop, stop, f", {inside}")
            return
        column = node.value[0][0].start_mark.column
        self._insert_lines(self.end(node), _lines(branch, container, column), spaced=not container)

    def _add_items(self, node: yaml.SequenceNode, branch: Branch) -> None:
        """Needs as a list have names only; what is said of one would need the long form."""
        for name, child in branch.children.items():
            if not isinstance(child, Leaf) or child.value is not None:
                raise NotHere("its needs are a list, which has no room for a strength")
            if node.flow_style:
                stop = self.end(node.value[-1]) if node.value else self.at(node.start_mark) + 1
                self._edit(stop, stop, f", {text(name)}" if node.value else text(name))
            else:
                dash = " " * node.start_mark.column
                self._insert_lines(self.end(node), [f"{dash}- {text(name)}"])

    def _fill(self, node: yaml.Node, container: Path, branch: Branch, braces: bool) -> None:
        start, stop = self.at(node.start_mark), self.end(node)
        if braces:
            self._edit(
                start,
                stop,
                f" {flow(branch, container)}" if start == stop else flow(branch, container),
            )
            return
        line = self.text[self.starts[node.start_mark.line] : start]
        column = len(line) - len(line.lstrip(" ")) + 2
        if start != stop:
            self._edit(start, stop, "")
        self._insert_lines(stop, _lines(branch, container, column))

    def _insert_lines(self, after: int, lines: Iterable[str], *, spaced: bool = False) -> None:
        at = self.next_line(after)
        lead = "" if at > 0 and _BREAK.fullmatch(self.text[at - 1 : at]) else self.newline
        blank = self.newline if spaced else ""
        self._edit(at, at, lead + blank + "".join(line + self.newline for line in lines))

    def remove(self, paths: Iterable[Path], kept: Iterable[Path] = ()) -> dict[Path, str]:
        """Take entries out; a map that nothing is left of goes with its key, but for those `kept`.

        Answers with those that cannot be taken out, and why.
        """
        tops = _whole({*paths}, self.root, {*kept})
        failed = {}
        for path in sorted(tops):
            try:
                self._take_out(path, tops)
            except NotHere as error:
                failed[path] = str(error)
        return failed

    def _take_out(self, path: Path, gone: set[Path]) -> None:
        parent, rest, _ = self.walk(path[:-1])
        if rest:
            raise NotHere("it is not there")
        if isinstance(parent, yaml.SequenceNode):
            self._take_item(parent, path)
            return
        entries = parent.value
        index = next((i for i, (key, _) in enumerate(entries) if key.value == path[-1]), None)
        if index is None:
            raise NotHere("it is not there")
        if not isinstance(parent, yaml.MappingNode) or not parent.flow_style:
            self._drop_lines(entries[index][0].start_mark.line, entries[index][1])
            return
        first = all((*path[:-1], key.value) in gone for key, _ in entries[:index])
        if first and index + 1 < len(entries):
            start, stop = (
                self.at(entries[index][0].start_mark),
                self.at(entries[index + 1][0].start_mark),
            )
        elif index:
            start, stop = self.end(entries[index - 1][1]), self.end(entries[index][1])
        else:
            start, stop = self.at(entries[0][0].start_mark), self.end(entries[0][1])
        self._cut(start, stop)

    def _take_item(self, parent: yaml.SequenceNode, path: Path) -> None:
        values = [one.value for one in parent.value]
        index = values.index(path[-1])
        if not parent.flow_style:
            self._drop_lines(parent.value[index].start_mark.line, parent.value[index])
        elif index + 1 < len(values):
            self._cut(
                self.at(parent.value[index].start_mark), self.at(parent.value[index + 1].start_mark)
            )
        else:
            start = (
                self.end(parent.value[index - 1]) if index else self.at(parent.value[0].start_mark)
            )
            self._cut(start, self.end(parent.value[index]))

    def _drop_lines(self, line: int, last: yaml.Node) -> None:
        start, stop = self.starts[line], self.next_line(self.end(last))
        said = (match[1].strip() for match in _COMMENT.finditer(self.text[start:stop]))
        if any(not _CITATION.fullmatch(one) for one in said):
            raise NotHere("a comment of yours stands there")
        self._edit(start, stop, "")

    def _cut(self, start: int, stop: int) -> None:
        if "#" in self.text[start:stop] or _BREAK.search(self.text[start:stop]):
            raise NotHere("a comment stands within the braces")
        self._edit(start, stop, "")

    def _edit(self, start: int, stop: int, words: str) -> None:
        self.edits.append((start, stop, words))

    def applied(self) -> str:
        """The text with all edits; those at one place stand in the order in which they were made."""
        ordered: list[tuple[int, int, int, str]] = []
        for number, (start, stop, words) in enumerate(self.edits):
            insort(ordered, (start, stop, number, words))
        parts, done = [], 0
        for start, stop, _, words in ordered:
            if start < done:
                raise NotHere("two changes meet at one place")
            parts += [self.text[done:start], words]
            done = stop
        return "".join((*parts, self.text[done:]))


def sheet(source: str) -> Sheet:
    """The text of a file that has been read as a reliability file before, so that it is sound."""
    root = yaml.compose(source, Loader=_LOADER)
    assert isinstance(root, yaml.MappingNode)  # noqa: S101 - the file was read before
    starts = [0, *(found.end() for found in _BREAK.finditer(source))]
    newline = found[0] if (found := _BREAK.search(source)) and found[0] == "\r\n" else "\n"
    seen: set[int] = set()
    shared: set[int] = set()
    waiting: list[yaml.Node] = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            shared.add(id(node))
            continue
        seen.add(id(node))
        waiting.extend(_parts(node))
    return Sheet(text=source, root=root, starts=starts, newline=newline, shared=frozenset(shared))


def _parts(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _child(node: yaml.Node, step: str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode):
        return next(((one, one) for one in node.value if one.value == step), None)
    return None


def _lines(branch: Branch, container: Path, column: int) -> Sequence[str]:
    return [
        line
        for key, child in branch.children.items()
        for line in entry(key, child, column, container)
    ]


def _whole(gone: set[Path], root: yaml.Node, kept: set[Path]) -> set[Path]:
    """`gone`, and instead of all entries of a map the map itself."""
    tops: set[Path] = set()
    _empty(root, (), gone, kept, tops)
    return {one for one in tops if not any(one[:cut] in tops for cut in range(1, len(one)))}


def _empty(node: yaml.Node, path: Path, gone: set[Path], kept: set[Path], tops: set[Path]) -> bool:
    if path in gone:
        tops.add(path)
        return True
    if isinstance(node, yaml.SequenceNode):
        found = [(*path, one.value) for one in node.value if isinstance(one.value, str)]
        emptied = [one in gone for one in found] if len(found) == len(node.value) else [False]
        tops.update(one for one in found if one in gone)
    elif isinstance(node, yaml.MappingNode):
        emptied = [_empty(value, (*path, key.value), gone, kept, tops) for key, value in node.value]
    else:
        return False
    whole = bool(emptied) and all(emptied) and bool(path) and path not in kept
    if whole:
        tops.add(path)
    return whole

"""`.env` files as Compose reads them, and variables filled into text: `${X:-d}`, `${X:?e}`, `${X:+r}`, `$$`.

https://docs.docker.com/reference/compose-file/interpolation/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_VARIABLES = 5000
_DEEPEST = 20  # of defaults within defaults
_MOST_UNCLOSED = 50
_LONGEST = 100_000  # characters of one value, filled in
_LINE = re.compile(
    r"\s*(?:export\s+)?(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)\s*[=:]\s?(?P<value>.*)", re.ASCII
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_OPERATOR = re.compile(r":?[-?+]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A text with its variables filled in, and the names of those that have no value here."""

    text: str
    missing: tuple[str, ...] = ()
    used: tuple[str, ...] = ()  # variables whose value went into it


@dataclass(slots=True)
class _Filling:
    values: Mapping[str, str]
    missing: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)
    left: int = _LONGEST
    unclosed: int = (
        0  # braces that were looked for in vain, each at the price of the rest of the text
    )

    def fill(self, text: str, depth: int = 0) -> str:
        parts, at = [], 0
        while (sign := text.find("$", at)) >= 0 and self.left > 0:
            parts.append(text[at:sign])
            piece, at = self._variable(text, sign, depth)
            self.left -= len(piece)
            parts.append(piece)
        parts.append(text[at:])
        return "".join(parts)

    def _variable(self, text: str, sign: int, depth: int) -> tuple[str, int]:
        """What stands for the variable at `sign`, and where the text goes on."""
        if text.startswith("$$", sign):
            return "$", sign + 2
        if text.startswith("${", sign):
            name = _NAME.match(text, sign + 2)
            end = -1
            if name and depth < _DEEPEST and self.unclosed < _MOST_UNCLOSED:
                end = _closing(text, sign + 2)
                self.unclosed += end < 0
            if name and end > 0:
                return self._braced(name[0], text[name.end() : end], depth), end + 1
            return "$", sign + 1
        if name := _NAME.match(text, sign + 1):
            return self._plain(name[0]), name.end()
        return "$", sign + 1

    def _braced(self, name: str, rest: str, depth: int) -> str:
        operator = _OPERATOR.match(rest)
        if operator is None:
            return self._plain(name)
        value, other = self.values.get(name), rest[operator.end() :]
        there = value is not None and (value != "" or ":" not in operator[0])
        if operator[0].endswith("+"):
            return self.fill(other, depth + 1) if there else ""
        if there or operator[0].endswith("?"):
            return self._plain(name)
        return self.fill(other, depth + 1)

    def _plain(self, name: str) -> str:
        value = self.values.get(name)
        (self.missing if value is None else self.used).append(name)
        return value or ""


def _closing(text: str, start: int) -> int:
    """Where the brace closes that stands open at `start`; -1 if nowhere."""
    open_ones, at = 1, start
    while at < len(text):
        if text.startswith("${", at):
            open_ones, at = open_ones + 1, at + 1
        elif text[at] == "}":
            open_ones -= 1
            if not open_ones:
                return at
        at += 1
    return -1


def fill(text: str, values: Mapping[str, str]) -> Filled:
    if "$" not in text:
        return Filled(text=text)
    filling = _Filling(values)
    done = filling.fill(text)
    return Filled(
        text=done,
        missing=tuple(dict.fromkeys(filling.missing)),
        used=tuple(dict.fromkeys(filling.used)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """One variable of an `.env` file."""

    value: str
    line: int


def parse(text: str, before: Mapping[str, str]) -> dict[str, Set]:
    """The variables of an `.env` file; they may use `before` and each other. Lines that are none are left."""
    found: dict[str, Set] = {}
    lines = text.splitlines()
    at = 0
    while at < len(lines) and len(found) < MOST_VARIABLES:
        line, start = lines[at], at + 1
        at += 1
        match = _LINE.fullmatch(line)
        if match is None or line.lstrip().startswith("#"):
            continue
        value, literal, at = _value(match["value"].strip(), lines, at)
        if not literal:
            value = fill(value, {**before, **{key: one.value for key, one in found.items()}}).text
        found[match["key"]] = Set(value=value, line=start)
    return found


def _value(text: str, lines: list[str], at: int) -> tuple[str, bool, int]:
    """A value without its quotes and comment, whether it stands for itself, and the next line."""
    quote = text[:1]
    if quote not in ("'", '"'):
        return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip(), False, at
    body, first = text[1:], at
    while (end := _ending(body, quote)) < 0 and at < len(lines) and at - first < 200:
        body += "\n" + lines[at]
        at += 1
    if end < 0:
        return text, False, first
    inner = body[:end]
    if quote == '"':
        inner = inner.replace("\\n", "\n").replace('\\"', '"')
    return inner, quote == "'", at


def _ending(body: str, quote: str) -> int:
    found = re.search(r"(?<!\\)" + quote, body)
    return found.start() if found else -1

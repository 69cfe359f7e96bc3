"""A mistake in a file, and how it is shown: place, sentence, path, the line with a caret under it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

from standfast.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST_SHOWN = 100
MOST_COMPARED = 500
WIDEST_LINE = 160
LONGEST_LINE = 4000  # a longer one is not shown: it is no line that somebody reads
LARGEST_TEXT = 4_000_000
_HIDDEN = re.compile(
    r"((?:password|secret|token|dsn|api_key)['\"]?\s*:\s*)(?!['\"]?(?:env|file):)[^\s,}]+",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(://[^/\s:@]+:)[^@\s/]+@")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    file: str
    line: int
    column: int
    sentence: str
    path: str

    def show(self, lines: Sequence[str]) -> str:
        """As the reader sees it; secrets that stand on the line are covered."""
        said, path = _short(self.sentence, 600), _short(self.path, 200)
        head = f"{self.file}:{self.line}:{self.column}: error: {said}  [{path}]"
        if not 0 < self.line <= len(lines) or len(lines[self.line - 1]) > LONGEST_LINE:
            return head
        text = cover(lines[self.line - 1].expandtabs(1))
        start = max(0, self.column - WIDEST_LINE + 40)
        shown = text[start : start + WIDEST_LINE].rstrip()
        caret = " " * (self.column - 1 - start) + "^"
        return f"{head}\n{self.line:>7} | {shown}\n        | {caret}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} ..."


def cover(line: str) -> str:
    """The line without the secrets it may hold."""
    return _USERINFO.sub(r"\1***@", _HIDDEN.sub(r"\1***", line))


def failure(problems: Iterable[Problem], texts: Mapping[str, str], first: str) -> FileError:
    """Every problem, sorted by place, the including file `first`."""
    found = sorted(set(problems), key=lambda one: (one.file != first, one))
    lines = {name: text.splitlines() for name, text in texts.items() if len(text) <= LARGEST_TEXT}
    shown = [one.show(lines.get(one.file, ())) for one in found[:MOST_SHOWN]]
    if len(found) > MOST_SHOWN:
        shown.append(f"{first}: error: and {len(found) - MOST_SHOWN} more")
    return FileError(tuple(shown))


def nearest(word: str, known: Iterable[str]) -> str:
    """ "; did you mean 'owner'?", or nothing where nothing is near."""
    few = list(islice((str(one) for one in known), MOST_COMPARED))
    match = get_close_matches(word[:60], few, n=1, cutoff=0.6)
    return f"; did you mean '{match[0]}'?" if match else ""

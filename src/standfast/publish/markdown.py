"""Markdown of plain parts: tables, lists, fences; every value from a file escaped on its way in."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

# The same names and times stand in thousands of places of a large system's documents.
_REMEMBERED = 50_000
_SPECIAL = re.compile(r"([\\`*_\[\]|])")
_UNITS = (("w", 7 * 86400), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


@lru_cache(_REMEMBERED)
def escape(text: str) -> str:
    """Text that Markdown shows as written: no markup, no HTML, no second line."""
    line = _SPECIAL.sub(lambda match: f"\\{match[1]}", " ".join(text.split()))
    # These begin a heading, a quotation or a list, and only at the start of a line.
    return re.sub(r"^([#>+\-=~])", r"\\\1", line).replace("<", "&lt;")


def code(text: str) -> str:
    """Inline code; the fence is longer than any run of back-ticks inside (CommonMark 6.1)."""
    text = " ".join(text.split())
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def prose(text: str) -> str:
    """Our own sentences, which set names in back-ticks: those stay code, all else is shown as written."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    shown = [
        code(part) if turn % 2 and part.strip() else _inside(part)
        for turn, part in enumerate(parts)
    ]
    return "".join(shown)


def _inside(part: str) -> str:
    """Escaped, with the spaces around it that `escape` would take away."""
    lead = " " if part[:1].isspace() else ""
    tail = " " if part[-1:].isspace() and part.strip() else ""
    return lead + escape(part) + tail


def fence(text: str, language: str = "") -> str:
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A pipe table of ready Markdown; a table without rows is a mistake of the caller's."""
    body = [_row(row) for row in rows]
    if not body:
        raise ValueError(f"an empty table: {', '.join(head)}")
    return "\n".join([_row(head), _row(["---"] * len(head)), *body])


def _row(cells: Sequence[str]) -> str:
    # A pipe ends a cell even inside inline code (GFM 4.10); escaping it there is GFM's own rule.
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(cell: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", cell) if "|" in cell else cell or "–"


def bullets(lines: Iterable[str], *, box: bool = False) -> str:
    return "\n".join(f"- {'[ ] ' if box else ''}{line}" for line in lines)


def numbered(lines: Iterable[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))


def join(*blocks: str) -> str:
    """Blocks parted by one empty line; empty blocks are left out."""
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip())


# ------------------------------------------------------------------ quantities


@lru_cache(_REMEMBERED)
def span(length: timedelta) -> str:
    """A length of time as the file writes it: 1h30m, 7d, 250ms."""
    seconds = length / timedelta(seconds=1)
    if seconds < 0:
        return f"-{span(-length)}"
    if seconds != int(seconds):
        return f"{seconds * 1000:g}ms" if seconds < 1 else f"{seconds:g}s"
    return _whole(int(seconds))


def _whole(left: int) -> str:
    parts = []
    # Weeks only when they come out even and are more than a month: "7d" and "30d" are what people write.
    for letter, size in _UNITS if left % _UNITS[0][1] == 0 and left > 31 * 86400 else _UNITS[1:]:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{letter}")
    return "".join(parts) or "0s"


def years(length: timedelta) -> str:
    """Retention as people say it: 6 years, 90 days."""
    days = length.days
    if days >= 365 and days % 365 == 0:
        return f"{days // 365} year{'s' if days > 365 else ''}"
    return f"{days} day{'s' if days != 1 else ''}" if days else span(length)


def minutes(length: timedelta) -> str:
    """A budget, to a tenth: 43.2 min, 3.6 h."""
    count = length / timedelta(minutes=1)
    if count >= 120:
        return f"{count / 60:.1f} h"
    return f"{count:.1f} min" if count >= 1 else f"{count * 60:.1f} s"


def percent(share: Fraction, digits: int = 4) -> str:
    """A share without needless zeros: 99.9%, 99.3505%."""
    return f"{float(share * 100):.{digits}f}".rstrip("0").rstrip(".") + "%"


def size(count: int) -> str:
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            return f"{amount:.1f}".rstrip("0").rstrip(".") + f" {unit}"
        amount /= 1000
    raise AssertionError

"""WAL as an archive holds it: positions, segment names, and whether a run of segments has a hole.

PostgreSQL stops without a word at the first hole when no recovery target is set, so the hole has to be found
before the restore, by name and size. (PostgreSQL documentation, 26.3 and 30.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SEGMENT_SIZE = 16 * 1024 * 1024  # bytes, unless initdb was told otherwise
_NAME = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.partial)?")
_LSN = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})")


def parse_lsn(text: str) -> int:
    """`16/B374D848` as a byte position; raises ValueError on anything else."""
    if not (match := _LSN.fullmatch(text)):
        raise ValueError(f"not a WAL position: {text[:40]!r}")
    return int(match[1], 16) << 32 | int(match[2], 16)


def format_lsn(position: int) -> str:
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A file of the archive; `number` counts from the beginning of the server's life, over all timelines."""

    name: str
    timeline: int
    number: int
    partial: bool
    size: int  # bytes, as found


def read_segment(name: str, size: int, segment_size: int = SEGMENT_SIZE) -> Segment | None:
    """What a file name says; None where it is no segment (a history file, an index)."""
    if not (match := _NAME.fullmatch(name)):
        return None
    per_log = 0x1_0000_0000 // segment_size
    number = int(match[2], 16) * per_log + int(match[3], 16)
    return Segment(
        name=name, timeline=int(match[1], 16), number=number, partial=bool(match[4]), size=size
    )


def segment_name(timeline: int, number: int, segment_size: int = SEGMENT_SIZE) -> str:
    log, part = divmod(number, 0x1_0000_0000 // segment_size)
    return f"{timeline:08X}{log:08X}{part:08X}"


def segment_number(position: int, segment_size: int = SEGMENT_SIZE) -> int:
    return position // segment_size


def last_segment_number(end: int, segment_size: int = SEGMENT_SIZE) -> int:
    """The segment that holds the last byte before `end`."""
    return max(0, end - 1) // segment_size


def goes_on(segments: Iterable[Segment], end: int, segment_size: int = SEGMENT_SIZE) -> bool:
    """Is there WAL behind the segment in which `end` lies?"""
    last = last_segment_number(end, segment_size)
    return any(segment.number > last for segment in segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What of a run of segments is whole: `problems` name every fault, `through` is the last good number."""

    segments: tuple[Segment, ...]
    problems: tuple[str, ...]
    through: int | None

    @property
    def whole(self) -> bool:
        return not self.problems


def scan(
    found: Iterable[Segment],
    *,
    first: int,
    last: int | None,
    segment_size: int = SEGMENT_SIZE,
    damaged: Mapping[str, str] | None = None,
) -> Span:
    """Look for holes, short files and damage among segments `first` to `last` (None: to the newest).

    `damaged` maps a name to what is wrong with its bytes. Only the newest segment may be a `.partial`.
    """
    chosen = _best_per_number(found, first)
    newest = max(chosen, default=first - 1)
    end = newest if last is None else last
    problems: list[str] = []
    through: int | None = None
    for number in range(first, end + 1):
        fault = _fault(chosen.get(number), number, end, segment_size, damaged or {})
        if fault:
            problems.append(fault)
        elif not problems:
            through = number
    held = tuple(chosen[number] for number in sorted(chosen) if number <= end)
    return Span(segments=held, problems=tuple(problems), through=through)


def _best_per_number(found: Iterable[Segment], first: int) -> dict[int, Segment]:
    """A finished segment before a partial one, a later timeline before an earlier."""
    best: dict[int, Segment] = {}
    for segment in found:
        rival = best.get(segment.number)
        if segment.number >= first and (rival is None or _rank(segment) > _rank(rival)):
            best[segment.number] = segment
    return best


def _rank(segment: Segment) -> tuple[bool, int]:
    return (not segment.partial, segment.timeline)


def _fault(
    segment: Segment | None, number: int, end: int, segment_size: int, damaged: Mapping[str, str]
) -> str:
    if segment is None:
        return f"WAL segment {segment_name(1, number, segment_size)[8:]} is missing"
    if segment.name in damaged:
        return f"WAL segment {segment.name}: {damaged[segment.name]}"
    if segment.partial and number != end:
        return f"WAL segment {segment.name} was never finished, though later ones follow"
    if segment.size != segment_size:
        return f"WAL segment {segment.name} has {segment.size:,} bytes, not {segment_size:,}"
    return ""

"""Retention: which copies and WAL segments may go. In doubt nothing goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.errors import NotFound
from standfast.recovery.catalogue import Copy, chain, newest_proven
from standfast.recovery.wal import Segment, last_segment_number, segment_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from standfast.recovery.catalogue import Mark


def removable(
    copies: Sequence[Copy], keep: Mapping[str, timedelta], now: datetime
) -> tuple[Copy, ...]:
    """Copies past their time that nothing kept builds on; never the last proven one, nor the newest.

    `keep` maps a kind to how long it is kept; a kind without an entry is kept for ever. Incrementals come
    before what they build on, so that a removal that stops half-way leaves whole chains.
    """
    expired = {c.id for c in copies if c.kind in keep and c.finished_at + keep[c.kind] <= now}
    needed: set[str] = set()
    for copy in _anchors(copies, expired):
        needed.update(_chain_ids(copies, copy))
    gone = [c for c in copies if c.id in expired and c.id not in needed]
    return tuple(sorted(gone, key=lambda c: c.finished_at, reverse=True))


def _anchors(copies: Sequence[Copy], expired: set[str]) -> list[Copy]:
    anchors = [copy for copy in copies if copy.id not in expired]
    usable = [copy for copy in copies if copy.usable]
    if usable:
        anchors.append(max(usable, key=lambda c: c.finished_at))
    if proven := newest_proven(copies):
        anchors.append(proven)
    return anchors


def _chain_ids(copies: Sequence[Copy], copy: Copy) -> set[str]:
    try:
        return {link.id for link in chain(copies, copy)}
    except NotFound:
        return {copy.id}


def removable_segments(
    segments: Iterable[tuple[Segment, datetime]],
    kept: Sequence[Copy],
    marks: Mapping[str, Mark],
    keep: timedelta,
    now: datetime,
) -> tuple[Segment, ...]:
    """Segments of ONE generation that no restore needs; `kept` are the copies that stay in it.

    Every kept copy keeps the segments from its start to its mark, so that it can be proven again. Any
    instant of the last `keep` stays reachable: everything since the newest copy older than that stays.
    """
    if not kept:
        return ()
    from_number = _window_start(kept, now - keep)
    held: set[int] = set()
    for copy in kept:
        mark = marks.get(copy.mark or "")
        end = mark.lsn if mark else copy.end_lsn
        first = segment_number(copy.start_lsn, copy.segment_size)
        held.update(range(first, last_segment_number(end, copy.segment_size) + 1))
    return tuple(
        segment
        for segment, received in segments
        if not segment.partial
        and received + keep <= now
        and segment.number < from_number
        and segment.number not in held
    )


def _window_start(kept: Sequence[Copy], oldest_wanted: datetime) -> int:
    before = [copy for copy in kept if copy.usable and copy.finished_at <= oldest_wanted]
    if before:
        base = max(before, key=lambda c: c.finished_at)
    else:
        base = min(kept, key=lambda c: c.start_lsn)
    return segment_number(base.start_lsn, base.segment_size)

"""Exclusions as rows, and what they leave out of one objective's figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from standfast.slo.exclusion import Exclusion
    from standfast.slo.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionLine:
    id: str
    of: str
    kind: str
    state: str  # ahead | now | over | revoked
    starts: datetime
    ends: datetime
    because: str
    by: str
    made_at: datetime
    made_by: str
    afterwards: bool  # it was written down once the time had begun
    revoked_at: datetime | None
    revoked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """What is left out of the window, in time and, of the first thing counted, in events."""

    lines: tuple[ExclusionLine, ...]
    time: timedelta
    bad: int
    total: int


def excluded(mine: Sequence[Exclusion], time: timedelta, counted: Tally, now: datetime) -> Excluded:
    return Excluded(
        lines=tuple(line(one, now) for one in mine),
        time=time,
        bad=round(counted.bad),
        total=counted.total,
    )


def line(one: Exclusion, now: datetime) -> ExclusionLine:
    return ExclusionLine(
        id=one.id,
        of=one.of,
        kind=one.kind.value,
        state=_state(one, now),
        starts=one.starts,
        ends=one.ends,
        because=one.because,
        by=one.by,
        made_at=one.made_at,
        made_by=one.made_by,
        afterwards=one.made_at > one.starts,
        revoked_at=one.revoked_at,
        revoked_by=one.revoked_by,
    )


def _state(one: Exclusion, now: datetime) -> str:
    if one.revoked_at is not None:
        return "revoked"
    if now < one.starts:
        return "ahead"
    return "now" if now < one.ends else "over"

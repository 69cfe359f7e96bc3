"""Exclusions: stretches of time that speak neither for a promise nor against it. Read-time only: what was
counted stays counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.errors import Conflict, StandfastError
from standfast.slo.tally import NOTHING, Tally
from standfast.slo.window import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from standfast.slo.objective import Objective

LONGEST = timedelta(days=31)
FARTHEST = timedelta(days=366)  # ahead
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_ZERO = timedelta(0)


class Kind(StrEnum):
    MAINTENANCE = "maintenance"  # planned by us: nobody is woken for it either
    UPSTREAM = "upstream"  # an outage of what others run for us: users feel it, so it pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    id: str  # "EX-3"
    of: str  # an objective, a level, a journey, or a component: then all that rest on it
    kind: Kind
    starts: datetime
    ends: datetime
    because: str
    by: str  # a person or team of the file, who answers for it
    made_at: datetime
    made_by: str
    revoked_at: datetime | None = None
    revoked_by: str = ""

    def covers(self, objective: Objective) -> bool:
        steps = [one.component for one in objective.indicators]
        names = {objective.name, objective.level, *steps, *objective.unmeasured}
        return self.revoked_at is None and self.of in names | (
            set() if objective.joint else {objective.component}
        )


def checked(starts: datetime, ends: datetime, now: datetime, kept: timedelta) -> Span:
    """An interval that can be excluded; `kept` is how long counts are kept. Raises StandfastError."""
    where = f"{starts:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC"
    if ends > now + FARTHEST:
        raise StandfastError("an exclusion ends within a year from now", where=where)
    if not starts < ends <= starts + LONGEST:
        raise StandfastError(
            f"an exclusion ends after it begins, and lasts {LONGEST.days} days at most", where=where
        )
    if ends <= now - kept:
        raise StandfastError(
            f"nothing that old is counted any more: counts are kept for {kept.days} days",
            where=where,
        )
    return Span(start=starts, end=ends)


def revoked(one: Exclusion, now: datetime, by: str) -> Exclusion:
    """From now on what it spared counts again. Raises Conflict where that was said before."""
    if one.revoked_at is not None:
        raise Conflict(f"{one.id} was revoked already")
    return replace(one, revoked_at=now, revoked_by=by)


# ------------------------------------------------------------------ the arithmetic of intervals


def spared(
    exclusions: Iterable[Exclusion], objective: Objective, *, kind: Kind | None = None
) -> tuple[Span, ...]:
    """What is excluded of an objective, disjoint and in order, in whole buckets.

    Counts know no parts of a bucket, so that one excluded in part is excluded whole.
    """
    width = objective.bucket
    mine = [one for one in exclusions if one.covers(objective) and kind in {None, one.kind}]
    return merged(Span(start=_down(one.starts, width), end=_up(one.ends, width)) for one in mine)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time as disjoint spans in order; those that touch become one."""
    found: list[Span] = []
    for one in sorted(spans, key=lambda each: each.start):
        if found and one.start <= found[-1].end:
            found[-1] = Span(start=found[-1].start, end=max(found[-1].end, one.end))
        else:
            found.append(one)
    return tuple(found)


def within(spans: Sequence[Span], start: datetime, end: datetime) -> tuple[Span, ...]:
    """The parts that lie between `start` and `end`."""
    cut = [Span(start=max(one.start, start), end=min(one.end, end)) for one in spans]
    return tuple(one for one in cut if one.start < one.end)


def length(spans: Sequence[Span], start: datetime, end: datetime) -> timedelta:
    """How much of the time from `start` to `end` they take."""
    return sum((one.length for one in within(spans, start, end)), _ZERO) if spans else _ZERO


def reach_back(spans: Sequence[Span], end: datetime, window: timedelta) -> datetime:
    """Where a window that ends at `end` begins, if the clock stood still during these spans."""
    if not spans:
        return end - window
    left, edge = window, end
    for one in reversed(within(spans, datetime.min.replace(tzinfo=UTC), end)):
        if edge - one.end >= left:
            break
        left -= edge - one.end
        edge = one.start
    return edge - left


def edges(
    spans: Sequence[Span], start: datetime, end: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    """The parts to subtract from a tally of the buckets that begin after `start`, up to `end`.

    A tally takes the buckets that begin after its first edge, a span those that begin at its start.
    """
    shifted = [Span(start=one.start - _US, end=one.end - _US) for one in spans]
    return tuple((one.start, one.end) for one in within(shifted, start, end))


def rest(whole: Tally, parts: Iterable[Tally]) -> Tally:
    """What is left of a tally without the parts that are excluded."""
    left = whole - sum(parts, NOTHING)
    return replace(left, covered=max(_ZERO, left.covered))


def _down(moment: datetime, width: timedelta) -> datetime:
    return moment - (moment - _EPOCH) % width


def _up(moment: datetime, width: timedelta) -> datetime:
    return moment + (_EPOCH - moment) % width

"""Rotations: who is on call at an instant.

Handoff k is the rota's start plus k shifts *on the wall clock* of its zone, so that a handover at
09:00 stays at 09:00 through every change of the clocks. A local time that does not exist becomes the
first instant after the gap; one that exists twice is its first occurrence. Both rules keep the order
of handoffs, so every instant has one owner in every zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from standfast.paging.hours import read as read_hours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.spec.calling import OnCall

_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Who answers, and who stands behind them; persons by id."""

    primary: str | None
    secondary: str | None


NOBODY = Duty(primary=None, secondary=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One stretch of time with the same people on duty."""

    begin: datetime
    end: datetime
    primary: str | None
    secondary: str | None


def on_duty(rota: OnCall, at: datetime) -> Duty:
    """Overrides count, leave does not: leave is a finding of the review, so that nobody drops out unseen."""
    local = at.astimezone(ZoneInfo(rota.timezone)).replace(tzinfo=None)
    if not rota.shift.order or not read_hours(rota.hours).covers(local):
        return NOBODY
    order = rota.shift.order
    turn = turn_at(rota, at) % len(order)
    primary = _override(rota, local.date()) or order[turn]
    # Whoever an override displaced is probably away: last in line.
    line = order[turn + 1 :] + order[: turn + 1]
    return Duty(primary=primary, secondary=next((one for one in line if one != primary), None))


def shifts(rota: OnCall, start: datetime, end: datetime) -> tuple[Watch, ...]:
    """The watches from `start` to `end` without a hole between them; nobody on duty is a watch, too."""
    edges = sorted({start, end, *_edges(rota, start, end)})
    watches: list[Watch] = []
    for begin, until in pairwise(edges):
        duty = on_duty(rota, begin)
        last = watches[-1] if watches else None
        if last and (last.primary, last.secondary) == (duty.primary, duty.secondary):
            begin = watches.pop().begin  # noqa: PLW2901 - the watch goes on
        watches.append(
            Watch(begin=begin, end=until, primary=duty.primary, secondary=duty.secondary)
        )
    return tuple(watches)


def gaps(rota: OnCall, start: datetime, end: datetime) -> tuple[Watch, ...]:
    """The watches in which nobody answers."""
    return tuple(watch for watch in shifts(rota, start, end) if watch.primary is None)


def until(rota: OnCall, at: datetime, horizon: timedelta = timedelta(weeks=10)) -> datetime:
    """When somebody else takes over from the one on duty; at most `horizon` away."""
    return shifts(rota, at, at + horizon)[0].end


def handoff(rota: OnCall, turn: int) -> datetime:
    """The instant at which turn `turn` begins."""
    return resolve(_start(rota) + turn * rota.shift.length, rota.timezone)


def turn_at(rota: OnCall, at: datetime) -> int:
    """How many shifts have ended since the rota's start; negative before it."""
    local = at.astimezone(ZoneInfo(rota.timezone)).replace(tzinfo=None)
    turn = (local - _start(rota)) // rota.shift.length
    # The wall clock misleads by a turn or so where the clocks change.
    while handoff(rota, turn + 1) <= at:
        turn += 1
    while handoff(rota, turn) > at:
        turn -= 1
    return turn


def _start(rota: OnCall) -> datetime:
    """On the wall clock; the start lies in the first turn, whatever day of the week it is."""
    shift, day = rota.shift, rota.shift.start
    if shift.handover_day is not None:
        day -= timedelta(days=(day.weekday() - shift.handover_day) % 7)
    return datetime.combine(day, shift.handover_time)


def _override(rota: OnCall, day: date) -> str | None:
    """The one who stands in on that day of the rota's zone; of several, the last written."""
    found = [who for first, last, who in rota.overrides if first <= day <= last]
    return found[-1] if found else None


def _edges(rota: OnCall, start: datetime, end: datetime) -> Iterator[datetime]:
    if rota.shift.order:
        turn = turn_at(rota, start) + 1
        while (at := handoff(rota, turn)) < end:
            yield at
            turn += 1
    for wall in _wall_edges(rota, start, end):
        yield from (at for at in _instants(wall, rota.timezone) if start < at < end)


def _wall_edges(rota: OnCall, start: datetime, end: datetime) -> Iterator[datetime]:
    for first, last, _ in rota.overrides:
        yield datetime.combine(first, time())
        yield datetime.combine(last + _DAY, time())
    hours = read_hours(rota.hours)
    day = start.date() - 2 * _DAY
    while not hours.always and day <= end.date() + 2 * _DAY:
        yield from hours.edges(day)
        day += _DAY


def _instants(wall: datetime, timezone: str) -> Iterator[datetime]:
    """Where a wall-clock time is passed; of one that comes twice both, and the turning back between."""
    first = resolve(wall, timezone)
    yield first
    zone = ZoneInfo(timezone)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if second > first:
        yield _change(first, second, zone)
        yield second


@lru_cache(maxsize=4096)
def resolve(wall: datetime, timezone: str) -> datetime:
    """The instant of a wall-clock time: after a gap, and of two the first."""
    zone = ZoneInfo(timezone)
    before = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if before.astimezone(zone).replace(tzinfo=None) == wall:
        return before
    return _change(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), before, zone)


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The instant in (low, high] at which the zone's clocks were put forward."""
    low, old = low.replace(microsecond=0), low.astimezone(zone).utcoffset()
    steps = (high - low) // _SECOND + 1
    first, last = 0, steps
    while first < last:
        middle = (first + last) // 2
        if (low + middle * _SECOND).astimezone(zone).utcoffset() == old:
            first = middle + 1
        else:
            last = middle
    return low + first * _SECOND

"""Slicing: events that were counted by the minute become slices of time, each good or bad as a whole.

A slice is judged once events of a later time are counted: counts are only ever added to the newest bucket, so
it is final by then, whoever counts and however late. How far that has come is told by the slices themselves,
which are kept in the transaction that read it; broken off and done again, nothing is counted twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.monitoring.count import Count, bucket_start
from standfast.slo.slices import bad, sliced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.engine.ports import Store
    from standfast.slo.indicator import Indicator
    from standfast.slo.tally import Tally
    from standfast.spec.system import Slices, System

MOST = 1_440  # slices in one transaction: a day of minutes
_QUARTER, _INSTANT = timedelta(minutes=15), timedelta(microseconds=1)


class Standing(Protocol):
    """How far an indicator has been counted."""

    @property
    def first_seen(self) -> datetime: ...
    @property
    def quarters_until(self) -> datetime: ...
    @property
    def newest(self) -> datetime: ...


class LevelPort(Protocol):
    def add(self, found: Iterable[Count]) -> None: ...
    def standings(self, keys: Sequence[str], *, lock: bool = False) -> Mapping[str, Standing]:
        """Of those that were counted at all; with `lock` nobody else adds to them until the commit."""

    def steps(self, indicator: str, edges: Sequence[datetime]) -> list[Tally]: ...


class SliceTx(Protocol):
    @property
    def levels(self) -> LevelPort: ...


class Slice:
    def __init__(self, store: Store[SliceTx], *, most: int = MOST) -> None:
        self._store, self._most = store, most

    def tick(self, system: System, now: datetime) -> int:  # noqa: ARG002 - a role's shape; what is counted tells the time
        """Count the slices that are over; answers how many. Those of stored minutes come a day at a time."""
        every = sliced(system)
        if not every:
            return 0
        due = self._store.read(lambda tx: _due(tx, every))
        return sum(self._some(one) for one in due)

    def _some(self, one: Indicator) -> int:
        return self._store.keep(lambda tx: _count(tx, one, self._most))


def _due(tx: SliceTx, every: Mapping[str, Indicator]) -> list[Indicator]:
    events = [one.events_key for one in every.values()]
    known = tx.levels.standings([*every, *dict.fromkeys(events)])
    return [one for one in every.values() if one.slices and _over(known, one, one.slices)]


def _over(known: Mapping[str, Standing], one: Indicator, slices: Slices) -> int:
    """How many slices are over and not yet counted."""
    events = known.get(one.events_key)
    if events is None:
        return 0
    return (events.newest - _next(known.get(one.key), events, slices)) // slices.of


def _next(mine: Standing | None, events: Standing, slices: Slices) -> datetime:
    """The beginning of the slice that is to be counted next."""
    after = mine.newest if mine is not None else events.first_seen - _INSTANT
    if slices.of < _QUARTER:  # of older minutes only the sums of quarter-hours are left
        after = max(after, events.quarters_until - _INSTANT)
    return bucket_start(after, slices.of) + slices.of


def _count(tx: SliceTx, one: Indicator, most: int) -> int:
    assert one.slices is not None  # noqa: S101 - only those are due
    slices = one.slices
    known = tx.levels.standings([one.key, one.events_key])
    if one.key not in known:
        begin = _next(None, known[one.events_key], slices)
        tx.levels.add([_unknown(one, begin - slices.of, begin)])
    known = tx.levels.standings([one.key, one.events_key], lock=True)
    many = min(_over(known, one, slices), most)
    if many <= 0:
        return 0
    start = _next(known[one.key], known[one.events_key], slices)
    edges = [start + number * slices.of for number in range(many + 1)]
    seen = tx.levels.steps(one.events_key, edges)
    tx.levels.add(
        [_judged(one, slices, at, each) for at, each in zip(edges[:-1], seen, strict=True)]
    )
    return many


def _judged(one: Indicator, slices: Slices, at: datetime, seen: Tally) -> Count:
    verdict = bad(slices, seen)
    if verdict is None:
        return _unknown(one, at, at)
    return Count(
        indicator=one.key,
        at=at,
        bad=int(verdict),
        total=1,
        covered=seen.covered,
        seen_from=at,
    )


def _unknown(one: Indicator, at: datetime, seen_from: datetime) -> Count:
    """It says that we have come so far, and nothing else."""
    return Count(
        indicator=one.key, at=at, bad=0, total=0, covered=timedelta(0), seen_from=seen_from
    )

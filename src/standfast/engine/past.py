"""The past as it was counted, in memory: what was known at each of its instants."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from standfast.slo.sieve import Minutes
from standfast.slo.slices import sliced
from standfast.slo.tally import NOTHING, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.slo.exclusion import Exclusion
    from standfast.spec.system import System

    Row = tuple[int, int, int, int]  # instant, bad, total, covered, as they are kept
    Windows = Mapping[str, Sequence[tuple[datetime, datetime]]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US, _MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
_MICROS = _MINUTE // _US


class Counts:
    """What was counted, in memory; answers as the rows of the database do."""

    def __init__(
        self, rows: Iterable[tuple[str, Sequence[Row]]], first_seen: Mapping[str, datetime]
    ) -> None:
        """An indicator at a time: rows take ten times the memory that their sums do here."""
        self._first = dict(first_seen)
        # A column at a time: of hundreds of thousands of rows, a row at a time takes ten times as long.
        self._sums = {
            key: tuple(array("q", [row[column] for row in found]) for column in range(4))
            for key, found in rows
            if found
        }

    def first_seen(self) -> dict[str, datetime]:
        return self._first

    def known(self, key: str) -> bool:
        return key in self._sums

    def tallies_of(self, wanted: Windows) -> dict[str, list[Tally]]:
        return {
            key: [self._tally(key, *window) for window in windows]
            for key, windows in wanted.items()
        }

    def _tally(self, key: str, start: datetime, end: datetime) -> Tally:
        if key not in self._sums:
            return NOTHING
        ats, bad, total, covered = self._sums[key]
        first, last = (start - _EPOCH) // _US, (end - _EPOCH) // _US
        # Before the oldest row the oldest: what it sums up is not told apart.
        low, high = max(0, bisect_right(ats, first) - 1), max(0, bisect_right(ats, last) - 1)
        return Tally(
            bad=bad[high] - bad[low],
            total=total[high] - total[low],
            covered=min(covered[high] - covered[low], last - first) * _US,
        )

    def minutes(self, key: str, begin: datetime, end: datetime) -> Minutes:
        """The sums at the end of each minute from `begin`, a whole minute, until `end`."""
        ats, bad, total, covered = self._sums[key]
        bads, totals, coverage = array("q"), array("q"), array("q")
        at, stop = (begin - _EPOCH) // _US + _MICROS, (end - _EPOCH) // _US
        row, rows = 0, len(ats)
        while at <= stop:
            while row + 1 < rows and ats[row + 1] < at:
                row += 1
            bads.append(bad[row])
            totals.append(total[row])
            coverage.append(covered[row])
            at += _MICROS
        return Minutes(bad=bads, total=totals, covered=coverage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The stretch that is gone through, in whole minutes, and everything known of it."""

    start: datetime
    end: datetime
    counts: Counts
    exclusions: tuple[Exclusion, ...] = ()
    coarse: Mapping[str, datetime] = field(default_factory=dict)  # until when only quarter-hours

    @property
    def minutes(self) -> int:
        return (self.end - self.start) // _MINUTE


class AsOf:
    """The tables of `Measurements`, as far as counts answer for them, and as they were at one instant."""

    def __init__(self, past: Past, lags: Mapping[str, timedelta], now: datetime) -> None:
        self._past, self._lags, self._now = past, lags, now
        self.levels = self.exclusions = self

    def standing(self, since: datetime) -> tuple[Exclusion, ...]:
        return tuple(one for one in self._past.exclusions if one.ends > since)

    def first_seen(self) -> dict[str, datetime]:
        return self._past.counts.first_seen()

    def tallies_of(self, wanted: Windows) -> dict[str, list[Tally]]:
        return self._past.counts.tallies_of(
            {key: self._known(key, windows) for key, windows in wanted.items()}
        )

    def _known(
        self, key: str, windows: Sequence[tuple[datetime, datetime]]
    ) -> Sequence[tuple[datetime, datetime]]:
        lag = self._lags.get(key)
        if lag is None:
            return windows
        newest = self._now - lag
        return [(min(start, newest), min(end, newest)) for start, end in windows]


def lags(system: System) -> dict[str, timedelta]:
    """How long after its beginning each slice of time is counted: not before it is over."""
    return {key: one.slices.of for key, one in sliced(system).items() if one.slices}

"""The embedded evaluator over a month, quicker than a month: what one tick does for one look, for all of
them, and what one evaluation judges, for every minute."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, select

from standfast.engine.measurements import Measurements
from standfast.engine.meters import meters_of
from standfast.monitoring import signals
from standfast.monitoring.counters import Look, increase, remembered
from standfast.monitoring.measure import of_scrape
from standfast.monitoring.target import targets
from standfast.slo.tally import NOTHING, Tally
from standfast.store.counts import counts, indicators

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from month_of_traffic import Scrape
    from standfast.monitoring.count import Count
    from standfast.slo.judgement import Burn
    from standfast.slo.objective import Objective
    from standfast.spec.system import System
    from standfast.store.database import Database


def counted(system: System, scrapes: Iterable[Scrape]) -> Iterator[Count]:
    """The path of `engine.observe`, one look after the other, without the looking."""
    (target,) = [one for one in targets(system) if one.kind == "scrape"]
    component, meters = system.components[target.component], meters_of(system)
    names = signals.names_of(component)
    before: Look | None = None
    for scrape in scrapes:
        mine = signals.counted(names, scrape.samples)
        started = next(one.value for one in scrape.samples if one.name == signals.STARTED)
        look = Look(
            at=scrape.at,
            values={one.series: one.value for one in mine},
            started=scrape.at.fromtimestamp(started, scrape.at.tzinfo),
        )
        risen = increase(before, look)
        if before is not None:
            yield from of_scrape(
                meters, component, target, mine, risen.by, since=before.at, now=scrape.at
            ).counts
        before = remembered(before, look)


class Judge:
    """The judgements of `engine.evaluate` at any instant, on rows that are read once."""

    def __init__(self, database: Database, system: System) -> None:
        self._system = system
        self.levels = _Sums(database)

    def burns(self, objective: Objective, now: datetime) -> tuple[Burn, ...]:
        return Measurements(self, self._system, now).burns(objective.name)

    def decisions(
        self, objective: Objective, start: datetime, end: datetime, step: timedelta
    ) -> dict[str, list[bool]]:
        """At every step: would it page, would it open a ticket?"""
        found: dict[str, list[bool]] = {"page": [], "ticket": []}
        while start <= end:
            fires = [one.window.pages for one in self.burns(objective, start) if one.fires]
            found["page"].append(True in fires)
            found["ticket"].append(False in fires)
            start += step
        return found

    @property
    def exclusions(self) -> Judge:
        return self

    def standing(self, since: datetime) -> tuple[()]:
        return ()


def rows() -> Select[Any]:
    """Every row of counts with its indicator, in the order of time."""
    kept = select(indicators.c.key, counts).join(counts, counts.c.indicator == indicators.c.id)
    return kept.order_by(indicators.c.key, counts.c.at)


class _Sums:
    """The running sums of the store's rows, looked up in memory as the store does it in SQL."""

    def __init__(self, database: Database) -> None:
        self._sums: dict[str, tuple[list[datetime], list[Tally]]] = {}
        self._first = database.read(lambda tx: tx.levels.first_seen())
        with database.engine.connect() as connection:
            for row in connection.execute(rows()):
                at, sums = self._sums.setdefault(row.key, ([], []))
                at.append(row.at)
                sums.append(Tally(bad=row.sum_bad, total=row.sum_total, covered=row.sum_covered))

    def first_seen(self) -> dict[str, datetime]:
        return self._first

    def tallies_of(
        self, wanted: Mapping[str, Sequence[tuple[datetime, datetime]]]
    ) -> dict[str, list[Tally]]:
        return {
            key: [self._tally(key, start, end) for start, end in windows]
            for key, windows in wanted.items()
        }

    def _tally(self, indicator: str, start: datetime, end: datetime) -> Tally:
        found = self._until(indicator, end) - self._until(indicator, start)
        return Tally(bad=found.bad, total=found.total, covered=min(found.covered, end - start))

    def _until(self, indicator: str, edge: datetime) -> Tally:
        at, sums = self._sums[indicator]
        number = bisect_right(at, edge)
        return sums[number - 1] if number else NOTHING

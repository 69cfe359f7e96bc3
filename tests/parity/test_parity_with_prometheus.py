"""The embedded evaluator against the real Prometheus: a month of the same scrapes under the published rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete

from month_counted import Judge, counted, rows
from month_of_traffic import EVERY, START, exposed, scrapes
from real_prometheus import Asked, RealPrometheus
from standfast import spec
from standfast.engine.observe import Observe
from standfast.monitoring.target import Outcome
from standfast.publish.prometheus.objectives import (
    Measured,
    burn_query,
    measured,
    ratio_of,
    recordings,
)
from standfast.slo.burn import burn_windows
from standfast.store.columns import metadata
from standfast.store.counts import counts, indicators
from standfast.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from conftest import FakeClock
    from month_of_traffic import Scrape
    from standfast.monitoring.exposition import Sample
    from standfast.spec.system import System

pytestmark = pytest.mark.timeout(600)  # a minute, where nobody else works on the machine
MINUTE = timedelta(minutes=1)
RULES = timedelta(seconds=30)  # the interval of the published group
DAYS = 30
END = START + timedelta(days=DAYS)
JUDGED = (START + timedelta(days=18), END)  # every minute of it
FILE = """
system: {name: shop, criticality: critical}
components: {api: {type: http, scrape: "http://api.test/metrics"}}
service_levels:
  api-availability: {of: api, sli: availability, slo: 99.9%}
  api-latency: {of: api, sli: latency, slo: p95 < 200ms}
"""


@dataclass(frozen=True, kw_only=True)
class Both:
    """Two evaluators that have seen the same."""

    ours: Judge
    theirs: Asked
    objectives: dict[str, Measured]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("parity")
    system = _system()
    month = list(scrapes(4, days=DAYS))
    able = {one.name: found for one, found in measured(system) if isinstance(found, Measured)}
    ours = _counted(folder, system, month)
    prometheus = RealPrometheus(folder)
    prometheus.fill(exposed(month))
    _record(prometheus, list(able.values()))
    with prometheus.running() as theirs:
        yield Both(ours=ours, theirs=theirs, objectives=able)


def _system() -> System:
    system = spec.read_text(FILE)
    api = replace(system.components["api"], scrape_every=EVERY)
    return replace(system, components={"api": api})


def _counted(folder: Path, system: System, month: Sequence[Scrape]) -> Judge:
    database = Database(f"sqlite:///{folder / 'ours.db'}", append=lambda _tx, _events: None)
    try:
        metadata.create_all(database.engine.execution_options(writes=True))
        found = list(counted(system, month))
        database.keep(lambda tx: tx.levels.add(found))
        return Judge(database, system)
    finally:
        database.close()


def _record(prometheus: RealPrometheus, able: Sequence[Measured]) -> None:
    """What the published recording rules would have left, in the order in which they build on one another.

    Ratios over the whole period are asked for at single instants: at every minute of a month they would read
    some thousand million samples.
    """
    every = [one for one in recordings(able) if _wanted(one.record)]
    last = [one for one in every if "standfast:error_ratio:" in one.expr]
    first = [one for one in every if "standfast:" not in one.expr]
    for turn in (first, [one for one in every if one not in (*first, *last)], last):
        with prometheus.running() as asked:
            lines = []
            for one in turn:
                rate = "indicator" in one.record
                step, start = (RULES, START) if rate else (MINUTE, JUDGED[0])
                labels = ",".join(f'{key}="{text}"' for key, text in one.labels.items())
                points = asked.over(one.expr, start + MINUTE, END, step)
                lines += [(one.record, labels, at, value) for at, value in points]
        lines.sort()
        prometheus.fill(_recorded(lines))


def _recorded(lines: list[tuple[str, str, float, float]]) -> Iterator[str]:
    for name, mine in groupby(lines, key=lambda one: one[0]):
        yield f"# TYPE {name} unknown\n"
        yield from (f"{name}{{{labels}}} {value!r} {at}\n" for _, labels, at, value in mine)


def _wanted(record: str) -> bool:
    return not record.endswith((":ratio", f":rate{DAYS}d"))


def _theirs(both: Both, one: Measured, *, pages: bool) -> list[bool]:
    windows = [window for window in burn_windows(one.objective) if window.pages is pages]
    query = burn_query(one, windows)
    assert query is not None
    found = dict(both.theirs.over(query.expr, *JUDGED, MINUTE))
    return [moment.timestamp() in found for moment in _minutes()]


def _minutes() -> Iterator[datetime]:
    start, end = JUDGED
    return (start + MINUTE * number for number in range((end - start) // MINUTE + 1))


def _edges(decided: list[bool]) -> list[int]:
    return [number for number in range(1, len(decided)) if decided[number] != decided[number - 1]]


def _apart(mine: list[bool], theirs: list[bool]) -> int:
    return sum(a != b for a, b in zip(mine, theirs, strict=True))


@pytest.mark.parametrize("name", ["api-availability", "api-latency"])
def test_pages_and_tickets_are_decided_alike_to_the_minute(both: Both, name: str) -> None:
    one = both.objectives[name]
    mine = both.ours.decisions(one.objective, *JUDGED, MINUTE)
    for kind in ("page", "ticket"):
        ours, theirs = mine[kind], _theirs(both, one, pages=kind == "page")
        assert _apart(ours, theirs) <= len(ours) / 1000, kind
        assert len(_edges(ours)) == len(_edges(theirs)), kind
        for at, other in zip(_edges(ours), _edges(theirs), strict=True):
            assert abs(at - other) <= 1, f"{kind}: {at} and {other}"
    assert any(mine["page"])
    assert any(mine["ticket"]) == (name == "api-availability")  # so that both were tried


@pytest.mark.parametrize("name", ["api-availability", "api-latency"])
def test_the_ratio_of_thirty_days_is_the_same(both: Both, name: str) -> None:
    one = both.objectives[name]
    theirs = both.theirs.instant(ratio_of(one, one.objective.window, plain=True), END)
    key = one.objective.indicators[0].key
    (ours,) = both.ours.levels.tallies_of({key: [(START, END)]})[key]
    assert ours.bad_share is not None
    assert theirs == pytest.approx(float(ours.bad_share), rel=0.001)


def test_a_mean_of_ratios_would_have_been_far_off(both: Both) -> None:
    """Traffic is uneven enough to tell: the night's few requests would weigh as much as the day's many."""
    one = both.objectives["api-availability"]
    ratio = ratio_of(one, timedelta(hours=1), plain=True)
    mean = both.theirs.instant(f"avg_over_time(({ratio})[30d:10m])", END)
    right = both.theirs.instant(ratio_of(one, one.objective.window, plain=True), END)
    assert mean is not None
    assert right is not None
    assert abs(mean / right - 1) > 0.05


def test_the_flow_counts_what_is_counted_here(sqlite: Database, clock: FakeClock) -> None:
    """`counting.counted` leaves out the looking; real ticks come to the same rows."""
    system = _system()
    some = [one for one in scrapes(4, days=1) if one.at < START + timedelta(hours=3)]
    shown: dict[str, str] = {}
    looks = {"scrape": lambda _address, _timeout: Outcome(ok=True, text=shown["text"])}
    clock.now = START
    observe = Observe(sqlite, looks, clock)
    for scrape in some:
        shown["text"] = "".join(_line(one) for one in scrape.samples)
        clock.now = scrape.at
        assert observe.tick(system, scrape.at) == 1
    observe.close()
    kept = _rows(sqlite)
    with sqlite.engine.execution_options(writes=True).begin() as connection:
        connection.execute(delete(counts))
        connection.execute(delete(indicators))
    found = list(counted(system, some))
    sqlite.keep(lambda tx: tx.levels.add(found))
    assert _rows(sqlite) == kept
    assert len(kept) > 500


def _line(sample: Sample) -> str:
    said = ",".join(f'{key}="{text}"' for key, text in sample.labels)
    return f"{sample.name}{{{said}}} {sample.value}\n"


def _rows(database: Database) -> list[tuple[object, ...]]:
    with database.engine.connect() as connection:
        found = connection.execute(rows())
        return [(row.key, row.at, row.sum_bad, row.sum_total, row.sum_covered) for row in found]

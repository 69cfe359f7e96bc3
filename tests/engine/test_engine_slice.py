"""Slices of time: the same as cutting all events up at once, however the counting is broken off."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standfast import spec
from standfast.engine.measurements import Measurements
from standfast.engine.meters import meters_of
from standfast.engine.slice import Slice
from standfast.monitoring.count import Count, bucket_start
from standfast.slo.budget import BudgetState
from standfast.slo.judgement import BurnState
from standfast.slo.objective import objectives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.slo.tally import Tally
    from standfast.spec.system import System
    from standfast.store.database import Database

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE, INSTANT = timedelta(minutes=1), timedelta(microseconds=1)
FILE = """
system: {{name: shop, criticality: high}}
components:
  NAME: {{type: http, url: https://api.example.com, scrape: "http://api:8000/metrics"}}
service_levels:
  up: {{of: NAME, sli: availability, slo: 99%, window: 7d, slices: {{of: {of}, good: {good}}}}}
  all: {{of: NAME, sli: availability, slo: 99%, window: 7d}}
"""
numbers = count()


def system_of(of: str = "1m", good: str = "90%", name: str = "api") -> System:
    return spec.read_text(FILE.format(of=of, good=good).replace("NAME", name))


def key_of(system: System, objective: str = "up") -> str:
    return next(one for one in objectives(system) if one.name == objective).indicators[0].key


def events(system: System, seen: Sequence[tuple[int, int, int]]) -> list[Count]:
    """A run of looks at whole minutes: minutes since the last one, bad ones, good ones."""
    found, at = [], START
    for minutes, bad, good in seen:
        at += minutes * MINUTE
        found.append(
            Count(
                indicator=key_of(system, "all"),
                at=at,
                bad=bad,
                total=bad + good,
                covered=MINUTE,
                seen_from=at,
            )
        )
    return found


def add(database: Database, found: Sequence[Count]) -> None:
    database.keep(lambda tx: tx.levels.add(found))


def tally(database: Database, system: System) -> Tally:
    window = (START - timedelta(days=1), START + timedelta(days=30))
    return database.read(lambda tx: tx.levels.tallies(key_of(system), [window]))[0]


def naive(counts: Sequence[Count], width: timedelta, good: Fraction) -> tuple[int, int]:
    """Bad slices and all: those that began after the first look and ended before the newest bucket."""
    slices: dict[datetime, list[Count]] = defaultdict(list)
    for one in counts:
        slices[bucket_start(one.at, width)].append(one)
    over = [some for at, some in slices.items() if counts[0].at <= at <= counts[-1].at - width]
    sums = [(sum(one.bad for one in some), sum(one.total for one in some)) for some in over]
    return sum(1 for bad, total in sums if total and 1 - Fraction(bad, total) < good), len(sums)


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seen=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 3), st.integers(0, 20)),
        min_size=1,
        max_size=60,
    ),
    of=st.sampled_from(["1m", "5m", "15m", "1h"]),
    cuts=st.lists(st.integers(1, 20), max_size=5),
    most=st.integers(1, 500),
)
def test_slices_are_those_of_all_events_at_once(database: Database, seen, of, cuts, most) -> None:
    system = system_of(of, name=f"api{next(numbers)}")
    counts = events(system, seen)
    flow, left = Slice(database, most=most), list(counts)
    for many in (*cuts, len(left)):
        some, left = left[:many], left[many:]
        add(database, some)
        while flow.tick(system, START):
            pass
    found = tally(database, system)
    width = spec.units.duration(of)
    assert (found.bad, found.total) == naive(counts, width, Fraction(9, 10))


def test_a_slice_is_counted_once_however_often_it_is_asked_for(database: Database) -> None:
    system = system_of()
    add(database, events(system, [(1, 5, 5), (1, 0, 10), (1, 0, 0), (1, 0, 1)]))
    first, second = Slice(database), Slice(database)
    assert [first.tick(system, START), second.tick(system, START)] == [3, 0]
    assert (tally(database, system).bad, tally(database, system).total) == (1, 3)


def test_a_slice_that_nobody_looked_at_is_neither_good_nor_covered(database: Database) -> None:
    system = system_of()
    add(database, events(system, [(1, 0, 10), (30, 0, 10), (1, 0, 10)]))
    assert Slice(database).tick(system, START) == 31
    found = tally(database, system)
    assert (found.bad, found.total, found.covered) == (0, 2, 2 * MINUTE)


def test_the_slice_that_is_going_on_waits_for_its_end(database: Database) -> None:
    system = system_of("5m")
    add(database, events(system, [(0, 9, 1), (4, 0, 10)]))
    flow = Slice(database)
    assert (
        flow.tick(system, START + timedelta(hours=9)) == 0
    )  # its events may still be on their way
    add(database, [*events(system, [(5, 0, 1)])])
    assert flow.tick(system, START) == 1
    assert tally(database, system).total == 1


def test_stored_minutes_are_sliced_when_a_level_begins_to_count_slices(database: Database) -> None:
    system = system_of()
    add(database, events(system, [(1, 0, 10)] * 3_000))
    flow = Slice(database, most=1_000)
    assert [flow.tick(system, START) for _ in range(4)] == [1_000, 1_000, 999, 0]


def test_what_is_left_by_the_quarter_hour_is_not_cut_into_minutes(database: Database) -> None:
    system = system_of()
    add(database, events(system, [(1, 0, 10)] * 120))
    border = START + timedelta(hours=1)
    database.keep(lambda tx: tx.trimming.trim("minutes", border, 1_000))
    assert Slice(database).tick(system, START) == 60
    quarters = system_of("15m")  # the first of them began before the first look
    assert Slice(database).tick(quarters, START) == 7


def test_a_bad_minute_weighs_the_same_however_busy_it_was(database: Database) -> None:
    system = system_of()
    quiet = [(1, 0, 1)] * 199
    add(database, events(system, [*quiet, (1, 500, 500), (1, 0, 1)]))
    Slice(database).tick(system, START)
    now = START + 202 * MINUTE
    statuses = database.read(lambda tx: Measurements(tx, system, now).statuses())
    budgets = {one.objective: one.budget for one in statuses}
    assert budgets["all"].state is BudgetState.BURNING
    assert budgets["all"].achieved == Fraction(700, 1200)
    up = budgets["up"]
    # 201 of the 10,080 minutes of its window were watched, and one of the 200 slices in them was bad.
    assert (up.tally.bad, up.tally.total) == (1, 200)
    assert up.left == 1 - Fraction(1) / (Fraction(200 * 10_080, 201) / 100)
    assert up.because.startswith("up: 1 of 200 slices of 1m were bad, 100 are allowed at 99%")


def test_an_outage_burns_slices_until_it_is_over(database: Database) -> None:
    system = system_of()
    add(database, events(system, [*[(1, 0, 9)] * 300, *[(1, 9, 0)] * 30]))
    Slice(database).tick(system, START)

    def states(now: datetime) -> set[BurnState]:
        found = database.read(lambda tx: Measurements(tx, system, now).statuses())
        return {burn.state for one in found if one.objective == "up" for burn in one.burns}

    assert BurnState.CRITICAL in states(START + 330 * MINUTE)
    add(database, events(system, [(331, 0, 9), *[(1, 0, 9)] * 500]))
    Slice(database).tick(system, START)
    assert BurnState.CRITICAL not in states(START + 832 * MINUTE)


def test_events_are_counted_once_for_events_and_for_slices_of_them() -> None:
    system = system_of("5m")
    assert key_of(system) != key_of(system, "all")
    keys = [one.key for one in meters_of(system)]
    assert key_of(system, "all") in keys
    assert key_of(system) not in keys


@pytest.mark.parametrize(
    ("of", "rate", "after"),
    [("1m", Fraction(1), 2 * MINUTE), ("1m", Fraction(1, 100), None), ("5m", Fraction(1, 5), 10 * MINUTE)],
)  # fmt: skip
def test_errors_are_noticed_by_whole_slices_or_never(
    of: str, rate: Fraction, after: timedelta | None
) -> None:
    from standfast.slo.burn import burn_windows, detection

    one = objectives(system_of(of))[0]
    found = detection(one, burn_windows(one)[0], rate)
    assert (found is None) if after is None else (found is not None and found >= after)

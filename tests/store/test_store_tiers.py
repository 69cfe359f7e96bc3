"""Counts by the minute become counts by the quarter-hour, and no sum that anybody asks for changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standfast.monitoring.count import Count, bucket_start
from standfast.slo.exclusion import Exclusion, Kind, edges, rest
from standfast.slo.exclusion import merged as merged_spans
from standfast.slo.tally import Tally
from standfast.slo.window import Span
from standfast.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTE, QUARTER, DAY, INSTANT = (
    timedelta(minutes=1), timedelta(minutes=15), timedelta(days=1), timedelta(microseconds=1),
)  # fmt: skip
START = datetime(2026, 3, 28, 0, 7, tzinfo=UTC)
# Offsets of :30, :45 and of half an hour of summer time: every midnight lies on a quarter-hour of UTC.
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe")

looks = st.lists(
    st.tuples(st.integers(0, 45), st.integers(0, 9), st.integers(0, 99)), min_size=1, max_size=120
)


def counted(key: str, seen: Sequence[tuple[int, int, int]], start: datetime = START) -> list[Count]:
    """Counts of a run of looks: minutes since the last one, bad ones, good ones."""
    found, at = [], start
    for minutes, bad, good in seen:
        at += minutes * MINUTE
        found.append(
            Count(indicator=key, at=at, bad=bad, total=bad + good, covered=MINUTE, seen_from=at)
        )
    return found


def naive(counts: Sequence[Count], start: datetime, end: datetime) -> tuple[int, int]:
    inside = [one for one in counts if start < one.at <= end]
    return sum(one.bad for one in inside), sum(one.total for one in inside)


def tallies(database: Database, key: str, windows) -> list[tuple[int, int]]:
    found = database.read(lambda tx: tx.levels.tallies(key, windows))
    return [(one.bad, one.total) for one in found]


def coarsen(database: Database, before: datetime, batch: int = 1000) -> None:
    while database.keep(lambda tx: tx.trimming.trim("minutes", before, batch)) == batch:
        pass


def kept(database: Database) -> int:
    with database.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM sli_counts").scalar_one()


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seen=looks,
    late=looks,
    after=st.integers(0, 3000),
    windows=st.lists(st.tuples(st.integers(-9, 300), st.integers(0, 300)), min_size=1, max_size=9),
)
def test_a_window_over_both_tiers_is_the_sum_of_its_minutes(
    database: Database, seen, late, after, windows
) -> None:
    key = f"api/{hash((tuple(seen), tuple(late), after, tuple(windows)))}"
    counts = counted(key, seen)
    database.keep(lambda tx: tx.levels.add(counts))
    border = START + after * MINUTE
    coarsen(database, border)
    more = counted(key, late, max(counts[-1].at, border))
    database.keep(lambda tx: tx.levels.add(more))

    quarters = START - timedelta(minutes=7) - INSTANT
    old = [(quarters + a * QUARTER, quarters + (a + b) * QUARTER) for a, b in windows]
    # From any quarter-hour of the old tier into any minute of the new one.
    both = [(start, border + b * MINUTE) for (start, _), (_, b) in zip(old, windows, strict=True)]
    asked = [*old, *((start, end) for start, end in both if start < border <= end)]

    every = [*counts, *more]
    assert tallies(database, key, asked) == [naive(every, *window) for window in asked]


@pytest.mark.parametrize("zone", ZONES)
def test_days_of_every_zone_are_whole_quarter_hours(database: Database, zone: str) -> None:
    counts = counted("api/x", [(1, 1, 2)] * (9 * 24 * 60))
    database.keep(lambda tx: tx.levels.add(counts))
    days = [date(2026, 3, 29) + n * DAY for n in range(8)]  # clocks change in two of the zones
    midnights = [
        datetime(one.year, one.month, one.day, tzinfo=ZoneInfo(zone)).astimezone(UTC) - INSTANT
        for one in days
    ]
    asked = list(pairwise(midnights))
    before = tallies(database, "api/x", asked)

    coarsen(database, START + 7 * DAY)

    assert kept(database) < 2 * 24 * 60 + 8 * 24 * 4
    assert tallies(database, "api/x", asked) == before
    assert before == [naive(counts, *one) for one in asked]


def test_what_is_excluded_keeps_its_size(database: Database) -> None:
    counts = counted("api/x", [(1, 1, 3)] * 600)
    database.keep(lambda tx: tx.levels.add(counts))
    out = [
        Span(start=START + 92 * MINUTE, end=START + 207 * MINUTE),
        Span(start=START + 300 * MINUTE, end=START + 301 * MINUTE),
    ]
    for number, one in enumerate(out):
        made = Exclusion(
            id=f"EX-{number + 1}", of="api", kind=Kind.MAINTENANCE, starts=one.start, ends=one.end,
            because="a test", by="ada", made_at=START, made_by="ada",
        )  # fmt: skip
        database.keep(lambda tx, made=made: tx.exclusions.add(made))
    day = (START - INSTANT - 7 * MINUTE, START + DAY)
    asked = [day, *edges(merged_spans(out), *day)]

    def left() -> Tally:
        found = database.read(lambda tx: tx.levels.tallies("api/x", asked))
        return rest(found[0], found[1:])

    before, rows = left(), kept(database)
    coarsen(database, START + DAY)

    assert kept(database) < rows / 5
    assert left() == before
    assert (before.bad, before.total) == (600 - 116, 4 * (600 - 116))


def test_nothing_is_lost_or_counted_twice_wherever_it_is_broken_off(database: Database) -> None:
    counts = counted("api/x", [(1, 1, 2)] * 200) + counted("api/y", [(2, 3, 2)] * 150)
    database.keep(lambda tx: tx.levels.add(counts))
    asked = [(START - DAY, START + DAY), (START + 8 * MINUTE - INSTANT, START + DAY)]
    before = [tallies(database, key, asked) for key in ("api/x", "api/y")]
    border = START + 180 * MINUTE

    def broken(tx) -> None:
        tx.trimming.trim("minutes", border, 7)
        raise RuntimeError("the power goes")

    for batch in (7, 50, 1000, 1000, 1000):
        with pytest.raises(RuntimeError):
            database.keep(broken)
        database.keep(lambda tx, batch=batch: tx.trimming.trim("minutes", border, batch))
        assert [tallies(database, key, asked) for key in ("api/x", "api/y")] == before
    rows = kept(database)
    coarsen(database, border)
    assert kept(database) == rows, "done again it finds nothing to do"


def test_seconds_become_minutes(database: Database) -> None:
    second = timedelta(seconds=1)
    counts = [
        Count(indicator="api/x", at=START + n * second, bad=1, total=2, covered=second,
              seen_from=START)
        for n in range(600)
    ]  # fmt: skip
    database.keep(lambda tx: tx.levels.add(counts))
    database.keep(lambda tx: tx.trimming.trim("seconds", START + 5 * MINUTE, 1000))

    assert kept(database) == 1 + 5 + 300
    asked = [(START - INSTANT, START + 4 * MINUTE - INSTANT), (START - INSTANT, START + DAY)]
    assert tallies(database, "api/x", asked) == [(240, 480), (600, 1200)]


_CHILD = """
import sys
from datetime import datetime
from standfast.store.database import Database
database = Database(sys.argv[1], append=lambda tx, events: None)
print("begun", flush=True)
while database.keep(lambda tx: tx.trimming.trim("minutes", datetime.fromisoformat(sys.argv[2]), 20)):
    print(".", flush=True)
print("done", flush=True)
sys.stdin.read()
"""


def test_a_server_killed_while_it_merges_loses_nothing(sqlite: Database) -> None:
    counts = counted("api/x", [(1, 1, 2)] * 5000)
    sqlite.keep(lambda tx: tx.levels.add(counts))
    asked = [
        (START - DAY, START + 9 * DAY),
        (START + 8 * MINUTE - INSTANT, START + DAY + 8 * MINUTE - INSTANT),
    ]
    before = tallies(sqlite, "api/x", asked)
    border = str(START + 4 * DAY)
    command = [sys.executable, "-c", _CHILD, str(sqlite.url), border]
    said, rounds = "", 0
    while "done" not in said:
        rounds += 1
        child = subprocess.Popen(
            command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        )  # fmt: skip
        assert child.stdout is not None
        for _ in range(60 * rounds):
            said = child.stdout.readline()
            if "done" in said:
                break
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert tallies(sqlite, "api/x", asked) == before
    assert rounds > 1, "it was killed in the middle of it"
    assert kept(sqlite) < 5000 / 14 + 15


def test_the_sums_that_a_past_is_replayed_from_begin_with_the_row_before_it(
    database: Database,
) -> None:
    key = "api/replayed"
    seen = counted(key, [(1, bad, 10 - bad) for bad in (0, 3, 0, 7)])
    database.keep(lambda tx: tx.levels.add(seen))

    def sums(since: datetime) -> list[tuple[int, int]]:
        found = database.read(lambda tx: tx.levels.sums([key, "api/unknown"], since))
        assert set(found) == {key}
        return [(bad, total) for _, bad, total, _ in found[key]]

    assert sums(seen[1].at + MINUTE / 2) == [(3, 20), (3, 30), (10, 40)]
    assert sums(START - DAY)[-1] == (10, 40)


def test_until_when_only_quarter_hours_are_left_is_told(database: Database) -> None:
    key = "api/coarse"
    database.keep(lambda tx: tx.levels.add(counted(key, [(1, 0, 10)] * 60)))
    before = database.read(lambda tx: tx.levels.coarse_until()[key])

    coarsen(database, START + 40 * MINUTE)

    assert before <= START
    assert database.read(lambda tx: tx.levels.coarse_until()[key]) == bucket_start(
        START + 40 * MINUTE, timedelta(minutes=15)
    )

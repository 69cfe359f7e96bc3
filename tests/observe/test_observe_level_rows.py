from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from standfast.monitoring.count import Count
from standfast.slo.tally import NOTHING, Tally

if TYPE_CHECKING:
    from standfast.store.database import Database

MINUTE = timedelta(minutes=1)

steps = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 20), st.integers(0, 200)), min_size=1, max_size=25
)


def counted(key: str, start, seen) -> list[Count]:
    """Counts of a run of looks: minutes since the last one, bad ones, good ones."""
    found, at = [], start
    for minutes, bad, good in seen:
        at += minutes * MINUTE
        found.append(
            Count(indicator=key, at=at, bad=bad, total=bad + good, covered=MINUTE, seen_from=at)
        )
    return found


def naive(counts: list[Count], start, end) -> tuple[int, int]:
    inside = [one for one in counts if start < one.at <= end]
    return sum(one.bad for one in inside), sum(one.total for one in inside)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seen=steps,
    windows=st.lists(st.tuples(st.integers(-5, 60), st.integers(0, 90)), min_size=1, max_size=6),
)
def test_a_window_looked_up_is_the_sum_of_its_minutes(
    database: Database, clock, seen, windows
) -> None:
    key = f"api/{hash((tuple(seen), tuple(windows)))}"
    counts = counted(key, clock.now, seen)
    for one in counts:
        database.keep(lambda tx, one=one: tx.levels.add([one]))

    edges = [(clock.now + a * MINUTE, clock.now + (a + b) * MINUTE) for a, b in windows]
    found = database.read(lambda tx: tx.levels.tallies(key, edges))

    assert [(one.bad, one.total) for one in found] == [naive(counts, *edge) for edge in edges]


def test_forgetting_old_minutes_changes_no_window_that_is_still_kept(
    database: Database, clock
) -> None:
    counts = counted("api/x", clock.now, [(1, 1, 9)] * 30)
    database.keep(lambda tx: tx.levels.add(counts))
    half = clock.now + 15 * MINUTE
    database.keep(lambda tx: tx.trimming.trim("counts", half, 100_000))

    read = lambda a, b: database.read(  # noqa: E731 - said twice, and short
        lambda tx: tx.levels.tally("api/x", clock.now + a * MINUTE, clock.now + b * MINUTE)
    )

    assert (read(20, 30).bad, read(20, 30).total) == (10, 100)
    assert (read(0, 30).bad, read(0, 30).total) == (16, 160), "what is left of it"
    assert read(0, 5) == NOTHING


def test_a_count_that_comes_late_goes_into_the_newest_bucket(database: Database, clock) -> None:
    late = Count(
        indicator="api/x", at=clock.now, bad=1, total=1, covered=MINUTE, seen_from=clock.now
    )
    database.keep(lambda tx: tx.levels.add(counted("api/x", clock.now, [(5, 0, 10)])))
    database.keep(lambda tx: tx.levels.add([late]))

    start = clock.now + 4 * MINUTE
    assert database.read(lambda tx: tx.levels.tally("api/x", start, start + MINUTE)) == Tally(
        bad=1, total=11, covered=MINUTE
    )


def test_a_series_tells_apart_where_nobody_looked(database: Database, clock) -> None:
    database.keep(lambda tx: tx.levels.add(counted("api/x", clock.now, [(1, 1, 1), (3, 0, 0)])))

    found = database.read(
        lambda tx: tx.levels.series("api/x", clock.now, clock.now + 4 * MINUTE, MINUTE)
    )

    assert [(one.tally.bad, bool(one.tally.covered)) for one in found] == [
        (1, True),
        (0, False),
        (0, False),
        (0, True),
    ]


def test_a_long_series_is_read_in_parts(database: Database, clock) -> None:
    database.keep(lambda tx: tx.levels.add(counted("api/x", clock.now, [(1, 1, 1)] * 450)))

    found = database.read(
        lambda tx: tx.levels.series("api/x", clock.now, clock.now + 450 * MINUTE, MINUTE)
    )

    assert [one.tally.bad for one in found] == [1] * 450


def test_more_windows_than_one_query_takes_are_all_answered(database: Database, clock) -> None:
    counts = counted("api/many", clock.now, [(1, 1, 2)] * 9)
    for one in counts:
        database.keep(lambda tx, one=one: tx.levels.add([one]))
    step = timedelta(seconds=1)
    edges = [(clock.now + n * step, clock.now + (n + 60) * step) for n in range(450)]

    found = database.read(lambda tx: tx.levels.tallies("api/many", edges))

    assert [(one.bad, one.total) for one in found] == [naive(counts, *edge) for edge in edges]

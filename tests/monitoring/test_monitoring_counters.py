from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from standfast.monitoring.count import bucket_start, count_of
from standfast.monitoring.counters import Look, increase, remembered, swapped

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
STEP = timedelta(seconds=15)


def look(number: int, values: dict[str, float], started: datetime | None = None) -> Look:
    return Look(at=START + number * STEP, values=values, started=started)


# What a process counted between scrapes: a number of events, or None where it restarted first.
lives = st.lists(
    st.tuples(st.booleans(), st.integers(min_value=0, max_value=1000)), min_size=1, max_size=30
)


@given(lives)
def test_with_start_times_every_event_after_the_first_look_is_counted(steps) -> None:
    """Even a restart whose counter has already passed the old value."""
    before, value, started, counted = look(0, {"c": 0.0}, START - STEP), 0, START - STEP, 0.0
    for number, (restarts, events) in enumerate(steps, 1):
        if restarts:
            value, started = 0, START + number * STEP - STEP / 2
        value += events
        now = look(number, {"c": float(value)}, started)
        counted += increase(before, now).by["c"]
        before = remembered(before, now)

    assert counted == sum(events for _, events in steps)


@given(lives)
def test_without_start_times_never_more_is_counted_than_happened(steps) -> None:
    before, value, counted = look(0, {"c": 0.0}), 0, 0.0
    for number, (restarts, events) in enumerate(steps, 1):
        value = events if restarts else value + events
        now = look(number, {"c": float(value)})
        by = increase(before, now).by["c"]
        assert by >= 0
        counted += by
        before = remembered(before, now)

    happened = sum(events for _, events in steps)
    assert counted <= happened
    if not any(restarts for restarts, _ in steps):
        assert counted == happened


@given(st.lists(st.integers(min_value=0, max_value=100), min_size=2, max_size=20), st.data())
def test_lost_looks_lose_no_events(steps, data) -> None:
    """A gap only means that a later look counts for more."""
    taken = data.draw(st.lists(st.booleans(), min_size=len(steps), max_size=len(steps)))
    taken[0] = taken[-1] = True
    before, value, counted, first = None, 0, 0.0, 0
    for number, events in enumerate(steps):
        value += events
        if not taken[number]:
            continue
        now = look(number, {"c": float(value)})
        counted += increase(before, now).by.get("c", 0.0)
        first = first if before else value
        before = remembered(before, now)

    assert counted == value - first


def test_a_series_seen_first_is_its_own_baseline() -> None:
    assert increase(None, look(0, {"c": 5.0})).by == {}
    assert increase(look(0, {}), look(1, {"c": 5.0})).by == {}


def test_a_process_younger_than_the_last_look_has_no_past() -> None:
    found = increase(look(0, {}), look(1, {"c": 5.0}, START + STEP / 2))

    assert found.by == {"c": 5.0}


def test_a_series_that_says_it_began_after_the_last_look_counts_from_nothing() -> None:
    def began(at: datetime) -> dict[str, float]:
        now = Look(at=START + STEP, values={"c": 5.0}, begun={"c": at})
        return dict(increase(look(0, {"d": 1.0}), now).by)

    assert began(START + STEP / 2) == {"c": 5.0}
    assert began(START - STEP) == {}
    assert began(START + 60 * STEP) == {}  # its clock is not ours


def test_two_processes_that_answer_in_turn_are_not_added_up() -> None:
    """Taken for restarts, their whole counters would come in anew at every look."""
    old, older = START - 100 * STEP, START - 300 * STEP
    before, counted = look(0, {"c": 1000.0}, old), 0.0
    for number, (value, started) in enumerate([(500.0, older), (1010.0, old)] * 10, 1):
        now = look(number, {"c": value}, started)
        counted += sum(increase(before, now).by.values())
        assert swapped(before, now)
        before = remembered(before, now)

    assert counted == 0


@given(st.floats(-1.5, 1.5))
def test_a_start_time_that_trembles_is_no_other_process(seconds) -> None:
    started = START - 100 * STEP
    before = look(0, {"c": 5.0}, started)
    now = look(1, {"c": 9.0}, started + timedelta(seconds=seconds))

    assert not swapped(before, now)
    assert increase(before, now).by == {"c": 4.0}


def test_a_target_whose_clock_is_ahead_is_new_once_and_not_at_every_look() -> None:
    ahead = START + 3 * STEP
    before, counted = look(0, {"c": 90.0}, START - STEP), 0.0
    for number in (1, 2, 3, 4):
        now = look(number, {"c": 10.0 * number}, ahead)
        counted += increase(before, now).by["c"]
        before = remembered(before, now)

    assert counted == 40


def test_labels_that_never_stop_changing_are_not_remembered_for_ever() -> None:
    before = look(0, {})
    for number in range(1, 50):
        before = remembered(before, look(number, {f"c{number}-{i}": 1.0 for i in range(100)}))

    assert len(before.values) <= 1_000


def test_a_series_that_is_away_for_one_look_keeps_its_past() -> None:
    first = look(0, {"c": 5.0})
    gone = remembered(first, look(1, {}))

    assert increase(gone, look(2, {"c": 8.0})).by == {"c": 3.0}


def test_nonsense_values_count_nothing_and_are_not_remembered() -> None:
    odd = {"nan": float("nan"), "inf": float("inf"), "minus": -1.0}
    before = look(0, {"nan": 1.0, "inf": 1.0, "minus": 1.0})

    assert increase(before, look(1, odd)).by == {}
    assert remembered(before, look(1, odd)).values == before.values


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_bucket_begins_at_or_before_the_moment_and_on_the_grid(moment) -> None:
    moment = moment.replace(tzinfo=UTC)
    for width in (timedelta(seconds=1), timedelta(seconds=7), timedelta(minutes=1)):
        start = bucket_start(moment, width)
        assert start <= moment < start + width
        assert (start - datetime(1970, 1, 1, tzinfo=UTC)) % width == timedelta(0)


def test_a_look_after_a_pause_covers_only_what_it_can_speak_for() -> None:
    def covered(gap: timedelta) -> timedelta:
        minute = timedelta(minutes=1)
        return count_of("c", 0, 1, since=START, now=START + gap, every=STEP, width=minute).covered

    assert covered(STEP) == STEP
    assert covered(2 * STEP) == 2 * STEP
    assert covered(10 * STEP) == 2.5 * STEP
    assert covered(timedelta(hours=3)) == timedelta(0)

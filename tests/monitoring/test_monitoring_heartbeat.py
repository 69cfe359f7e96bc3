from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from standfast.monitoring.heartbeat import Beat, Pulse, Told, heard, judged, noted
from standfast.spec.system import Heartbeat

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PLAN = Heartbeat(name="invoices", every=HOUR, grace=5 * MINUTE, takes=10 * MINUTE)
NEW = Pulse(name="invoices", watched_from=START)


def told(*beats: tuple[Told, timedelta], before: Pulse = NEW) -> Pulse:
    for what, after in beats:
        before = heard(before, Beat(told=what, at=START + after))
    return before


def stands(pulse: Pulse, after: timedelta) -> tuple[bool, bool, str]:
    outcome = judged(PLAN, pulse, START + after)
    return outcome.ok, outcome.known, outcome.because


def test_a_job_that_was_never_heard_is_waited_for_and_then_missed() -> None:
    assert stands(NEW, MINUTE) == (False, False, "not heard of yet; missing from 13:05:00")
    assert stands(NEW, HOUR + 5 * MINUTE)[1] is False
    assert stands(NEW, HOUR + 6 * MINUTE) == (
        False,
        True,
        "missing: never heard, expected every 1h with 5m grace",
    )


def test_a_job_that_ran_is_well_then_late_then_missing() -> None:
    pulse = told((Told.FINISH, 10 * MINUTE))

    assert stands(pulse, 20 * MINUTE) == (True, True, "")
    assert noted(PLAN, pulse, START + 20 * MINUTE) == ("ran well at 12:10:00",)
    assert stands(pulse, HOUR + 12 * MINUTE)[0] is True
    assert noted(PLAN, pulse, START + HOUR + 12 * MINUTE) == ("late; missing from 13:15:00",)
    assert stands(pulse, HOUR + 16 * MINUTE)[2].startswith("missing: last heard at 12:10:00")


def test_a_failure_is_told_with_its_reason_until_the_job_ends_well() -> None:
    failure = Beat(told=Told.FAIL, at=START + 3 * MINUTE, because="exit status 3")
    pulse = heard(told((Told.START, MINUTE)), failure)

    assert stands(pulse, 4 * MINUTE) == (False, True, "failed at 12:03:00: exit status 3")
    assert pulse.took == 2 * MINUTE
    assert stands(told((Told.START, 5 * MINUTE), before=pulse), 6 * MINUTE)[0] is False
    assert stands(told((Told.FINISH, 7 * MINUTE), before=pulse), 8 * MINUTE) == (True, True, "")


def test_a_run_that_does_not_end_hangs() -> None:
    pulse = told((Told.FINISH, MINUTE), (Told.START, 30 * MINUTE))

    assert noted(PLAN, pulse, START + 31 * MINUTE) == ("running since 12:30:00",)
    assert stands(pulse, 40 * MINUTE)[0] is True
    assert stands(pulse, 41 * MINUTE)[2] == "began at 12:30:00 and has not ended within 10m"


def test_a_duration_that_the_job_measured_itself_is_taken() -> None:
    pulse = heard(NEW, Beat(told=Told.FINISH, at=START, took=7 * MINUTE))

    assert judged(PLAN, pulse, START).latency == 7 * MINUTE


lives = st.lists(st.tuples(st.sampled_from(list(Told)), st.integers(0, 4000)), max_size=20)


@given(lives, st.integers(0, 9000))
def test_whatever_was_told_silence_always_ends_in_missing(beats, more) -> None:
    beats = sorted(beats, key=lambda one: one[1])
    pulse = told(*((what, timedelta(seconds=at)) for what, at in beats))
    last = timedelta(seconds=beats[-1][1] if beats else 0)

    ok, known, because = stands(pulse, last + timedelta(seconds=more))
    assert ok == (because == "")
    assert known or not pulse.good_at
    ok, known, because = stands(pulse, last + HOUR + 6 * MINUTE)
    assert (ok, known) == (False, True)
    assert because.startswith(("missing", "failed", "began"))

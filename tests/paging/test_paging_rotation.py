# ruff: noqa: DTZ001 - times on the wall clock have no zone
from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standfast.errors import StandfastError
from standfast.paging.hours import read
from standfast.paging.rotation import Duty, gaps, handoff, on_duty, resolve, shifts, until
from standfast.spec.calling import OnCall, Shift

ZONES = sorted(zone for zone in available_timezones() if "/" in zone)
INSTANTS = st.datetimes(
    datetime(2010, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC)
)  # Apia lost a whole day in 2011


def rota(**changes: object) -> OnCall:
    shift = {
        "length": timedelta(weeks=1),
        "handover_day": 0,
        "handover_time": time(9),
        "order": ("ada", "bo", "cy"),
        "start": date(2026, 1, 5),
    }
    own = {name: changes.pop(name) for name in list(changes) if name in shift}
    base = {"name": "storefront", "covers": (), "timezone": "Europe/Berlin", "escalate": {}}
    return OnCall(**{**base, **changes, "shift": Shift(**{**shift, **own})})


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


def test_the_week_begins_with_the_first_and_hands_over_at_nine_on_monday() -> None:
    assert on_duty(rota(), berlin(2026, 1, 5, 9)) == Duty(primary="ada", secondary="bo")
    assert on_duty(rota(), berlin(2026, 1, 12, 8, 59)).primary == "ada"
    assert on_duty(rota(), berlin(2026, 1, 12, 9)).primary == "bo"
    assert on_duty(rota(), berlin(2026, 1, 5, 8, 59)).primary == "cy"


def test_a_handover_stays_at_nine_through_both_changes_of_the_clocks() -> None:
    for watch in shifts(rota(), berlin(2026, 1, 5, 9), berlin(2027, 1, 4, 9))[:-1]:
        local = watch.end.astimezone(ZoneInfo("Europe/Berlin"))
        assert (local.weekday(), local.hour, local.minute) == (0, 9, 0)


def test_a_handover_in_the_gap_is_the_first_instant_after_it() -> None:
    assert resolve(datetime(2026, 3, 29, 2, 30), "Europe/Berlin") == datetime(
        2026, 3, 29, 1, tzinfo=UTC
    )


def test_a_handover_in_the_doubled_hour_is_its_first_occurrence() -> None:
    assert resolve(datetime(2026, 10, 25, 2, 30), "Europe/Berlin") == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


def test_a_zone_that_skipped_a_whole_day_hands_over_after_it() -> None:
    assert resolve(datetime(2011, 12, 30, 9), "Pacific/Apia") == datetime(
        2011, 12, 30, 10, tzinfo=UTC
    )


def test_a_start_in_the_middle_of_a_week_belongs_to_the_first() -> None:
    assert on_duty(rota(start=date(2026, 1, 8)), berlin(2026, 1, 6, 12)).primary == "ada"


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    hours=st.integers(1, 24 * 15),
    at=INSTANTS,
    handover=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
)
def test_every_instant_has_one_owner_in_every_zone(zone, hours, at, handover) -> None:
    one = rota(
        timezone=zone, length=timedelta(hours=hours), handover_day=None, handover_time=handover
    )
    watches = shifts(one, at, at + timedelta(days=20))

    assert watches[0].begin == at
    assert watches[-1].end == at + timedelta(days=20)
    assert all(before.end == after.begin for before, after in pairwise(watches))
    assert all(watch.begin < watch.end for watch in watches)
    for watch in watches:
        last = watch.end - timedelta(microseconds=1)
        for instant in (watch.begin, watch.begin + (watch.end - watch.begin) / 2, last):
            assert on_duty(one, instant) == Duty(primary=watch.primary, secondary=watch.secondary)


@settings(max_examples=150, deadline=None)
@given(zone=st.sampled_from(ZONES), turn=st.integers(-9000, 9000), hours=st.integers(1, 48))
def test_handoffs_never_run_backwards(zone, turn, hours) -> None:
    one = rota(timezone=zone, length=timedelta(hours=hours), handover_day=None)

    assert handoff(one, turn) <= handoff(one, turn + 1)


def test_an_override_stands_in_for_whole_days_and_the_displaced_is_last_in_line() -> None:
    one = rota(order=("ada", "bo"), overrides=((date(2026, 1, 7), date(2026, 1, 8), "bo"),))

    assert on_duty(one, berlin(2026, 1, 6, 23, 59)).primary == "ada"
    assert on_duty(one, berlin(2026, 1, 7, 0)) == Duty(primary="bo", secondary="ada")
    assert on_duty(one, berlin(2026, 1, 9, 0)).primary == "ada"
    assert [w.primary for w in shifts(one, berlin(2026, 1, 5, 9), berlin(2026, 1, 12, 9))] == [
        "ada", "bo", "ada",
    ]  # fmt: skip


def test_one_person_alone_has_nobody_behind_them() -> None:
    assert on_duty(rota(order=("ada",)), berlin(2026, 1, 6)) == Duty(primary="ada", secondary=None)


def test_office_hours_leave_gaps_that_are_said() -> None:
    office = rota(hours="Mon-Fri 09:00-17:00")
    week = gaps(office, berlin(2026, 1, 5, 9), berlin(2026, 1, 12, 9))

    assert sum((gap.end - gap.begin for gap in week), timedelta()) == timedelta(hours=168 - 40)
    assert on_duty(office, berlin(2026, 1, 5, 16, 59)).primary == "ada"
    assert on_duty(office, berlin(2026, 1, 5, 17)).primary is None
    assert on_duty(office, berlin(2026, 1, 10, 12)).primary is None


def test_nights_reach_into_the_next_day() -> None:
    nights = read("Fri-Sat 22:00-06:00")

    assert nights.covers(datetime(2026, 1, 11, 5, 59))
    assert not nights.covers(datetime(2026, 1, 11, 6))
    assert not nights.covers(datetime(2026, 1, 9, 5, 59))


def test_a_rota_without_people_is_one_gap() -> None:
    nobody = rota(order=())

    assert len(gaps(nobody, berlin(2026, 1, 5), berlin(2026, 2, 5))) == 1


def test_until_says_when_somebody_else_takes_over() -> None:
    assert until(rota(), berlin(2026, 1, 6)) == berlin(2026, 1, 12, 9)


def test_other_words_for_hours_are_refused() -> None:
    with pytest.raises(StandfastError, match="write 24x7"):
        read("sometimes")

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.rrule import DAILY, rrule
from generated_files import GENERATED
from hypothesis import given, settings
from hypothesis import strategies as st

from standfast.paging.rotation import on_duty, resolve
from standfast.publish.calendar.icalendar import Event, calendar, folded, text
from standfast.publish.calendar.on_call import comes_round, events_of
from standfast.publish.edition import Edition
from standfast.spec import calling
from standfast.spec import system as s

PATH = f"{GENERATED}/oncall/storefront.ics"
HOUR = timedelta(hours=1)
STAMP = datetime(2026, 11, 24, tzinfo=UTC)


def with_rota(system: s.System, **more: object) -> s.System:
    return replace(system, on_call={"storefront": replace(system.on_call["storefront"], **more)})


def read(written: str) -> icalendar.Calendar:
    found = icalendar.Calendar.from_ical(written.encode())
    assert not [one.errors for one in found.walk() if one.errors]
    return found


def stretches(found: icalendar.Calendar) -> Iterator[tuple[datetime, datetime, str]]:
    """Every occurrence as instants, with the words it carries: what a calendar program would draw."""
    for event in found.walk("VEVENT"):
        begin = event["DTSTART"].dt.replace(tzinfo=None)
        zone = str(event["DTSTART"].params["TZID"])
        words = str(event["SUMMARY"])
        if "RRULE" not in event:
            end = event["DTEND"].dt.replace(tzinfo=None)
            yield resolve(begin, zone), resolve(end, zone), words
            continue
        rule = event["RRULE"]
        assert rule["FREQ"] == ["DAILY"]
        # On the wall clock; only the end is told in UTC.
        for start in rrule(DAILY, dtstart=begin, interval=rule["INTERVAL"][0], count=400):
            if resolve(start, zone) <= rule["UNTIL"][0]:
                yield resolve(start, zone), resolve(start + event["DURATION"].dt, zone), words


def agrees(edition: Edition, written: str, weeks: int) -> None:
    """Hour by hour with the rotation itself."""
    rota = edition.system.on_call["storefront"]
    shown = sorted(stretches(read(written)))
    begin = resolve(datetime.combine(edition.as_of, time()), rota.timezone)
    for number in range(weeks * 7 * 24):
        at = begin + number * HOUR
        here = [words for start, end, words in shown if start <= at < end]
        person = on_duty(rota, at).primary
        name = edition.system.people[person].name if person else None
        expected = [f"On call: {name} (storefront)"] if name else []
        assert here == expected, at


@pytest.fixture
def of(edition: Edition, texts):
    def make(as_of: date, **more: object) -> tuple[Edition, str]:
        changed = replace(edition, system=with_rota(edition.system, **more), as_of=as_of)
        from standfast.publish.calendar.on_call import calendars

        (file,) = (one for one in calendars(changed) if getattr(one, "text", ""))
        return changed, file.text

    return make


# ------------------------------------------------------------------ against the rotation


@pytest.mark.parametrize(
    ("as_of", "weeks"), [(date(2026, 3, 2), 8), (date(2026, 10, 1), 8), (date(2026, 11, 24), 52)]
)
def test_a_rule_says_who_is_on_call_in_every_hour_of_a_year(of, as_of: date, weeks: int) -> None:
    edition, written = of(as_of)
    assert written.count("RRULE:") == 3
    agrees(edition, written, weeks)


def test_a_handover_in_an_hour_that_the_clocks_skip_is_told_shift_by_shift(of) -> None:
    shift = calling.Shift(
        length=timedelta(days=1), handover_day=None, handover_time=time(2, 30), order=("ada", "bo")
    )
    edition, written = of(date(2026, 3, 20), shift=shift)
    assert "RRULE" not in written
    agrees(edition, written, weeks=8)


def test_who_stands_in_is_told_shift_by_shift(of) -> None:
    edition, written = of(
        date(2026, 11, 24), overrides=((date(2026, 12, 24), date(2026, 12, 26), "dee"),)
    )
    assert "RRULE" not in written
    assert "Dee Roy" in written
    agrees(edition, written, weeks=8)


def test_office_hours_leave_the_nights_free(of) -> None:
    edition, written = of(date(2026, 10, 19), hours="Mon-Fri 09:00-17:00")
    agrees(edition, written, weeks=8)


@pytest.mark.parametrize(
    "length", [timedelta(hours=12), timedelta(days=1), timedelta(days=3), timedelta(weeks=2)]
)
def test_shifts_of_any_length_agree(of, length: timedelta) -> None:
    day = 0 if not length % timedelta(weeks=1) else None
    shift = calling.Shift(
        length=length, handover_day=day, handover_time=time(9), order=("ada", "bo", "cy")
    )
    edition, written = of(date(2026, 10, 12), shift=shift)
    agrees(edition, written, weeks=8)


def test_one_person_alone_is_on_call_all_the_time(of) -> None:
    shift = calling.Shift(
        length=timedelta(weeks=1), handover_day=0, handover_time=time(9), order=("ada",)
    )
    edition, written = of(date(2026, 10, 12), shift=shift)
    agrees(edition, written, weeks=30)
    assert "Nobody is second in line" in written


@settings(max_examples=25, deadline=None)
@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
                          "Africa/Cairo", "America/Sao_Paulo", "Pacific/Chatham", "UTC"]),
    at=st.times(max_value=time(23, 59)).map(lambda one: one.replace(second=0, microsecond=0)),
    days=st.integers(1, 10),
    day=st.dates(date(2026, 1, 1), date(2028, 1, 1)),
)  # fmt: skip
def test_in_every_zone_and_on_every_day(
    edition: Edition, zone: str, at: time, days: int, day: date
) -> None:
    shift = calling.Shift(
        length=timedelta(days=days), handover_day=None, handover_time=at, order=("ada", "bo", "cy")
    )
    system = with_rota(edition.system, shift=shift, timezone=zone)
    changed = replace(edition, system=system, as_of=day)
    rota = system.on_call["storefront"]
    written = calendar("x", STAMP, [zone], tuple(events_of(changed, rota)))
    agrees(changed, written, weeks=4)


# ------------------------------------------------------------------ what is said


def test_leave_is_said_where_nobody_stands_in(shop: s.System, edition: Edition, texts) -> None:
    away = replace(shop.people["ada"], leave=((date(2026, 12, 7), date(2026, 12, 20)),))
    system = replace(shop, people={**shop.people, "ada": away})
    assert not comes_round(system.on_call["storefront"], replace(edition, system=system))
    found = read(texts(system)[PATH])
    said = [str(one["DESCRIPTION"]) for one in found.walk("VEVENT")]
    assert any("On leave from 2026-12-07 to 2026-12-20: nobody stands in" in one for one in said)


def test_a_shift_keeps_its_name_from_one_publishing_to_the_next(of) -> None:
    hours = {"overrides": ((date(2026, 12, 24), date(2026, 12, 26), "dee"),)}
    for more in ({}, hours):
        first, second = (
            {str(one["UID"]) for one in read(of(day, **more)[1]).walk("VEVENT")}
            for day in (date(2026, 11, 24), date(2026, 11, 27))
        )
        assert first & second
        assert len(first ^ second) <= 1


def test_a_calendar_holds_names_and_no_telephone_numbers(shop: s.System, texts) -> None:
    written = texts(shop)[PATH]
    found = read(written)
    assert {str(one["SUMMARY"]).split(" (")[0] for one in found.walk("VEVENT")} == {
        "On call: Ada Ito", "On call: Bo Lind", "On call: Cy Park"
    }  # fmt: skip
    assert "+49" not in written
    assert "@shop.example.org" not in written


# ------------------------------------------------------------------ RFC 5545


def test_lines_end_and_fold_as_the_standard_asks(shop: s.System, texts) -> None:
    written = texts(shop)[PATH]
    assert written.endswith("\r\n")
    for line in written.split("\r\n"):
        assert "\n" not in line
        assert len(line.encode()) <= 75


@given(st.text(max_size=400))
def test_folding_loses_nothing_and_cuts_no_character(words: str) -> None:
    line = f"SUMMARY:{text(words)}"
    out = folded(line)
    assert out.replace("\r\n ", "") == line
    assert all(len(one.encode()) <= 75 for one in out.split("\r\n"))


@given(st.text(max_size=200))
def test_any_name_comes_back_as_it_was(words: str) -> None:
    begin = datetime(2026, 11, 24, 9)  # noqa: DTZ001  on the wall
    event = Event(
        uid="1", begin=begin, end=begin + HOUR, zone="UTC", summary=words, description=words
    )
    (found,) = read(calendar(words, STAMP, ["UTC"], [event])).walk("VEVENT")
    wanted = "".join(sign for sign in words if sign == "\n" or sign.isprintable())
    assert str(found["SUMMARY"]) == wanted


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"]
)
def test_the_zone_that_is_spelt_out_is_the_zone(of, zone: str) -> None:
    edition, written = of(date(2026, 10, 1), timezone=zone)
    (told,) = read(written).walk("VTIMEZONE")
    mine, real = told.to_tz(lookup_tzid=False), ZoneInfo(zone)
    begin = datetime.combine(edition.as_of, time(), UTC)
    for number in range(52 * 7 * 24):
        wall = (begin + number * HOUR).astimezone(real).replace(tzinfo=None)
        if resolve(wall, zone) != begin + number * HOUR:
            continue  # a time that comes twice: its second is nobody's handover
        assert wall.replace(tzinfo=mine).utcoffset() == wall.replace(tzinfo=real).utcoffset(), wall

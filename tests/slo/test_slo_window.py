"""Calendar windows in zones whose clocks change, and by odd amounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.slo.window import CALENDARS, before, calendar_span

ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "UTC")
instants = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - the zone is given beside it
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001 - the zone is given beside it
    timezones=st.just(UTC),
)


@given(instants, st.sampled_from(ZONES), st.sampled_from(sorted(CALENDARS)))
def test_every_instant_lies_in_one_window_and_windows_follow_without_a_gap(
    at, zone, calendar
) -> None:
    span = calendar_span(calendar, at, zone)
    assert span.start <= at < span.end
    assert calendar_span(calendar, span.end, zone).start == span.end
    assert before(span, calendar, zone).end == span.start
    local = span.start.astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute, local.second) == (0, 0, 0)


@pytest.mark.parametrize(
    ("calendar", "zone", "at", "start", "end", "hours"),
    [
        ("week", "Europe/Berlin", (2026, 3, 25), (2026, 3, 22, 23), (2026, 3, 29, 22), 167),
        ("week", "Europe/Berlin", (2026, 10, 22), (2026, 10, 18, 22), (2026, 10, 25, 23), 169),
        ("month", "Europe/Berlin", (2026, 3, 10), (2026, 2, 28, 23), (2026, 3, 31, 22), 743),
        ("month", "Australia/Lord_Howe", (2026, 4, 10), (2026, 3, 31, 13), (2026, 4, 30, 13, 30), 720.5),
        ("month", "Asia/Kathmandu", (2026, 4, 10), (2026, 3, 31, 18, 15), (2026, 4, 30, 18, 15), 720),
        ("quarter", "Europe/Berlin", (2026, 11, 5), (2026, 9, 30, 22), (2026, 12, 31, 23), 2209),
        ("year", "Australia/Lord_Howe", (2026, 6, 1), (2025, 12, 31, 13), (2026, 12, 31, 13), 8760),
    ],
)  # fmt: skip
def test_windows_are_as_long_as_the_clocks_of_the_zone_make_them(
    calendar, zone, at, start, end, hours
) -> None:
    span = calendar_span(calendar, datetime(*at, tzinfo=UTC), zone)
    assert (span.start, span.end) == (datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC))
    assert span.length == timedelta(hours=hours)

"""Which stretch of time a budget is counted over: rolling, or by the calendar of the system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
CALENDARS = {
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "quarter": timedelta(days=91),
    "year": timedelta(days=365),
}
"""How long each is taken to be where only a length counts, as for the factors of burn alerts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `start` to `end`; of a calendar window `end` lies ahead."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


class Windowed(Protocol):
    """What is counted over a window: rolling, or one of the calendar."""

    @property
    def window(self) -> timedelta: ...
    @property
    def calendar(self) -> str: ...


def span(objective: Windowed, now: datetime, zone: str) -> Span:
    """The budget's window at `now`."""
    if not objective.calendar:
        return Span(start=now - objective.window, end=now)
    return calendar_span(objective.calendar, now, zone)


def calendar_span(calendar: str, now: datetime, zone: str) -> Span:
    """The week, month, quarter or year that `now` lies in, from midnight to midnight in `zone`, so that it
    is longer or shorter where the clocks change. Weeks begin on Monday."""
    here = now.astimezone(ZoneInfo(zone)).date()
    if calendar == "week":
        monday = here - timedelta(days=here.weekday())
        return Span(start=_midnight(monday, zone), end=_midnight(monday + timedelta(days=7), zone))
    months = _MONTHS[calendar]
    first = here.month - (here.month - 1) % months
    return Span(
        start=_midnight(date(here.year, first, 1), zone),
        end=_midnight(_month(here.year, first + months), zone),
    )


def before(one: Span, calendar: str, zone: str) -> Span:
    """The calendar window that ended where this one begins."""
    return calendar_span(calendar, one.start - timedelta(microseconds=1), zone)


def _month(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _midnight(day: date, zone: str) -> datetime:
    """The first instant of the day; where midnight is skipped, the clock's first instant after it."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)

"""Periods that are reported on: a month or a quarter, by the calendar of one zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from standfast.errors import StandfastError
from standfast.slo.window import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_WRITTEN = re.compile(r"(\d{4})-(?:Q([1-4])|(0[1-9]|1[0-2]))", re.ASCII)
_DAY = timedelta(days=1)
_FIRST, _LAST = 2000, 9000  # years; beyond them no instant in UTC is sure to exist


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """`name` is "2026-10" or "2026-Q3"; the days are those of `zone`, so that one may have 23 or 25 hours."""

    name: str
    year: int
    month: int  # the first
    months: int
    zone: str

    @property
    def start(self) -> datetime:
        return _midnight(date(self.year, self.month, 1), self.zone)

    @property
    def end(self) -> datetime:
        return _midnight(self._after, self.zone)

    @property
    def span(self) -> Span:
        return Span(start=self.start, end=self.end)

    @property
    def kind(self) -> str:
        return "month" if self.months == 1 else "quarter"

    @property
    def words(self) -> str:
        """ "October 2026", "the third quarter of 2026"."""
        if self.months == 1:
            return f"{_NAMES[self.month - 1]} {self.year}"
        return f"the {_ORDINALS[self.month // 3]} quarter of {self.year}"

    @property
    def before(self) -> Period:
        """The period of the same kind that ends where this one begins."""
        month = self.month - self.months
        year, month = (self.year, month) if month > 0 else (self.year - 1, month + 12)
        return _made(year, month, self.months, self.zone)

    def days(self) -> Iterator[tuple[date, Span]]:
        day = date(self.year, self.month, 1)
        while day < self._after:
            yield (
                day,
                Span(start=_midnight(day, self.zone), end=_midnight(day + _DAY, self.zone)),
            )
            day += _DAY

    @property
    def _after(self) -> date:
        month = self.month + self.months
        return date(self.year, month, 1) if month <= 12 else date(self.year + 1, month - 12, 1)


def cut_days(whole: Span, until: datetime, zone: str) -> Iterator[tuple[date, Span]]:
    """The days of `zone` in a stretch of time, its first and last cut as it is, up to `until`."""
    end = min(whole.end, until)
    day = whole.start.astimezone(ZoneInfo(zone)).date()
    start = whole.start
    while start < end:
        after = min(_midnight(day + _DAY, zone), end)
        yield day, Span(start=start, end=after)
        day, start = day + _DAY, after


def period_of(text: str, zone: str) -> Period:
    """Of "2026-10" or "2026-Q3". Raises StandfastError."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or not _FIRST <= int(found[1]) <= _LAST:
        raise StandfastError(
            f"{text.strip()[:40]!r} is no period", fix="write a month as 2026-10, a quarter as 2026-Q3"
        )  # fmt: skip
    year, quarter, month = found.groups()
    if quarter:
        return _made(int(year), 3 * int(quarter) - 2, 3, zone)
    return _made(int(year), int(month), 1, zone)


def current(now: datetime, zone: str, months: int) -> Period:
    """The month (1) or the quarter (3) that `now` lies in."""
    here = now.astimezone(ZoneInfo(zone))
    return _made(here.year, here.month - (here.month - 1) % months, months, zone)


def _made(year: int, month: int, months: int, zone: str) -> Period:
    name = f"{year:04}-{month:02}" if months == 1 else f"{year:04}-Q{(month + 2) // 3}"
    return Period(name=name, year=year, month=month, months=months, zone=zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_ORDINALS = ("first", "second", "third", "fourth")

"""Which stretch of time a budget is counted over: rolling, or by the calendar of the system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from standfast.slo.objective import Objective

_MONTHS = {"month": 1, "quarter": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `start` to `end`; of a calendar window `end` lies ahead."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


def span(objective: Objective, now: datetime, zone: str) -> Span:
    """The budget's window at `now`. Calendar windows begin at midnight in `zone`, so that they
    are an hour longer or shorter where the clocks change."""
    if not objective.calendar:
        return Span(start=now - objective.window, end=now)
    months = _MONTHS[objective.calendar]
    here = now.astimezone(ZoneInfo(zone))
    first = here.month - (here.month - 1) % months
    return Span(
        start=_midnight(here.year, first, zone), end=_midnight(here.year, first + months, zone)
    )


def _midnight(year: int, month: int, zone: str) -> datetime:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return datetime(year, month, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)

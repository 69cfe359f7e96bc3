"""The hours that a rota covers: all of them, or "Mon-Fri 09:00-17:00" on its own wall clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from standfast.errors import StandfastError

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FORM = re.compile(r"(\w{3})-(\w{3}) (\d\d):(\d\d)-(\d\d):(\d\d)")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """On each of `days` from `begin` for `lasting`, which may reach into the next day."""

    days: frozenset[int]  # 0 is Monday
    begin: timedelta  # since midnight
    lasting: timedelta

    @property
    def always(self) -> bool:
        return len(self.days) == 7 and self.lasting >= _DAY

    @property
    def a_week(self) -> timedelta:
        """How much of a week they are, by the clock on the wall."""
        return len(self.days) * self.lasting

    def covers(self, wall: datetime) -> bool:
        """Of a wall-clock time without zone."""
        if self.always:
            return True
        return any(
            begin <= wall < end
            for day in (wall.date(), wall.date() - _DAY)
            for begin, end in self._of(day)
        )

    def edges(self, day: date) -> tuple[datetime, ...]:
        return tuple(edge for stretch in self._of(day) for edge in stretch)

    def _of(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        if day.weekday() not in self.days:
            return ()
        begin = datetime.combine(day, time()) + self.begin
        return ((begin, begin + self.lasting),)


ALWAYS = Hours(days=frozenset(range(7)), begin=timedelta(), lasting=_DAY)


@lru_cache(maxsize=256)
def read(text: str) -> Hours:
    """Raises StandfastError for anything but 24x7 and "Mon-Fri 09:00-17:00"."""
    if text == "24x7":
        return ALWAYS
    found = _FORM.fullmatch(text)
    if not found or not {found[1], found[2]} <= set(_DAYS):
        raise StandfastError(f"not hours: {text!r}", fix="write 24x7 or Mon-Fri 09:00-17:00")
    first, last = _DAYS.index(found[1]), _DAYS.index(found[2])
    begin = timedelta(hours=int(found[3]), minutes=int(found[4]))
    end = timedelta(hours=int(found[5]), minutes=int(found[6]))
    return Hours(
        days=frozenset((first + i) % 7 for i in range((last - first) % 7 + 1)),
        begin=begin,
        lasting=end - begin if end > begin else end - begin + _DAY,
    )

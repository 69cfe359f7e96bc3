"""How figures are put into sentences."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = (
    (timedelta(hours=72), timedelta(days=1), "d"),
    (timedelta(minutes=600), timedelta(hours=1), "h"),
    (timedelta(seconds=60), timedelta(minutes=1), "min"),
    (timedelta(seconds=1), timedelta(seconds=1), "s"),
)


def span(length: timedelta) -> str:
    """`43.2 min`, `14.4 h`, `30 d`: the unit that reads best, one decimal where it tells."""
    if not length:
        return "0"
    if timedelta(hours=1) <= length < timedelta(hours=72) and not length % timedelta(hours=1):
        return f"{length // timedelta(hours=1)} h"
    for least, unit, name in _UNITS:
        if abs(length) >= least:
            return f"{_short(Fraction(length // _TICK, unit // _TICK))} {name}"
    return f"{_short(Fraction(length // _TICK, 1000))} ms"


_TICK = timedelta(microseconds=1)


def _short(value: Fraction) -> str:
    return f"{float(value):.0f}" if value >= 100 else f"{float(value):.1f}".removesuffix(".0")


def stretch(begin: datetime, end: datetime, timezone: str) -> str:
    """`from Sun 2026-12-20 09:00 to Mon 09:00 Europe/Berlin, 24 h`: local time, and how long it is."""
    zone = ZoneInfo(timezone)
    since, until = begin.astimezone(zone), end.astimezone(zone)
    near = until.date() - since.date() < timedelta(days=7)
    last = f"{until:%a %H:%M}" if near else f"{until:%a %Y-%m-%d %H:%M}"
    return f"from {since:%a %Y-%m-%d %H:%M} to {last} {timezone}, {span(end - begin)}"


def percent(share: Fraction | float) -> str:
    """`99.35%`: up to four decimals, no idle zeros."""
    text = f"{float(share * 100):.4f}".rstrip("0").rstrip(".")
    return f"{text}%"


def counted(number: int, word: str) -> str:
    """`1 component`, `3 components`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def number(value: Fraction) -> str:
    """A plain figure such as requests per second."""
    return f"{float(value):,.2f}".rstrip("0").rstrip(".")


def bytes_of(size: int) -> str:
    """`120 GB`, in the decimal units of the file."""
    for power, name in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        if size >= 10**power:
            return f"{_short(Fraction(size, 10**power))} {name}"
    return f"{size} B"


def listed(words: Iterable[str], most: int = 8) -> str:
    """`a, b and c`; a long list ends with how many were left out."""
    names = list(words)
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))

"""RFC 5545 of small parts: lines folded at 75 octets and ended by CR LF, text escaped, zones spelt out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LINE = 75  # octets, by section 3.1
_STEP = timedelta(days=1)  # no zone changes its clocks twice within so little


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A stretch on the wall clock of a zone; with `rule` it comes again, each time as long on that clock."""

    uid: str
    begin: datetime  # on the wall
    end: datetime
    zone: str
    summary: str
    description: str
    rule: str = ""


def text(value: str) -> str:
    """TEXT, section 3.3.11; control characters but the line feed are not allowed in it."""
    clean = "".join(sign for sign in value if sign == "\n" or sign.isprintable())
    for sign, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        clean = clean.replace(sign, escaped)
    return clean


def folded(line: str) -> str:
    """At most 75 octets in a line, and no character cut in two; what follows begins with a space."""
    out, room, current = [], LINE, ""
    for sign in line:
        size = len(sign.encode())
        if size > room:
            out.append(current)
            current, room = " ", LINE - 1
        current += sign
        room -= size
    return "\r\n".join([*out, current])


def calendar(name: str, stamp: datetime, zones: Iterable[str], events: Iterable[Event]) -> str:
    told = tuple(events)
    last = max((one.end for one in told), default=stamp.replace(tzinfo=None))
    first = min((one.begin for one in told), default=stamp.replace(tzinfo=None))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//standfast//on-call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{text(name)}",
        f"X-WR-CALNAME:{text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT12H",
    ]
    for zone in zones:
        lines += _zone(zone, first - timedelta(days=370), last + timedelta(days=800))
    for one in told:
        lines += _event(one, stamp)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded(line)}\r\n" for line in lines)


def _event(one: Event, stamp: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{text(one.uid)}"
    yield f"DTSTAMP:{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;TZID={one.zone}:{wall(one.begin)}"
    if one.rule:
        # A duration of days is one on the wall clock; an end would be so many seconds, whatever clocks do.
        yield f"DURATION:P{(one.end - one.begin).days}D"
        yield f"RRULE:{one.rule}"
    else:
        yield f"DTEND;TZID={one.zone}:{wall(one.end)}"
    yield f"SUMMARY:{text(one.summary)}"
    yield f"DESCRIPTION:{text(one.description)}"
    # Being on call does not make anybody busy.
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def wall(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S}"


# ------------------------------------------------------------------ zones


def _zone(name: str, begin: datetime, end: datetime) -> Iterator[str]:
    """Every change of the clocks from `begin` to `end`, one by one: rules for them change by law."""
    zone = ZoneInfo(name)
    yield "BEGIN:VTIMEZONE"
    yield f"TZID:{name}"
    first = begin.replace(tzinfo=UTC)
    yield from _observance(zone, first, first)
    for before, after in _changes(zone, first, end.replace(tzinfo=UTC)):
        yield from _observance(zone, before, after)
    yield "END:VTIMEZONE"


def _observance(zone: ZoneInfo, before: datetime, after: datetime) -> Iterator[str]:
    """From the instant `after` on; its start is told on the wall clock that was in force until then."""
    old, new = _ahead(zone, before), _ahead(zone, after)
    kind = "DAYLIGHT" if after.astimezone(zone).dst() else "STANDARD"
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{wall((after + old).replace(tzinfo=None))}"
    yield f"TZOFFSETFROM:{_offset(old)}"
    yield f"TZOFFSETTO:{_offset(new)}"
    yield f"TZNAME:{text(after.astimezone(zone).tzname() or '')}"
    yield f"END:{kind}"


def _changes(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """An instant just before each change, and the first one after it."""
    steps = (end - begin) // _STEP + 1
    for low, high in pairwise(begin + number * _STEP for number in range(steps + 1)):
        if _shown(zone, low) != _shown(zone, high):
            yield _narrowed(zone, low, high)


def _narrowed(zone: ZoneInfo, low: datetime, high: datetime) -> tuple[datetime, datetime]:
    before = _shown(zone, low)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        low, high = (middle, high) if _shown(zone, middle) == before else (low, middle)
    return low, high


def _ahead(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _shown(zone: ZoneInfo, moment: datetime) -> tuple[timedelta | None, timedelta | None]:
    local = moment.astimezone(zone)
    return local.utcoffset(), local.dst()


def _offset(length: timedelta) -> str:
    """UTC-OFFSET, section 3.3.14; seconds only where there are some."""
    sign = "-" if length < timedelta(0) else "+"
    minutes, seconds = divmod(abs(length) // timedelta(seconds=1), 60)
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")

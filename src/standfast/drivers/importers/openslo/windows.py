"""The window of an OpenSLO objective: rolling or from the calendar, in the units of its version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.levels import Untold, span
from standfast.drivers.importers.nodes import at
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from standfast.drivers.importers.levels import Levels
    from standfast.drivers.importers.openslo.catalogue import Thing
    from standfast.spec.tree import Node

_CALENDAR = {
    "1w": "week",
    "1M": "month",
    "1Q": "quarter",
    "3M": "quarter",
    "1Y": "year",
    "12M": "year",
}
_PERIODS = {"week": "7d", "month": "30d", "quarter": "91d", "year": "365d"}
_UNITS = {
    "minute": "m",
    "hour": "h",
    "day": "d",
    "week": "w",
    "month": "M",
    "quarter": "Q",
    "year": "Y",
}
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)[T ]00:00(?::00)?(?:Z|\.0+)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    rolling: tuple[str, Node] | None = None
    calendar: tuple[str, Node] | None = None

    @property
    def period(self) -> str:
        """How long it is, for queries that count over it; of a calendar window as standfast has it."""
        if self.calendar is not None:
            return _PERIODS[self.calendar[0]]
        return self.rolling[0] if self.rolling is not None else ""


def window(slo: Thing, levels: Levels) -> Window:
    """Raises Untold where the file cannot say it; none is said where the SLO says none."""
    said = nodes.items(slo.spec, "timeWindow") or nodes.items(slo.spec, "timeWindows")
    one = said[0] if said else at(slo.spec, "timeWindow")
    if one is None or one.entries is None:
        levels.note(
            NoteKind.DETECTED, f"{slo.name} names no window; the system's own is taken", slo.named
        )
        return Window()
    if len(said) > 1:
        levels.note(
            NoteKind.UNSUPPORTED, f"{slo.name} names {len(said)} windows; the first counts", said[1]
        )
    duration, node = _duration(one)
    calendar = at(one, "calendar")
    if calendar is None and nodes.text(one, "isRolling") != "false":
        return _rolling(slo, duration, node)
    return _calendar(slo, duration, node, calendar, levels)


def _duration(one: Node) -> tuple[str, Node]:
    node = at(one, "duration")
    if node is not None:
        return nodes.text(node), node
    unit = _UNITS.get(nodes.text(one, "unit").lower().removesuffix("s"), "?")
    return f"{nodes.text(one, 'count')}{unit}", at(one, "count") or one


def _rolling(slo: Thing, duration: str, node: Node) -> Window:
    """`M` is a month to OpenSLO, and a month is no length of time."""
    if re.fullmatch(r"\d+[MQY]", duration):
        raise Untold(
            NoteKind.UNSUPPORTED,
            f"the rolling window of {slo.name} is {duration}, which has no fixed length; write 28d or 30d",
            node,
        )
    try:
        return Window(rolling=(span(duration), node))
    except ValueError as error:
        raise Untold(NoteKind.UNSUPPORTED, f"the window of {slo.name}: {error}", node) from None


def _begins(calendar: str, text: str) -> bool:
    """Is it the first instant of such a window?"""
    match = _MIDNIGHT.match(text)
    try:
        day = date.fromisoformat(match[1]) if match else None
    except ValueError:
        return False
    if day is None:
        return False
    if calendar == "week":
        return day.weekday() == 0
    months = {"month": 1, "quarter": 3, "year": 12}[calendar]
    return day.day == 1 and (day.month - 1) % months == 0


def _calendar(
    slo: Thing, duration: str, node: Node, calendar: Node | None, levels: Levels
) -> Window:
    if re.fullmatch(r"\d+m", duration):
        raise Untold(
            NoteKind.UNSUPPORTED,
            f"the calendar window of {slo.name} is {duration}, which is minutes; months are "
            "written 1M: which is meant?",
            node,
        )
    if re.fullmatch(r"\d{1,4}[dw]", duration) and duration not in _CALENDAR:
        said = (
            f"the window of {slo.name} is {duration} of the calendar; the file has a rolling one of "
            "that length"
        )
        levels.note(NoteKind.UNSUPPORTED, said, node)
        return _rolling(slo, duration, node)
    if duration not in _CALENDAR:
        said = (
            f"the calendar window of {slo.name} is {duration[:40]!r}; the file has `week`, `month`,"
            " `quarter` and `year`"
        )
        raise Untold(NoteKind.UNSUPPORTED, said, node)
    start = at(calendar, "startTime")
    if start is not None and not _begins(_CALENDAR[duration], nodes.text(start)):
        said = f"the calendar of {slo.name} begins at {nodes.text(start)[:40]}; the file's begins with the "
        levels.note(NoteKind.UNSUPPORTED, f"{said}{_CALENDAR[duration]}", start)
    if (zone := at(calendar, "timeZone")) is not None and nodes.text(zone):
        said = f"{slo.name} counts its calendar in {nodes.text(zone)[:60]}; the file in `system.timezone`"
        levels.note(NoteKind.DETECTED, said, zone)
    return Window(calendar=(_CALENDAR[duration], node))

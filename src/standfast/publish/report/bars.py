"""The days of a period as bars: each state has a height and a pattern, so that colour is not needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.dashboards.report.value import BROKEN, EXCLUDED, IDLE, KEPT, UNMEASURED
from standfast.publish.status_page.writing import safe

if TYPE_CHECKING:
    from standfast.dashboards.report.value import DayLine
    from standfast.publish.report.block import Bars

_PITCH, _WIDE, HIGH = 10, 7, 40
LOOKS = {  # state -> class, height, pattern
    KEPT: ("kept", 40, ""),
    BROKEN: ("broken", 26, "stripes"),
    IDLE: ("idle", 6, ""),
    UNMEASURED: ("unmeasured", 14, ""),
    EXCLUDED: ("out", 40, ""),
}
PATTERNS = (
    '<svg class="hidden" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect class="ink" width="1.4" height="6"/></pattern></defs></svg>'
)


def bars(one: Bars) -> str:
    drawn = "".join(_bar(number, day) for number, day in enumerate(one.days))
    wide = _PITCH * len(one.days)
    return (
        f'<svg class="bars" viewBox="0 0 {wide} {HIGH}" preserveAspectRatio="none" role="img"'
        f' aria-label="{safe(summary(one))}">{drawn}</svg>'
        f'<div class="ends" aria-hidden="true"><span>{one.days[0].day.isoformat()}</span>'
        f"<span>{one.days[-1].day.isoformat()}</span></div>"
        if one.days
        else ""
    )


def summary(one: Bars) -> str:
    """What the bars show, for who does not see them."""
    states = [day.state for day in one.days]
    counted = [f"{states.count(state)} {state}" for state in LOOKS if state in states]
    return f"{one.name}, {len(states)} days: {', '.join(counted)}"


def legend(one: Bars) -> str:
    """Of the states that are there."""
    there = {day.state for day in one.days}
    found = [_key(state) for state in LOOKS if state in there]
    return f'<ul class="legend">{"".join(found)}</ul>' if found else ""


def _key(state: str) -> str:
    return (
        f'<li><svg class="key" viewBox="0 0 9 {HIGH}" preserveAspectRatio="none" aria-hidden="true">'
        f"{_shape(0, state)}</svg> {state}</li>"
    )


def _bar(number: int, one: DayLine) -> str:
    return (
        f"<g><title>{one.day.isoformat()}: {safe(one.words)}</title>{_shape(number, one.state)}</g>"
    )


def _shape(number: int, state: str) -> str:
    look, high, pattern = LOOKS[state]
    place = f'x="{number * _PITCH + 1}" y="{HIGH - high}" width="{_WIDE}" height="{high}"'
    over = f'<rect {place} fill="url(#{pattern})"/>' if pattern else ""
    return f'<rect class="{look}" {place}/>{over}'

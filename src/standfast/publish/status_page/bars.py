"""Ninety days as bars: each state has a height and a pattern of its own, so that colour is not needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.dashboards.status_page import BAD, FINE, IDLE, TROUBLED, UNMEASURED
from standfast.publish.status_page.writing import safe

if TYPE_CHECKING:
    from standfast.dashboards.status_page import Day, Part

_PITCH, _WIDE, _HIGH = 8, 6, 40
_LOOKS = {  # state -> class, height, pattern
    FINE: ("fine", 40, ""),
    TROUBLED: ("troubled", 30, "stripes"),
    BAD: ("bad", 20, "crosses"),
    IDLE: ("idle", 6, ""),
    UNMEASURED: ("unmeasured", 10, ""),
}
PATTERNS = (
    '<svg class="hidden" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect class="ink" width="1.2" height="6"/></pattern>'
    '<pattern id="crosses" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<path class="stroke" d="M0 0L8 8M8 0L0 8"/></pattern></defs></svg>'
)


def bars(part: Part) -> str:
    drawn = "".join(_bar(number, one) for number, one in enumerate(part.days))
    wide = _PITCH * len(part.days)
    return (
        f'<svg class="bars" viewBox="0 0 {wide} {_HIGH}" preserveAspectRatio="none" role="img"'
        f' aria-label="{safe(summary(part))}">{drawn}</svg>'
    )


def summary(part: Part) -> str:
    """What the bars show, for who does not see them."""
    states = [one.state for one in part.days]
    counted = [f"{states.count(state)} {state}" for state in _LOOKS if state in states]
    return f"{part.name}, {len(states)} days: {', '.join(counted)}"


def legend() -> str:
    found = [
        f'<li><svg class="key" viewBox="-1 0 8 {_HIGH}" aria-hidden="true">{_shape(0, state)}</svg>'
        f" {state}</li>"
        for state in _LOOKS
    ]
    return f'<ul class="legend">{"".join(found)}</ul>'


def _bar(number: int, one: Day) -> str:
    title = f"<title>{one.day.isoformat()}: {safe(one.words)}</title>"
    return f"<g>{title}{_shape(number, one.state)}</g>"


def _shape(number: int, state: str) -> str:
    look, high, pattern = _LOOKS[state]
    place = f'x="{number * _PITCH}" y="{_HIGH - high}" width="{_WIDE}" height="{high}"'
    over = f'<rect {place} fill="url(#{pattern})"/>' if pattern else ""
    return f'<rect class="{look}" {place}/>{over}'

"""How a report writes its figures: never rounded to the better side."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.dashboards.status_page import percent

if TYPE_CHECKING:
    from datetime import timedelta

_PLACES, _MOST = 3, 7


def share_words(share: Fraction, places: int = _PLACES) -> str:
    """ "99.95%", without the zeros that say nothing."""
    text = percent(share, places).removesuffix("%")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def figure_of(share: Fraction | None, target: Fraction) -> str:
    """With as many places as tell it from the target."""
    if share is None:
        return "unknown"
    places = _PLACES
    while places < _MOST and share != target and percent(share, places) == percent(target, places):
        places += 1
    return percent(share, places)


def weight_words(weight: Fraction) -> str:
    """ "weight 2.5"."""
    return f"weight {float(weight):.6g}"


def points_words(change: Fraction) -> str:
    """A difference of two shares, in percentage points."""
    return f"{'−' if change < 0 else '+'}{abs(float(change * 100)):.4f} points"


def count_words(number: Fraction) -> str:
    """Events with thin groups; those of a joint figure may be parts of one."""
    if number.denominator == 1:
        return f"{int(number):,}"
    return f"{float(number):,.1f}"


def minutes_words(span: timedelta | None) -> str:
    """In minutes, or in seconds where it is less than one."""
    if span is None:
        return "unknown"
    seconds = abs(span.total_seconds())
    sign = "−" if span.total_seconds() < 0 else ""
    if seconds < 60:
        return f"{sign}{seconds:.3g} s" if seconds else "0 min"
    return f"{sign}{seconds / 60:,.1f} min".replace(".0 min", " min")


def budget_words(share: Fraction | None) -> str:
    """A share of the budget in percent, towards the worse."""
    if share is None:
        return "unknown"
    return f"{float(Fraction((share * 1000).__floor__(), 10)):,.1f}%".replace("-", "−")


def spent_words(share: Fraction | None) -> str:
    """The share of a budget that is spent, towards the worse."""
    return "unknown" if share is None else f"{float(Fraction((share * 1000).__ceil__(), 10)):,.1f}%"


def change_words(
    period: str, before: Fraction | None, change: Fraction | None, target: Fraction, state: str
) -> str:
    if before is None:
        return f"{period}: {state}, no figure to compare with"
    told = f"{period}: {figure_of(before, target)}, {state}"
    return told if change is None else f"{told}; since then {points_words(change)}"

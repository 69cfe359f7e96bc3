"""How a figure is written: three digits that count, no exponent, and its unit."""

from __future__ import annotations

from fractions import Fraction

_SMALLEST = 0.0005


def figure(value: float, unit: str = "") -> str:
    """ "4.39 s", "0.25 %", "12,400/s"."""
    if abs(value) >= 1000:
        return f"{value:,.0f}{unit}"
    if abs(value) >= 100:
        return f"{value:.0f}{unit}"
    return f"{value:.3g}{unit}" if abs(value) >= _SMALLEST else f"0{unit}"


def budget_words(left: Fraction | float | None) -> str:
    """What is left of an error budget; of one overspent how often its whole was spent.

    Rounded towards the worse, so that what is nearly gone is never shown as more.
    """
    if left is None:
        return "unknown"
    if left < 0:
        return f"overspent {float(1 - Fraction(left)):.1f}×"
    return f"{float(Fraction((Fraction(left) * 1000).__floor__(), 10)):.1f}%"

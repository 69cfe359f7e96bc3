"""Burn rates: how fast a budget goes, over which windows that is judged, and how bad each is.

The scheme is that of the Google SRE workbook, chapter 5: a long window for the evidence, a short
one so that the alert ends soon after the cause. factor = share of the budget x period / long window.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

from standfast.spec.values import Severity

if TYPE_CHECKING:
    from standfast.slo.objective import Objective

_FIXED_FROM = timedelta(days=7)
_BUCKETS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnWindow:
    """Fires while the burn rate is at or above `factor` over both windows."""

    name: str  # page-quick | page-slow | ticket-quick | ticket-slow
    long: timedelta
    short: timedelta
    factor: Fraction
    severity: Severity
    budget_share: Fraction  # of the whole budget, gone when it fires after `long`

    @property
    def pages(self) -> bool:
        return self.name.startswith("page")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A burn window that could never fire, with the arithmetic."""

    window: BurnWindow
    because: str


_SHAPE = (
    ("page-quick", timedelta(hours=1), timedelta(minutes=5), Fraction(2, 100)),
    ("page-slow", timedelta(hours=6), timedelta(minutes=30), Fraction(5, 100)),
    ("ticket-quick", timedelta(days=1), timedelta(hours=2), Fraction(10, 100)),
    ("ticket-slow", timedelta(days=3), timedelta(hours=6), Fraction(10, 100)),
)


def burn_windows(objective: Objective) -> tuple[BurnWindow, ...]:
    """All four, quickest first, whether they can fire or not."""
    return _windows(objective.window, objective.bucket, objective.critical)


def burn_alerts(objective: Objective) -> tuple[BurnWindow, ...]:
    """The windows that an alert can fire by, quickest first."""
    return _alive(objective.window, objective.bucket, objective.critical, objective.allowed)


def refused(objective: Objective) -> tuple[Refusal, ...]:
    """The windows that no outage could bring to fire: factor x (1 - target) >= 1."""
    return tuple(
        Refusal(window=window, because=_arithmetic(objective, window))
        for window in burn_windows(objective)
        if not can_fire(objective, window)
    )


def can_fire(objective: Objective, window: BurnWindow) -> bool:
    """Is the error rate that it waits for below 100%? A target of 100% has no budget to burn."""
    return _fires(window, objective.allowed)


def burn_rate(bad: Fraction | int, total: Fraction | int, allowed: Fraction) -> Fraction | None:
    """How many times faster than evenly the budget goes; None where nothing happened."""
    if not total or not allowed:
        return None
    return Fraction(bad * allowed.denominator, total * allowed.numerator)


def detection(objective: Objective, window: BurnWindow, error_rate: Fraction) -> timedelta | None:
    """How long after failures begin at this rate the alert fires; None: never.

    The time in which they fill the long window; counting and evaluation come on top.
    """
    needed = window.factor * objective.allowed
    slices = objective.slices
    if slices is not None:
        # Errors of one rate make all slices bad, or none; and two must have ended before anything fires.
        if error_rate <= 1 - slices.good or needed > 1:
            return None
        return max(2, ceil(needed * _seconds(window.long) / _seconds(slices.of))) * slices.of
    if error_rate < needed:
        return None
    return timedelta(seconds=float(needed / error_rate * _seconds(window.long)))


def severity_of(name: str, *, critical: bool) -> Severity:
    """A quick page is P1 where users of a critical journey feel it; tickets wait for the day."""
    if name == "page-quick":
        return Severity.P1 if critical else Severity.P2
    return Severity.P2 if name == "page-slow" else Severity.P3


# Few promises differ in what decides their windows, and a large file asks for them many thousand times.
@lru_cache(maxsize=256)
def _windows(period: timedelta, bucket: timedelta, critical: bool) -> tuple[BurnWindow, ...]:
    return tuple(_window(period, bucket, critical, *shape) for shape in _SHAPE)


@lru_cache(maxsize=1024)
def _alive(
    period: timedelta,
    bucket: timedelta,
    critical: bool,
    allowed: Fraction,
) -> tuple[BurnWindow, ...]:
    return tuple(one for one in _windows(period, bucket, critical) if _fires(one, allowed))


def _fires(window: BurnWindow, allowed: Fraction) -> bool:
    return 0 < window.factor * allowed < 1


def _window(
    period: timedelta,
    bucket: timedelta,
    critical: bool,
    name: str,
    long: timedelta,
    short: timedelta,
    share: Fraction,
) -> BurnWindow:
    floor = _BUCKETS * bucket
    if period < _FIXED_FROM:
        long, short = _shrunk(long, period, bucket), _shrunk(short, period, bucket)
    long, short = max(long, floor), max(short, floor)
    return BurnWindow(
        name=name,
        long=long,
        short=short,
        factor=share * _seconds(period) / _seconds(long),
        severity=severity_of(name, critical=critical),
        budget_share=share,
    )


def _shrunk(window: timedelta, period: timedelta, bucket: timedelta) -> timedelta:
    """In proportion to the period, in whole buckets: counts know no parts of one."""
    buckets = _seconds(window) * _seconds(period) / _seconds(_FIXED_FROM)
    return max(1, round(buckets / _seconds(bucket))) * bucket


def _seconds(span: timedelta) -> Fraction:
    return Fraction(span // timedelta(microseconds=1), 1_000_000)


def _arithmetic(objective: Objective, window: BurnWindow) -> str:
    if not objective.allowed:
        return f"{objective.name}: a target of 100% leaves no budget that could burn"
    needed = window.factor * objective.allowed
    return (
        f"{objective.name}: {window.name} waits for {float(window.factor):.4g} x"
        f" {float(objective.allowed):.2%} = {float(needed):.1%} of {objective.bad}, and there are never"
        f" more than 100%"
    )

"""The sums behind the findings, exact: ceilings, budgets, restore and failover chains, burn alerts."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from standfast.spec.protection import FailoverStep

ONE = Fraction(1)
SECOND = timedelta(seconds=1)


def exact(span: timedelta) -> Fraction:
    """A span in seconds."""
    return Fraction(span // timedelta(microseconds=1), 1_000_000)


def spanning(seconds: Fraction) -> timedelta:
    return timedelta(microseconds=round(seconds * 1_000_000))


def share_of(span: timedelta, share: Fraction) -> timedelta:
    return spanning(exact(span) * share)


def survival(availability: Fraction, effectiveness: Fraction) -> Fraction:
    """How often a soft need does no harm: it is up, or its fallback works."""
    return 1 - (1 - availability) * (1 - effectiveness)


def ceiling(hard: Iterable[Fraction], soft: Iterable[tuple[Fraction, Fraction]] = ()) -> Fraction:
    """The most a journey can be up, its parts failing independently; soft ones with how often
    their fallback works."""
    return prod(hard, start=ONE) * prod((survival(a, e) for a, e in soft), start=ONE)


def redundant(availability: Fraction, number: int) -> Fraction:
    """Any one of so many suffices, and they fail independently: nothing that they share takes all."""
    return 1 - (1 - availability) ** number


def needed_of_each(target: Fraction, parts: int) -> float:
    """What each of equal hard parts in series must reach; a root, so for display only."""
    root: float = float(target) ** (1 / parts)
    return root


def budget(window: timedelta, target: Fraction) -> timedelta:
    """The whole outage that a target allows in a window."""
    return share_of(window, 1 - target)


def drained_after(window: timedelta, target: Fraction, error_rate: Fraction) -> timedelta:
    """How long a steady error rate takes to spend the whole budget."""
    return spanning(exact(window) * (1 - target) / error_rate)


def fires_after(
    factor: Fraction, long: timedelta, target: Fraction, error_rate: Fraction
) -> timedelta | None:
    """When a burn alert fires after errors begin at a steady rate; None: never."""
    limit = factor * (1 - target)
    return spanning(exact(long) * limit / error_rate) if error_rate >= limit else None


def worst_loss(interval: timedelta, takes: timedelta) -> timedelta:
    """The data lost when the store dies just before the next copy has arrived."""
    return interval + takes


def copying(size: int, speed: int) -> timedelta:
    """Reading back `size` bytes at `speed` bytes a second, before replay and validation."""
    return spanning(Fraction(size, speed))


def lasting(steps: Sequence[FailoverStep]) -> timedelta:
    """The time of steps in a row; those that share a `parallel` word count once, by the longest."""
    alone = sum((step.takes for step in steps if not step.parallel), timedelta())
    longest: dict[str, timedelta] = {}
    for step in steps:
        if step.parallel:
            longest[step.parallel] = max(step.takes, longest.get(step.parallel, timedelta()))
    return alone + sum(longest.values(), timedelta())

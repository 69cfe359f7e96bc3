"""Tallies: what was counted over a stretch of time, and how much of that time was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """`covered` tells "nothing happened" from "nobody looked"; `bad` is whole but for a joint figure."""

    bad: int | Fraction = 0
    total: int = 0
    covered: timedelta = timedelta(0)
    sample: int | None = None  # of a joint figure: how many events of one kind would be as certain

    @property
    def evidence(self) -> int:
        """The events that the share of bad ones rests on."""
        return self.total if self.sample is None else self.sample

    @property
    def good(self) -> int | Fraction:
        return self.total - self.bad

    @property
    def bad_share(self) -> Fraction | None:
        return Fraction(self.bad) / self.total if self.total else None

    @property
    def good_share(self) -> Fraction | None:
        share = self.bad_share
        return None if share is None else 1 - share

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            bad=self.bad + other.bad,
            total=self.total + other.total,
            covered=self.covered + other.covered,
        )

    def __sub__(self, other: Tally) -> Tally:
        return Tally(
            bad=self.bad - other.bad,
            total=self.total - other.total,
            covered=self.covered - other.covered,
        )


NOTHING = Tally()


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One step of a series for a chart: what was counted from `at` until the next."""

    at: datetime
    tally: Tally


def all_of(steps: Sequence[Tally]) -> Tally:
    """What works where each of its steps does, as a journey: the product of their good shares.

    Its events are those of the first step. Exact only where failures of the steps are independent
    of one another; where one failure shows in several steps it is counted in each, so the figure
    errs to the bad side. A step without traffic says nothing against the whole.
    """
    if not steps:
        return NOTHING
    busy = [step for step in steps if step.total]
    share = Fraction(1)
    for step in busy:
        share *= 1 - Fraction(step.bad) / step.total
    total = busy[0].total if busy else 0
    return Tally(
        bad=total * (1 - share),
        total=total,
        covered=min(step.covered for step in steps),
        sample=_sample([(1.0, step) for step in busy], total),
    )


def weighed(parts: Sequence[tuple[Fraction, Tally]]) -> Tally:
    """The mean of the parts' good shares by weight; a part without traffic leaves its weight to the others.

    Where the weights are as the traffic is, this is the share of good events of all parts together.
    """
    if not parts:
        return NOTHING
    busy = [(weight, tally) for weight, tally in parts if tally.total]
    whole = sum((weight for weight, _ in busy), Fraction(0))
    total = sum(tally.total for _, tally in busy)
    lost = sum((weight * tally.bad / tally.total for weight, tally in busy), Fraction(0))
    return Tally(
        bad=total * lost / whole if whole else 0,
        total=total,
        covered=min(tally.covered for _, tally in parts),
        sample=_sample([(float(weight / whole), tally) for weight, tally in busy], total),
    )


def _sample(parts: Sequence[tuple[float, Tally]], total: int) -> int:
    """How many events of one kind would leave the sum of these shares as uncertain as it is.

    A share p of n events that are rarely bad varies by p/n, and w times that share by w² p/n (Poisson); one of
    as many events as are told here varies by as much as all of them together. So a single bad event
    of one part weighs 1 in so many, and a thousand good ones of another part do not lighten it.
    """
    lost = spread = 0.0
    for weight, tally in parts:
        if tally.bad:
            share = weight * float(tally.bad) / tally.total
            lost += share
            spread += weight * share / tally.evidence
    return int(lost / spread + _ROUNDED) if spread else total


_ROUNDED = 1e-6

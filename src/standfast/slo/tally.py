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
    """`covered` tells "nothing happened" from "nobody looked"; `bad` is whole but for a journey."""

    bad: int | Fraction = 0
    total: int = 0
    covered: timedelta = timedelta(0)

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


def of_journey(steps: Sequence[Tally]) -> Tally:
    """A journey works where each of its steps does: the product of their good shares.

    Its events are those of the first step. Exact only where failures of the steps are independent
    of one another; where one failure shows in several steps it is counted in each, so the figure
    errs to the bad side. A step without traffic says nothing against the journey.
    """
    if not steps:
        return NOTHING
    share = Fraction(1)
    for step in steps:
        share *= 1 if step.good_share is None else step.good_share
    total = next((step.total for step in steps if step.total), 0)
    return Tally(bad=total * (1 - share), total=total, covered=min(step.covered for step in steps))

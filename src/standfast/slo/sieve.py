"""At which minutes of the past a burn could fire at all, so that only those are judged.

A burn is judged in full by `judgement.judge`. That costs a quarter of a millisecond with all around it, and
three months of twenty objectives are ten million judgements, nearly all of minutes in which nothing was wrong.
The sieve may let a minute pass at which nothing fires; it never holds one back at which something does.
What surely fires is told too: an alert that is open learns nothing from it.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.slo.judgement import events_needed, events_needed_shortly
from standfast.slo.scheme import wider

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from fractions import Fraction

    from standfast.slo.burn import BurnWindow
    from standfast.slo.objective import Objective

_MINUTE, _US = timedelta(minutes=1), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """Running sums at the end of every minute, one indicator's, from one minute on without a hole."""

    bad: Sequence[int]
    total: Sequence[int]
    covered: Sequence[int]  # microseconds

    def without(self, out: Collection[int]) -> Minutes:
        """The sums of a clock that stood still during the minutes at these places."""
        if not out:
            return self
        columns = (self.bad, self.total, self.covered)
        bad, total, covered = (array("q", _without(one, out)) for one in columns)
        return Minutes(bad=bad, total=total, covered=covered)


def _without(sums: Sequence[int], out: Collection[int]) -> Iterator[int]:
    gone, before = 0, sums[0] if sums else 0
    for place, one in enumerate(sums):
        if place in out:
            gone += one - before
        else:
            yield one - gone
        before = one


def could_fire(
    objective: Objective, window: BurnWindow, sums: Minutes, first: int, *, lag: int = 0
) -> list[int]:
    """Of the minutes from the index `first` on. The sums begin so early that each has its whole past.

    For objectives on one indicator that is counted by the minute, `lag` minutes late. A young objective
    counts as having more events than were seen, which only makes it the slower to fire.
    """
    bad, total = sums.bad, sums.total
    share, of = _limit(objective, window)
    few, needed = events_needed_shortly(objective, window), events_needed(objective, window)
    short, end = _width(window.short), first - lag
    back = first - short
    lately = [
        index
        for index, (b1, b0, t1, t0) in enumerate(
            zip(bad[end:], bad[back:], total[end:], total[back:], strict=False), first
        )
        if of * (b1 - b0) >= share * (t1 - t0) or t1 - t0 < few
    ]
    widths = [_width(one) for one in (window.long, *wider(window.long, objective.window))]
    most = len(bad)

    def long_over(index: int) -> bool:
        for width in widths:
            start = max(0, index - width)
            b, t = bad[index - lag] - bad[start], total[index - lag] - total[start]
            if b > 1 and of * b >= share * t:
                return True
            if t >= needed:
                return False
        return False

    return [index for index in lately if index < most and long_over(index)]


def surely_fires(
    objective: Objective,
    window: BurnWindow,
    sums: Minutes,
    among: Sequence[int],
    *,
    watched_from: int,
    lag: int = 0,
) -> list[int]:
    """Of these minutes those at which nothing needs to be widened or guessed, and both windows are over."""
    share, of = _limit(objective, window)
    least = objective.min_coverage
    wanted = (
        (window.long, events_needed(objective, window)),
        (window.short, events_needed_shortly(objective, window)),
    )

    def over(index: int, span: timedelta, few: int) -> bool:
        start, end = index - _width(span), index - lag
        b, t = sums.bad[end] - sums.bad[start], sums.total[end] - sums.total[start]
        seen = min(sums.covered[end] - sums.covered[start], (span - lag * _MINUTE) // _US)
        enough = seen > 0 and seen * least.denominator >= span // _US * least.numerator
        return enough and t >= max(few, 1) and b > 1 and of * b >= share * t

    old = watched_from + _width(window.long)
    return [
        index
        for index in among
        if index >= old and all(over(index, span, few) for span, few in wanted)
    ]


def could_fire_together(
    objective: Objective, window: BurnWindow, steps: Sequence[Minutes], first: int
) -> list[int]:
    """Of a journey: what it loses is at most the sum of what its steps lose, so that one loses its part."""
    share, of = _limit(objective, window)
    of *= len(steps)
    shorts = [_width(one) for one in (window.short, *wider(window.short, window.long))]
    longs = [_width(one) for one in (window.long, *wider(window.long, objective.window))]

    def over(index: int, widths: Sequence[int]) -> bool:
        for width in widths:
            start = max(0, index - width)
            for one in steps:
                b = one.bad[index] - one.bad[start]
                if b and of * b >= share * (one.total[index] - one.total[start]):
                    return True
        return False

    places = range(first, len(steps[0].bad))
    return [index for index in places if over(index, shorts) and over(index, longs)]


def _limit(objective: Objective, window: BurnWindow) -> tuple[int, int]:
    limit: Fraction = window.factor * objective.allowed
    return limit.numerator, limit.denominator


def _width(window: timedelta) -> int:
    """In minutes. Buckets count whole: the one the window begins in, too."""
    return window // _MINUTE + 1

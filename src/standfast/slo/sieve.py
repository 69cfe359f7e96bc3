"""At which minutes of the past a burn could fire at all, so that only those are judged.

A burn is judged in full by `judgement.judge`. That costs some ten microseconds, and three months of
twenty objectives are ten million judgements, nearly all of them of minutes in which nothing was wrong.
The sieve may let a minute pass at which nothing fires; it never holds one back at which something does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.slo.judgement import events_needed, events_needed_shortly
from standfast.slo.scheme import wider

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from standfast.slo.burn import BurnWindow
    from standfast.slo.objective import Objective

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """Running sums at the end of every minute, one indicator's, from one minute on without a hole."""

    bad: Sequence[int]
    total: Sequence[int]


def could_fire(
    objective: Objective, window: BurnWindow, sums: Minutes, first: int
) -> Iterable[int]:
    """Of the minutes from the index `first` on. The sums begin so early that each has its whole past.

    For objectives on one indicator, counted by the minute, of which no time is left out. A young
    objective counts as having more events than were seen, which only makes it the slower to fire.
    """
    bad, total = sums.bad, sums.total
    limit = window.factor * objective.allowed
    share, of = limit.numerator, limit.denominator
    few, needed = events_needed_shortly(objective, window), events_needed(objective, window)
    short = window.short // _MINUTE + 1  # buckets count whole: the one the window begins in, too
    back = first - short
    lately = [
        index
        for index, (b1, b0, t1, t0) in enumerate(
            zip(bad[first:], bad[back:], total[first:], total[back:], strict=False), first
        )
        if of * (b1 - b0) >= share * (t1 - t0) or t1 - t0 < few
    ]
    widths = [one // _MINUTE + 1 for one in (window.long, *wider(window.long, objective.window))]

    def long_over(index: int) -> bool:
        for width in widths:
            start = max(0, index - width)
            b, t = bad[index] - bad[start], total[index] - total[start]
            if b > 1 and of * b >= share * t:
                return True
            if t >= needed:
                return False
        return False

    return [index for index in lately if long_over(index)]

"""At which minutes of the past a rule on counts could hold at all, as `slo.sieve` says it of burns."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.alerting.conditions import windows_of
from standfast.spec.condition import Absence, Threshold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.slo.sieve import Minutes

_MINUTE = timedelta(minutes=1)


def could_hold(when: Threshold | Absence, sums: Minutes, first: int) -> Iterable[int]:
    """Of the minutes from the index `first` on, of counts by the minute."""
    if isinstance(when, Absence):
        return _without_success(when, sums, first)
    if not when.above:
        return range(first, len(sums.bad))  # holds where nothing happens
    return _above(when, sums, first)


def _above(when: Threshold, sums: Minutes, first: int) -> list[int]:
    share, of = when.limit.numerator, when.limit.denominator
    widths = [one // _MINUTE + 1 for one in windows_of(when)]
    enough = max(when.floor, 1)

    def over(index: int) -> bool:
        for width in widths:
            start = max(0, index - width)
            b, t = sums.bad[index] - sums.bad[start], sums.total[index] - sums.total[start]
            if of * b > share * t:
                return True
            if t >= enough:
                return False
        return False

    return [index for index in range(first, len(sums.bad)) if over(index)]


def _without_success(when: Absence, sums: Minutes, first: int) -> list[int]:
    width = max(1, when.lasting // _MINUTE)
    bad, total = sums.bad, sums.total
    return [
        index
        for index in range(first, len(bad))
        if (start := index - width) < 0 or total[index] - total[start] == bad[index] - bad[start]
    ]

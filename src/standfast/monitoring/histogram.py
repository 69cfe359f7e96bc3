"""Percentiles out of histogram buckets, for eyes only: no promise is ever judged by an estimate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def bound(text: str) -> float | None:
    """The upper bound of a bucket by its `le`: "1" and "1.0" are the same, "+Inf" is infinite."""
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def percentile(buckets: Mapping[float, float], share: float) -> float | None:
    """The value below which `share` of the events lie, linear inside a bucket as Prometheus does it.

    `buckets` are cumulative counts by upper bound. Beyond the last finite bound that bound is the
    answer. None where nothing was counted or the infinite bucket is missing.
    """
    bounds = sorted(buckets)
    if len(bounds) < 2 or not math.isinf(bounds[-1]) or buckets[bounds[-1]] <= 0:
        return None
    rank = share * max(buckets.values())
    below, low = 0.0, 0.0
    for upper in bounds:
        count = max(below, buckets[upper])  # counts of one scrape may disagree a little
        if count >= rank and count > below:
            if math.isinf(upper):
                return bounds[-2]
            return low + (upper - low) * (rank - below) / (count - below)
        below, low = count, upper
    return bounds[-2]


def within(buckets: Mapping[float, float], threshold: float) -> tuple[float, float | None]:
    """How many events were no slower than `threshold`, and by which bound that was told.

    Exact where a bound lies on the threshold; else the next lower bound decides, which counts too
    many as slow and never too few. No bound at or below it: none was fast enough, as far as is known.
    """
    fit = [upper for upper in buckets if upper <= threshold * (1 + 1e-9)]
    return (buckets[max(fit)], max(fit)) if fit else (0.0, None)

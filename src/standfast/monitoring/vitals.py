"""What users' browsers say of their pages: the web vitals, as counts in fixed buckets and never one by one.

The thresholds are those that https://web.dev/articles/vitals publishes; each lies on an edge, so that the
shares of good and poor are counted and only the percentile between two edges is an estimate.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from standfast.errors import StandfastError
from standfast.monitoring.histogram import percentile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from standfast.spec.system import Experience

OTHER = "other"
_LONGEST_PATH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Vital:
    """Good up to `good`, poor above `poor`, in seconds; a layout shift has no unit."""

    name: str
    title: str
    good: float
    poor: float
    seconds: bool = True

    @property
    def edges(self) -> tuple[float, ...]:
        """Upper bounds of the buckets: fifths below good, quarters between, then twice and more."""
        low = [self.good * part / 5 for part in range(1, 6)]
        wide = self.poor - self.good
        middle = [self.good + wide * part / 4 for part in range(1, 5)]
        return tuple(
            round(one, 6) for one in (*low, *middle, *(self.poor * n for n in (1.5, 2, 4, 8)))
        )

    def rating(self, value: float) -> str:
        if value > self.poor:
            return "poor"
        return "good" if value <= self.good else "needs improvement"


VITALS: Mapping[str, Vital] = {
    one.name: one
    for one in (
        Vital(name="LCP", title="Largest Contentful Paint", good=2.5, poor=4.0),
        Vital(name="INP", title="Interaction to Next Paint", good=0.2, poor=0.5),
        Vital(name="CLS", title="Cumulative Layout Shift", good=0.1, poor=0.25, seconds=False),
        Vital(name="FCP", title="First Contentful Paint", good=1.8, poor=3.0),
        Vital(name="TTFB", title="Time to First Byte", good=0.8, poor=1.8),
    )
}
_LARGEST = 600.0  # seconds, or shifts: more is no page load


@dataclass(frozen=True, slots=True)
class Cell:
    """One bucket of one vital of one group of pages in one hour."""

    page: str
    vital: str
    hour: datetime
    bucket: int  # its place among the edges; the one after the last is endless


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    """A vital of a group of pages over some hours."""

    vital: Vital
    samples: int
    p75: float | None
    good: int
    poor: int

    @property
    def rating(self) -> str:
        return "unknown" if self.p75 is None else self.vital.rating(self.p75)


def cells(page: str, values: Mapping[str, float], now: datetime) -> tuple[Cell, ...]:
    """Where one load of a page is counted. Raises StandfastError for what is no measurement."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return tuple(_cell(page, name, value, hour) for name, value in values.items())


def _cell(page: str, name: str, value: float, hour: datetime) -> Cell:
    vital = VITALS.get(name)
    if vital is None:
        raise StandfastError(f"no vital is called {name[:20]!r}", fix=", ".join(VITALS))
    shown = value / 1000 if vital.seconds else value
    if not math.isfinite(value) or not 0 <= shown <= _LARGEST:
        raise StandfastError(
            f"{name} is out of its range", fix="milliseconds, as web-vitals has them"
        )
    return Cell(page, name, hour, bisect_left(vital.edges, shown))


def felt(vital: Vital, counts: Mapping[int, int]) -> Felt:
    """Of counts by bucket."""
    edges = (*vital.edges, math.inf)
    filled = [counts.get(place, 0) for place in range(len(edges))]
    running = list(accumulate(filled))
    total = running[-1]
    p75 = percentile(dict(zip(edges, map(float, running), strict=True)), 0.75) if total else None
    good = running[edges.index(round(vital.good, 6))]
    return Felt(
        vital=vital,
        samples=total,
        p75=p75,
        good=good,
        poor=total - running[edges.index(round(vital.poor, 6))],
    )


def added(found: Sequence[tuple[Cell, int]]) -> dict[tuple[str, str], Counter[int]]:
    """Hours added up: counts by bucket for each page and vital."""
    sums: dict[tuple[str, str], Counter[int]] = {}
    for cell, count in found:
        sums.setdefault((cell.page, cell.vital), Counter())[cell.bucket] += count
    return sums


def group_of(experience: Experience, path: str) -> str:
    """The group of pages that a path belongs to, the first in the file that fits; the path is not kept."""
    bare = path[:_LONGEST_PATH].partition("?")[0].partition("#")[0]
    for name, patterns in experience.pages.items():
        if any(fits(pattern, bare) for pattern in patterns):
            return name
    return OTHER


def fits(pattern: str, path: str) -> bool:
    """`*` is anything, slashes too. By finding the parts one after the other: no path is slow to compare."""
    first, *rest = pattern.split("*")
    if not rest:
        return path == pattern
    *middle, last = rest
    if not path.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return len(path) - len(last) >= at and path.endswith(last)

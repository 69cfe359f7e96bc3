"""What counters counted between two looks: restarts, gaps and first sights included."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_JITTER = timedelta(seconds=2)  # of a start time that is reckoned from the ticks of a kernel
_MANY = 1_000  # series of the past that are carried along whatever there is now
_SKEW = timedelta(seconds=5)  # between the clock of a target and ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The counters of one target at one instant; `started` is its process's start, if it tells.

    `begun` tells of single series when they came to be, as OpenMetrics and OTLP do.
    """

    at: datetime
    values: Mapping[str, float]
    started: datetime | None = None
    begun: Mapping[str, datetime] = field(default_factory=dict)
    known_from: datetime | None = None  # since when this process has been looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Increase:
    """By how much each series went up; a series without a past is not in it."""

    by: Mapping[str, float] = field(default_factory=dict)


def increase(before: Look | None, now: Look) -> Increase:
    """The counted events between two looks.

    A value below the last one is a restart, and what stands there came since. A series seen first is
    its own baseline: what it counted may be years old, unless it says that it began after the last
    look. Where the process began after the last look all of it is new, even a value that has already
    passed the old one. Two processes that answer in turn cannot be compared: nothing has risen.
    """
    if swapped(before, now):
        return Increase()
    fresh = _fresh(before, now)
    known = {} if before is None else before.values
    by: dict[str, float] = {}
    for series, value in now.values.items():
        if not usable(value):
            continue
        last = known.get(series)
        if fresh:
            by[series] = value
        elif last is not None:
            by[series] = value - last if value >= last else value
        elif before is not None and _begun_since(before, now, series):
            by[series] = value
    return Increase(by=by)


def remembered(before: Look | None, now: Look) -> Look:
    """The look to keep for the next time: a series that is missing once keeps its last value."""
    usables = {series: value for series, value in now.values.items() if usable(value)}
    if before is None or _fresh(before, now) or swapped(before, now):
        return Look(at=now.at, values=usables, started=now.started, known_from=now.at)
    started, known_from = now.started or before.started, before.known_from or before.at
    values = {**before.values, **usables}
    if len(values) > max(_MANY, 2 * len(usables)):
        values = usables  # labels that never stop changing must not be remembered for ever
    return Look(at=now.at, values=values, started=started, known_from=known_from)


def usable(value: float) -> bool:
    """A counter is finite and never negative; anything else is the target's mistake."""
    return math.isfinite(value) and value >= 0


def swapped(before: Look | None, now: Look) -> bool:
    """Does another process answer than last time, and one that is not new either?

    So it looks where several answer at one address in turn, and where the target's clock was set.
    """
    return before is not None and _other_start(before, now) and not _fresh(before, now)


def _fresh(before: Look | None, now: Look) -> bool:
    if before is None or now.started is None:
        return False
    if before.started is None:
        return now.started > before.at
    return _other_start(before, now) and now.started > before.at - _SKEW


def _other_start(before: Look, now: Look) -> bool:
    if before.started is None or now.started is None:
        return False
    return abs(now.started - before.started) > _JITTER


def _begun_since(before: Look, now: Look, series: str) -> bool:
    began = now.begun.get(series)
    return began is not None and before.at < began <= now.at + _SKEW

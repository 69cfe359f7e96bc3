"""What counters counted between two looks: restarts, gaps and first sights included."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The counters of one target at one instant; `started` is its process's start, if it tells."""

    at: datetime
    values: Mapping[str, float]
    started: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Increase:
    """By how much each series went up; a series without a past is not in it."""

    by: Mapping[str, float] = field(default_factory=dict)
    restarted: bool = False


def increase(before: Look | None, now: Look) -> Increase:
    """The counted events between two looks.

    A value below the last one is a restart, and what stands there came since. A series seen first is
    its own baseline: what it counted may be years old. Where the process began after the last look
    both are certain, and everything in it is new, even a value that has already passed the old one.
    """
    fresh = _fresh(before, now)
    known = {} if before is None else before.values
    by: dict[str, float] = {}
    restarted = fresh
    for series, value in now.values.items():
        if not usable(value):
            continue
        last = known.get(series)
        if fresh:
            by[series] = value
        elif last is not None:
            restarted = restarted or value < last
            by[series] = value - last if value >= last else value
    return Increase(by=by, restarted=restarted)


def remembered(before: Look | None, now: Look) -> Look:
    """The look to keep for the next time: a series that is missing once keeps its last value."""
    usables = {series: value for series, value in now.values.items() if usable(value)}
    if before is None or _fresh(before, now):
        return Look(at=now.at, values=usables, started=now.started)
    started = now.started or before.started
    return Look(at=now.at, values={**before.values, **usables}, started=started)


def usable(value: float) -> bool:
    """A counter is finite and never negative; anything else is the target's mistake."""
    return math.isfinite(value) and value >= 0


def _fresh(before: Look | None, now: Look) -> bool:
    return before is not None and now.started is not None and now.started > before.at

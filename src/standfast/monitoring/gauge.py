"""A measured value at an instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reading:
    at: datetime
    value: float


_NEVER = 10 * 365 * 86_400.0  # seconds; beyond that nobody plans
_EVIDENCE = 1_800.0  # seconds of history that a trend needs


def full_in(used: Sequence[Reading]) -> float | None:
    """Seconds until a used share reaches 1, by its straight trend; None where too little is known.

    The least-squares line through the readings, as `predict_linear` draws it.
    """
    if len(used) < 3 or (used[-1].at - used[0].at).total_seconds() < _EVIDENCE:
        return None
    times = [(one.at - used[-1].at).total_seconds() for one in used]
    mean_time, mean = sum(times) / len(used), sum(one.value for one in used) / len(used)
    spread = sum((time - mean_time) ** 2 for time in times)
    rise = (
        sum((t - mean_time) * (one.value - mean) for t, one in zip(times, used, strict=True))
        / spread
    )
    left = 1 - used[-1].value
    if left <= 0:
        return 0.0
    return min(_NEVER, left / rise) if rise > left / _NEVER else _NEVER

"""What can be believed of one scrape: which counters, when the process began, and what time they speak for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from standfast.monitoring import signals
from standfast.monitoring.counters import Look, usable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.monitoring.exposition import Exposition, Sample

_MINUTE = timedelta(minutes=1)
_LATEST = 1e11  # seconds; what is later is no instant


def countable(samples: Iterable[Sample]) -> tuple[list[Sample], tuple[str, ...]]:
    """The counters that can be trusted. One bad series spoils its name: the rest would be a wrong sum."""
    samples = list(samples)
    spoilt = {one.name for one in samples if not usable(one.value)}
    notes = tuple(
        f"{name} has a series that is negative or no number, so that it is not counted"
        for name in sorted(spoilt)
    )
    return [one for one in samples if one.name not in spoilt], notes


def begun_of(samples: Iterable[Sample], metrics: Exposition) -> dict[str, datetime]:
    if not metrics.created:
        return {}
    told = ((one.series, metrics.began(one)) for one in samples)
    return {
        series: datetime.fromtimestamp(began, UTC)
        for series, began in told
        if began is not None and 0 < began < _LATEST
    }


def since_of(before: Look | None, now: datetime, steady: datetime | None) -> tuple[datetime, float]:
    """The instant that this look is compared with, and the seconds between for rates: none that are known
    where our clock was set in between."""
    if before is None:
        return now, 0.0
    gap = now - before.at
    if gap >= timedelta(0) and not (steady and before.at < steady):
        return before.at, gap.total_seconds()
    return (before.at if gap > 5 * _MINUTE else now), 0.0


def started_of(samples: Iterable[Sample], now: datetime) -> tuple[datetime | None, tuple[str, ...]]:
    """When the target's process began; of several the newest. One that is yet to come is not believed."""
    found = [
        one.value for one in samples if one.name == signals.STARTED and 0 < one.value < _LATEST
    ]
    if not found:
        return None, ()
    started = datetime.fromtimestamp(max(found), UTC)
    if started > now + _MINUTE:
        return None, (f"says that its process starts at {started:%Y-%m-%d %H:%M} UTC, ahead of us",)
    return started, ()

"""What a Prometheus writes to us: from samples of single series to the looks that counts are made of.

A scrape arrives in several pieces, in any order and perhaps twice, since the sender spreads series over
several connections and repeats what was not acknowledged. So the rises of one instant are kept until all of
them can be there, and are counted together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from standfast.monitoring import signals
from standfast.monitoring.asked import Progress
from standfast.monitoring.counters import Look, increase, usable
from standfast.monitoring.exposition import Labels, Sample, of_series
from standfast.monitoring.histogram import bound
from standfast.monitoring.measure import Meter, of_scrape
from standfast.monitoring.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.monitoring.count import Count
    from standfast.spec.system import Component

SETTLED = timedelta(seconds=30)
"""So long the pieces of one scrape are waited for."""
_SILENT = timedelta(minutes=5)
_AHEAD = timedelta(minutes=5)  # of our clock, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One series as it was sent, with its samples as (instant, value)."""

    name: str
    labels: Labels  # sorted by name
    samples: tuple[tuple[datetime, float], ...]

    def label(self, name: str) -> str:
        return next((value for key, value in self.labels if key == name), "")

    @property
    def key(self) -> str:
        return Sample(self.name, self.labels, 0).series


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """A series' newest sample."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """By how much one series of a component went up until `at`."""

    component: str
    at: datetime
    series: str
    by: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Risen:
    """What one sent series comes to; `last` is None where nothing of it is new."""

    last: Last | None
    rises: tuple[Rise, ...] = ()


def risen(component: str, one: Written, before: Last | None, now: datetime) -> Risen:
    """What is not newer than the last sample came twice or too late, and counts nothing; what lies ahead of
    our clock by minutes is a mistake of the sender's."""
    last, rises = before, []
    for at, value in sorted(one.samples):
        if not usable(value) or at > now + _AHEAD or (last is not None and at <= last.at):
            continue
        if last is not None:
            look = Look(at=last.at, values={one.key: last.value})
            by = increase(look, Look(at=at, values={one.key: value})).by[one.key]
            rises.append(Rise(component=component, at=at, series=one.key, by=by))
        last = Last(at=at, value=value)
    return Risen(last=None if last == before else last, rises=tuple(rises))


def wanted(component: Component) -> frozenset[str]:
    """The names of the counters that its levels are counted from."""
    return signals.counters(signals.names_of(component))


def counts_of(
    component: Component,
    meters: Sequence[Meter],
    at: datetime,
    rises: Iterable[Rise],
    before: Mapping[str, Progress],
    now: datetime,
) -> tuple[tuple[Count, ...], tuple[Progress, ...]]:
    """What the rises of one instant add to each meter, and how far each is now read."""
    by = {one.series: one.by for one in rises}
    samples = [of_series(series) for series in by]
    target = Target(
        key=f"{component.name}/remote-write",
        component=component.name,
        kind="remote-write",
        address="",
        every=component.scrape_every,
        timeout=component.scrape_every,
    )
    counts: list[Count] = []
    progress: list[Progress] = []
    for meter in meters:
        if meter.kind == "latency" and not _whole(component, meter, samples):
            continue
        last = before.get(meter.key)
        first = last is None or not last.total
        since = at - component.scrape_every if first or last is None else min(last.read_to, at)
        found = of_scrape([meter], component, target, samples, by, since=since, now=at)
        if found.counts:
            counts += found.counts
            progress.append(_read(meter.key, last, at, now))
    return tuple(counts), tuple(progress)


def silent(indicator: str, last: Progress | None, now: datetime) -> Progress | None:
    """The state of an indicator that nothing was written for lately; None where all is as it was."""
    if last is None:
        return refused(indicator, None, "nothing was written yet", now)
    if not last.ok or now - last.at <= _SILENT:
        return None
    said = f"nothing was written since {last.at:%Y-%m-%d %H:%M} UTC"
    return replace(last, ok=False, because=said, since=now)


def refused(indicator: str, last: Progress | None, because: str, now: datetime) -> Progress:
    """The state of an indicator of which nothing is taken."""
    if last is None:
        return Progress(
            indicator=indicator, read_to=now, ok=False, because=because, at=now, since=now
        )
    return replace(last, ok=False, because=because, since=now if last.ok else last.since)


def _read(key: str, last: Progress | None, at: datetime, now: datetime) -> Progress:
    read_to = at if last is None or not last.total else max(at, last.read_to)
    since = last.since if last is not None and last.ok else now
    told = "remote write"
    return Progress(
        indicator=key, read_to=read_to, ok=True, because="", at=now, since=since, total=told
    )


def _whole(component: Component, meter: Meter, samples: Sequence[Sample]) -> bool:
    """Are both ends there: all requests, and those within the threshold?

    With a piece missing all would look slow.
    """
    name = f"{signals.names_of(component).duration}_bucket"
    bounds = {bound(one.label("le")) for one in samples if one.name == name}
    limit = (meter.threshold or timedelta(0)).total_seconds()
    finite = [one for one in bounds if one is not None]
    return float("inf") in finite and any(one <= limit * (1 + 1e-9) for one in finite)

"""From looks to counts: which meters a look moves, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.monitoring import counting, signals
from standfast.monitoring.count import Count, count_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from datetime import datetime
    from fractions import Fraction

    from standfast.monitoring.exposition import Sample
    from standfast.monitoring.signals import Names
    from standfast.monitoring.target import Outcome, Target, TargetState
    from standfast.spec.system import Component, EventNames


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A pair of counts (bad, all) that is kept, and how finely."""

    key: str
    component: str
    kind: str  # requests | latency | probe | gauge | events
    bad_codes: tuple[str, ...] = ("5xx",)
    route: str = ""
    threshold: timedelta | None = None  # of latency
    events: EventNames | None = None
    signal: str = ""  # of a gauge
    limit: Fraction | None = None
    width: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    counts: tuple[Count, ...]
    notes: tuple[str, ...] = ()


def of_probe(
    meters: Iterable[Meter],
    target: Target,
    outcome: Outcome,
    before: TargetState | None,
    now: datetime,
) -> tuple[Count, ...]:
    """A probe is one event. The first look speaks for the interval that it ends."""
    since = before.at if before else now - target.every
    return tuple(
        count_of(
            meter.key,
            int(not _good(meter, outcome)),
            1,
            since=since,
            now=now,
            every=target.every,
            width=meter.width,
        )
        for meter in meters
        if meter.component == target.component and meter.kind == "probe"
    )


def of_gauges(
    meters: Iterable[Meter],
    target: Target,
    values: Mapping[str, float],
    *,
    since: datetime,
    now: datetime,
) -> tuple[Count, ...]:
    """Each look at a gauge is one event, bad while the gauge is over its limit. A gauge that is not in the
    look is no event: no data is not "good"."""
    return tuple(
        count_of(
            meter.key,
            int(values[meter.signal] > float(meter.limit)),
            1,
            since=since,
            now=now,
            every=target.every,
            width=meter.width,
        )
        for meter in meters
        if meter.component == target.component
        and meter.kind == "gauge"
        and meter.limit is not None
        and meter.signal in values
    )


def _good(meter: Meter, outcome: Outcome) -> bool:
    """Answered well, and in time where the meter has a threshold."""
    if not outcome.ok or meter.threshold is None:
        return outcome.ok
    return outcome.latency is not None and outcome.latency <= meter.threshold


def of_scrape(
    meters: Sequence[Meter],
    component: Component,
    target: Target,
    samples: Sequence[Sample],
    increases: Mapping[str, float],
    *,
    since: datetime,
    now: datetime,
) -> Measured:
    """What the requests between two scrapes add to each meter of the component.

    A meter whose metrics are not in the scrape is not moved at all: no data is not "no traffic".
    """
    names = signals.names_of(component)
    risen = [(one, increases[one.series]) for one in samples if one.series in increases]
    families = {one.name for one in samples}
    counts: list[Count] = []
    notes: list[str] = []
    for meter in meters:
        if meter.component != component.name or not _counted_here(meter, names, families):
            continue
        if meter.kind == "latency" and meter.threshold is not None:
            bad, total, note = counting.latency(
                names,
                risen,
                threshold=meter.threshold / timedelta(seconds=1),
                bad_codes=meter.bad_codes,
                route=meter.route,
            )
        elif meter.kind == "events" and meter.events is not None:
            note = ""
            bad, total = counting.events(meter.events, risen)
        else:
            note = counting.untold(names, samples, meter.bad_codes)
            bad, total = counting.requests(
                names, risen, bad_codes=meter.bad_codes, route=meter.route
            )
        notes += [note] if note and note not in notes else []
        counts.append(
            count_of(
                meter.key,
                bad,
                total,
                since=since,
                now=now,
                every=target.every,
                width=meter.width,
            )
        )
    return Measured(counts=tuple(counts), notes=tuple(notes))


def _counted_here(meter: Meter, names: Names, families: Container[str]) -> bool:
    if meter.kind == "latency":
        return f"{names.duration}_bucket" in families
    if meter.kind == "events":
        return meter.events is not None and meter.events.total in families
    return meter.kind == "requests" and names.requests in families

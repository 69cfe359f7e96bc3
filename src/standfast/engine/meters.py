"""What is counted of a system, and by whom: by our looks, by what is pushed, or by a server that we ask."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.monitoring.measure import Meter
from standfast.slo.agreement import promised
from standfast.slo.indicator import of_component, of_step, requests_of
from standfast.spec.once import once

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from standfast.slo.indicator import Indicator
    from standfast.spec.system import System

_MINUTE = timedelta(minutes=1)


@once
def meters_of(system: System) -> tuple[Meter, ...]:
    """What standfast counts itself: requests, probes, and every promise's indicators at their finest."""
    found: dict[str, Meter] = {}
    for component in system.components.values():
        if component.counted:
            _refine(found, requests_of(component), _MINUTE)
        if component.probed:
            _refine(found, of_component(component), _MINUTE)
    for journey in system.journeys.values():
        for step in journey.steps:
            _refine(found, of_step(step), _MINUTE)
    _refine_all(found, system, "standfast")
    return tuple(found.values())


@once
def meters_by_component(system: System) -> Mapping[str, tuple[Meter, ...]]:
    return _by_component(meters_of(system))


@once
def written_meters(system: System) -> Mapping[str, tuple[Meter, ...]]:
    """What is counted of the samples that others write to us, by component."""
    found: dict[str, Meter] = {}
    _refine_all(found, system, "remote-write")
    return _by_component(found.values())


@once
def asked_indicators(system: System) -> Mapping[str, Indicator]:
    """What a Prometheus-compatible server counts, by key."""
    return {one.key: one for one, _ in _counted(system) if one.source == "prometheus"}


@once
def counted_elsewhere(system: System) -> frozenset[str]:
    """The keys of everything that standfast does not count itself."""
    return frozenset(one.key for one, _ in _counted(system) if one.source != "standfast")


def _counted(system: System) -> Iterator[tuple[Indicator, timedelta]]:
    """What is counted event by event, and how finely, whoever counts it."""
    for promise in promised(system):
        for indicator in promise.indicators:
            yield indicator.counted, min(promise.bucket, _MINUTE)


def _by_component(meters: Iterable[Meter]) -> Mapping[str, tuple[Meter, ...]]:
    found: dict[str, list[Meter]] = defaultdict(list)
    for meter in meters:
        found[meter.component].append(meter)
    return {name: tuple(mine) for name, mine in found.items()}


def _refine_all(found: dict[str, Meter], system: System, source: str) -> None:
    for indicator, width in _counted(system):
        if indicator.source == source:
            _refine(found, indicator, width)


def _refine(found: dict[str, Meter], indicator: Indicator, width: timedelta) -> None:
    known = found.get(indicator.key)
    found[indicator.key] = Meter(
        key=indicator.key,
        component=indicator.component,
        kind=indicator.kind,
        bad_codes=indicator.bad_codes,
        route=indicator.route,
        threshold=indicator.threshold,
        events=indicator.events,
        signal=indicator.signal,
        limit=indicator.limit,
        width=min(width, known.width) if known else width,
    )

"""What is counted of a system, however it is seen: by a look, or pushed by those who know."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.monitoring.measure import Meter
from standfast.slo.agreement import agreements
from standfast.slo.indicator import of_component, of_step, requests_of
from standfast.slo.objective import objectives
from standfast.spec.once import once

if TYPE_CHECKING:
    from standfast.slo.indicator import Indicator
    from standfast.spec.system import System

_MINUTE = timedelta(minutes=1)


@once
def meters_of(system: System) -> tuple[Meter, ...]:
    """What is counted: every indicator of every objective and contract at its finest, requests, probes."""
    found: dict[str, Meter] = {}
    for component in system.components.values():
        if component.counted:
            _refine(found, requests_of(component), _MINUTE)
        if component.probed:
            _refine(found, of_component(component), _MINUTE)
    for journey in system.journeys.values():
        for step in journey.steps:
            _refine(found, of_step(step), _MINUTE)
    for objective in (*objectives(system), *(one.terms for one in agreements(system))):
        for indicator in objective.indicators:
            if indicator.source != "standfast":
                continue  # somebody else counts it
            _refine(found, indicator.counted, min(objective.bucket, _MINUTE))
    return tuple(found.values())


@once
def meters_by_component(system: System) -> dict[str, tuple[Meter, ...]]:
    found: dict[str, list[Meter]] = defaultdict(list)
    for meter in meters_of(system):
        found[meter.component].append(meter)
    return {name: tuple(meters) for name, meters in found.items()}


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

"""BAS: do load tests or metrics say what normal is, and does normal keep the promise?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import number, percent, span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from standfast.review.case import Case
    from standfast.spec.system import Baseline, Component, ServiceLevel
    from standfast.spec.values import Promise

_OLD = timedelta(days=180)
_KNOWN = timedelta(days=14)  # so long a service has to be measured until that is its baseline


def _baselines(case: Case) -> Iterator[tuple[str, Component, Baseline]]:
    for name, component in case.system.components.items():
        if component.baseline is not None:
            yield name, component, component.baseline


@rule(
    "BAS-01",
    Verdict.CLARIFY,
    Role.QA,
    condition="request-serving component without performance baseline",
    why="without normal figures an objective is a guess and saturation cannot be judged",
    if_rejected="objectives stay at the defaults until 14 days of metrics exist",
)
def no_baseline(case: Case) -> Iterator[Hit]:
    for name, component in case.system.components.items():
        counted = case.measured.metrics_for.get(name, timedelta())
        if component.serves and component.baseline is None and counted < _KNOWN:
            yield Hit(
                at=f"components.{name}.baseline",
                problem=f"{name} serves requests and has no baseline",
                suggestion="need load test results, or 14 days of metrics: rps, p95, errors",
            )


@rule(
    "BAS-02",
    Verdict.WARN,
    Role.QA,
    condition="baseline older than 180 days, or undated",
    why="software and traffic have changed since",
    if_rejected="the old figures are used",
)
def stale_baseline(case: Case) -> Iterator[Hit]:
    for name, _, baseline in _baselines(case):
        if baseline.measured is None or case.today - baseline.measured > _OLD:
            age = (
                f"{(case.today - baseline.measured).days} d old" if baseline.measured else "undated"
            )
            yield Hit(
                at=f"components.{name}.baseline",
                problem=f"the baseline of {name} is {age}; 180 d are the most",
                suggestion="measure again",
            )


@rule(
    "BAS-03",
    Verdict.BLOCK,
    Role.QA,
    Role.DEV,
    condition="baseline, or latency measured live, worse than the objective",
    why="the promise is broken on the first day",
    if_rejected="lower the objective to what was measured",
)
def below_objective(case: Case) -> Iterator[Hit]:
    for name, _, baseline in _baselines(case):
        for level in case.levels_of.get(name, ()):
            for promise in level.slos:
                if worse := _worse(baseline, level, promise):
                    yield Hit(
                        at=f"service_levels.{level.name}.slo",
                        problem=f"{level.name} promises {promise.text}; {name} measured {worse}",
                        suggestion="make it faster or sounder, or promise what was measured",
                        rests_on=(f"service_levels.{level.name}.slo",),
                    )
    yield from _measured_live(case)


def _measured_live(case: Case) -> Iterator[Hit]:
    """Latency that is counted now; availability is AVL-07's."""
    for one in case.objectives:
        measured = case.measured.availability.get(one.name)
        if one.promise.threshold is not None and measured is not None and measured < one.target:
            key = f"availability.{one.name}"
            yield Hit(
                at=f"service_levels.{one.level}.slo",
                problem=f"{one.level} promises {one.promise.text}; {percent(measured)} are within "
                f"{span(one.promise.threshold)}{case.how(key)}, {percent(one.target)} promised",
                suggestion="make it faster, or promise what is true",
                rests_on=(f"service_levels.{one.level}.slo",),
                known_by=(key,),
            )


def _worse(baseline: Baseline, level: ServiceLevel, promise: Promise) -> str:
    if promise.threshold is not None:
        measured = {95: baseline.p95, 99: baseline.p99}.get(int(promise.target * 100))
        return span(measured) if measured is not None and measured > promise.threshold else ""
    errors = baseline.errors
    if level.sli in {"availability", "errors"} and errors is not None and errors > promise.allowed:
        return f"{percent(errors)} errors, {percent(promise.allowed)} allowed"
    return ""


@rule(
    "BAS-04",
    Verdict.CLARIFY,
    Role.OPS,
    condition="next year's peak exceeds capacity with one zone or replica lost",
    why="losing a zone or a machine at the peak overloads the others, and they fall in turn",
    if_rejected="load shedding has to protect the peak",
)
def no_headroom(case: Case) -> Iterator[Hit]:
    for name, component, baseline in _baselines(case):
        if baseline.peak is None or baseline.capacity is None or not component.replicas:
            continue
        peak = baseline.peak * (1 + (baseline.growth or 0))
        region, replicas = max(component.replicas.items(), key=lambda pair: pair[1])
        lost, what = _lost(case, region, replicas)
        left: Fraction = baseline.capacity * (replicas - lost)
        if peak > left:
            yield Hit(
                at=f"components.{name}.baseline.capacity",
                problem=f"peak {number(baseline.peak)} rps grown to {number(peak)} exceeds "
                f"{number(baseline.capacity)} x ({replicas} - {lost}) = {number(left)} rps with one "
                f"{what} lost",
                suggestion="add replicas, or shed load",
            )


def _lost(case: Case, region: str, replicas: int) -> tuple[int, str]:
    """How many go with a zone where there are several, spread evenly; else one machine."""
    known = case.system.regions.get(region)
    zones = known.zones if known is not None else 1
    lost = -(-replicas // zones) if zones > 1 else 1
    return lost, "zone" if lost > 1 else "replica"


RULES = (no_baseline, stale_baseline, below_objective, no_headroom)

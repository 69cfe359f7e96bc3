"""User experience: what do users feel? By journey, then by the services that they touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.mark import UNKNOWN, Mark, worst
from standfast.dashboards.service import Signal, drawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from standfast.dashboards.objective import ObjectiveLine
    from standfast.monitoring.gauge import Reading
    from standfast.spec.system import Journey, System

_FELT = frozenset(
    {"requests per second", "error rate", "p50 latency", "p95 latency", "p99 latency"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a journey and how many of its requests ended well: the funnel's width there."""

    component: str
    success: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyLine:
    name: str
    mark: Mark
    promise: str
    steps: tuple[Step, ...]
    objectives: tuple[ObjectiveLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    component: str
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperienceScreen:
    words: str
    journeys: tuple[JourneyLine, ...]
    services: tuple[Felt, ...]


def screen(
    system: System,
    objectives: Sequence[ObjectiveLine],
    signals: Mapping[str, Mapping[str, tuple[Reading, ...]]],
) -> ExperienceScreen:
    journeys = tuple(_journey(one, objectives) for one in system.journeys.values())
    unwell = [one.name for one in journeys if one.mark.tone == "bad"]
    words = (
        f"Users feel it in: {', '.join(unwell)}." if unwell else "No journey breaks its promise."
    )
    return ExperienceScreen(
        words=words
        if journeys
        else "The file names no journeys; the review asks the business analyst for them.",
        journeys=journeys,
        services=tuple(
            Felt(component=name, signals=drawn({k: v for k, v in found.items() if k in _FELT}))
            for name, found in signals.items()
            if system.components[name].serves
        ),
    )


def _journey(journey: Journey, objectives: Sequence[ObjectiveLine]) -> JourneyLine:
    own = tuple(one for one in objectives if one.name in {journey.name, f"{journey.name}-journey"})
    return JourneyLine(
        name=journey.name,
        mark=worst([one.mark for one in own]) if own else UNKNOWN,
        promise=journey.slo.text if journey.slo else "none",
        steps=tuple(
            Step(component=step, success=_success(step, objectives)) for step in journey.path
        ),
        objectives=own,
    )


def _success(component: str, objectives: Sequence[ObjectiveLine]) -> float | None:
    """The worst measured share of good events of the component; None where nothing measures it."""
    shares = [
        float(one.measured)
        for one in objectives
        if one.component == component and one.measured is not None
    ]
    return min(shares, default=None)

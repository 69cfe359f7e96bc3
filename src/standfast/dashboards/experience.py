"""User experience: what do users feel? Their pages, their way through the system, and what they touch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards import funnel, page_loads
from standfast.dashboards.mark import UNKNOWN, Mark, worst
from standfast.dashboards.service import Signal, drawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from standfast.dashboards.deploy import Marks
    from standfast.dashboards.funnel import FunnelLine
    from standfast.dashboards.objective import ObjectiveLine
    from standfast.dashboards.page_loads import PageLine
    from standfast.monitoring.gauge import Reading
    from standfast.monitoring.vitals import Cell
    from standfast.slo.tally import Tally
    from standfast.spec.system import Journey, System

_FELT = frozenset(
    {"requests per second", "error rate", "p50 latency", "p95 latency", "p99 latency"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One component of a journey and how many of its requests ended well."""

    component: str
    success: float | None
    mark: Mark
    objective: str  # whose figure it is; "" where nothing measures it


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyLine:
    name: str
    mark: Mark
    promise: str
    steps: tuple[Step, ...]
    funnel: tuple[FunnelLine, ...]  # empty where the file names no steps
    objectives: tuple[ObjectiveLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeltService:
    component: str
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperienceScreen:
    words: str
    beacon: bool  # does the file ask for page loads?
    pages: tuple[PageLine, ...]
    journeys: tuple[JourneyLine, ...]
    services: tuple[FeltService, ...]


def screen(
    system: System,
    objectives: Sequence[ObjectiveLine],
    signals: Mapping[str, Mapping[str, tuple[Reading, ...]]],
    loads: Sequence[tuple[Cell, int]],
    taken: Mapping[str, Sequence[Tally]],
    deployed: Mapping[str, Marks],
    now: datetime,
) -> ExperienceScreen:
    """`loads` of the last day, `taken` what was counted of each step, by journey."""
    pages = page_loads.pages(system, loads, now)
    journeys = tuple(
        _journey(system, one, objectives, taken.get(one.name, ()), now)
        for one in system.journeys.values()
    )
    return ExperienceScreen(
        words=_words(journeys, pages),
        beacon=system.experience is not None,
        pages=pages,
        journeys=journeys,
        services=tuple(
            FeltService(
                component=name,
                signals=drawn(
                    system,
                    name,
                    {k: v for k, v in found.items() if k in _FELT},
                    deployed.get(name, ()),
                    now,
                ),
            )
            for name, found in signals.items()
            if system.components[name].serves
        ),
    )


def _words(journeys: Sequence[JourneyLine], pages: Sequence[PageLine]) -> str:
    if not journeys:
        return "The file names no journeys; the review asks the business analyst for them."
    unwell = [one.name for one in journeys if one.mark.tone == "bad"]
    unknown = [one.name for one in journeys if one.mark.tone == "quiet"]
    burning = [one.name for one in journeys if one.mark.tone == "warn"]
    said = [f"Users feel it in: {', '.join(unwell)}." if unwell else ""]
    said += [f"Promises that do not last at this pace: {', '.join(burning)}." if burning else ""]
    said += [f"Nothing is known of {', '.join(unknown)}." if unknown else ""]
    if not unwell and not burning and len(unknown) < len(journeys):
        said.insert(0, "No journey that is measured breaks its promise.")
    slow = [one.page for one in pages if one.mark.tone == "bad"]
    said += [f"Pages that load poorly: {', '.join(slow)}." if slow else ""]
    return " ".join(filter(None, said))


def _journey(
    system: System,
    journey: Journey,
    objectives: Sequence[ObjectiveLine],
    taken: Sequence[Tally],
    now: datetime,
) -> JourneyLine:
    own = tuple(one for one in objectives if one.name in {journey.name, f"{journey.name}-journey"})
    return JourneyLine(
        name=journey.name,
        mark=worst([one.mark for one in own]) if own else UNKNOWN,
        promise=journey.slo.text if journey.slo else "none",
        steps=tuple(_step(step, objectives) for step in journey.path),
        funnel=funnel.lines(system, journey, taken, now) if taken else (),
        objectives=own,
    )


def _step(component: str, objectives: Sequence[ObjectiveLine]) -> Step:
    """The worst of what is promised of the component itself; what is promised of a whole journey is not."""
    known = [
        (float(one.measured), one)
        for one in objectives
        if one.component == component and one.measured is not None and not one.joint
    ]
    if not known:
        return Step(component=component, success=None, mark=UNKNOWN, objective="")
    share, least = min(known, key=lambda one: one[0])
    return Step(component=component, success=share, mark=least.mark, objective=least.name)

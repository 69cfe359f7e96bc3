"""Objectives: what the file promises, each as one share of good events over one window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.slo.indicator import Indicator, of_component, of_level
from standfast.spec.steps import hard_steps
from standfast.spec.values import Criticality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.spec.system import Journey, ServiceLevel, System
    from standfast.spec.values import Promise

_DAY = timedelta(days=1)
_FINEST, _COARSEST = timedelta(seconds=1), timedelta(seconds=60)
_CALENDAR = {"month": timedelta(days=30), "quarter": timedelta(days=91)}
HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A promise on one indicator, or for a journey on one indicator of each measured step that decides."""

    name: str  # unique: the level's, with the promise behind it where a level carries several
    level: str  # the service level or journey it comes from
    component: str  # the component measured; of a journey its first step
    sli: str  # availability | latency | errors | probe | freshness | saturation | journey
    promise: Promise
    window: timedelta
    indicators: tuple[Indicator, ...]
    sla: Promise | None = None
    calendar: str = ""  # "month" | "quarter": counted from its first day, not rolling
    min_coverage: Fraction = HALF  # observed less of the time than this and the state is unknown
    critical: bool = False  # a quick burn of it is P1
    bucket: timedelta = _COARSEST  # events are counted by this; no window is shorter than three
    unmeasured: tuple[str, ...] = ()  # steps of a journey that nothing measures
    soft: tuple[
        str, ...
    ] = ()  # steps that the journey can do without: their failures are not its own

    @property
    def target(self) -> Fraction:
        return self.promise.target

    @property
    def allowed(self) -> Fraction:
        return self.promise.allowed

    @property
    def is_journey(self) -> bool:
        return self.sli == "journey"

    @property
    def sla_comparable(self) -> bool:
        """Do SLO and SLA count the same events as bad, so that one tally answers both?"""
        return self.sla is not None and self.sla.threshold == self.promise.threshold


def objectives(system: System) -> tuple[Objective, ...]:
    """Every objective of the file, those of the journeys last."""
    levels = [one for level in system.service_levels.values() for one in _of_level(system, level)]
    first = {(one.component, one.sli): one for one in reversed(levels)}
    journeys = [
        _of_journey(system, journey, first)
        for journey in system.journeys.values()
        if journey.slo is not None
    ]
    return tuple(levels + [one for one in journeys if one is not None])


def working(system: System, component: str) -> Indicator | None:
    """What tells whether a component works, promise or no promise; None where nothing looks at it."""
    levels = [one for level in system.service_levels.values() for one in _of_level(system, level)]
    return _step(system, component, {(one.component, one.sli): one for one in reversed(levels)})


def counts_kept(system: System) -> timedelta:
    """How long counts are kept: as long as the file says, and never less than two of its longest windows."""
    windows = [one.window for one in objectives(system)]
    return max(system.server.keep_samples, 2 * max([system.budget_window, *windows]))


def bucket_of(window: timedelta, every: timedelta) -> timedelta:
    """How finely events are counted: a minute, or for windows under a day 1/3600 of the window.

    Never finer than the target is looked at, or most buckets would stand empty.
    """
    if window >= _DAY:
        return _COARSEST
    fine = max(_FINEST, timedelta(seconds=round(window.total_seconds() / 3600)))
    return min(_COARSEST, max(fine, timedelta(seconds=-(-every // _FINEST))))


def _of_level(system: System, level: ServiceLevel) -> list[Objective]:
    component = system.components[level.of]
    window = _CALENDAR.get(level.calendar, level.window)
    indicators = [of_level(level, promise, component) for promise in level.slos]
    probed = any(one.kind == "probe" for one in indicators)
    every = component.probe_every if probed else component.scrape_every
    return [
        Objective(
            name=_name(level, promise),
            level=level.name,
            component=level.of,
            sli=level.sli,
            promise=promise,
            window=window,
            indicators=(indicators[number],),
            sla=_sla(level, number),
            calendar=level.calendar,
            min_coverage=HALF if level.min_coverage is None else level.min_coverage,
            critical=is_critical(system, level.of),
            # Others are asked by the minute, however short the window.
            bucket=_COARSEST if level.source == "prometheus" else bucket_of(window, every),
        )
        for number, promise in enumerate(level.slos)
    ]


def _name(level: ServiceLevel, promise: Promise) -> str:
    if len(level.slos) == 1:
        return level.name
    short = promise.text.replace(" ", "").replace("<", "-").replace("%", "pct")
    return f"{level.name}-{short}".lower()


def _sla(level: ServiceLevel, number: int) -> Promise | None:
    """The SLA beside the SLO: the one on the same threshold, else the one at the same place."""
    threshold = level.slos[number].threshold
    same = [sla for sla in level.slas if sla.threshold == threshold]
    return same[0] if same else (level.slas[number] if number < len(level.slas) else None)


def _of_journey(
    system: System, journey: Journey, first: Mapping[tuple[str, str], Objective]
) -> Objective | None:
    deciding = hard_steps(system, journey.path)
    steps = {step: _step(system, step, first) for step in deciding}
    measured = tuple(one for one in steps.values() if one is not None)
    if journey.slo is None or not journey.path:
        return None
    return Objective(
        name=journey.name
        if journey.name not in system.service_levels
        else f"{journey.name}-journey",
        level=journey.name,
        component=journey.path[0],
        sli="journey",
        promise=journey.slo,
        window=system.budget_window,
        indicators=measured,
        sla=journey.sla,
        critical=journey.critical and _weighty(system),
        bucket=bucket_of(
            system.budget_window,
            max(system.components[step].scrape_every for step in deciding),
        ),
        unmeasured=tuple(step for step, one in steps.items() if one is None),
        soft=tuple(step for step in journey.path if step not in deciding),
    )


def _step(
    system: System, step: str, first: Mapping[tuple[str, str], Objective]
) -> Indicator | None:
    """What tells whether a step works: its own availability level, else a probe of it."""
    for sli in ("availability", "probe", "errors"):
        if (step, sli) in first:
            return first[step, sli].indicators[0]
    component = system.components[step]
    return of_component(component) if component.url or component.address else None


def is_critical(system: System, component: str) -> bool:
    """Is a component on a critical journey (or are there none) of a system that matters?"""
    critical = [journey for journey in system.journeys.values() if journey.critical]
    on_path = not system.journeys or any(component in journey.path for journey in critical)
    return _weighty(system) and on_path


def _weighty(system: System) -> bool:
    return system.criticality in {Criticality.CRITICAL, Criticality.HIGH}

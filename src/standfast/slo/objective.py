"""Objectives: what the file promises, each as one share of good events over one window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.slo.indicator import BAD, Indicator, of_component, of_level
from standfast.slo.tally import NOTHING, Tally, all_of, weighed
from standfast.slo.window import CALENDARS
from standfast.spec.once import once
from standfast.spec.promises import short
from standfast.spec.steps import hard_steps
from standfast.spec.units import show_duration
from standfast.spec.values import Criticality

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from standfast.spec.system import (
        Composite,
        CompositePart,
        Journey,
        ServiceLevel,
        Slices,
        System,
    )
    from standfast.spec.values import Promise

_DAY = timedelta(days=1)
_FINEST, _COARSEST = timedelta(seconds=1), timedelta(seconds=60)
HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a composite is made of: one service level, or the steps of one journey."""

    of: str  # as the file names it: a service level, one promise of it, or a journey
    indicators: tuple[str, ...]  # keys; it is good where all of them are
    weight: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A promise on one indicator, or a joint one: of a journey on each measured step that decides, of a
    composite on all that its service levels and journeys count."""

    name: str  # unique: the level's, with the promise behind it where a level carries several
    level: str  # the service level, journey or composite it comes from
    component: str  # the component measured; of a joint one its first step
    sli: str  # as the level's, or "journey" or "composite"
    promise: Promise
    window: timedelta
    indicators: tuple[Indicator, ...]
    sla: Promise | None = None
    calendar: str = ""  # "week" | "month" | "quarter" | "year": from its first day, not rolling
    min_coverage: Fraction = HALF  # observed less of the time than this and the state is unknown
    critical: bool = False  # a quick burn of it is P1
    bucket: timedelta = _COARSEST  # events are counted by this; no window is shorter than three
    unmeasured: tuple[str, ...] = ()  # steps of a journey that nothing measures
    soft: tuple[
        str, ...
    ] = ()  # steps that the journey can do without: their failures are not its own
    group: str = "service_levels"  # "journeys", "composites": the section of the file it stands in
    parts: tuple[Part, ...] = ()  # of a composite whose parts are weighed

    @property
    def target(self) -> Fraction:
        return self.promise.target

    @property
    def allowed(self) -> Fraction:
        return self.promise.allowed

    @property
    def joint(self) -> bool:
        """Is it one figure of what several indicators count, so that its bad events are worked out?"""
        return self.group != "service_levels"

    @property
    def bad(self) -> str:
        """As its indicators call what goes wrong, where they agree on a word."""
        if self.sli == "journey":
            return "attempts failing"
        every = {one.bad for one in self.indicators}
        return every.pop() if len(every) == 1 else BAD["query"]

    @property
    def path(self) -> str:
        """Where it stands in the file, "journeys.checkout"."""
        return f"{self.group}.{self.level}"

    def first_look(self, seen: Mapping[str, datetime]) -> datetime | None:
        """Since when all of it is watched; `seen` has the first count of each indicator, by its key."""
        known = [seen[one.key] for one in self.indicators if one.key in seen]
        return max(known) if known and len(known) == len(self.indicators) else None

    def whole(self, tallies: Sequence[Tally]) -> Tally:
        """What its indicators counted, in their order, as one."""
        if not self.joint:
            return tallies[0] if tallies else NOTHING
        if not self.parts:
            return all_of(tallies)
        known = {one.key: found for one, found in zip(self.indicators, tallies, strict=True)}
        return weighed(
            [(part.weight, all_of([known[key] for key in part.indicators])) for part in self.parts]
        )

    @property
    def slices(self) -> Slices | None:
        """What counts in place of events, if that is what is promised."""
        return self.indicators[0].slices if self.indicators else None

    @property
    def unit(self) -> str:
        """What its tallies are tallies of."""
        if self.slices is None:
            return "events"
        return f"slices of {self.slices.of // timedelta(minutes=1)}m"

    @property
    def sla_comparable(self) -> bool:
        """Do SLO and SLA count the same events as bad, so that one tally answers both?"""
        return self.sla is not None and self.sla.threshold == self.promise.threshold


@once
def objectives(system: System) -> tuple[Objective, ...]:
    """Every objective of the file, those of the journeys and composites last."""
    journeys = [
        of_journey(system, journey, journey.slo)
        for journey in system.journeys.values()
        if journey.slo is not None
    ]
    composites = [
        one for composite in system.composites.values() for one in _of_composite(system, composite)
    ]
    return (*_levels(system), *(one for one in journeys if one is not None), *composites)


def joint_terms(system: System) -> Mapping[str, Objective]:
    """What each journey and composite counts, with its SLA in place of its objective where it has one."""
    found = {
        name: of_journey(system, journey, journey.sla or journey.slo)
        for name, journey in system.journeys.items()
        if journey.sla or journey.slo
    }
    found |= {
        name: of_composite(system, composite, composite.sla or composite.slo)
        for name, composite in system.composites.items()
    }
    return {name: one for name, one in found.items() if one is not None}


@once
def _levels(system: System) -> list[Objective]:
    return [one for level in system.service_levels.values() for one in _of_level(system, level)]


def working(system: System, component: str) -> Indicator | None:
    """What tells whether a component works, promise or no promise; None where nothing looks at it."""
    mine = system.levels_of.get(component, ())
    levels = [one for level in mine for one in _of_level(system, level)]
    return _step(system, component, _first(levels))


@once
def _first_of_each(system: System) -> Mapping[tuple[str, str], Objective]:
    return _first(_levels(system))


def _first(levels: list[Objective]) -> Mapping[tuple[str, str], Objective]:
    return {(one.component, one.sli): one for one in reversed(levels)}


def counts_kept(system: System) -> timedelta:
    """How long counts are kept by the minute: as the file says, and for two of its longest windows at least."""
    windows = [one.window for one in objectives(system)]
    windows += [one.window or CALENDARS[one.calendar] for one in system.agreements.values()]
    windows += [
        CALENDARS[one.sla_window]
        for one in system.service_levels.values()
        if one.slas and one.sla_window
    ]
    return max(system.server.keep_samples, 2 * max([system.budget_window, *windows]))


def history_kept(system: System) -> timedelta:
    """How long counts are kept at all, beyond those minutes by the quarter-hour."""
    return max(system.server.keep_history, counts_kept(system))


def bucket_of(window: timedelta, every: timedelta) -> timedelta:
    """How finely events are counted: a minute, or for windows under a day 1/3600 of the window.

    Never finer than the target is looked at, or most buckets would stand empty.
    """
    if window >= _DAY:
        return _COARSEST
    fine = max(_FINEST, timedelta(seconds=round(window.total_seconds() / 3600)))
    return min(_COARSEST, max(fine, timedelta(seconds=-(-every // _FINEST))))


def _of_level(system: System, level: ServiceLevel) -> list[Objective]:
    return [
        replace(
            of_promise(system, replace(level, window=window, also=()), promise),
            name=_name(level, promise, window),
            sla=_sla(level, number),
        )
        for number, promise in enumerate(level.slos)
        for window in (level.window, *level.also)
    ]


def of_promise(system: System, level: ServiceLevel, promise: Promise) -> Objective:
    """One promise on the events of a level, under the level's name."""
    component = system.components[level.of]
    window = CALENDARS.get(level.calendar, level.window)
    indicator = of_level(level, promise, component)
    every = _looked_at(system, indicator)
    return Objective(
        name=level.name,
        level=level.name,
        component=level.of,
        sli=level.sli,
        promise=promise,
        window=window,
        indicators=(indicator,),
        calendar=level.calendar,
        min_coverage=HALF if level.min_coverage is None else level.min_coverage,
        critical=level.of in critical_components(system),
        bucket=_bucket(level, window, every),
    )


def _bucket(level: ServiceLevel, window: timedelta, every: timedelta) -> timedelta:
    if level.slices is not None:
        return level.slices.of
    # Others are asked by the minute, however short the window.
    return _COARSEST if level.source == "prometheus" else bucket_of(window, every)


def _name(level: ServiceLevel, promise: Promise, window: timedelta) -> str:
    name = level.name if len(level.slos) == 1 else f"{level.name}-{short(promise.text)}"
    return f"{name}-{show_duration(window)}" if level.also else name


def _sla(level: ServiceLevel, number: int) -> Promise | None:
    """The SLA beside the SLO: the one on the same threshold, else the one at the same place."""
    threshold = level.slos[number].threshold
    same = [sla for sla in level.slas if sla.threshold == threshold]
    return same[0] if same else (level.slas[number] if number < len(level.slas) else None)


def of_journey(system: System, journey: Journey, promise: Promise | None) -> Objective | None:
    if promise is None or not journey.path:
        return None
    steps = _steps(system, journey)
    return Objective(
        name=journey.name
        if journey.name not in system.service_levels
        else f"{journey.name}-journey",
        level=journey.name,
        component=journey.path[0],
        sli="journey",
        promise=promise,
        window=system.budget_window,
        indicators=tuple(one for one in steps.values() if one is not None),
        sla=journey.sla,
        critical=journey.critical and _weighty(system),
        bucket=bucket_of(
            system.budget_window,
            max(system.components[step].scrape_every for step in steps),
        ),
        unmeasured=_unmeasured(steps),
        soft=_soft(journey, steps),
        group="journeys",
    )


def _steps(system: System, journey: Journey) -> Mapping[str, Indicator | None]:
    """The steps that decide, each with what tells whether it works."""
    first = _first_of_each(system)
    return {step: _step(system, step, first) for step in hard_steps(system, journey.path)}


def _unmeasured(steps: Mapping[str, Indicator | None]) -> tuple[str, ...]:
    return tuple(step for step, one in steps.items() if one is None)


def _soft(journey: Journey, steps: Mapping[str, Indicator | None]) -> tuple[str, ...]:
    return tuple(step for step in journey.path if step not in steps)


def _step(
    system: System, step: str, first: Mapping[tuple[str, str], Objective]
) -> Indicator | None:
    """What tells whether a step works: its own availability level, else a probe of it."""
    for sli in ("availability", "probe", "errors"):
        if (step, sli) in first:
            return first[step, sli].indicators[0].counted
    component = system.components[step]
    return of_component(component) if component.probed else None


# ------------------------------------------------------------------ composites


def _of_composite(system: System, composite: Composite) -> Iterator[Objective]:
    for window in (composite.window, *composite.also):
        name = f"{composite.name}-{show_duration(window)}" if composite.also else composite.name
        alone = replace(composite, window=window, also=())
        yield replace(of_composite(system, alone, composite.slo), name=name)


def of_composite(system: System, composite: Composite, promise: Promise) -> Objective:
    """One promise on what its parts count; what several of them count is counted once where all must work."""
    counted = {part.of: tuple(_counted(system, part)) for part in composite.parts}
    ways = [system.journeys[part.of] for part in composite.parts if not part.level]
    steps = [(way, _steps(system, way)) for way in ways]
    indicators = {one.key: one for every in counted.values() for one in every}
    components = {one.component for one in indicators.values()}
    window = CALENDARS.get(composite.calendar, composite.window)
    return Objective(
        name=composite.name,
        level=composite.name,
        component=_first_component(system, composite.parts[0]),
        sli="composite",
        promise=promise,
        window=window,
        indicators=tuple(indicators.values()),
        sla=composite.sla,
        calendar=composite.calendar,
        min_coverage=HALF if composite.min_coverage is None else composite.min_coverage,
        critical=not components.isdisjoint(critical_components(system)),
        bucket=_joint_bucket(system, window, indicators.values()),
        unmeasured=tuple(dict.fromkeys(one for _, found in steps for one in _unmeasured(found))),
        soft=tuple(
            dict.fromkeys(
                one for way, found in steps for one in _soft(way, found) if one not in components
            )
        ),
        group="composites",
        parts=tuple(
            Part(
                of=part.of,
                weight=part.weight,
                indicators=tuple(one.key for one in counted[part.of]),
            )
            for part in composite.parts
            if composite.weighted and counted[part.of]
        ),
    )


def _counted(system: System, part: CompositePart) -> Iterator[Indicator]:
    """Events, also of a level that promises slices: they alone can be weighed with those of others."""
    if part.promise is not None:
        level = system.service_levels[part.level]
        yield of_level(level, part.promise, system.components[level.of]).counted
    else:
        steps = _steps(system, system.journeys[part.of])
        yield from (one for one in steps.values() if one is not None)


def _first_component(system: System, part: CompositePart) -> str:
    if part.level:
        return system.service_levels[part.level].of
    return system.journeys[part.of].path[0]


def _joint_bucket(system: System, window: timedelta, indicators: Iterable[Indicator]) -> timedelta:
    """As finely as the slowest of them is looked at; what others count is told by the minute."""
    every = [
        _COARSEST if one.source == "prometheus" else _looked_at(system, one) for one in indicators
    ]
    return bucket_of(window, max(every, default=_COARSEST))


def _looked_at(system: System, indicator: Indicator) -> timedelta:
    component = system.components[indicator.component]
    return component.probe_every if indicator.kind == "probe" else component.scrape_every


@once
def critical_components(system: System) -> frozenset[str]:
    """Those that a critical journey of a system that matters cannot do without; of no journeys, all."""
    if not _weighty(system):
        return frozenset()
    if not system.journeys:
        return frozenset(system.components)
    critical = [journey for journey in system.journeys.values() if journey.critical]
    return frozenset(step for journey in critical for step in hard_steps(system, journey.path))


def _weighty(system: System) -> bool:
    return system.criticality in {Criticality.CRITICAL, Criticality.HIGH}

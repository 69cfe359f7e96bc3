"""What was measured, at one instant: as alerts ask for it, and as objectives are judged by it.

What many objectives ask of their counts is asked in one query for a thousand of them, and answered
from memory from then on.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from standfast.alerting.facts import Job
from standfast.alerting.maintenance import under_way
from standfast.monitoring.count import bucket_start
from standfast.monitoring.gauge import Reading, full_in
from standfast.monitoring.health import every_of
from standfast.monitoring.target import HEARTBEAT, OTLP, PROBES, PUSHED_EVERY
from standfast.slo.budget import budget
from standfast.slo.burn import burn_rate
from standfast.slo.exclusion import Exclusion, Kind, edges, length, reach_back, rest, spared
from standfast.slo.judgement import Burn, events_needed, events_needed_shortly, judge
from standfast.slo.objective import counts_kept
from standfast.slo.scheme import Scheme, schemes, wider
from standfast.slo.status import BurnFigure, LevelStatus
from standfast.slo.window import Span, span
from standfast.spec.once import once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from fractions import Fraction

    from standfast.monitoring.heartbeat import Pulse
    from standfast.monitoring.target import TargetState
    from standfast.slo.objective import Objective
    from standfast.slo.tally import Tally
    from standfast.spec.system import System

_STALE = 3  # intervals
_TREND = timedelta(hours=6)  # of a disk that fills
_MICROSECOND = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)
_TOGETHER = 1_000  # objectives whose counts are held in memory at the same time


class LevelPort(Protocol):
    def tallies_of(
        self, wanted: Mapping[str, Sequence[tuple[datetime, datetime]]]
    ) -> dict[str, list[Tally]]: ...
    def first_seen(self) -> dict[str, datetime]: ...


class MonitoringPort(Protocol):
    def newest(self) -> dict[str, dict[str, Reading]]: ...
    def signal(self, component: str, signal: str, since: datetime) -> tuple[Reading, ...]: ...
    def target_states(self) -> dict[str, TargetState]: ...
    def pulse(self, name: str, *, lock: bool = False) -> Pulse | None: ...


class ExclusionPort(Protocol):
    def standing(self, since: datetime) -> tuple[Exclusion, ...]: ...


class MeasurementsTx(Protocol):
    @property
    def exclusions(self) -> ExclusionPort: ...
    @property
    def levels(self) -> LevelPort: ...
    @property
    def monitoring(self) -> MonitoringPort: ...


class Measurements:
    """The rows of one instant as `alerting.facts.Facts`; what was looked up once is remembered."""

    def __init__(
        self,
        tx: MeasurementsTx,
        system: System,
        now: datetime,
        made: Callable[[str, str], datetime | None] | None = None,
    ) -> None:
        self._tx, self._system, self._now, self._made = tx, system, now, made
        self._schemes = schemes(system)
        self._width = widths(system)
        self._tallies: dict[tuple[str, timedelta], Tally] = {}
        self._parts: dict[tuple[str, tuple[datetime, datetime]], Tally] = {}
        self._burns: dict[str, tuple[Burn, ...]] = {}
        self._stills: dict[str, tuple[Span, ...]] = {}
        self._spans: dict[tuple[str, timedelta], Span] = {}
        self._starts: dict[tuple[timedelta, timedelta], datetime] = {}

    @cached_property
    def _first_seen(self) -> dict[str, datetime]:
        return self._tx.levels.first_seen()

    @cached_property
    def _exclusions(self) -> tuple[Exclusion, ...]:
        return self._tx.exclusions.standing(self._now - counts_kept(self._system))

    @cached_property
    def _newest(self) -> dict[str, dict[str, Reading]]:
        return self._tx.monitoring.newest()

    @cached_property
    def _targets(self) -> dict[str, TargetState]:
        return self._tx.monitoring.target_states()

    # -------------------------------------------------------------- Facts

    def requests(self, component: str, window: timedelta) -> Tally:
        return self._tally(self._requests_key(component), window)

    def probes(self, component: str, window: timedelta) -> Tally:
        return self._tally(f"{component}/probe", window)

    def watched(self, component: str, what: str) -> timedelta:
        key = f"{component}/probe" if what == "probes" else self._requests_key(component)
        first = self._first_seen.get(key)
        return self._now - first if first else timedelta(0)

    def newest(self, component: str, signal: str) -> Reading | None:
        if signal == "disk full in":
            return self._full_in(component)
        reading = self._newest.get(component, {}).get(signal)
        one = self._system.components[component]
        every = max(one.scrape_every, one.probe_every, PUSHED_EVERY if one.otlp else timedelta(0))
        return None if reading is None or self._now - reading.at > _STALE * every else reading

    def _full_in(self, component: str) -> Reading | None:
        since = self._now - _TREND
        seconds = full_in(self._tx.monitoring.signal(component, "disk used", since))
        return None if seconds is None else Reading(self._now, seconds)

    def scrape_down(self, component: str) -> tuple[timedelta, str] | None:
        one = self._system.components[component]
        for kind in ("scrape", "exporter", OTLP):
            state = self._targets.get(f"{component}/{kind}")
            if state is None:
                continue
            if not state.ok:
                return self._now - state.since, state.because
            if self._now - state.at > _STALE * every_of(one, kind, None):
                return self._now - state.at, "nobody has looked"
        return None

    def heartbeats(self, component: str) -> tuple[Job, ...]:
        found = []
        for name in self._system.components[component].heartbeats:
            state = self._targets.get(f"{component}/{HEARTBEAT}/{name}")
            pulse = self._tx.monitoring.pulse(name)
            if state is None or pulse is None:
                continue
            found.append(
                Job(
                    name=name,
                    well=None if state.says == "unknown" else state.ok,
                    because=state.because,
                    good_at=pulse.good_at,
                    watched_from=pulse.watched_from,
                )
            )
        return tuple(found)

    def maintenance(self, component: str) -> Exclusion | None:
        return under_way(self._exclusions, component, self._now)

    def expires(self, component: str, what: str) -> datetime | None:
        """The soonest of its addresses'."""
        if what != "certificate":
            return None
        states = (self._targets.get(f"{component}/{kind}") for kind in ("tls", *sorted(PROBES)))
        return min((one.expires for one in states if one and one.expires), default=None)

    def made(self, component: str, what: str) -> datetime | None:
        return self._made(component, what) if self._made else None

    def burns(self, objective: str) -> tuple[Burn, ...]:
        """Of the objective by this name, or of all that a level by this name carries."""
        named = _by_name(self._system).get(objective, ())
        return tuple(burn for one in named for burn in self._judged(one))

    # -------------------------------------------------------------- objectives

    def statuses(self) -> tuple[LevelStatus, ...]:
        """Budget and burns of every objective, as the pages show them."""
        found: list[LevelStatus] = []
        for first in range(0, len(self._schemes), _TOGETHER):
            some = self._schemes[first : first + _TOGETHER]
            self._load(self._asked(some))
            self._load(self._asked_by_the_quiet(some))
            found += [self._status(one) for one in some]
            self._tallies.clear()
        return tuple(found)

    def left(self, objective: str) -> Fraction | None:
        """How much of the budget of the objective by this name is left; None where that is not known."""
        (one,) = _by_name(self._system)[objective]
        return self._status(one).budget.left

    def _status(self, scheme: Scheme) -> LevelStatus:
        objective = scheme.objective
        stretch = self._span(objective)
        out = spared(self._exclusions, objective) if self._exclusions else ()
        recent = self._without(objective, reach_back(out, self._now, scheme.pace), out)
        return LevelStatus(
            objective=objective.name,
            at=self._now,
            budget=budget(
                objective,
                self._without(objective, stretch.start, out),
                span=stretch,
                now=self._now,
                first_seen=objective.first_look(self._first_seen),
                burn=burn_rate(recent.bad, recent.total, objective.allowed),
                spared=out,
            ),
            burns=tuple(_figure(scheme, one) for one in self._judged(scheme)),
        )

    def _judged(self, scheme: Scheme) -> tuple[Burn, ...]:
        objective = scheme.objective
        if objective.name not in self._burns:
            first = objective.first_look(self._first_seen)
            watched = self._now - first if first else timedelta(0)
            watched -= length(self._still(objective), self._now - watched, self._now)
            self._burns[objective.name] = tuple(
                judge(objective, window, lambda wide: self._of(objective, wide), watched=watched)
                for window in scheme.alerts
            )
        return self._burns[objective.name]

    def _span(self, objective: Objective) -> Span:
        key = (objective.calendar, objective.window)
        if key not in self._spans:
            self._spans[key] = span(objective, self._now, self._system.timezone)
        return self._spans[key]

    def _of(self, objective: Objective, window: timedelta) -> Tally:
        """For burns: during planned maintenance their clock stands still, and reaches back beyond it."""
        still = self._still(objective)
        return self._without(objective, reach_back(still, self._now, window), still)

    def _still(self, objective: Objective) -> tuple[Span, ...]:
        if not self._exclusions:
            return ()
        if objective.name not in self._stills:
            found = spared(self._exclusions, objective, kind=Kind.MAINTENANCE)
            self._stills[objective.name] = found
        return self._stills[objective.name]

    def _without(self, objective: Objective, start: datetime, out: Sequence[Span]) -> Tally:
        window = self._now - start
        steps = [self._less(one.key, window, out) for one in objective.indicators]
        return objective.whole(steps)

    def _less(self, indicator: str, window: timedelta, out: Sequence[Span]) -> Tally:
        whole = self._tally(indicator, window)
        if not out:
            return whole
        parts = edges(out, self._from(indicator, window), self._now)
        missing = [one for one in parts if (indicator, one) not in self._parts]
        if missing:
            found = self._tx.levels.tallies_of({indicator: missing})[indicator]
            self._parts |= {(indicator, key): one for key, one in zip(missing, found, strict=True)}
        return rest(whole, [self._parts[indicator, one] for one in parts])

    # -------------------------------------------------------------- counts

    def _asked(self, some: Iterable[Scheme]) -> dict[str, set[timedelta]]:
        """The windows that every judgement begins with."""
        found: dict[str, set[timedelta]] = defaultdict(set)
        for scheme in some:
            mine = {self._now - self._span(scheme.objective).start, scheme.pace}
            for one in scheme.alerts:
                mine |= {one.long, one.short}
            for indicator in scheme.objective.indicators:
                found[indicator.key] |= mine
        return found

    def _asked_by_the_quiet(self, some: Iterable[Scheme]) -> dict[str, set[timedelta]]:
        """The wider windows, where too little happened in one to judge by."""
        found: dict[str, set[timedelta]] = defaultdict(set)
        for scheme in some:
            objective = scheme.objective
            for window in scheme.alerts:
                for width, enough in (
                    (window.long, events_needed(objective, window)),
                    (window.short, events_needed_shortly(objective, window)),
                ):
                    if self._of(objective, width).evidence < enough:
                        more = set(wider(width, objective.window))
                        for indicator in objective.indicators:
                            found[indicator.key] |= more
        return found

    def _load(self, asked: Mapping[str, Iterable[timedelta]]) -> None:
        """All that is not known yet, in one query."""
        missing = {
            key: [one for one in windows if (key, one) not in self._tallies]
            for key, windows in asked.items()
        }
        found = self._tx.levels.tallies_of(
            {
                key: [(self._from(key, one), self._now) for one in windows]
                for key, windows in missing.items()
                if windows
            }
        )
        for key, tallies in found.items():
            for window, tally in zip(missing[key], tallies, strict=True):
                self._tallies[key, window] = tally

    def _tally(self, indicator: str, window: timedelta) -> Tally:
        key = (indicator, window)
        if key not in self._tallies:
            self._load({indicator: (window,)})
        return self._tallies[key]

    def _from(self, indicator: str, window: timedelta) -> datetime:
        """Just before the bucket that the window begins in: buckets count whole, or the newest one,
        a second old, would stand for the whole last minute."""
        key = (self._width.get(indicator, _MINUTE), window)
        if key not in self._starts:
            self._starts[key] = bucket_start(self._now - window, key[0]) - _MICROSECOND
        return self._starts[key]

    def _requests_key(self, component: str) -> str:
        one = self._system.components[component]
        return f"{component}/requests" if one.counted else f"{component}/probe"


@once
def widths(system: System) -> dict[str, timedelta]:
    """How finely each indicator of an objective is counted."""
    found: dict[str, timedelta] = {}
    for scheme in schemes(system):
        for indicator in scheme.objective.indicators:
            known = found.get(indicator.key, scheme.objective.bucket)
            found[indicator.key] = min(known, scheme.objective.bucket)
    return found


@once
def _by_name(system: System) -> dict[str, tuple[Scheme, ...]]:
    found: dict[str, tuple[Scheme, ...]] = {}
    for one in schemes(system):
        found[one.objective.level] = (*found.get(one.objective.level, ()), one)
    return found | {one.objective.name: (one,) for one in schemes(system)}


def _figure(scheme: Scheme, burn: Burn) -> BurnFigure:
    return BurnFigure(
        window=burn.window.name,
        state=burn.state,
        long=burn.window.long,
        short=burn.window.short,
        factor=burn.window.factor,
        long_rate=burn.long.rate,
        short_rate=burn.short.rate,
        because=burn.because,
        explained=scheme.explained[burn.window.name],
    )

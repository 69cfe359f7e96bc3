"""Judging: from counts to budgets, burns and policy, from those to alerts and what follows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from standfast.alerting.conditions import judge as judge_rule
from standfast.alerting.conditions import severity
from standfast.alerting.machine import Step, Turn, abandoned, step
from standfast.alerting.maintenance import hushed, under_way
from standfast.alerting.rules import Rule, rules
from standfast.audit.event import Event, FieldChange, Target
from standfast.engine.ports import Change, Store
from standfast.monitoring.count import bucket_start
from standfast.monitoring.gauge import Reading, full_in
from standfast.monitoring.health import every_of
from standfast.slo.budget import budget
from standfast.slo.burn import burn_alerts, burn_rate, burn_windows
from standfast.slo.exclusion import Exclusion, Kind, edges, length, reach_back, rest, spared
from standfast.slo.judgement import Burn, explain, judge
from standfast.slo.objective import Objective, counts_kept, objectives
from standfast.slo.policy import PolicyState, policy_state
from standfast.slo.status import BurnDown, BurnFigure, LevelStatus
from standfast.slo.tally import NOTHING, Tally, of_journey
from standfast.slo.window import Span, span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from standfast.alerting.alert import Alert
    from standfast.monitoring.target import TargetState
    from standfast.spec.system import System

_POINTS = 300  # of a budget's history in one window
_STALE = 3  # intervals
_TREND = timedelta(hours=6)  # of a disk that fills
_MICROSECOND = timedelta(microseconds=1)


class AlertPort(Protocol):
    def alerts(self) -> dict[str, Alert]: ...
    def alert(self, fingerprint: str, *, lock: bool = False) -> Alert | None: ...
    def save(self, alert: Alert) -> None: ...


class LevelPort(Protocol):
    def tallies(
        self, indicator: str, windows: Sequence[tuple[datetime, datetime]]
    ) -> list[Tally]: ...
    def first_seen(self) -> dict[str, datetime]: ...
    def policies(self) -> dict[str, PolicyState]: ...
    def newest_points(self) -> dict[str, datetime]: ...
    def keep(self, status: LevelStatus) -> None: ...
    def keep_point(self, objective: str, point: BurnDown) -> None: ...
    def keep_policy(self, state: PolicyState) -> None: ...


class MonitoringPort(Protocol):
    def newest(self) -> dict[str, dict[str, Reading]]: ...
    def signal(self, component: str, signal: str, since: datetime) -> tuple[Reading, ...]: ...
    def target_states(self) -> dict[str, TargetState]: ...


class ExclusionPort(Protocol):
    def standing(self, since: datetime) -> tuple[Exclusion, ...]: ...


class EvaluateTx(Protocol):
    @property
    def exclusions(self) -> ExclusionPort: ...
    @property
    def alerting(self) -> AlertPort: ...
    @property
    def levels(self) -> LevelPort: ...
    @property
    def monitoring(self) -> MonitoringPort: ...


TxT = TypeVar("TxT", bound=EvaluateTx)
TxT_contra = TypeVar("TxT_contra", contravariant=True)


class Made(Protocol[TxT_contra]):
    """When the newest backup, restore proof, drill or checkpoint of a component was made."""

    def __call__(self, tx: TxT_contra, component: str, what: str) -> datetime | None: ...


class Follow(Protocol[TxT_contra]):
    """What comes of an alert: pages, incidents. Inside the transaction that keeps the alert."""

    def fired(
        self, tx: TxT_contra, alert: Alert, system: System, now: datetime
    ) -> tuple[Event, ...]:
        """It fired, came back, or became graver; the same alert may be told twice."""

    def resolved(
        self, tx: TxT_contra, alert: Alert, system: System, now: datetime
    ) -> tuple[Event, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Everything that one evaluation found, before any of it is kept."""

    statuses: tuple[LevelStatus, ...]
    points: tuple[tuple[str, BurnDown], ...]
    policies: tuple[tuple[PolicyState | None, PolicyState], ...]  # before, after
    steps: tuple[tuple[Alert | None, Step], ...]  # as it was read, what came of it

    @property
    def news(self) -> bool:
        return bool(self.policies) or any(one.turn.matters for _, one in self.steps)


class Evaluate(Generic[TxT]):
    def __init__(
        self,
        store: Store[TxT],
        follow: Follow[TxT] | None = None,
        made: Made[TxT] | None = None,
    ) -> None:
        self._store, self._follow, self._made = store, follow, made

    def tick(self, system: System, now: datetime) -> tuple[Alert, ...]:
        """Judge everything once; answers the alerts of which somebody is to hear."""
        judged = self._store.read(
            lambda tx: judge_all(Measurements(tx, system, now, self._made_in(tx)), system, now)
        )
        if judged.news:
            return self._store.write(lambda tx: self._save(tx, judged, system, now))
        return self._store.keep(lambda tx: self._save(tx, judged, system, now).result)

    def _made_in(self, tx: TxT) -> Callable[[str, str], datetime | None] | None:
        return partial(self._made, tx) if self._made else None

    def _save(
        self, tx: TxT, judged: Judged, system: System, now: datetime
    ) -> Change[tuple[Alert, ...]]:
        for status in judged.statuses:
            tx.levels.keep(status)
        for objective, point in judged.points:
            tx.levels.keep_point(objective, point)
        events: list[Event] = []
        known = tx.levels.policies() if judged.policies else {}
        for before, state in judged.policies:
            if known.get(state.objective) == before:
                tx.levels.keep_policy(state)
                events.append(_policy_changed(before, state))
        told = []
        for read, one in judged.steps:
            if one.alert is None or tx.alerting.alert(one.alert.fingerprint, lock=True) != read:
                continue  # another server has judged it since; its word stands
            tx.alerting.save(one.alert)
            if one.turn.matters:
                told.append(one.alert)
                events += [_turned(one.turn, one.alert), *self._followed(tx, one, system, now)]
        return Change(tuple(told), tuple(events))

    def _followed(self, tx: TxT, one: Step, system: System, now: datetime) -> tuple[Event, ...]:
        if one.alert is None or self._follow is None:
            return ()
        if one.turn is Turn.RESOLVED:
            return self._follow.resolved(tx, one.alert, system, now)
        return self._follow.fired(tx, one.alert, system, now)


# ------------------------------------------------------------------ thinking


def judge_all(facts: Measurements, system: System, now: datetime) -> Judged:
    statuses = tuple(facts.status(objective) for objective in facts.objectives)
    tx = facts.tx
    known = tx.levels.policies()
    states = [
        (
            known.get(one.objective),
            policy_state(
                system.budget_policy, one.objective, one.budget.left, known.get(one.objective), now
            ),
        )
        for one in statuses
    ]
    return Judged(
        statuses=statuses,
        points=_points(facts, statuses, now),
        policies=tuple((old, new) for old, new in states if new is not None and new != old),
        steps=_steps(facts, tx.alerting.alerts(), rules(system), now),
    )


def _points(
    facts: Measurements, statuses: Sequence[LevelStatus], now: datetime
) -> tuple[tuple[str, BurnDown], ...]:
    newest = facts.tx.levels.newest_points()
    windows = {objective.name: objective.window for objective in facts.objectives}
    return tuple(
        (one.objective, BurnDown(at=now, left=one.budget.left))
        for one in statuses
        if one.budget.left is not None
        and (
            one.objective not in newest
            or now - newest[one.objective] >= windows[one.objective] / _POINTS
        )
    )


def _steps(
    facts: Measurements, before: Mapping[str, Alert], every: Sequence[Rule], now: datetime
) -> tuple[tuple[Alert | None, Step], ...]:
    found: list[tuple[Alert | None, Step]] = []
    alive = set()
    for rule in every:
        last = before.get(f"{rule.name}/{rule.component}")
        alive.add(f"{rule.name}/{rule.component}")
        verdict = judge_rule(rule, facts, now)
        grave = severity(rule, facts) if verdict.holds else rule.severity
        verdict, grave = hushed(rule, verdict, grave, facts.maintenance(rule.component))
        found.append((last, step(last, rule, verdict, now, severity=grave)))
    for fingerprint, alert in before.items():
        if alert.open and fingerprint not in alive and alert.labels.get("source") == "standfast":
            found.append((alert, abandoned(alert, now)))
    return tuple((last, one) for last, one in found if one.changed)


class Measurements:
    """The rows of one instant as `alerting.facts.Facts`; what was looked up once is remembered."""

    def __init__(
        self,
        tx: EvaluateTx,
        system: System,
        now: datetime,
        made: Callable[[str, str], datetime | None] | None = None,
    ) -> None:
        self.tx, self._system, self._now, self._made = tx, system, now, made
        self.objectives = objectives(system)
        self._tallies: dict[tuple[str, timedelta], Tally] = {}
        self._burns: dict[str, tuple[Burn, ...]] = {}
        self._stills: dict[str, tuple[Span, ...]] = {}
        self._parts: dict[tuple[str, tuple[datetime, datetime]], Tally] = {}
        self._width = _widths(self.objectives)

    @cached_property
    def _first_seen(self) -> dict[str, datetime]:
        return self.tx.levels.first_seen()

    @cached_property
    def _exclusions(self) -> tuple[Exclusion, ...]:
        return self.tx.exclusions.standing(self._now - counts_kept(self._system))

    @cached_property
    def _newest(self) -> dict[str, dict[str, Reading]]:
        return self.tx.monitoring.newest()

    @cached_property
    def _targets(self) -> dict[str, TargetState]:
        return self.tx.monitoring.target_states()

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
        every = max(one.scrape_every, one.probe_every)
        return None if reading is None or self._now - reading.at > _STALE * every else reading

    def _full_in(self, component: str) -> Reading | None:
        since = self._now - _TREND
        seconds = full_in(self.tx.monitoring.signal(component, "disk used", since))
        return None if seconds is None else Reading(self._now, seconds)

    def scrape_down(self, component: str) -> tuple[timedelta, str] | None:
        one = self._system.components[component]
        for kind in ("scrape", "exporter"):
            state = self._targets.get(f"{component}/{kind}")
            if state is None:
                continue
            if not state.ok:
                return self._now - state.since, state.because
            if self._now - state.at > _STALE * every_of(one, kind, None):
                return self._now - state.at, "nobody has looked"
        return None

    def expires(self, component: str, what: str) -> datetime | None:
        state = self._targets.get(f"{component}/tls") if what == "certificate" else None
        return state.expires if state else None

    def made(self, component: str, what: str) -> datetime | None:
        return self._made(component, what) if self._made else None

    def burns(self, objective: str) -> tuple[Burn, ...]:
        """Of the objective by this name, or of all that a level by this name carries."""
        mine = [one for one in self.objectives if objective in {one.name, one.level}]
        exact = [one for one in mine if one.name == objective]
        return tuple(burn for one in exact or mine for burn in self._judged(one))

    def maintenance(self, component: str) -> Exclusion | None:
        return under_way(self._exclusions, component, self._now)

    # -------------------------------------------------------------- objectives

    def status(self, objective: Objective) -> LevelStatus:
        """Budget and burns of one objective, as the pages show them."""
        stretch = span(objective, self._now, self._system.timezone)
        pace = next(one for one in burn_windows(objective) if one.name == "page-slow")
        self._prefetch(objective)
        out = spared(self._exclusions, objective)
        recent = self._without(objective, reach_back(out, self._now, pace.long), out)
        return LevelStatus(
            objective=objective.name,
            at=self._now,
            budget=budget(
                objective,
                self._without(objective, stretch.start, out),
                span=stretch,
                now=self._now,
                first_seen=self._since(objective),
                burn=burn_rate(recent.bad, recent.total, objective.allowed),
                spared=out,
            ),
            burns=tuple(_figure(objective, one) for one in self._judged(objective)),
        )

    def _judged(self, objective: Objective) -> tuple[Burn, ...]:
        if objective.name not in self._burns:
            first = self._since(objective)
            watched = self._now - first if first else timedelta(0)
            watched -= length(self._still(objective), self._now - watched, self._now)
            self._burns[objective.name] = tuple(
                judge(objective, window, lambda wide: self._of(objective, wide), watched=watched)
                for window in burn_alerts(objective)
            )
        return self._burns[objective.name]

    def _since(self, objective: Objective) -> datetime | None:
        """The first look at it; a journey is seen once all its steps are."""
        seen = [self._first_seen.get(one.key) for one in objective.indicators]
        known = [one for one in seen if one is not None]
        return max(known) if known and len(known) == len(seen) else None

    def _of(self, objective: Objective, window: timedelta) -> Tally:
        """For burns: during planned maintenance their clock stands still, and reaches back beyond it."""
        still = self._still(objective)
        return self._without(objective, reach_back(still, self._now, window), still)

    def _still(self, objective: Objective) -> tuple[Span, ...]:
        if objective.name not in self._stills:
            found = spared(self._exclusions, objective, kind=Kind.MAINTENANCE)
            self._stills[objective.name] = found
        return self._stills[objective.name]

    def _without(self, objective: Objective, start: datetime, out: Sequence[Span]) -> Tally:
        window = self._now - start
        steps = [self._less(one.key, window, out) for one in objective.indicators]
        return of_journey(steps) if objective.is_journey else (steps[0] if steps else NOTHING)

    def _less(self, indicator: str, window: timedelta, out: Sequence[Span]) -> Tally:
        whole = self._tally(indicator, window)
        parts = edges(out, self._from(indicator, window), self._now)
        missing = [one for one in parts if (indicator, one) not in self._parts]
        if missing:
            found = self.tx.levels.tallies(indicator, missing)
            self._parts |= {(indicator, key): one for key, one in zip(missing, found, strict=True)}
        return rest(whole, [self._parts[indicator, one] for one in parts])

    def _prefetch(self, objective: Objective) -> None:
        """All windows of an objective by one query for each of its indicators."""
        start = span(objective, self._now, self._system.timezone).start
        windows = {self._now - start}
        for one in burn_windows(objective):
            windows |= {one.long, one.short}
        for indicator in objective.indicators:
            missing = [one for one in windows if (indicator.key, one) not in self._tallies]
            edges = [(self._from(indicator.key, one), self._now) for one in missing]
            found = self.tx.levels.tallies(indicator.key, edges)
            for window, tally in zip(missing, found, strict=True):
                self._tallies[indicator.key, window] = tally

    def _tally(self, indicator: str, window: timedelta) -> Tally:
        key = (indicator, window)
        if key not in self._tallies:
            edges = ((self._from(indicator, window), self._now),)
            self._tallies[key] = self.tx.levels.tallies(indicator, edges)[0]
        return self._tallies[key]

    def _from(self, indicator: str, window: timedelta) -> datetime:
        """Just before the bucket that the window begins in: buckets count whole, or the newest one,
        a second old, would stand for the whole last minute."""
        width = self._width.get(indicator, timedelta(minutes=1))
        return bucket_start(self._now - window, width) - _MICROSECOND

    def _requests_key(self, component: str) -> str:
        one = self._system.components[component]
        return f"{component}/requests" if one.scrape or one.exporter else f"{component}/probe"


def _widths(every: Sequence[Objective]) -> dict[str, timedelta]:
    found: dict[str, timedelta] = {}
    for objective in every:
        for indicator in objective.indicators:
            known = found.get(indicator.key, timedelta(minutes=1))
            found[indicator.key] = min(known, objective.bucket)
    return found


def _figure(objective: Objective, burn: Burn) -> BurnFigure:
    return BurnFigure(
        window=burn.window.name,
        state=burn.state,
        long=burn.window.long,
        short=burn.window.short,
        factor=burn.window.factor,
        long_rate=burn.long.rate,
        short_rate=burn.short.rate,
        because=burn.because,
        explained=explain(objective, burn.window),
    )


# ------------------------------------------------------------------ telling


def _turned(turn: Turn, alert: Alert) -> Event:
    return Event(
        type=f"alert.{turn.value}",
        category="operations",
        description=f"{alert.severity} {alert.summary}: {alert.because}",
        target=Target(type="alert", id=alert.fingerprint),
        context={
            "component": alert.component,
            "severity": alert.severity.value,
            "episode": alert.episode,
        },
    )


def _policy_changed(before: PolicyState | None, state: PolicyState) -> Event:
    return Event(
        type="budget.policy-changed",
        category="operations",
        description=f"{state.objective}: budget left {state.band}, so {state.action}",
        target=Target(type="objective", id=state.objective),
        changes=(
            FieldChange(
                field="band", old_value=before.band if before else None, new_value=state.band
            ),
        ),
    )

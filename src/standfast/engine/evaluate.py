"""Judging: from counts to budgets, burns and policy, from those to alerts and what follows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from standfast.alerting.conditions import judge as judge_rule
from standfast.alerting.conditions import severity
from standfast.alerting.machine import Step, Turn, abandoned, step
from standfast.alerting.maintenance import hushed
from standfast.alerting.rules import Rule, rules
from standfast.audit.event import Event, FieldChange, Target
from standfast.engine import measurements
from standfast.engine.measurements import Measurements, MeasurementsTx
from standfast.engine.ports import Change, Store
from standfast.slo.budget import BudgetState
from standfast.slo.objective import objectives
from standfast.slo.policy import PolicyState, policy_state
from standfast.slo.status import BurnDown, LevelStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from fractions import Fraction

    from standfast.alerting.alert import Alert
    from standfast.slo.budget import Budget
    from standfast.spec.system import System

_POINTS = 300  # of a budget's history in one window


class AlertPort(Protocol):
    def alerts(self) -> dict[str, Alert]: ...
    def alert(self, fingerprint: str, *, lock: bool = False) -> Alert | None: ...
    def save(self, alert: Alert) -> None: ...


class LevelPort(measurements.LevelPort, Protocol):
    def policies(self) -> dict[str, PolicyState]: ...
    def newest_points(self) -> dict[str, datetime]: ...
    def keep(self, found: Iterable[LevelStatus]) -> None: ...
    def keep_points(self, found: Mapping[str, BurnDown]) -> None: ...
    def keep_policy(self, state: PolicyState) -> None: ...


class EvaluateTx(MeasurementsTx, Protocol):
    @property
    def alerting(self) -> AlertPort: ...
    @property
    def levels(self) -> LevelPort: ...


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
    points: Mapping[str, BurnDown]  # by objective
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
            lambda tx: judge_all(tx, Measurements(tx, system, now, self._made_in(tx)), system, now)
        )
        if judged.news:
            return self._store.write(lambda tx: self._save(tx, judged, system, now))
        return self._store.keep(lambda tx: self._save(tx, judged, system, now).result)

    def _made_in(self, tx: TxT) -> Callable[[str, str], datetime | None] | None:
        return partial(self._made, tx) if self._made else None

    def _save(
        self, tx: TxT, judged: Judged, system: System, now: datetime
    ) -> Change[tuple[Alert, ...]]:
        tx.levels.keep(judged.statuses)
        tx.levels.keep_points(judged.points)
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


def judge_all(tx: EvaluateTx, facts: Measurements, system: System, now: datetime) -> Judged:
    statuses = facts.statuses()
    known = tx.levels.policies()
    states = [
        (
            known.get(one.objective),
            policy_state(
                system.budget_policy,
                one.objective,
                _known(one.budget),
                known.get(one.objective),
                now,
            ),
        )
        for one in statuses
    ]
    return Judged(
        statuses=statuses,
        points=_points(system, statuses, tx.levels.newest_points(), now),
        policies=tuple((old, new) for old, new in states if new is not None and new != old),
        steps=steps_of(facts, tx.alerting.alerts(), rules(system), now),
    )


def _known(budget: Budget) -> Fraction | None:
    """What is left, where it is known: what a few looks found neither freezes anybody nor thaws."""
    return None if budget.state is BudgetState.UNKNOWN else budget.left


def _points(
    system: System,
    statuses: Sequence[LevelStatus],
    newest: Mapping[str, datetime],
    now: datetime,
) -> dict[str, BurnDown]:
    """A point of each history whose last one is old enough."""
    windows = {objective.name: objective.window for objective in objectives(system)}
    return {
        one.objective: BurnDown(at=now, left=one.budget.left)
        for one in statuses
        if one.budget.left is not None
        and (
            one.objective not in newest
            or now - newest[one.objective] >= windows[one.objective] / _POINTS
        )
    }


def steps_of(
    facts: Measurements, before: Mapping[str, Alert], every: Sequence[Rule], now: datetime
) -> tuple[tuple[Alert | None, Step], ...]:
    """What becomes of every alert; those that nothing happens to are left out."""
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

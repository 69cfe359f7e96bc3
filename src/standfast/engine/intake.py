"""Taking in alerts of other tools: to accept is to commit, with page and incident in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.alerting.alert import Alert, AlertState, fingerprint
from standfast.audit.event import Event, Target
from standfast.engine.follow import FollowTx
from standfast.engine.ports import Change, Store
from standfast.errors import StandfastError
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from standfast.spec.system import System

REOPENS = timedelta(minutes=5)
"""Back within so long after its end, an alert goes on with its old episode and page."""

_MOST = 1000  # alerts in one request


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One alert as another tool reports it; parsed and bounded, not yet believed to be new."""

    name: str
    component: str
    severity: Severity | None  # None: not said, or in words that we do not know
    firing: bool
    summary: str = ""
    because: str = ""
    source: str = "generic"
    since: datetime | None = None
    runbook: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    fingerprint: str
    turn: str  # fired | reopened | raised | resolved | unchanged
    severity: Severity
    component: str


class AlertPort(Protocol):
    def alert(self, fingerprint: str, *, lock: bool = False) -> Alert | None: ...
    def save(self, alert: Alert) -> None: ...


class IntakeTx(FollowTx, Protocol):
    @property
    def alerting(self) -> AlertPort: ...


class Consequences(Protocol):
    def fired(
        self, tx: IntakeTx, alert: Alert, system: System, now: datetime
    ) -> tuple[Event, ...]: ...
    def resolved(
        self, tx: IntakeTx, alert: Alert, system: System, now: datetime
    ) -> tuple[Event, ...]: ...


class Intake:
    def __init__(self, store: Store[IntakeTx], follow: Consequences) -> None:
        self._store, self._follow = store, follow

    def accept(
        self, reports: Sequence[Reported], system: System, now: datetime
    ) -> tuple[Accepted, ...]:
        """Returns once all of them are kept; raises StoreError where none is, so that the sender repeats."""
        if len(reports) > _MOST:
            raise StandfastError(f"{len(reports)} alerts at once", fix=f"send at most {_MOST}")
        # Always in the same order, so that two senders cannot wait for each other.
        alike = sorted(reports, key=_identity)

        def work(tx: IntakeTx) -> Change[tuple[Accepted, ...]]:
            accepted, events = [], list[Event]()
            for one in alike:
                taken, told = self._take(tx, one, system, now)
                accepted.append(taken)
                events += told
            return Change(tuple(accepted), tuple(events))

        return self._store.write(work)

    def _take(
        self, tx: IntakeTx, one: Reported, system: System, now: datetime
    ) -> tuple[Accepted, list[Event]]:
        alert = _named(one, system, now)
        before = tx.alerting.alert(alert.fingerprint, lock=True)
        after, turned = _after(before, alert, firing=one.firing, now=now)
        said = Accepted(
            fingerprint=after.fingerprint,
            turn=turned,
            severity=after.severity,
            component=after.component,
        )
        if turned == "unchanged":
            return said, []
        tx.alerting.save(after)
        follow = self._follow.resolved if turned == "resolved" else self._follow.fired
        return said, [_event(after, turned, one.source), *follow(tx, after, system, now)]


def _identity(one: Reported) -> tuple[object, ...]:
    return one.source, one.name, one.component, sorted(one.labels.items())


def _named(one: Reported, system: System, now: datetime) -> Alert:
    """A rule of the file by the same name says how grave it is; if nothing does, we take the higher."""
    rule = system.alerts.get(one.name)
    labels = {**one.labels, "source": one.source}
    component = one.component or (rule.of if rule else "") or "unknown"
    return Alert(
        fingerprint=fingerprint(one.name, component, labels),
        rule=one.name,
        component=component,
        severity=one.severity or (rule.severity if rule else Severity.P2),
        state=AlertState.FIRING,
        summary=one.summary or (rule.summary if rule else "") or one.name,
        because=one.because or f"{one.source} reports it",
        since=min(one.since or now, now),
        fired_at=now,
        runbook=one.runbook or (rule.runbook if rule else None),
        labels=labels,
        seen_at=now,
    )


def _after(before: Alert | None, fresh: Alert, *, firing: bool, now: datetime) -> tuple[Alert, str]:
    was_open = before is not None and before.open
    if not firing:
        if before is None or not was_open:
            return (
                fresh,
                "unchanged",
            )  # the end of something that we never heard of, or know to be over
        over = replace(before, state=AlertState.RESOLVED, resolved_at=now, seen_at=now)
        return over, "resolved"
    if before is None:
        return fresh, "fired"
    if was_open and fresh.severity >= before.severity:
        return before, "unchanged"
    if was_open:
        return replace(fresh, episode=before.episode + 1), "raised"
    soon = before.resolved_at is not None and now - before.resolved_at <= REOPENS
    if soon:
        return replace(fresh, episode=before.episode), "reopened"
    return replace(fresh, episode=before.episode + 1), "fired"


def _event(alert: Alert, turned: str, source: str) -> Event:
    return Event(
        type=f"alert.{turned}",
        category="operations",
        description=f"{alert.severity} {alert.summary}: {alert.because}",
        target=Target(type="alert", id=alert.fingerprint),
        context={
            "component": alert.component,
            "severity": alert.severity.value,
            "episode": alert.episode,
            "source": source,
        },
    )

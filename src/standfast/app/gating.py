"""Reading what the gate decides by, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.dashboards import gate as gate_screen
from standfast.slo.gate import Standing, Subject, Trouble, decide, subject_of
from standfast.spec.values import Sev

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.dashboards.gate import OverrideLine
    from standfast.incidents.incident import Incident
    from standfast.slo.gate import Verdict
    from standfast.spec.system import System
    from standfast.store.tx import Tx

_GRAVE = frozenset({Sev.SEV1, Sev.SEV2})


def verdict(tx: Tx, system: System, name: str, now: datetime) -> Verdict:
    """May we deploy it? Raises NotFound."""
    subject = subject_of(system, name)
    statuses, policies = tx.levels.statuses(), tx.levels.policies()
    standings = [
        Standing(objective=one, status=statuses.get(one.name), policy=policies.get(one.name))
        for one in subject.objectives
    ]
    return decide(subject, standings, _troubles(tx, subject), tx.gate.holding(name, now), now)


def overrides(tx: Tx, now: datetime) -> tuple[OverrideLine, ...]:
    """The newest first, those that have ended too."""
    return tuple(gate_screen.override_line(one, now) for one in tx.gate.recent())


def _troubles(tx: Tx, subject: Subject) -> list[Trouble]:
    return [
        _trouble(one)
        for one in tx.incidents.open()
        if one.component in subject.components and one.sev in _GRAVE
    ]


def _trouble(one: Incident) -> Trouble:
    return Trouble(
        id=one.id,
        sev=one.sev.value,
        state=one.state.value,
        title=one.title,
        component=one.component,
        since=one.started_at,
    )

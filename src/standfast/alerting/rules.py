"""The rules that are watched: those of the file, and for every objective those of its burn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.slo.burn import burn_alerts
from standfast.slo.objective import objectives
from standfast.spec.condition import Absence, Burn, Expr, Threshold
from standfast.spec.once import once
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.slo.burn import BurnWindow
    from standfast.slo.objective import Objective
    from standfast.spec.calling import AlertRule
    from standfast.spec.condition import Condition
    from standfast.spec.system import System

PAGE, TICKET = "page", "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One alert that may come to be, with everything its life is governed by."""

    name: str
    component: str
    when: Condition
    severity: Severity
    summary: str
    lasting: timedelta = timedelta(0)  # holds so long before it fires
    clears: timedelta = timedelta(0)  # is over so long before it is resolved
    reopens: timedelta = timedelta(minutes=15)  # back within this is the same episode
    runbook: str | None = None
    windows: str = ""  # of a burn: page | ticket; "" is all of them
    graded: bool = False  # of a burn: as grave as the gravest window that fires


@once
def rules(system: System) -> tuple[Rule, ...]:
    """File first. An objective whose burn the file watches itself gets no page of its own beside it."""
    every = objectives(system)
    mine = [
        _of_file(rule, every) for rule in system.alerts.values() if not isinstance(rule.when, Expr)
    ]
    watched = {
        rule.when.objective for rule in system.alerts.values() if isinstance(rule.when, Burn)
    }
    burning = [
        one
        for objective in every
        for one in _of_objective(system, objective)
        if not (one.windows == PAGE and {objective.name, objective.level} & watched)
    ]
    return tuple(mine + burning + _of_jobs(system))


def _of_jobs(system: System) -> list[Rule]:
    """One for each heartbeat, but for components whose heartbeats the file watches itself."""
    watched = {
        rule.of
        for rule in system.alerts.values()
        if isinstance(rule.when, Absence) and rule.when.signal == "heartbeat"
    }
    return [
        Rule(
            name=f"{name}-heartbeat",
            component=component.name,
            when=Absence(
                signal="heartbeat", lasting=timedelta(0), job=name, text=f"heartbeat {name} missing"
            ),
            severity=Severity.P3,
            summary=f"{name} does not run as planned",
            clears=timedelta(0),
            runbook=_runbook(system, component.name),
        )
        for component in system.components.values()
        if component.name not in watched
        for name in component.heartbeats
    ]


def _of_file(rule: AlertRule, every: Sequence[Objective]) -> Rule:
    """A burn that is P1 or P2 in the file is one of the page's windows: tickets wake nobody."""
    lasting = rule.when.lasting if isinstance(rule.when, Threshold) else timedelta(0)
    return Rule(
        name=rule.name,
        component=rule.of,
        when=rule.when,
        severity=rule.severity,
        summary=rule.summary or rule.when.text,
        lasting=lasting,
        clears=_clears(rule.when, every),
        runbook=rule.runbook,
        windows=PAGE if isinstance(rule.when, Burn) and rule.severity <= Severity.P2 else "",
    )


def _clears(when: Condition, every: Sequence[Objective]) -> timedelta:
    """Half the time it took to fire, at least a quarter minute and at most five: else it flaps."""
    if isinstance(when, Burn):
        mine = [one for one in every if when.objective in {one.name, one.level}]
        windows = [window for one in mine for window in burn_alerts(one)]
        return min((_calm(window) for window in windows), default=timedelta(0))
    if isinstance(when, Threshold | Absence):
        return min(max(when.lasting / 2, timedelta(seconds=15)), timedelta(minutes=5))
    return timedelta(0)


def _of_objective(system: System, objective: Objective) -> list[Rule]:
    """A page and a ticket; each fires by its quick or its slow windows."""
    windows = burn_alerts(objective)
    found = []
    for kind in (PAGE, TICKET):
        mine = [window for window in windows if window.pages == (kind == PAGE)]
        if not mine:
            continue
        found.append(
            Rule(
                name=f"{objective.name}-burn" + ("" if kind == PAGE else "-ticket"),
                component=objective.component,
                when=Burn(objective=objective.name, text=f"burn rate of {objective.name}"),
                severity=min(window.severity for window in mine),
                summary=f"{objective.name}: the error budget burns too fast",
                clears=_calm(mine[0]),
                runbook=_runbook(system, objective.component),
                windows=kind,
                graded=True,
            )
        )
    return found


def _calm(window: BurnWindow) -> timedelta:
    """The short window already forgets soon; this only keeps the border from flapping."""
    return min(window.short / 2, timedelta(minutes=2))


def _runbook(system: System, component: str) -> str | None:
    """The runbook of the component's own gravest alert: where it burns, that is the place to begin."""
    mine = [rule for rule in system.alerts.values() if rule.of == component and rule.runbook]
    return min(mine, key=lambda rule: rule.severity).runbook if mine else None

"""The alerts that Prometheus can have: those of the file, and burn rates of what it gives none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.alerting.explained import explain as explain_condition
from standfast.publish.markdown import span
from standfast.publish.prometheus import objectives
from standfast.publish.prometheus.conditions import query_of
from standfast.publish.prometheus.query import Query, Unsaid
from standfast.slo.burn import burn_alerts, burn_windows
from standfast.slo.judgement import explain
from standfast.spec.condition import Burn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from standfast.publish.prometheus.objectives import Measured
    from standfast.slo.burn import BurnWindow
    from standfast.slo.objective import Objective
    from standfast.spec.calling import AlertRule
    from standfast.spec.system import System
    from standfast.spec.values import Severity

Every = tuple[tuple["Objective", "Measured | Unsaid"], ...]
Behind = dict[str, list["Measured | Unsaid"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alerting rule, or the reason why Prometheus cannot have it."""

    name: str
    component: str
    severity: Severity
    query: Query | Unsaid
    summary: str
    runbook: str  # the name of its page
    elsewhere: str = ""  # the address of one that the team keeps itself
    objective: str = ""
    from_file: bool = True
    explained: str = ""  # how soon it notices, where it counts errors or misses successes


def alerts(system: System, measured: Every | None = None) -> tuple[Alert, ...]:
    """Those of the file first, then the burn-rate alerts of objectives that the file gives none.

    `measured` are the system's objectives, where somebody has worked them out already.
    """
    known = objectives.measured(system) if measured is None else measured
    every = {one.name: found for one, found in known}
    behind = _behind(every)
    stated = [_stated(rule, system, behind) for rule in system.alerts.values()]
    named = {rule.when.objective for rule in system.alerts.values() if isinstance(rule.when, Burn)}
    burning = [
        alert
        for name, found in every.items()
        if isinstance(found, objectives.Measured) and not named & {name, found.objective.level}
        for alert in _burning(found)
    ]
    return (*stated, *burning)


def _behind(every: dict[str, Measured | Unsaid]) -> Behind:
    """What an alert can mean by a name: an objective, or every promise of a service level."""
    found: Behind = {}
    for name, one in every.items():
        level = name if isinstance(one, Unsaid) else one.objective.level
        for key in {name, level}:
            found.setdefault(key, []).append(one)
    return found


def _stated(rule: AlertRule, system: System, behind: Behind) -> Alert:
    if isinstance(rule.when, Burn):
        query, objective = _burn(rule.when, behind), rule.when.objective
        explained = _explained(
            (one.objective, window)
            for one in behind.get(objective, [])
            if isinstance(one, objectives.Measured)
            for window in burn_alerts(one.objective)
            if window.pages
        )
    else:
        query, objective = query_of(rule.when, system.components[rule.of], system), ""
        explained = explain_condition(rule.when)
    said = rule.runbook or ""
    elsewhere = said if said.startswith(("https://", "http://")) else ""
    return Alert(
        name=rule.name,
        component=rule.of,
        severity=rule.severity,
        query=query,
        summary=rule.summary or f"{rule.of}: {rule.when.text}",
        runbook=rule.name if elsewhere else rule.runbook or rule.name,
        elsewhere=elsewhere,
        objective=objective,
        explained=explained,
    )


def _explained(windows: Iterable[tuple[Objective, BurnWindow]]) -> str:
    return "; or ".join(explain(objective, window) for objective, window in windows)


def _burn(condition: Burn, behind: Behind) -> Query | Unsaid:
    """All pages of one objective, or of every promise of one service level, under one name."""
    found = behind.get(condition.objective, [])
    for one in found:
        if isinstance(one, Unsaid):
            return one
    queries = [
        query for one in found if isinstance(one, objectives.Measured) if (query := _pages(one))
    ]
    if not queries:
        return Unsaid(
            reason=f"no burn of {condition.objective} can ever fire: see SLOs.md",
            to="Business Analyst",
        )
    return Query(
        expr=_as_one([query.expr for query in queries]),
        lasting=timedelta(0),
        drains=max(query.drains for query in queries),
        bad=tuple(dict.fromkeys(one for query in queries for one in query.bad)),
        good=tuple(dict.fromkeys(one for query in queries for one in query.good)),
        grain=max(query.grain for query in queries),
    )


def _as_one(exprs: list[str]) -> str:
    """Several objectives under one name: without the label that parts them, or Prometheus refuses twins."""
    together = "\nor ".join(exprs)
    return together if len(exprs) == 1 else f"max by (component) (\n{together}\n)"


def _pages(one: Measured) -> Query | None:
    return objectives.burn_query(
        one, (window for window in burn_windows(one.objective) if window.pages)
    )


def _burning(one: Measured) -> Iterator[Alert]:
    """One alert for each severity that the objective's windows have."""
    grouped: dict[Severity, list[BurnWindow]] = {}
    for window in burn_alerts(one.objective):
        grouped.setdefault(window.severity, []).append(window)
    for severity, windows in grouped.items():
        if query := objectives.burn_query(one, windows):
            yield Alert(
                name=f"{one.objective.name}-burn-{severity.lower()}",
                component=one.objective.component,
                severity=severity,
                query=query,
                summary=f"{one.objective.name} burns its error budget: "
                + " or ".join(
                    f"{float(window.factor):.4g} times too fast over {span(window.long)}"
                    for window in windows
                ),
                runbook=one.objective.level,
                objective=one.objective.name,
                from_file=False,
                explained=_explained((one.objective, window) for window in windows),
            )

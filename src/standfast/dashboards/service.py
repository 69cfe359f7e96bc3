"""One component: how it is, what was measured, what it needs and who needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.figure import figure
from standfast.dashboards.mark import UNKNOWN, Mark, mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from standfast.alerting.alert import Alert
    from standfast.dashboards.gate import GateCard
    from standfast.dashboards.objective import ObjectiveLine
    from standfast.monitoring.gauge import Reading
    from standfast.monitoring.health import ComponentHealth
    from standfast.monitoring.target import TargetState
    from standfast.spec.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentLine:
    name: str
    type: str
    owner: str
    mark: Mark
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One measured value over the last while, ready to be drawn."""

    title: str
    now: str
    words: str
    unit: str
    threshold: float | None
    points: tuple[tuple[datetime, float | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    name: str
    mark: Mark
    words: str
    took: timedelta | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    name: str
    how: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentAlert:
    severity: str
    summary: str
    because: str
    mark: Mark
    since: datetime
    runbook: str  # its name; "" where none is known


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceScreen:
    name: str
    mark: Mark
    because: str
    signals: tuple[Signal, ...]
    checks: tuple[CheckLine, ...]
    edges: tuple[Edge, ...]
    blast_radius: str
    objectives: tuple[ObjectiveLine, ...]
    alerts: tuple[RecentAlert, ...]
    runbooks: tuple[str, ...]  # those that alerts on it lead to
    gate: GateCard  # may it be deployed?


def component_line(system: System, name: str, health: ComponentHealth | None) -> ComponentLine:
    component = system.components[name]
    return ComponentLine(
        name=name,
        type=component.type,
        owner=component.owner or "",
        mark=mark(health.state.value) if health else UNKNOWN,
        because=health.because if health else "not looked at yet",
    )


def screen(
    system: System,
    name: str,
    healths: Mapping[str, ComponentHealth],
    states: Sequence[TargetState],
    signals: Mapping[str, tuple[Reading, ...]],
    objectives: Sequence[ObjectiveLine],
    alerts: Sequence[Alert],
    gate: GateCard,
) -> ServiceScreen:
    own = component_line(system, name, healths.get(name))
    return ServiceScreen(
        name=name,
        mark=own.mark,
        because=own.because,
        signals=drawn(signals),
        checks=tuple(line for state in states for line in _checks(state)),
        edges=_edges(system, name, healths),
        blast_radius=_blast_radius(system, name),
        objectives=tuple(objectives),
        alerts=tuple(_alert(one) for one in alerts),
        runbooks=_runbooks(system, name),
        gate=gate,
    )


def drawn(signals: Mapping[str, tuple[Reading, ...]]) -> tuple[Signal, ...]:
    """Each signal ready for a chart, the golden ones first."""
    return tuple(
        _signal(title, readings) for title, readings in sorted(signals.items(), key=_order)
    )


_FIRST = (
    "requests per second",
    "error rate",
    "p95 latency",
    "p99 latency",
    "p50 latency",
    "concurrent users",
    "connections",
)


def _order(item: tuple[str, object]) -> tuple[int, str]:
    return (_FIRST.index(item[0]) if item[0] in _FIRST else len(_FIRST), item[0])


def _signal(title: str, readings: Sequence[Reading]) -> Signal:
    unit, scale = _unit(title, max((each.value for each in readings), default=0.0))
    points = tuple((each.at, each.value * scale) for each in readings)
    newest = points[-1][1] if points else None
    values = [value for _, value in points]
    return Signal(
        title=title,
        now="no data" if newest is None else figure(newest, unit),
        words=f"between {figure(min(values), unit)} and {figure(max(values), unit)} in this time"
        if values
        else "",
        unit=unit,
        threshold=None,
        points=points,
    )


def _unit(title: str, largest: float) -> tuple[str, float]:
    """How a signal is shown: its unit, and what its value is multiplied by."""
    if "latency" in title or title in {"query time", "replication lag"}:
        return (" s", 1.0) if largest >= 1 else (" ms", 1000.0)
    if title in {"error rate", "probe failures"} or title.endswith(
        (" used", " busy", " throttled")
    ):
        return "%", 100.0
    return ("/s", 1.0) if title.endswith("per second") else ("", 1.0)


def _checks(state: TargetState) -> list[CheckLine]:
    word = state.says or ("healthy" if state.ok else "unhealthy")
    own = CheckLine(
        name=state.check or state.kind,
        mark=mark(word),
        words="; ".join(filter(None, (state.because, *state.notes))),
        took=state.latency,
        at=state.at,
    )
    return [own, *(_inner(state, name, detail) for name, detail in state.detail.items())]


def _inner(state: TargetState, name: str, detail: object) -> CheckLine:
    found = detail if isinstance(detail, dict) else {}
    said = str(found.get("status", "unknown"))
    took = found.get("latency_ms")
    words = f"{took} ms by its own measure" if took is not None else ""
    return CheckLine(
        name=f"{state.check}: {name}", mark=mark(said), words=words, took=None, at=state.at
    )


def _edges(system: System, name: str, healths: Mapping[str, ComponentHealth]) -> tuple[Edge, ...]:
    def state_of(other: str) -> Mark:
        found = healths.get(other)
        return mark(found.state.value) if found else UNKNOWN

    needs = [
        Edge(name=need.to, how=f"needs it ({need.strength.value})", mark=state_of(need.to))
        for need in system.components[name].needs.values()
    ]
    needed = [
        Edge(
            name=other.name,
            how=f"needs this ({other.needs[name].strength.value})",
            mark=state_of(other.name),
        )
        for other in system.components.values()
        if name in other.needs
    ]
    return tuple(needs + needed)


def _blast_radius(system: System, name: str) -> str:
    """Who fails with it: everything that needs it hard, and what needs those."""
    fallen, edge = {name}, {name}
    while edge:
        edge = {
            other.name
            for other in system.components.values()
            for need in other.needs.values()
            if need.to in edge and need.strength.value == "hard" and other.name not in fallen
        }
        fallen |= edge
    journeys = [journey.name for journey in system.journeys.values() if fallen & set(journey.path)]
    others = sorted(fallen - {name})
    said = (
        f"If it fails, {', '.join(others)} fail with it"
        if others
        else "If it fails, nothing else must"
    )
    return f"{said}; journeys touched: {', '.join(journeys) or 'none'}."


def _alert(one: Alert) -> RecentAlert:
    return RecentAlert(
        severity=one.severity.value,
        summary=one.summary,
        because=one.because,
        mark=mark(one.state.value),
        since=one.since,
        runbook=one.runbook or "",
    )


def _runbooks(system: System, name: str) -> tuple[str, ...]:
    """As they are published: an alert that names none has one of its own name."""
    mine = [one.runbook or one.name for one in system.alerts.values() if one.of == name]
    return tuple(dict.fromkeys(mine))

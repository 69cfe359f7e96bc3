"""One component: how it is, what was measured, what it needs and who needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.deploy import DeployLine, lines, marks
from standfast.dashboards.figure import figure
from standfast.dashboards.mark import UNKNOWN, Mark, mark
from standfast.dashboards.why import asked_every, of_signal
from standfast.spec.condition import Threshold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from standfast.alerting.alert import Alert
    from standfast.dashboards.deploy import Marks
    from standfast.dashboards.gate import GateCard
    from standfast.dashboards.objective import ObjectiveLine
    from standfast.dashboards.why import Why
    from standfast.monitoring.deploy import Deploy
    from standfast.monitoring.gauge import Reading
    from standfast.monitoring.health import ComponentHealth
    from standfast.monitoring.target import TargetState
    from standfast.spec.system import Component, System


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
    points: tuple[tuple[datetime, float | None], ...]  # None where looks failed
    component: str
    mark: Mark  # quiet where nothing is known or nobody says what is too much
    marks: Marks  # what was deployed meanwhile
    why: Why

    @property
    def id(self) -> str:
        return f"{self.component}-{self.title}".replace(" ", "-").replace(".", "-")


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
    component: str
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
    deploys: tuple[DeployLine, ...]  # the newest first
    since: datetime | None  # of its state
    gate: GateCard  # may it be deployed?

    @property
    def golden(self) -> tuple[Signal, ...]:
        """Latency, traffic, errors and saturation; where none of them is measured, the first that are."""
        found = tuple(one for one in self.signals if one.title in _GOLDEN)
        return found or self.signals[: len(_GOLDEN)]

    @property
    def others(self) -> tuple[Signal, ...]:
        shown = {one.title for one in self.golden}
        return tuple(one for one in self.signals if one.title not in shown)


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
    deploys: Sequence[Deploy],
    now: datetime,
) -> ServiceScreen:
    own = component_line(system, name, healths.get(name))
    return ServiceScreen(
        name=name,
        mark=own.mark,
        because=own.because,
        signals=drawn(system, name, signals, marks(deploys), now),
        checks=tuple(line for state in states for line in _checks(state)),
        edges=_edges(system, name, healths),
        blast_radius=_blast_radius(system, name),
        objectives=tuple(objectives),
        alerts=tuple(recent_alert(one) for one in alerts),
        runbooks=_runbooks(system, name),
        gate=gate,
        deploys=lines(deploys),
        since=healths[name].since if name in healths else None,
    )


def drawn(
    system: System,
    name: str,
    signals: Mapping[str, tuple[Reading, ...]],
    deployed: Marks,
    now: datetime,
) -> tuple[Signal, ...]:
    """Each signal of a component ready for a chart, the golden ones first."""
    return tuple(
        _signal(system, system.components[name], title, readings, deployed, now)
        for title, readings in sorted(signals.items(), key=_order)
    )


_GOLDEN = (
    "requests per second",
    "error rate",
    "p95 latency",
    "concurrent users",
    "cpu used",
    "connections used",
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


def _signal(
    system: System,
    component: Component,
    title: str,
    readings: Sequence[Reading],
    deployed: Marks,
    now: datetime,
) -> Signal:
    unit, scale = unit_of(title, max((each.value for each in readings), default=0.0))
    every = asked_every(component, title)
    newest = readings[-1] if readings and now - readings[-1].at <= _STALE * every else None
    values = [each.value * scale for each in readings]
    limit = limit_of(system, component.name, title)
    return Signal(
        title=title,
        now=value_words(title, newest.value) if newest else "no data",
        words=_range_words(values, unit),
        unit=unit,
        threshold=None if limit is None else limit * scale,
        points=_with_gaps(readings, scale, every, now),
        component=component.name,
        mark=judged(title, newest.value if newest else None, limit),
        marks=tuple(one for one in deployed if readings and readings[0].at <= one[0] <= now),
        why=of_signal(system, component, title, readings, now),
    )


def _range_words(values: Sequence[float], unit: str) -> str:
    if not values:
        return "nothing was measured in this time"
    low, high = figure(min(values), unit), figure(max(values), unit)
    return f"always {low} in this time" if low == high else f"between {low} and {high} in this time"


def value_words(title: str, value: float) -> str:
    """One value in the unit that suits it."""
    unit, scale = unit_of(title, abs(value))
    return figure(value * scale, unit)


_STALE = 5  # looks missed; then a value is no news of now


def _with_gaps(
    readings: Sequence[Reading], scale: float, every: timedelta, now: datetime
) -> tuple[tuple[datetime, float | None], ...]:
    """A look that is missing leaves a gap: no line is drawn over what nobody saw."""
    points: list[tuple[datetime, float | None]] = []
    for each in readings:
        if points and each.at - points[-1][0] > _STALE * every:
            points.append((points[-1][0] + every, None))
        points.append((each.at, each.value * scale))
    if points and now - points[-1][0] > _STALE * every:
        points += [(points[-1][0] + every, None), (now, None)]
    return tuple(points)


_FULL, _NEARLY = 0.9, 0.8


def limit_of(system: System, component: str, title: str) -> float | None:
    """The lowest value that an alert of the file calls too much."""
    found = [
        float(rule.when.limit)
        for rule in system.alerts.values()
        if rule.of == component
        and isinstance(rule.when, Threshold)
        and rule.when.above
        and rule.when.signal == title
    ]
    return min(found, default=None)


def judged(title: str, value: float | None, limit: float | None) -> Mark:
    """How full; of a share that nobody set a limit for, four fifths are much and nine tenths too much."""
    if value is None:
        return UNKNOWN
    if limit is not None:
        near = limit * _NEARLY
        return _TOO_MUCH if value > limit else _NEAR if value > near else _FINE
    if not title.endswith(" used"):
        return UNJUDGED
    return _TOO_MUCH if value > _FULL else _NEAR if value > _NEARLY else _FINE


UNJUDGED = Mark("quiet", "no limit set")
_TOO_MUCH, _NEAR, _FINE = Mark("bad", "too much"), Mark("warn", "much"), Mark("good", "fine")


def unit_of(title: str, largest: float) -> tuple[str, float]:
    """How a signal is shown: its unit, and what its value is multiplied by."""
    if title in _BYTES:
        size = next((n for n in (9, 6, 3) if largest >= 10**n), 0)
        unit = {9: " GB", 6: " MB", 3: " kB", 0: " B"}[size]
        return unit + ("" if title == "memory held" else "/s"), 10.0**-size
    if "latency" in title or title in {"query time", "replication lag"}:
        return (" s", 1.0) if largest >= 1 else (" ms", 1000.0)
    if title in {"error rate", "probe failures"} or title.endswith(
        (" used", " busy", " throttled")
    ):
        return "%", 100.0
    return ("/s", 1.0) if title.endswith("per second") else ("", 1.0)


_BYTES = {"memory held", "network received", "network sent", "disk read", "disk written"}


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


def recent_alert(one: Alert) -> RecentAlert:
    return RecentAlert(
        severity=one.severity.value,
        component=one.component,
        summary=one.summary or one.rule,
        because=one.because,
        mark=mark(one.state.value),
        since=one.since,
        runbook=one.runbook or "",
    )


def _runbooks(system: System, name: str) -> tuple[str, ...]:
    """As they are published: an alert that names none has one of its own name."""
    mine = [one.runbook or one.name for one in system.alerts.values() if one.of == name]
    return tuple(dict.fromkeys(mine))

"""Is a component well? From its own checks first, then from what it needs; always with the reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.monitoring.target import BOOKS, BOOKS_EVERY, HEARTBEAT, MEASURES, PROBES
from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from standfast.monitoring.target import TargetState
    from standfast.spec.system import Component, System

ANSWERING = PROBES | {"health", HEARTBEAT}  # kinds whose answer says how it is
_TWICE = 2  # one lost look is no outage
_STALE = 3  # intervals


class Health(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentHealth:
    component: str
    state: Health
    because: str
    since: datetime  # of the state


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a health endpoint said of itself."""

    says: str
    detail: Mapping[str, object]


_WORDS = {
    "healthy": "healthy",
    "pass": "healthy",
    "ok": "healthy",
    "up": "healthy",
    "degraded": "degraded",
    "warn": "degraded",
    "unhealthy": "unhealthy",
    "fail": "unhealthy",
    "down": "unhealthy",
}
_MOST_CHECKS = 50


def read_report(text: str, *, ok: bool) -> Report:
    """The JSON of a health endpoint; one that answers something else is judged by its status code."""
    try:
        body = json.loads(text) if len(text) <= 100_000 else None
    except (ValueError, RecursionError):
        body = None
    plain = "healthy" if ok else "unhealthy"
    if not isinstance(body, dict):
        return Report(says=plain, detail={})
    says = _WORDS.get(str(body.get("status", "")).lower(), plain)
    checks = body.get("checks")
    kept = dict(list(checks.items())[:_MOST_CHECKS]) if isinstance(checks, dict) else {}
    return Report(says="unhealthy" if not ok and says == "healthy" else says, detail=kept)


def component_health(
    system: System,
    states: Mapping[str, tuple[TargetState, ...]],
    before: Mapping[str, ComponentHealth],
    now: datetime,
) -> dict[str, ComponentHealth]:
    """Every component's health; `states` are the looks at each component."""
    own = {
        name: own_health(one, states.get(name, ()), now) for name, one in system.components.items()
    }
    found = {}
    for name, component in system.components.items():
        state, because = _with_needs(component, own)
        last = before.get(name)
        since = min(last.since, now) if last and last.state is state else now
        found[name] = ComponentHealth(component=name, state=state, because=because, since=since)
    return found


def own_health(
    component: Component, states: Iterable[TargetState], now: datetime
) -> tuple[Health, str]:
    """What its own checks say, the worst first."""
    fresh = [one for one in states if one.kind != "tls" and not _stale(component, one, now)]
    unseen = [one for one in fresh if one.says == "unknown"]  # we could not look
    answers = [one for one in fresh if one.kind in ANSWERING and one not in unseen]
    if down := [one for one in answers if _down(one)]:
        return Health.UNHEALTHY, f"{_name(down[0])}: {down[0].because or down[0].says}"
    if weak := [one for one in answers if not one.ok or one.says == "degraded"]:
        return Health.DEGRADED, f"{_name(weak[0])}: {weak[0].because or weak[0].says}"
    blind = [one for one in fresh if one.kind in MEASURES and not one.ok]
    if answers:
        note = f"; no metrics: {blind[0].because}" if blind else ""
        return Health.HEALTHY, f"{_all_well([_name(one) for one in answers])}{note}"
    if blind := [*blind, *unseen]:
        return Health.UNKNOWN, f"{_name(blind[0])}: {blind[0].because}"
    if fresh:
        return Health.HEALTHY, "its metrics answer; nothing else is asked"
    return Health.UNKNOWN, "nothing has looked at it of late" if states else "nothing looks at it"


def _all_well(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} is well"
    return f"{', '.join(names[:-1])} and {names[-1]} are well"


def _down(one: TargetState) -> bool:
    if one.kind == HEARTBEAT:
        return not one.ok  # its grace has been waited for
    if one.kind == "health" and one.says == "unhealthy" and one.check != "live":
        return one.failures == 0 or one.failures >= _TWICE
    return not one.ok and one.failures >= _TWICE


def _stale(component: Component, one: TargetState, now: datetime) -> bool:
    check = component.health.get(one.check)
    return now - one.at > _STALE * every_of(
        component, one.kind, None if check is None else check.every
    )


def every_of(component: Component, kind: str, check: timedelta | None) -> timedelta:
    if check is not None:
        return check
    if kind in BOOKS:
        return BOOKS_EVERY
    return component.scrape_every if kind in MEASURES else component.probe_every


def _with_needs(component: Component, own: Mapping[str, tuple[Health, str]]) -> tuple[Health, str]:
    state, because = own[component.name]
    if state is Health.UNHEALTHY:
        return state, because
    for need, why, edge in _broken(component, own):
        felt = f"; users see {edge}" if edge else ""
        if state is not Health.UNKNOWN:
            return Health.DEGRADED, f"needs {need}, which is unhealthy ({why}){felt}"
    return state, because


def _broken(
    component: Component, own: Mapping[str, tuple[Health, str]]
) -> list[tuple[str, str, str]]:
    """Needs that are down, the hard ones first."""
    edges = sorted(component.needs.values(), key=lambda need: need.strength is not Strength.HARD)
    return [
        (need.to, own[need.to][1], need.users_see)
        for need in edges
        if need.to in own and own[need.to][0] is Health.UNHEALTHY
    ]


def _name(one: TargetState) -> str:
    return _NAMES.get(one.kind, one.check or one.kind)


_NAMES = {
    "http": "probe",
    "tcp": "port",
    "websocket": "WebSocket",
    "grpc": "gRPC",
    "dns": "DNS",
    "icmp": "ping",
}

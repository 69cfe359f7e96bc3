"""Service Health: which service, since when, and why? Those that are unwell first, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.dashboards.mark import RANK
from standfast.dashboards.service import component_line, value_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from standfast.dashboards.deploy import DeployLine
    from standfast.dashboards.mark import Mark
    from standfast.monitoring.gauge import Reading
    from standfast.monitoring.health import ComponentHealth
    from standfast.spec.system import System

_STALE = timedelta(minutes=2)
_NAMES = ("requests per second", "error rate", "p95 latency")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLine:
    name: str
    type: str
    owner: str
    mark: Mark
    because: str
    since: datetime | None
    requests: str
    errors: str
    p95: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicesScreen:
    words: str
    unwell: tuple[ServiceLine, ...]
    unknown: tuple[ServiceLine, ...]
    well: tuple[ServiceLine, ...]
    deploys: tuple[DeployLine, ...]

    @property
    def services(self) -> tuple[ServiceLine, ...]:
        return (*self.unwell, *self.unknown, *self.well)


def screen(
    system: System,
    healths: Mapping[str, ComponentHealth],
    newest: Mapping[str, Mapping[str, Reading]],
    deploys: Sequence[DeployLine],
    now: datetime,
) -> ServicesScreen:
    """`newest` has the last value of each signal, by component."""
    found = [
        _line(system, name, healths.get(name), newest.get(name, {}), now)
        for name in system.components
    ]
    found.sort(key=lambda one: RANK.index(one.mark.tone))
    unwell = tuple(one for one in found if one.mark.tone in {"bad", "warn"})
    unknown = tuple(one for one in found if one.mark.tone == "quiet")
    return ServicesScreen(
        words=_words(unwell, unknown, len(found)),
        unwell=unwell,
        unknown=unknown,
        well=tuple(one for one in found if one.mark.tone == "good"),
        deploys=tuple(deploys),
    )


def _line(
    system: System,
    name: str,
    health: ComponentHealth | None,
    signals: Mapping[str, Reading],
    now: datetime,
) -> ServiceLine:
    own = component_line(system, name, health)
    requests, errors, p95 = (_figure(title, signals.get(title), now) for title in _NAMES)
    return ServiceLine(
        name=name,
        type=own.type,
        owner=own.owner,
        mark=own.mark,
        because=own.because,
        since=health.since if health else None,
        requests=requests,
        errors=errors,
        p95=p95,
    )


def _figure(title: str, reading: Reading | None, now: datetime) -> str:
    """An old value is no news of now."""
    if reading is None or now - reading.at > _STALE:
        return ""
    return value_words(title, reading.value)


def _words(unwell: Sequence[ServiceLine], unknown: Sequence[ServiceLine], every: int) -> str:
    if not every:
        return "The file names no components."
    worst = f"{unwell[0].name} is {unwell[0].mark.word}: {unwell[0].because}. " if unwell else ""
    if not unwell and not unknown:
        return f"All {every} are healthy." if every > 1 else "It is healthy."
    verb = "is" if len(unwell) == 1 else "are"
    parts = [f"{len(unwell)} of {every} {verb} unwell" if unwell else f"none of {every} is unwell"]
    parts += [f"of {len(unknown)} nothing is known"] if unknown else []
    return worst + ", ".join(parts).capitalize() + "."

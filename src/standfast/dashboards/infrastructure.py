"""Infrastructure: is a resource the cause? CPU, memory, disk, network, containers and connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.mark import UNKNOWN, worst
from standfast.dashboards.service import UNJUDGED, ComponentLine, Signal, component_line, drawn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from standfast.dashboards.deploy import Marks
    from standfast.dashboards.mark import Mark
    from standfast.monitoring.gauge import Reading
    from standfast.monitoring.health import ComponentHealth
    from standfast.spec.system import System

KINDS: Mapping[str, tuple[str, ...]] = {  # what a signal's name begins with
    "CPU": ("cpu",),
    "Memory": ("memory",),
    "Disk": ("disk",),
    "Network": ("network",),
    "Containers": ("container",),
    "Connections": ("connections",),
    "Users at once": ("concurrent users",),
}
_OTHERS = ("queue length", "consumer lag", "replication lag", "query time")
_PREFIXES = (*(one for names in KINDS.values() for one in names), *_OTHERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind of resource of one component, in its worst figure; quiet where nothing measures it."""

    kind: str
    now: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    component: ComponentLine
    cells: tuple[Cell, ...]  # one of each kind
    signals: tuple[Signal, ...]
    threatens: tuple[str, ...]  # the promises that stand on it


@dataclass(frozen=True, slots=True, kw_only=True)
class InfrastructureScreen:
    words: str
    kinds: tuple[str, ...]
    resources: tuple[Resources, ...]
    silent: tuple[str, ...]  # of which nothing at all is measured


def screen(
    system: System,
    healths: Mapping[str, ComponentHealth],
    signals: Mapping[str, Mapping[str, tuple[Reading, ...]]],
    promises: Mapping[str, tuple[str, ...]],
    deployed: Mapping[str, Marks],
    now: datetime,
) -> InfrastructureScreen:
    """`signals` by component and name, `promises` the objectives and `deployed` the marks by component."""
    found = []
    for name in system.components:
        mine = {key: one for key, one in signals.get(name, {}).items() if key.startswith(_PREFIXES)}
        ready = drawn(system, name, mine, deployed.get(name, ()), now)
        found.append(
            Resources(
                component=component_line(system, name, healths.get(name)),
                cells=tuple(_cell(kind, ready) for kind in KINDS),
                signals=ready,
                threatens=promises.get(name, ()),
            )
        )
    return InfrastructureScreen(
        words=_words(found),
        kinds=tuple(KINDS),
        resources=tuple(found),
        silent=tuple(one.component.name for one in found if not one.signals),
    )


def _cell(kind: str, signals: tuple[Signal, ...]) -> Cell:
    mine = [one for one in signals if one.title.startswith(KINDS[kind])]
    if not mine:
        return Cell(kind=kind, now="", mark=UNKNOWN)
    judged = [one for one in mine if one.mark not in (UNJUDGED, UNKNOWN)]
    mark = worst([one.mark for one in judged or mine])
    shown = next(one for one in judged or mine if one.mark == mark)
    return Cell(kind=kind, now=shown.now, mark=mark)


def _words(found: list[Resources]) -> str:
    """The answer first: is it a resource, and what stands on it?"""
    full = [
        f"{one.component.name}: {cell.kind} {cell.now}"
        + (f", under {', '.join(one.threatens)}" if one.threatens else "")
        for one in found
        for cell in one.cells
        if cell.mark.tone == "bad"
    ]
    if full:
        return f"A resource may be the cause. {'; '.join(full)}."
    measured = [one for one in found if one.signals]
    if not measured:
        return "No resource is measured, so nobody can say."
    silent = [one.component.name for one in found if not one.signals]
    said = "No resource that is measured runs out."
    return said + (f" Nothing is measured of {', '.join(silent)}." if silent else "")

"""Infrastructure: is a resource the cause? What each component has of CPU, memory, disk and connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.service import ComponentLine, Signal, component_line, drawn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.monitoring.gauge import Reading
    from standfast.monitoring.health import ComponentHealth
    from standfast.spec.system import System

SATURATION = frozenset(
    {
        "cpu used", "memory used", "disk used", "connections", "connections used", "concurrent users",
        "queue length", "consumer lag", "replication lag", "query time",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    component: ComponentLine
    signals: tuple[Signal, ...]
    threatens: tuple[str, ...]  # the promises that stand on it


@dataclass(frozen=True, slots=True, kw_only=True)
class InfrastructureScreen:
    words: str
    resources: tuple[Resources, ...]


def screen(
    system: System,
    healths: Mapping[str, ComponentHealth],
    signals: Mapping[str, Mapping[str, tuple[Reading, ...]]],
    promises: Mapping[str, tuple[str, ...]],
) -> InfrastructureScreen:
    """`signals` by component and name, `promises` the objectives by component."""
    found = tuple(
        Resources(
            component=component_line(system, name, healths.get(name)),
            signals=drawn({k: v for k, v in signals.get(name, {}).items() if k in SATURATION}),
            threatens=promises.get(name, ()),
        )
        for name in system.components
    )
    silent = [one.component.name for one in found if not one.signals]
    words = (
        f"No saturation is measured of {', '.join(silent)}."
        if silent
        else "Every component is measured."
    )
    return InfrastructureScreen(words=words, resources=found)

"""The directory: everything of the system that has a name and a place, for whoever knows what they look for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.slo.objective import objectives

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from standfast.incidents.incident import Incident
    from standfast.spec.system import System

MOST = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    kind: str  # incident, service, objective, journey, runbook
    name: str
    words: str  # what it is, for whoever does not know it by its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    places: tuple[Place, ...]
    left_out: int  # of what the file holds, beyond the most that is listed


def directory(
    system: System, incidents: Sequence[Incident], runbooks: Mapping[str, str]
) -> Directory:
    """`runbooks` are titles by name. What is going on first, what is read rarely last."""
    found = tuple(_places(system, incidents, runbooks))
    return Directory(places=found[:MOST], left_out=max(0, len(found) - MOST))


def _places(
    system: System, incidents: Sequence[Incident], runbooks: Mapping[str, str]
) -> Iterator[Place]:
    for incident in incidents:
        state = f"{incident.sev.value}, {incident.state.value}"
        yield Place(kind="incident", name=incident.id, words=f"{incident.title} ({state})")
    for name, component in system.components.items():
        owner = f", of {component.owner}" if component.owner else ""
        yield Place(kind="service", name=name, words=f"{component.type}{owner}")
    for objective in objectives(system):
        yield Place(kind="objective", name=objective.name, words=f"of {objective.component}")
    for journey in system.journeys.values():
        yield Place(kind="journey", name=journey.name, words=" → ".join(journey.path))
    for name, title in runbooks.items():
        yield Place(kind="runbook", name=name, words=title)

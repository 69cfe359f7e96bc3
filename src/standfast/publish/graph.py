"""What breaks when a component breaks: the graph of needs, read backwards and drawn."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.review.chain import chain_of
from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from standfast.spec.system import Need, System

Callers = tuple[tuple[str, "Need"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The needs of a system read backwards, so that no question has to walk all of them."""

    system: System
    places: Mapping[str, int]  # of components in the file
    callers: Mapping[str, Callers]  # component -> who needs it, in the file's order
    hard: Mapping[str, tuple[str, ...]]  # component -> journeys that fail with it
    soft: Mapping[str, tuple[str, ...]]  # component -> journeys that can do without it
    known: dict[str, Blast] = field(
        default_factory=dict
    )  # worked out so far; asked for again and again


def graph_of(system: System) -> Graph:
    callers: dict[str, list[tuple[str, Need]]] = {}
    for name, part in system.components.items():
        for need in part.needs.values():
            callers.setdefault(need.to, []).append((name, need))
    chains = {name: chain_of(system, journey) for name, journey in system.journeys.items()}
    return Graph(
        system=system,
        places={name: place for place, name in enumerate(system.components)},
        callers={name: tuple(found) for name, found in callers.items()},
        hard=_journeys((part, name) for name, chain in chains.items() for part in chain.hard),
        soft=_journeys((one.to, name) for name, chain in chains.items() for one in chain.soft),
    )


def _journeys(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for part, journey in pairs:
        found.setdefault(part, []).append(journey)
    return {part: tuple(journeys) for part, journeys in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Blast:
    """What a component takes down with it, what only suffers, and the journeys behind both."""

    down: tuple[str, ...]
    degraded: tuple[tuple[str, Need], ...]  # who needs it softly, and what users see
    journeys_down: tuple[str, ...]
    journeys_degraded: tuple[str, ...]


def blast_radius(graph: Graph, component: str) -> Blast:
    if component not in graph.known:
        graph.known[component] = _blast(graph, component)
    return graph.known[component]


def _blast(graph: Graph, component: str) -> Blast:
    down = _down(graph, component)
    fallen = {component, *down}
    degraded = [
        (name, need)
        for one in fallen
        for name, need in graph.callers.get(one, ())
        if need.strength is Strength.SOFT and name not in fallen
    ]
    failing = {journey for one in fallen for journey in graph.hard.get(one, ())}
    coping = {journey for one in fallen for journey in graph.soft.get(one, ())} - failing
    return Blast(
        down=down,
        degraded=tuple(sorted(degraded, key=lambda pair: _place(graph, *pair))),
        journeys_down=_in_order(graph, failing),
        journeys_degraded=_in_order(graph, coping),
    )


def _place(graph: Graph, name: str, need: Need) -> tuple[int, int]:
    """Where a need stands in the file: its component first, then its turn among that one's needs."""
    return graph.places[name], list(graph.system.components[name].needs).index(need.to)


def _in_order(graph: Graph, journeys: set[str]) -> tuple[str, ...]:
    return tuple(name for name in graph.system.journeys if name in journeys) if journeys else ()


def _down(graph: Graph, component: str) -> tuple[str, ...]:
    """Everything that needs it hard, near before far."""
    found: dict[str, None] = {}
    waiting = deque([component])
    while waiting:
        for name, need in graph.callers.get(waiting.popleft(), ()):
            if need.strength is Strength.HARD and name not in found and name != component:
                found[name] = None
                waiting.append(name)
    return tuple(found)


MOST = 60
"""Components in one drawing: more are a thicket, and Mermaid itself gives up at 500 edges."""


def shown(graph: Graph, struck: str = "") -> tuple[str, ...]:
    """The components of a drawing: all, or of many those that matter here, in the file's order."""
    names = tuple(graph.system.components)
    if len(names) <= MOST:
        return names
    near = _near(graph, struck) if struck else _on_journeys(graph.system)
    kept = set(list(dict.fromkeys(near))[:MOST])
    return tuple(name for name in names if name in kept)


def _near(graph: Graph, struck: str) -> list[str]:
    """What falls with it, who can do without it, and what it needs itself."""
    blast = blast_radius(graph, struck)
    needs = [to for to in graph.system.components[struck].needs if to in graph.places]
    return [struck, *needs, *blast.down, *(name for name, _ in blast.degraded)]


def _on_journeys(system: System) -> list[str]:
    on_path = [
        name
        for journey in system.journeys.values()
        for name in journey.path
        if name in system.components
    ]
    return on_path or list(system.components)


def drawn(graph: Graph, *, struck: str = "") -> str:
    """The graph in Mermaid: arrows lead to what is needed, dotted where a fallback stands in."""
    parts = {name: graph.system.components[name] for name in shown(graph, struck)}
    lines = ["flowchart LR"]
    lines += [f"  {_id(name)}[{_label(name, part.type)}]" for name, part in parts.items()]
    for name, part in parts.items():
        for need in part.needs.values():
            arrow = "-->" if need.strength is Strength.HARD else "-.->"
            words = f"|{_words(need.fallback)}|" if need.fallback else ""
            if need.to in parts:
                lines.append(f"  {_id(name)} {arrow}{words} {_id(need.to)}")
    if struck:
        lines += _painted(graph, struck, parts)
    return "\n".join(lines)


def _painted(graph: Graph, struck: str, parts: Container[str]) -> list[str]:
    blast = blast_radius(graph, struck)
    out = ["  classDef down stroke:#b00020,stroke-width:3px", f"  class {_id(struck)} down"]
    return out + [f"  class {_id(name)} down" for name in blast.down if name in parts]


def drawn_regions(system: System) -> str:
    """Regions with the replicas in each, and the ways of failing over."""
    lines = ["flowchart TB"]
    for region in system.regions.values():
        lines.append(f"  subgraph {_id(region.name)}[{_label(region.name, region.role)}]")
        for part in list(system.components.values())[:MOST]:
            if replicas := part.replicas.get(region.name):
                label = _label(part.name, f"{replicas} × {part.type}")
                lines.append(f"    {_id(region.name + '.' + part.name)}[{label}]")
        lines.append("  end")
    lines += [
        f"  {_id(way.source)} ==>|failover| {_id(way.target)}" for way in system.failovers.values()
    ]
    return "\n".join(lines + _replicated(system))


def _replicated(system: System) -> list[str]:
    primary = next((one.name for one in system.regions.values() if one.role == "primary"), "")
    return [
        f"  {_id(primary + '.' + part.name)} -.->|{_words(mode)}| {_id(region + '.' + part.name)}"
        for part in list(system.components.values())[:MOST]
        for region, mode in part.replication.items()
        if region != primary and part.replicas.get(primary) and part.replicas.get(region)
    ]


def _id(name: str) -> str:
    """A node's name in Mermaid; prefixed, because `end` and the like are words of its grammar."""
    return "n_" + re.sub(r"\W", lambda match: f"_{ord(match[0]):x}_", name, flags=re.ASCII)


def _label(name: str, kind: str) -> str:
    return f'"{_words(name)}<br/>{_words(kind)}"'


def _words(text: str) -> str:
    """Text inside quotes or bars; Mermaid's own entities stand for what would end them."""
    return re.sub(r'["<>|#;`\[\]{}()]', lambda match: f"#{ord(match[0])};", " ".join(text.split()))

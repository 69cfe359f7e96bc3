"""What breaks when a component breaks: the graph of needs, read backwards and drawn."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.review.chain import chain_of
from standfast.spec.values import Strength

if TYPE_CHECKING:
    from standfast.spec.system import Need, System


@dataclass(frozen=True, slots=True, kw_only=True)
class Blast:
    """What a component takes down with it, what only suffers, and the journeys behind both."""

    down: tuple[str, ...]
    degraded: tuple[tuple[str, Need], ...]  # who needs it softly, and what users see
    journeys_down: tuple[str, ...]
    journeys_degraded: tuple[str, ...]


def blast_radius(system: System, component: str) -> Blast:
    down = _down(system, component)
    fallen = {component, *down}
    degraded = tuple(
        (name, need)
        for name, other in system.components.items()
        for need in other.needs.values()
        if need.to in fallen and need.strength is Strength.SOFT and name not in fallen
    )
    chains = {name: chain_of(system, journey) for name, journey in system.journeys.items()}
    journeys_down = tuple(name for name, chain in chains.items() if fallen & set(chain.hard))
    soft = {name for name, chain in chains.items() if any(need.to in fallen for need in chain.soft)}
    return Blast(
        down=down,
        degraded=degraded,
        journeys_down=journeys_down,
        journeys_degraded=tuple(
            name for name in system.journeys if name in soft and name not in journeys_down
        ),
    )


def _down(system: System, component: str) -> tuple[str, ...]:
    """Everything that needs it hard, near before far."""
    found: dict[str, None] = {}
    waiting = deque([component])
    while waiting:
        fallen = waiting.popleft()
        for name, other in system.components.items():
            need = other.needs.get(fallen)
            if need and need.strength is Strength.HARD and name not in found and name != component:
                found[name] = None
                waiting.append(name)
    return tuple(found)


def drawn(system: System, *, struck: str = "") -> str:
    """The graph in Mermaid: arrows lead to what is needed, dotted where a fallback stands in."""
    lines = ["flowchart LR"]
    lines += [
        f"  {_id(name)}[{_label(name, part.type)}]" for name, part in system.components.items()
    ]
    for name, part in system.components.items():
        for need in part.needs.values():
            arrow = "-->" if need.strength is Strength.HARD else "-.->"
            words = f"|{_words(need.fallback)}|" if need.fallback else ""
            if need.to in system.components:
                lines.append(f"  {_id(name)} {arrow}{words} {_id(need.to)}")
    if struck:
        lines += _painted(system, struck)
    return "\n".join(lines)


def _painted(system: System, struck: str) -> list[str]:
    blast = blast_radius(system, struck)
    out = ["  classDef down stroke:#b00020,stroke-width:3px", f"  class {_id(struck)} down"]
    return out + [f"  class {_id(name)} down" for name in blast.down]


def drawn_regions(system: System) -> str:
    """Regions with the replicas in each, and the ways of failing over."""
    lines = ["flowchart TB"]
    for region in system.regions.values():
        lines.append(f"  subgraph {_id(region.name)}[{_label(region.name, region.role)}]")
        for part in system.components.values():
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
        for part in system.components.values()
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

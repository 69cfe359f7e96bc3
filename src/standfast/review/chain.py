"""The graph of needs: what a journey stands on, and circles of hard needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.spec.steps import soft_steps
from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from standfast.spec.system import Journey, Need, System


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What fails a journey by failing (`hard`), and what it can do without (`soft`), in path order."""

    hard: tuple[str, ...]
    soft: tuple[Need, ...]


def chain_of(system: System, journey: Journey) -> Chain:
    """The path's members, each soft where only soft needs lead to it, and all that the hard ones need."""
    soft = soft_steps(system, journey.path)
    hard = _closure(system, (name for name in journey.path if name not in soft))
    return Chain(
        hard=hard, soft=tuple(need for name, need in soft.items() if name not in set(hard))
    )


def _closure(system: System, start: Iterable[str]) -> tuple[str, ...]:
    found = {name: None for name in start if name in system.components}
    waiting = list(found)
    while waiting:
        for need in _needs(system, waiting.pop()):
            if need.strength is Strength.HARD and need.to in system.components:
                if need.to not in found:
                    waiting.append(need.to)
                found.setdefault(need.to)
    return tuple(found)


def _needs(system: System, component: str) -> Iterator[Need]:
    if component in system.components:
        yield from system.components[component].needs.values()


def hard_cycles(system: System) -> Iterator[tuple[str, ...]]:
    """Each circle of hard needs found by one depth-first walk, without recursion: graphs may be deep."""
    done: set[str] = set()
    for start in system.components:
        if start not in done:
            yield from _walk(system, start, done)


def _walk(system: System, start: str, done: set[str]) -> Iterator[tuple[str, ...]]:
    trail = {start: None}
    stack = [_hard(system, start)]
    while stack:
        following = next(stack[-1], None)
        if following is None:
            stack.pop()
            done.add(trail.popitem()[0])
        elif following in trail:
            names = list(trail)
            yield tuple(names[names.index(following) :])
        elif following not in done:
            trail[following] = None
            stack.append(_hard(system, following))


def _hard(system: System, component: str) -> Iterator[str]:
    return (need.to for need in _needs(system, component) if need.strength is Strength.HARD)

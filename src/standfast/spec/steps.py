"""The steps of a journey and what they need: where it begins, what it cannot do without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from standfast.spec.system import Need, System


def hard_steps(system: System, path: Sequence[str]) -> tuple[str, ...]:
    """Those that decide: the ways in, and what hard needs lead to from there.

    What a soft step needs hard is as dispensable as the step itself.
    """
    members = tuple(name for name in dict.fromkeys(path) if name in system.components)
    deciding = {*closure(system, ways_in(system, members))}
    return tuple(step for step in dict.fromkeys(path) if step in deciding)


def ways_in(system: System, path: tuple[str, ...]) -> tuple[str, ...]:
    """The members that no other member needs; of a circle that nobody enters, its first."""
    needed = {need.to for name in path for need in needs_of(system, name) if need.to != name}
    found = [name for name in path if name not in needed]
    members, reached = set(path), set[str]()
    _reach(system, found, members, reached)
    for name in path:
        if name not in reached:
            found.append(name)
            _reach(system, [name], members, reached)
    return tuple(found)


def _reach(system: System, start: Iterable[str], members: set[str], seen: set[str]) -> None:
    """Add what lies behind `start`: by hard needs anywhere, by soft ones on the path."""
    waiting = [name for name in start if name not in seen]
    seen |= {*waiting}
    while waiting:
        for need in needs_of(system, waiting.pop()):
            follows = need.strength is Strength.HARD or need.to in members
            if follows and need.to not in seen:
                seen.add(need.to)
                waiting.append(need.to)


def closure(system: System, start: Iterable[str]) -> tuple[str, ...]:
    """`start` and everything that fails it by failing, nearest first."""
    found = {name: None for name in start if name in system.components}
    waiting = list(found)
    while waiting:
        for need in needs_of(system, waiting.pop()):
            if need.strength is Strength.HARD and need.to in system.components:
                if need.to not in found:
                    waiting.append(need.to)
                found.setdefault(need.to)
    return tuple(found)


def needs_of(system: System, component: str) -> Iterator[Need]:
    """Nothing where there is no such component: another rule says so."""
    if component in system.components:
        yield from system.components[component].needs.values()

"""The graph of needs: what a journey stands on, how likely all of it works, and circles of hard needs.

A journey is what its path says: soft needs count where the path leads to them, hard needs always.
A component that is reached on several ways is one component, and fails once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from standfast.spec.steps import closure, needs_of, ways_in
from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from standfast.spec.system import Journey, Need, System

_ONE = Fraction(1)
_MOST_SHARED = 8  # components told apart case by case: 2^8 cases
_MOST_BRANCHES, _DEEPEST = 200, 50  # else soft needs are taken one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A soft need: it does its part, or its fallback stands in."""

    caller: str
    need: Need
    parts: tuple[str, ...]  # the component and its hard needs, but for what the journey needs hard
    branches: tuple[Branch, ...] = ()  # soft needs of those parts on the same path


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What fails a journey by failing (`hard`), and what it can do without (`soft`), in path order."""

    hard: tuple[str, ...]
    soft: tuple[Need, ...]
    branches: tuple[Branch, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """What the soft needs bring with them."""
        return tuple(dict.fromkeys(one for branch in _all(self.branches) for one in branch.parts))

    @property
    def shared(self) -> tuple[str, ...]:
        """What several of the soft needs stand on: it fails once, and takes all of them."""
        times = Counter(one for branch in _all(self.branches) for one in branch.parts)
        return tuple(name for name, many in times.items() if many > 1)


def chain_of(system: System, journey: Journey) -> Chain:
    """From the path's ways in: all that they need hard, and the soft needs on the path."""
    path = tuple(name for name in dict.fromkeys(journey.path) if name in system.components)
    hard = closure(system, ways_in(system, path))
    growing = _Growing(system=system, members=frozenset(path), room=iter(range(_MOST_BRANCHES)))
    branches = growing.branches(hard, frozenset(hard), ())
    if branches is None:
        branches = _flat(system, path, hard)
    soft: dict[str, Need] = {}
    for branch in _all(branches):
        soft.setdefault(branch.need.to, branch.need)
    return Chain(hard=hard, soft=tuple(soft.values()), branches=branches)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Growing:
    system: System
    members: frozenset[str]
    room: Iterator[int]  # for so many branches; soft needs of soft needs multiply

    def branches(
        self, parts: Iterable[str], settled: frozenset[str], above: tuple[str, ...]
    ) -> tuple[Branch, ...] | None:
        """Soft needs of `parts` on the path, but for what is settled, or above in a circle.

        None where there are too many of them.
        """
        found = []
        for caller, need in _soft(self.system, parts, self.members):
            if need.to in settled or need.to in above:
                continue
            own = tuple(one for one in closure(self.system, (need.to,)) if one not in settled)
            if next(self.room, None) is None or len(above) > _DEEPEST:
                return None
            deeper = self.branches(own, settled | {*own}, (*above, need.to))
            if deeper is None:
                return None
            found.append(Branch(caller=caller, need=need, parts=own, branches=deeper))
        return tuple(found)


def _flat(system: System, path: tuple[str, ...], hard: tuple[str, ...]) -> tuple[Branch, ...]:
    """Of a very large path: each soft member by itself, by the first need that leads to it."""
    first: dict[str, Branch] = {}
    for caller, need in _soft(system, (*hard, *path), frozenset(path) - frozenset(hard)):
        first.setdefault(need.to, Branch(caller=caller, need=need, parts=(need.to,)))
    return tuple(first.values())


def _soft(
    system: System, callers: Iterable[str], members: frozenset[str]
) -> Iterator[tuple[str, Need]]:
    for caller in callers:
        for need in needs_of(system, caller):
            if need.strength is Strength.SOFT and need.to in members:
                yield caller, need


def _all(branches: Iterable[Branch]) -> Iterator[Branch]:
    waiting = list(branches)[::-1]
    while waiting:
        branch = waiting.pop()
        yield branch
        waiting += branch.branches[::-1]


# ------------------------------------------------------------------ how likely


def works(
    chain: Chain,
    availability: Callable[[str], Fraction | None],
    effectiveness: Callable[[str, Need], Fraction],
) -> Fraction:
    """How often a journey works, its parts and fallbacks failing independently; what is unknown never fails.

    What several branches share is told apart case by case, so that it fails once. Past eight such
    components the rest count in each branch, which errs to the low side.
    """
    hard = prod((_known(availability(name)) for name in chain.hard), start=_ONE)
    shared = chain.shared[:_MOST_SHARED]
    total = Fraction(0)
    for states in product((True, False), repeat=len(shared)):
        case = dict(zip(shared, states, strict=True))
        chance = prod(
            (
                _known(availability(name)) if up else 1 - _known(availability(name))
                for name, up in case.items()
            ),
            start=_ONE,
        )
        if chance:
            total += chance * prod(
                (_holds(branch, availability, effectiveness, case) for branch in chain.branches),
                start=_ONE,
            )
    return hard * total


def _holds(
    branch: Branch,
    availability: Callable[[str], Fraction | None],
    effectiveness: Callable[[str, Need], Fraction],
    case: Mapping[str, bool],
) -> Fraction:
    own = prod(
        (
            Fraction(case[name]) if name in case else _known(availability(name))
            for name in branch.parts
        ),
        start=_ONE,
    )
    if own:
        own *= prod(
            (_holds(deeper, availability, effectiveness, case) for deeper in branch.branches),
            start=_ONE,
        )
    return 1 - (1 - own) * (1 - effectiveness(branch.caller, branch.need))


def _known(value: Fraction | None) -> Fraction:
    return _ONE if value is None else value


# ------------------------------------------------------------------ walking


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
    return (need.to for need in needs_of(system, component) if need.strength is Strength.HARD)

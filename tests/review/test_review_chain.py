"""Journeys on graphs of every shape: the formula, against chance and against counting all cases."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import prod
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from standfast.review.arithmetic import redundant
from standfast.review.chain import Chain, chain_of, works
from standfast.spec import system as s
from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Mapping

HARD, SOFT = Strength.HARD, Strength.SOFT
Edge = tuple[str, str, Strength, Fraction]
TRIALS = 200_000


def system(sound: s.System, edges: list[Edge], *names: str) -> s.System:
    needs: dict[str, dict[str, s.Need]] = {name: {} for name in names}
    for caller, to, strength, effect in edges:
        needs.setdefault(to, {})
        needs.setdefault(caller, {})[to] = s.Need(to=to, strength=strength, effectiveness=effect)
    return replace(
        sound,
        components={
            name: s.Component(name=name, type="http", needs=mine) for name, mine in needs.items()
        },
    )


def exact(chain: Chain, up: Mapping[str, Fraction]) -> Fraction:
    return works(chain, up.get, lambda _, need: need.effectiveness or Fraction(0))


def lives(
    graph: s.System,
    path: tuple[str, ...],
    up: Mapping[str, int],
    stands_in: Mapping[tuple[str, str], int],
    every: int,
) -> int:
    """The question itself, of many states of the world at once, one a bit: can this path be walked?"""
    members = set(path)
    above: set[str] = set()

    def good(name: str) -> int:
        if name in above:
            return every  # a circle is as good as the rest of it
        above.add(name)
        answer = up[name]
        for need in graph.components[name].needs.values():
            if need.strength is HARD:
                answer &= good(need.to)
            elif need.to in members:
                answer &= good(need.to) | stands_in[name, need.to]
        above.discard(name)
        return answer

    needed = {need.to for name in path for need in graph.components[name].needs.values()}
    answer = every
    for name in path:
        answer &= every if name in needed else good(name)
    return answer


# ------------------------------------------------------------------ shapes by name


@pytest.mark.parametrize(
    ("edges", "path", "says"),
    [
        # a diamond of hard needs: d once
        ([("a", "b", HARD, 0), ("a", "c", HARD, 0), ("b", "d", HARD, 0), ("c", "d", HARD, 0)],
         ("a",), Fraction(9, 10) ** 4),
        # a soft need brings what it needs itself
        ([("a", "b", SOFT, Fraction(1, 2)), ("b", "d", HARD, 0)],
         ("a", "b"), Fraction(9, 10) * (1 - (1 - Fraction(81, 100)) / 2)),
        # what the journey needs anyway does not count against the soft need again
        ([("a", "b", SOFT, Fraction(1, 2)), ("b", "d", HARD, 0), ("a", "d", HARD, 0)],
         ("a", "b"), Fraction(81, 100) * (1 - Fraction(1, 10) / 2)),
        # a fallback within a fallback's own path
        ([("a", "b", SOFT, Fraction(1, 2)), ("b", "c", SOFT, Fraction(1, 2))],
         ("a", "b", "c"),
         Fraction(9, 10) * (1 - (1 - Fraction(9, 10) * Fraction(95, 100)) / 2)),
        # two soft needs on one: they fall together
        ([("a", "b", SOFT, 0), ("a", "c", SOFT, 0), ("b", "d", HARD, 0), ("c", "d", HARD, 0)],
         ("a", "b", "c"), Fraction(9, 10) ** 4),
        # softly needed by two, each with a fallback of its own
        ([("a", "b", HARD, 0), ("a", "c", SOFT, Fraction(1, 2)), ("b", "c", SOFT, Fraction(1, 2))],
         ("a", "b", "c"), Fraction(81, 100) * (1 - Fraction(1, 10) * Fraction(3, 4))),
        # a soft need that is not on the path is nothing to this journey
        ([("a", "b", SOFT, 0)], ("a",), Fraction(9, 10)),
        # a circle is walked once
        ([("a", "b", HARD, 0), ("b", "a", HARD, 0)], ("a", "b"), Fraction(81, 100)),
        ([("a", "b", SOFT, 0), ("b", "a", SOFT, 0)], ("a", "b"), Fraction(81, 100)),
    ],
)  # fmt: skip
def test_shapes_come_out_as_one_works_them_out_by_hand(
    edges: list[Edge], path: tuple[str, ...], says: Fraction, sound: s.System
) -> None:
    graph = system(sound, edges)
    up = dict.fromkeys("abcd", Fraction(9, 10))
    assert exact(chain_of(graph, s.Journey(name="j", path=path)), up) == says


def test_a_hard_part_of_a_soft_need_is_soft_itself(sound: s.System) -> None:
    graph = system(
        sound, [("web", "search", SOFT, Fraction(0)), ("search", "index", HARD, Fraction(0))]
    )
    chain = chain_of(graph, s.Journey(name="j", path=("web", "search", "index")))
    assert (chain.hard, [need.to for need in chain.soft]) == (("web",), ["search"])


# ------------------------------------------------------------------ any shape

NAMES = tuple("abcdefg")
SHARES = st.sampled_from([Fraction(n, 10) for n in range(2, 11)])
LINKS = st.tuples(
    st.integers(0, 6), st.integers(0, 6), st.sampled_from((HARD, SOFT)),
    st.sampled_from([Fraction(n, 4) for n in range(5)]),
)  # fmt: skip


def forward(links: list[tuple[int, int, Strength, Fraction]]) -> list[Edge]:
    """Without circles: needs lead onwards."""
    return [(NAMES[i], NAMES[j], strength, e) for i, j, strength, e in links if i < j]


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    links=st.lists(LINKS, min_size=3, max_size=10),
    members=st.sets(st.sampled_from(NAMES), min_size=1),
    shares=st.lists(SHARES, min_size=7, max_size=7),
)
def test_the_formula_is_the_sum_over_all_states_of_the_world(
    sound: s.System,
    links: list[tuple[int, int, Strength, Fraction]],
    members: set[str],
    shares: list[Fraction],
) -> None:
    graph = system(sound, forward(links), *NAMES)
    path = tuple(name for name in NAMES if name in members)
    stands = {
        (name, need.to): need.effectiveness or Fraction(0)
        for name in NAMES
        for need in graph.components[name].needs.values()
        if need.strength is SOFT and need.to in members
    }
    assume(len(stands) <= 5)
    up = dict(zip(NAMES, shares, strict=True))
    odds = [*up.values(), *stands.values()]
    total = Fraction(0)
    for world in product((1, 0), repeat=len(odds)):
        chance = prod(share if bit else 1 - share for share, bit in zip(odds, world, strict=True))
        state = dict(zip(NAMES, world, strict=False))
        fallback = dict(zip(stands, world[len(NAMES) :], strict=True))
        if chance and lives(graph, path, state, fallback, 1):
            total += chance
    assert exact(chain_of(graph, s.Journey(name="j", path=path)), up) == total


def column(chance: Random, share: float) -> int:
    """A bit a trial."""
    return int("".join(chance.choices("01", weights=(1 - share, share), k=TRIALS)), 2)


@pytest.mark.parametrize("seed", range(8))
def test_the_formula_agrees_with_200000_trials_of_chance(seed: int, sound: s.System) -> None:
    chance = Random(20261125 + seed)
    edges = [
        (a, b, chance.choice((HARD, SOFT)), Fraction(chance.randint(0, 10), 10))
        for i, a in enumerate(NAMES)
        for b in NAMES[i + 1 :]
        if chance.random() < 0.4
    ]
    graph = system(sound, edges, *NAMES)
    path = tuple(name for name in NAMES if chance.random() < 0.8) or ("a",)
    up = {name: Fraction(chance.randint(80, 99), 100) for name in NAMES}
    expected = float(exact(chain_of(graph, s.Journey(name="j", path=path)), up))

    state = {name: column(chance, float(share)) for name, share in up.items()}
    fallback = {(a, b): column(chance, float(e)) for a, b, _, e in edges}
    good = lives(graph, path, state, fallback, (1 << TRIALS) - 1).bit_count()
    # Four standard errors of a share of so many trials.
    assert abs(good / TRIALS - expected) < 4 * (expected * (1 - expected) / TRIALS) ** 0.5


@given(share=st.fractions(0, 1, max_denominator=1000), number=st.integers(1, 5))
def test_one_of_several_is_down_only_when_all_are(share: Fraction, number: int) -> None:
    worlds = product((True, False), repeat=number)
    chance = sum(
        (
            share ** sum(world) * (1 - share) ** (number - sum(world))
            for world in worlds
            if any(world)
        ),
        Fraction(0),
    )
    assert redundant(share, number) == chance


# ------------------------------------------------------------------ size


def test_a_ladder_of_soft_needs_does_not_multiply(sound: s.System) -> None:
    """Each rung needs both of the next softly: 2^500 ways, and 1,000 components."""
    edges = [
        (f"{side}{n}", f"{other}{n + 1}", SOFT, Fraction(1, 2))
        for n in range(500)
        for side in "lr"
        for other in "lr"
    ]
    graph = system(sound, edges)
    chain = chain_of(graph, s.Journey(name="j", path=tuple(graph.components)))
    assert (len(chain.hard), len(chain.branches)) == (2, 1000)


def test_a_line_of_2000_soft_needs_is_no_recursion(sound: s.System) -> None:
    edges = [(f"c{n}", f"c{n + 1}", SOFT, Fraction(1, 2)) for n in range(2000)]
    graph = system(sound, edges)
    assert len(chain_of(graph, s.Journey(name="j", path=tuple(graph.components))).soft) == 2000

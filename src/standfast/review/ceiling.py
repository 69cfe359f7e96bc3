"""Ceilings: the most that a journey or a composite can reach, given what it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.review.chain import chain_of
from standfast.review.known import AVAILABILITY
from standfast.review.wording import percent
from standfast.spec.system import Journey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.review.chain import Branch, Chain
    from standfast.review.known import Figure, Known
    from standfast.slo.objective import Objective
    from standfast.spec.system import Composite, CompositePart, ServiceLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """Failures are taken to be independent; what is unknown counts as perfect, and is named."""

    value: Fraction
    words: str  # how it was worked out: "web 99.9% x db 99.95%"
    paths: tuple[str, ...]  # of the file, that it rests on
    unknown: tuple[str, ...] = ()  # components that the journey cannot do without
    once: tuple[str, ...] = ()  # what several ways lead to, and is counted once


def of_objective(known: Known, objective: Objective) -> Ceiling | None:
    """Of a joint one; what one component promises has no other ceiling."""
    if objective.group == "journeys":
        return of_chain(known, chain_of(known.system, known.system.journeys[objective.level]))
    if objective.group == "composites":
        return of_composite(known, known.system.composites[objective.level])
    return None


# ------------------------------------------------------------------ of a journey


def figures(known: Known, chain: Chain) -> dict[str, Figure]:
    """What is known of its hard parts."""
    every = ((name, known.availability(name)) for name in chain.hard)
    return {name: figure for name, figure in every if figure is not None}


def of_chain(known: Known, chain: Chain) -> Ceiling:
    mine = figures(known, chain)
    words = [f"{name} {percent(figure.value)}" for name, figure in mine.items()]
    words += [one for branch in chain.branches if (one := _branch(known, branch))]
    every = [known.availability(name) for name in (*chain.hard, *chain.parts)]
    return Ceiling(
        value=known.ceiling(chain),
        words=" x ".join(words),
        paths=tuple(one.path for one in every if one),
        unknown=tuple(name for name in chain.hard if name not in mine),
        once=chain.shared,
    )


def _branch(known: Known, branch: Branch) -> str:
    """`payments 99.9% with gateway 99.95% (soft, fallback works 90%)`; "" where nothing is known."""
    mine = {name: known.availability(name) for name in branch.parts}
    own = [f"{name} {percent(figure.value)}" for name, figure in mine.items() if figure]
    own += [f"[{one}]" for deeper in branch.branches if (one := _branch(known, deeper))]
    if not own:
        return ""
    works = known.effectiveness(branch.caller, branch.need)
    edge = known.measured.edges.get((branch.caller, branch.need.to))
    how = ", measured" if edge is not None and edge.effectiveness is not None else ""
    return f"{' with '.join(own)} (soft, fallback works {percent(works)}{how})"


# ------------------------------------------------------------------ of a composite


def of_composite(known: Known, composite: Composite) -> Ceiling:
    """A journey gives what its needs allow, a service level what it promises."""
    if composite.weighted:
        return _mean([(part.weight, _of_part(known, part)) for part in composite.parts])
    return _product(list(_together(known, composite)))


def _together(known: Known, composite: Composite) -> Iterator[Ceiling]:
    """All journeys as one, so that what they share fails once, and so does a level on what they need."""
    system = known.system
    promised = [part for part in composite.parts if part.level]
    ways = [system.journeys[part.of] for part in composite.parts if not part.level]
    chain = chain_of(system, _joined(ways)) if ways else None
    if chain is not None:
        yield of_chain(known, chain)
    for part in promised:
        level = system.service_levels[part.level]
        inside = chain is not None and level.of in chain.hard
        if not (inside and level.sli in AVAILABILITY and not level.route):
            yield _of_promise(part, level)


def _joined(ways: Sequence[Journey]) -> Journey:
    path = dict.fromkeys(step for one in ways for step in one.path)
    return Journey(name=" and ".join(one.name for one in ways), path=tuple(path))


def _of_part(known: Known, part: CompositePart) -> Ceiling:
    system = known.system
    if part.level:
        return _of_promise(part, system.service_levels[part.level])
    found = of_chain(known, chain_of(system, system.journeys[part.of]))
    return Ceiling(
        value=found.value,
        words=f"{part.of} {percent(found.value)}",
        paths=found.paths,
        unknown=found.unknown,
        once=found.once,
    )


def _of_promise(part: CompositePart, level: ServiceLevel) -> Ceiling:
    if part.promise is None or part.promise not in level.slos:
        return Ceiling(value=Fraction(1), words="", paths=(), unknown=(part.of,))
    path, target = f"service_levels.{level.name}.slo", part.promise.target
    return Ceiling(value=target, words=f"{part.of} {percent(target)}", paths=(path,))


def _product(parts: Sequence[Ceiling]) -> Ceiling:
    value = Fraction(1)
    for one in parts:
        value *= one.value
    return _joint(value, " x ".join(one.words for one in parts if one.words), parts)


def _mean(parts: Sequence[tuple[Fraction, Ceiling]]) -> Ceiling:
    whole = sum((weight for weight, _ in parts), Fraction(0))
    value = sum((weight * one.value for weight, one in parts), Fraction(0)) / whole
    sums = [f"{float(weight):.6g} x {one.words}" for weight, one in parts if one.words]
    words = f"({' + '.join(sums)}) / {float(whole):.6g}"
    return _joint(value, words, [one for _, one in parts])


def _joint(value: Fraction, words: str, parts: Sequence[Ceiling]) -> Ceiling:
    return Ceiling(
        value=value,
        words=words,
        paths=tuple(dict.fromkeys(path for one in parts for path in one.paths)),
        unknown=tuple(dict.fromkeys(name for one in parts for name in one.unknown)),
        once=tuple(dict.fromkeys(name for one in parts for name in one.once)),
    )

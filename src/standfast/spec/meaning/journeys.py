"""Journeys: what users must always be able to do, and how much of it their parts allow."""

from __future__ import annotations

from fractions import Fraction
from math import floor, prod
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec import units
from standfast.spec.meaning.promises import BY_CRITICALITY
from standfast.spec.system import FunnelStep, Journey
from standfast.spec.values import Promise, Strength

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from standfast.spec.meaning.margin import Margin
    from standfast.spec.system import Component, Need, ServiceLevel
    from standfast.spec.v1.file import FileShape

_UP = frozenset({"availability", "errors", "probe"})
_MOST_NAMED = 8


def journeys(
    file: FileShape,
    components: Mapping[str, Component],
    levels: Mapping[str, ServiceLevel],
    criticality: str,
    margin: Margin,
) -> Mapping[str, Journey]:
    up = availabilities(components, levels)
    found = {}
    for name, shape in file.journeys.items():
        margin.refer_all(f"journeys.{name}.path", shape.path, components, "component")
        for index, step in enumerate(shape.steps):
            margin.refer(f"journeys.{name}.steps.{index}.of", step.of, components, "component")
        slo = shape.slo.promise if shape.slo else None
        if slo is None:
            slo = _ceiling(name, shape.path, components, up, criticality, margin)
        found[name] = Journey(
            name=name,
            path=tuple(shape.path),
            steps=tuple(FunnelStep(name=s.name, of=s.of, route=s.route) for s in shape.steps),
            slo=slo,
            sla=shape.sla.promise if shape.sla else None,
            revenue_per_hour=shape.revenue_per_hour,
            critical=shape.critical,
        )
    return MappingProxyType(found)


def availabilities(
    components: Mapping[str, Component], levels: Mapping[str, ServiceLevel]
) -> dict[str, Fraction]:
    """What is known of each component: its own figure before its vendor's before its objective's."""
    found: dict[str, Fraction] = {}
    for level in levels.values():
        if level.sli in _UP and not level.route:
            for promise in level.slos:
                found[level.of] = min(promise.target, found.get(level.of, promise.target))
    for component in components.values():
        stated = component.sla if component.availability is None else component.availability
        if stated is not None:
            found[component.name] = stated
    return found


def _ceiling(
    name: str,
    path: Iterable[str],
    components: Mapping[str, Component],
    up: Mapping[str, Fraction],
    criticality: str,
    margin: Margin,
) -> Promise:
    """The product of what the hard needs promise, rounded down to a hundredth of a percent.

    A soft need on the path counts as often as it does harm: when it is down and its fallback fails.
    """
    hard, soft = chain(path, components)
    shares = {one: up[one] for one in hard if one in up}
    shares |= {need.to: _survival(up[need.to], need) for need in soft if need.to in up}
    if shares:
        ceiling = Fraction(floor(prod(shares.values(), start=Fraction(1)) * 10_000), 10_000)
        named = list(shares)
        more = f" × {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        because = f"{' × '.join(named[:_MOST_NAMED])}{more} allow no more"
    else:
        ceiling = units.percentage(BY_CRITICALITY[criticality])
        because = f"criticality is {criticality}"
    text = units.show_percentage(ceiling)
    margin.assume(
        f"journeys.{name}.slo", f"SLO for the journey {name} assumed {text}", because,
        f"write `journeys.{name}.slo` to change",
    )  # fmt: skip
    return Promise(text=text, target=ceiling)


def chain(
    path: Iterable[str], components: Mapping[str, Component]
) -> tuple[Collection[str], list[Need]]:
    """What a journey fails with, and the parts of its path that are only ever needed softly."""
    members = [one for one in path if one in components]
    edges: dict[str, list[Need]] = {}
    for one in members:
        for to, need in components[one].needs.items():
            edges.setdefault(to, []).append(need)
    soft = {
        one: edges[one][0]
        for one in members
        if one in edges and all(need.strength is Strength.SOFT for need in edges[one])
    }
    hard = dict.fromkeys(one for one in members if one not in soft)
    waiting = list(hard)
    while waiting:
        for need in components[waiting.pop()].needs.values():
            if need.strength is Strength.HARD and need.to in components and need.to not in hard:
                hard[need.to] = None
                waiting.append(need.to)
    return hard.keys(), [need for one, need in soft.items() if one not in hard]


def _survival(share: Fraction, need: Need) -> Fraction:
    """How often a soft need does no harm: it is up, or its fallback works."""
    return 1 - (1 - share) * (1 - (need.effectiveness or 0))

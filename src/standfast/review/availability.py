"""AVL: can the journeys be as available as promised, given what they stand on?"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from standfast.review.arithmetic import (
    budget,
    lasting,
    needed_of_each,
    redundant,
    share_of,
)
from standfast.review.ceiling import figures, of_chain, of_composite
from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed, percent, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.review.ceiling import Ceiling
    from standfast.review.chain import Chain
    from standfast.review.known import Figure
    from standfast.spec.protection import Failover
    from standfast.spec.system import Journey
    from standfast.spec.values import Promise


def _promised(case: Case) -> Iterator[tuple[Journey, Promise, Chain]]:
    for name, journey in case.system.journeys.items():
        if journey.slo is not None:
            yield journey, journey.slo, case.chains[name]


def _weakest(case: Case, chain: Chain) -> tuple[str, Figure] | None:
    """The least available hard part, vendors left out: a vendor may do better than its SLA."""
    sure = [pair for pair in figures(case, chain).items() if pair[1].kind != "vendor SLA"]
    return min(sure, key=lambda pair: pair[1].value, default=None)


def _independent(top: Ceiling) -> str:
    """The assumption, and what it does not touch."""
    once = f"; {listed(top.once)} counted once" if top.once else ""
    return f"failures taken to be independent{once}"


def _floor(share: Fraction) -> Fraction:
    """Down to a hundredth of a percent: a promise must not be rounded up."""
    return Fraction(floor(share * 10_000), 10_000)


@rule(
    "AVL-01",
    Verdict.BLOCK,
    Role.ANALYST,
    Role.ARCHITECT,
    condition="a hard dependency promises less than the journey that stands on it",
    why="a chain is no stronger than its weakest link, however independent the others",
    if_rejected="the journey's objective is published as unreachable",
)
def weakest_link(case: Case) -> Iterator[Hit]:
    for journey, promise, chain in _promised(case):
        weakest = _weakest(case, chain)
        if weakest is not None and weakest[1].value < promise.target:
            name, figure = weakest
            yield Hit(
                at=f"journeys.{journey.name}.slo",
                problem=f"{journey.name} promises {percent(promise.target)}, but needs {name}, "
                f"whose {figure.kind} is {percent(figure.value)}",
                suggestion=f"promise at most {percent(figure.value)}, or improve {name}",
                rests_on=(f"journeys.{journey.name}.slo", figure.path),
            )


@rule(
    "AVL-02",
    Verdict.CLARIFY,
    Role.ANALYST,
    Role.ARCHITECT,
    condition="the product of what a journey needs lies below its objective",
    why="parts that fail independently add up their outages",
    if_rejected="the objective stands as a hope; its budget will be overspent",
)
def ceiling_too_low(case: Case) -> Iterator[Hit]:
    window = case.system.budget_window
    for journey, promise, chain in _promised(case):
        top = of_chain(case, chain)
        if top.value < promise.target:
            parts = len(chain.hard)
            each = f"each of {parts} parts" if parts > 1 else listed(chain.hard)
            yield Hit(
                at=f"journeys.{journey.name}.slo",
                problem=f"{top.words} = {percent(top.value)}: {span(budget(window, top.value))} down per "
                f"{span(window)}, {span(budget(window, promise.target))} allowed by "
                f"{percent(promise.target)} ({_independent(top)})",
                suggestion=f"promise {percent(_floor(top.value))}; or raise {each} to "
                f"{percent(needed_of_each(promise.target, max(parts, 1)))}; or make one soft with a "
                f"drilled fallback{_doubled(case, chain)}",
                # A default follows from the hard needs alone; it is no promise anybody made.
                verdict=Verdict.WARN if case.assumed(f"journeys.{journey.name}.slo") else None,
                rests_on=top.paths,
            )


def _doubled(case: Case, chain: Chain) -> str:
    """What a second one beside the weakest part would bring, and on which condition."""
    known = figures(case, chain)
    if not known:
        return ""
    name, weakest = min(known.items(), key=lambda pair: pair[1].value)
    both = redundant(weakest.value, 2)
    return (
        f"; or double {name}: 1 - (1 - {percent(weakest.value)})^2 = {percent(both)} where the two "
        "share no zone, host or vendor"
    )


@rule(
    "AVL-03",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="objective stricter than the SLA of a vendor that the journey cannot do without",
    why="the vendor owes us less than we owe our users",
    if_rejected="the vendor has to do better than its contract, month after month",
)
def vendor_below(case: Case) -> Iterator[Hit]:
    for journey, promise, chain in _promised(case):
        for name, figure in figures(case, chain).items():
            if figure.kind == "vendor SLA" and figure.value < promise.target:
                yield Hit(
                    at=f"journeys.{journey.name}.path.{name}",
                    problem=f"{journey.name} promises {percent(promise.target)}; the vendor of "
                    f"{name} owes {percent(figure.value)}",
                    suggestion="make it soft, take a second vendor, or promise less",
                )


@rule(
    "AVL-04",
    Verdict.CLARIFY,
    Role.ANALYST,
    Role.LEGAL,
    condition="the contract promises more than the journey can reach",
    why="penalties become a matter of time",
    if_rejected="put the penalties into the budget",
)
def contract_above(case: Case) -> Iterator[Hit]:
    window = case.system.budget_window
    for name, journey in case.system.journeys.items():
        if journey.sla is None:
            continue
        top = of_chain(case, case.chains[name])
        if top.value < journey.sla.target:
            weakest = _weakest(case, case.chains[name])
            certain = weakest is not None and weakest[1].value < journey.sla.target
            yield Hit(
                at=f"journeys.{name}.sla",
                problem=f"the contract promises {percent(journey.sla.target)}; {top.words} = "
                f"{percent(top.value)}, {span(budget(window, top.value))} down per {span(window)} with "
                f"{span(budget(window, journey.sla.target))} allowed "
                f"({_independent(top)})",
                suggestion=f"contract for {percent(_floor(top.value))} or less, or improve the chain",
                verdict=Verdict.BLOCK if certain else None,
                rests_on=(weakest[1].path,) if certain and weakest else top.paths,
            )


@rule(
    "AVL-05",
    Verdict.CLARIFY,
    Role.OPS,
    condition="availability of a hard dependency unknown",
    why="a ceiling leaves out what nobody knows, and looks better than it is",
    if_rejected="it is left out of the ceiling, and the documents say so",
)
def unknown(case: Case) -> Iterator[Hit]:
    needed = {name: journey for journey, chain in case.chains.items() for name in chain.hard}
    for name, journey in needed.items():
        figure = case.availability(name)
        if figure is None or (figure.kind == "SLO" and case.assumed(figure.path)):
            yield Hit(
                at=f"components.{name}.availability",
                problem=f"{journey} needs {name}, of which no availability is stated",
                suggestion="state the vendor's SLA, or your own figure of the last 90 days",
            )


@rule(
    "AVL-06",
    Verdict.BLOCK,
    Role.ANALYST,
    condition="a promise of 100%",
    why="no budget is left for a deploy, a failover or a cosmic ray",
    if_rejected="no alert can be computed from a budget of nothing; the promise is not watched",
)
def perfection(case: Case) -> Iterator[Hit]:
    for at, promise in _all_promises(case):
        if promise.target >= 1:
            yield Hit(
                at=at,
                problem=f"{promise.text} allows 0 min of failure",
                suggestion="promise 99.9%, or what users notice",
                rests_on=(at,),
            )


def _all_promises(case: Case) -> Iterator[tuple[str, Promise]]:
    for name, level in case.system.service_levels.items():
        yield from ((f"service_levels.{name}.slo", promise) for promise in level.slos)
        yield from ((f"service_levels.{name}.sla", promise) for promise in level.slas)
    for group in ("journeys", "composites"):
        for name, one in getattr(case.system, group).items():
            for key, promise in (("slo", one.slo), ("sla", one.sla)):
                if promise is not None:
                    yield f"{group}.{name}.{key}", promise


@rule(
    "AVL-07",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="measured availability below the objective",
    why="the promise is being broken now",
    if_rejected="the budget policy applies",
)
def measured_below(case: Case) -> Iterator[Hit]:
    for one in case.objectives:
        measured = case.measured.availability.get(one.name)
        if one.promise.threshold is None and measured is not None and measured < one.target:
            key = f"availability.{one.name}"
            yield Hit(
                at=f"{one.path}.slo",
                problem=f"{percent(measured)}{case.how(key)}, promised {percent(one.target)}: "
                f"{span(budget(one.window, measured))} down per {span(one.window)}, "
                f"{span(budget(one.window, one.target))} allowed",
                suggestion="spend the effort on reliability, or promise what is true",
                known_by=(key,),
            )


@rule(
    "AVL-08",
    Verdict.CLARIFY,
    Role.OPS,
    condition="the budget is smaller than one failover",
    why="a single switch to the other region breaks the promise",
    if_rejected="the objective holds only in months without a failover",
)
def no_room_to_fail_over(case: Case) -> Iterator[Hit]:
    window = case.system.budget_window
    chains = {one.name: _switching(case, one) for one in case.system.failovers.values()}
    if not chains:
        return
    name, longest = max(chains.items(), key=lambda pair: pair[1])
    key = f"failover.{name}"
    for journey, promise, _ in _promised(case):
        allowed = share_of(window, promise.allowed)
        if timedelta() < allowed < longest:
            yield Hit(
                at=f"journeys.{journey.name}.slo",
                problem=f"{percent(promise.target)} of {span(window)} allows {span(allowed)}; "
                f"the failover {name} takes {span(longest)}{case.how(key)}",
                suggestion=f"switch faster, or leave {listed([name])} out of the promise by contract",
                known_by=(key,),
            )


def _switching(case: Case, failover: Failover) -> timedelta:
    """As it was measured, or drilled, or else as the steps add up."""
    drill = failover.last_drill
    drilled = drill.rto if drill is not None and drill.passed else None
    measured = case.measured.failover.get(failover.name, drilled)
    return failover.wait_before + lasting(failover.steps) if measured is None else measured


@rule(
    "AVL-09",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="a composite promises more than its parts come to",
    why="each part may keep its own promise, and the whole still breaks",
    if_rejected="the objective stands as a hope; its budget will be overspent",
)
def composite_above(case: Case) -> Iterator[Hit]:
    for name, composite in case.system.composites.items():
        top = of_composite(case, composite)
        for key, promise in (("slo", composite.slo), ("sla", composite.sla)):
            at = f"composites.{name}.{key}"
            if promise is None or top.value >= promise.target:
                continue
            window = composite.window
            yield Hit(
                at=at,
                problem=f"{top.words} = {percent(top.value)}, {span(budget(window, top.value))} down per "
                f"{span(window)} with {span(budget(window, promise.target))} allowed by "
                f"{percent(promise.target)} ({_independent(top)})",
                suggestion=f"promise {percent(_floor(top.value))}, or raise what its parts promise",
                # A default follows from what the parts promise; it is no promise anybody made.
                verdict=Verdict.WARN if case.assumed(at) else None,
                rests_on=(at, *top.paths),
            )


RULES = (
    weakest_link,
    ceiling_too_low,
    vendor_below,
    contract_above,
    unknown,
    perfection,
    measured_below,
    no_room_to_fail_over,
    composite_above,
)

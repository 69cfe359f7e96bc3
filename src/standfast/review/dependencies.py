"""DEP: what needs what, and what happens when it is gone."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.review.chain import hard_cycles
from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed, percent, span
from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.review.chain import Chain
    from standfast.spec.system import Component, Need

_DEMANDING = Fraction(999, 1000)
_UNSEEN = timedelta(days=7)  # a week of traffic shows what is used


def _edges(case: Case) -> Iterator[tuple[str, str, Need]]:
    for name, component in case.system.components.items():
        for need in component.needs.values():
            yield f"components.{name}.needs.{need.to}", name, need


@rule(
    "DEP-01",
    Verdict.BLOCK,
    Role.ARCHITECT,
    condition="circle of hard needs",
    why="none of them can start or recover before the others",
    if_rejected="no order of recovery exists; a cold start needs hands",
)
def circles(case: Case) -> Iterator[Hit]:
    for names in hard_cycles(case.system):
        edges = [
            f"components.{a}.needs.{b}" for a, b in zip(names, (*names[1:], names[0]), strict=True)
        ]
        yield Hit(
            at=edges[-1],
            problem=f"{' needs '.join((*names, names[0]))}, all hard",
            suggestion="break the circle, or mark one need soft",
            rests_on=tuple(_strength(case, edge) for edge in edges),
        )


def _strength(case: Case, edge: str) -> str:
    """The path that says whether a need is hard: the need itself, or the strength that was assumed for it."""
    _, name, _, to = edge.split(".")
    return edge if case.system.components[name].needs[to].stated else f"{edge}.strength"


@rule(
    "DEP-02",
    Verdict.WARN,
    Role.ARCHITECT,
    condition="strength of a need not stated",
    why="hard and soft needs give different ceilings",
    if_rejected="hard is assumed",
)
def unstated_strength(case: Case) -> Iterator[Hit]:
    for at, name, need in _edges(case):
        if not need.stated:
            yield Hit(
                at=at,
                problem=f"does {name} fail when {need.to} fails? {need.strength} is assumed",
                suggestion=f"write `needs: {{{need.to}: hard}}` or `soft`",
            )


@rule(
    "DEP-03",
    Verdict.CLARIFY,
    Role.ARCHITECT,
    Role.ANALYST,
    condition="soft need without fallback or without what users see",
    why="soft means that somebody has decided what happens instead",
    if_rejected="the need is treated as hard",
)
def undecided_softness(case: Case) -> Iterator[Hit]:
    for at, name, need in _edges(case):
        if need.strength is Strength.SOFT and not (need.fallback and need.users_see):
            lacking = " nor ".join(
                word
                for word, value in (("fallback", need.fallback), ("users_see", need.users_see))
                if not value
            )
            yield Hit(
                at=at,
                problem=f"{name} needs {need.to} softly, but states no {lacking}",
                suggestion=f"what does the user see when {need.to} is down? "
                "`fallback: none` is an answer too",
            )


@rule(
    "DEP-04",
    Verdict.CLARIFY,
    Role.DEV,
    condition="critical journey stands on an external service without circuit breaker",
    why="a vendor that hangs holds threads and connections until everything hangs",
    if_rejected="the vendor's outages are ours, and last longer",
)
def unbroken_vendor(case: Case) -> Iterator[Hit]:
    hard = {
        name
        for journey, chain in case.chains.items()
        if case.system.journeys[journey].critical
        for name in chain.hard
    }
    for at, name, need in _edges(case):
        target = case.system.components.get(need.to)
        external = target is not None and target.type == "external"
        if external and name in hard and need.strength is Strength.HARD and need.breaker is None:
            yield Hit(
                at=at,
                problem=f"{name} is on a critical journey and calls {need.to} without a breaker",
                suggestion="can a queue or a cache stand in? `breaker: {open: 50% in 10s, reset: 30s}`",
            )


def _demanding(case: Case) -> dict[str, tuple[str, Fraction]]:
    """The components on a journey of 99.9% or more, with the strictest such journey."""
    found: dict[str, tuple[str, Fraction]] = {}
    for name, chain in case.chains.items():
        promise = case.system.journeys[name].slo
        if promise is None or promise.target < _DEMANDING:
            continue
        for component in chain.hard:
            if promise.target > found.get(component, ("", Fraction(0)))[1]:
                found[component] = (name, promise.target)
    return found


def _at_home(case: Case, component: Component) -> int | None:
    """Replicas in the primary regions; a standby elsewhere does not carry a deploy."""
    home = [
        number
        for region, number in component.replicas.items()
        if region in case.system.regions and case.system.regions[region].role == "primary"
    ]
    return sum(home) if home else sum(component.replicas.values()) or None


@rule(
    "DEP-05",
    Verdict.CLARIFY,
    Role.OPS,
    condition="single replica of a hard dependency under an SLO of 99.9% or more",
    why="each deploy and each lost machine is an outage",
    if_rejected="deploys spend the error budget",
)
def single_replica(case: Case) -> Iterator[Hit]:
    for name, (journey, target) in _demanding(case).items():
        if _at_home(case, case.system.components[name]) == 1:
            yield Hit(
                at=f"components.{name}.replicas",
                problem=f"1 replica of {name} carries {journey} at {percent(target)}",
                suggestion="run two, or promise less",
            )


@rule(
    "DEP-06",
    Verdict.CLARIFY,
    Role.OPS,
    condition="shared fate: all replicas in one zone, a part missing in the region that is failed over to, "
    "or several parts of a journey on one host or one vendor",
    why="what fails together counts once, however many there are of it",
    if_rejected="the ceiling of what is shared is the ceiling of the journey",
)
def shared_fate(case: Case) -> Iterator[Hit]:
    for name, (journey, target) in _demanding(case).items():
        used = [region for region, n in case.system.components[name].replicas.items() if n]
        if len(used) == 1 and used[0] in case.system.regions:
            region = case.system.regions[used[0]]
            if region.zones == 1:
                yield Hit(
                    at=f"components.{name}.replicas",
                    problem=f"all replicas of {name} are in the one zone of {region.name}, "
                    f"under {journey} at {percent(target)}",
                    suggestion="spread them over zones or regions, or state `zones:`",
                )
            yield from _left_behind(case, name, journey, region.name)
    for journey, chain in case.chains.items():
        promise = case.system.journeys[journey].slo
        if promise is not None and promise.target >= _DEMANDING:
            yield from _together(case, journey, chain)


def _left_behind(case: Case, name: str, journey: str, home: str) -> Iterator[Hit]:
    for failover in case.system.failovers.values():
        if failover.source == home:
            yield Hit(
                at=f"components.{name}.replicas.{failover.target}",
                problem=f"{journey} needs {name}, which is in {home} alone: the failover "
                f"{failover.name} leads to a place without it",
                suggestion=f"run it in {failover.target} too, or make the need soft",
            )


def _together(case: Case, journey: str, chain: Chain) -> Iterator[Hit]:
    """Parts that the ceiling takes to fail independently, and one outage takes all."""
    components = case.system.components
    vendors: dict[str, list[str]] = defaultdict(list)
    hosts: dict[str, list[str]] = defaultdict(list)
    for name in (*chain.hard, *chain.parts):
        if vendor := components[name].vendor:
            vendors[vendor].append(name)
        for need in components[name].needs.values():
            host = components.get(need.to)
            if host is not None and host.type == "host" and need.strength is Strength.HARD:
                hosts[need.to].append(name)
    for kind, groups in (("vendor", vendors), ("host", hosts)):
        for shared, names in groups.items():
            if len(names) > 1:
                yield Hit(
                    at=f"journeys.{journey}.path.{shared}",
                    problem=f"{listed(names)} of {journey} share the {kind} {shared}: one outage "
                    "takes all of them, and no fallback among them helps",
                    suggestion="part them, or count them as one",
                )


@rule(
    "DEP-07",
    Verdict.CLARIFY,
    Role.OPS,
    condition="stateful component without backup and without a source to rebuild from",
    why="replicas repeat a deletion faithfully",
    if_rejected="its content is taken to be expendable",
)
def unprotected_state(case: Case) -> Iterator[Hit]:
    for name, component in case.system.components.items():
        if component.stateful and name not in case.system.backups and not component.rebuild_from:
            yield Hit(
                at=f"components.{name}",
                problem=f"{name} keeps state ({component.type}) and has neither backup nor source",
                suggestion="rebuildable from where, how fast? `rebuild_from:`, or `backups:`",
            )


@rule(
    "DEP-08",
    Verdict.CLARIFY,
    Role.DEV,
    condition="no time-out on an external or soft call, or time-outs beyond the caller's latency promise",
    why="a call without end makes every softness hard",
    if_rejected="the slowest dependency decides the latency",
)
def unbounded_calls(case: Case) -> Iterator[Hit]:
    for at, name, need in _edges(case):
        target = case.system.components.get(need.to)
        remote = need.strength is Strength.SOFT or (
            target is not None and target.type == "external"
        )
        if remote and need.timeout is None:
            yield Hit(
                at=f"{at}.timeout",
                problem=f"{name} calls {need.to} without a stated time-out",
                suggestion="write `timeout:`; a soft need that hangs is a hard one",
            )
    for name, component in case.system.components.items():
        yield from _overspent(case, name, component)


def _overspent(case: Case, name: str, component: Component) -> Iterator[Hit]:
    promised = [
        promise.threshold
        for level in case.levels_of.get(name, ())
        for promise in (*level.slos, *level.slas)
        if promise.threshold is not None
    ]
    waits = [
        need.timeout * (1 + (need.retries or 0))
        for need in component.needs.values()
        if need.timeout is not None and need.strength is Strength.HARD
    ]
    total = sum(waits, timedelta())
    if promised and total > max(promised):
        yield Hit(
            at=f"components.{name}.needs",
            problem=f"hard calls of {name} may wait {' + '.join(map(span, waits))} = {span(total)}, "
            f"beyond its slackest latency promise of {span(max(promised))}",
            suggestion="share the latency budget out among the calls",
        )


@rule(
    "DEP-09",
    Verdict.WARN,
    Role.DEV,
    condition="retries on two layers of one path",
    why="retries multiply: a struggling service gets its load several times over",
    if_rejected="a retry budget has to bound them",
)
def stacked_retries(case: Case) -> Iterator[Hit]:
    for at, name, need in _edges(case):
        below = case.system.components.get(need.to)
        for second in below.needs.values() if below and need.retries else ():
            if second.retries:
                times = (1 + (need.retries or 0)) * (1 + second.retries)
                yield Hit(
                    at=f"{at}.retries",
                    problem=f"{name} retries {need.to} and {need.to} retries {second.to}: "
                    f"(1 + {need.retries}) x (1 + {second.retries}) = {times} calls for one",
                    suggestion="retry once, at the edge",
                )


@rule(
    "DEP-10",
    Verdict.WARN,
    Role.ARCHITECT,
    condition="declared need never seen in traffic, or calls seen that no need declares",
    why="the ceilings, the blast radius and the order of recovery follow the graph that is written down",
    if_rejected="the graph is used as it is written",
)
def other_traffic(case: Case) -> Iterator[Hit]:
    """By the breakers that applications count; a component that shows none says nothing."""
    for (name, to), edge in case.measured.edges.items():
        component = case.system.components.get(name)
        if component is None:
            continue
        watched = case.now - edge.watched_from
        if to not in component.needs and edge.called_at is not None:
            known = to in case.system.components
            yield Hit(
                at=f"components.{name}.needs.{to}",
                problem=f"{name} calls {to} (measured {edge.called_at:%Y-%m-%d}, {edge.calls} "
                f"calls), and needs it nowhere" + ("" if known else "; no component is called so"),
                suggestion=f"write `needs: {{{to}: hard}}` or `soft`"
                if known
                else "name the breaker after the component that it calls",
            )
        elif to in component.needs and edge.called_at is None and watched > _UNSEEN:
            yield Hit(
                at=f"components.{name}.needs.{to}",
                problem=f"{name} needs {to}, and its breaker has seen no call in {span(watched)} "
                "(measured)",
                suggestion="take the need out, or find out why nothing asks for it",
            )
    yield from _without_breaker(case)


def _without_breaker(case: Case) -> Iterator[Hit]:
    """The file gives the need a breaker, the application shows others, and not this one."""
    shown = {name: edge.watched_from for (name, _), edge in case.measured.edges.items()}
    for at, name, need in _edges(case):
        missing = need.breaker is not None and (name, need.to) not in case.measured.edges
        if missing and name in shown and case.now - shown[name] > _UNSEEN:
            yield Hit(
                at=at,
                problem=f"{name} shows breakers, and none for {need.to}, whose breaker the file "
                "states (measured)",
                suggestion=f"make the breaker under the name {need.to!r}, or take it out of the file",
            )


RULES = (
    circles,
    unstated_strength,
    undecided_softness,
    unbroken_vendor,
    single_replica,
    shared_fate,
    unprotected_state,
    unbounded_calls,
    stacked_retries,
    other_traffic,
)

"""HLT: do the health endpoints tell restart, take out of service and look closer apart?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed, span
from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.spec.system import Check

_KINDS = ("live", "ready", "deep")
_SERVERS = frozenset({"http", "grpc"})


def _checks(case: Case) -> Iterator[tuple[str, str, str, Check]]:
    for name, component in case.system.components.items():
        for kind, check in component.health.items():
            yield f"components.{name}.health.{kind}", name, kind, check


@rule(
    "HLT-01",
    Verdict.CLARIFY,
    Role.DEV,
    condition="liveness looks at a dependency",
    why="when the dependency fails, every replica is restarted at once",
    if_rejected="restart storms are to be expected",
)
def liveness_looks_around(case: Case) -> Iterator[Hit]:
    for at, name, kind, check in _checks(case):
        if kind == "live" and check.touches:
            yield Hit(
                at=at,
                problem=f"liveness of {name} touches {listed(check.touches)}",
                suggestion="let liveness look at the process only, and `deep` at the others",
            )


@rule(
    "HLT-02",
    Verdict.CLARIFY,
    Role.DEV,
    condition="live, ready or deep endpoint missing",
    why="each answers another question: restart it? send it traffic? what is broken?",
    if_rejected="the component is probed at its address only",
)
def missing_endpoint(case: Case) -> Iterator[Hit]:
    for name, component in case.system.components.items():
        lacking = [kind for kind in _KINDS if kind not in component.health]
        if component.type in _SERVERS and lacking:
            yield Hit(
                at=f"components.{name}.health",
                problem=f"{name} has no {listed(lacking)} endpoint",
                suggestion=f"add {listed(f'/health/{kind}' for kind in lacking)}",
            )


@rule(
    "HLT-03",
    Verdict.WARN,
    Role.DEV,
    condition="live and ready are the same endpoint",
    why="a replica that only waits for its database is restarted",
    if_rejected="readiness cannot take a replica out of service",
)
def one_for_both(case: Case) -> Iterator[Hit]:
    for name, component in case.system.components.items():
        live, ready = component.health.get("live"), component.health.get("ready")
        if live and ready and live.path == ready.path:
            yield Hit(
                at=f"components.{name}.health",
                problem=f"live and ready of {name} are both {live.path}",
                suggestion="give readiness an endpoint of its own",
            )


@rule(
    "HLT-04",
    Verdict.WARN,
    Role.DEV,
    condition="time-out of a check not below its interval",
    why="checks overlap when answers are slow, just when load hurts most",
    if_rejected="a slow answer delays the next check",
)
def overlapping(case: Case) -> Iterator[Hit]:
    for at, name, kind, check in _checks(case):
        if check.timeout >= check.every:
            yield Hit(
                at=at,
                problem=f"{kind} of {name}: time-out {span(check.timeout)}, every {span(check.every)}",
                suggestion=f"let it time out after {span(check.every * 2 / 5)}",
            )


@rule(
    "HLT-05",
    Verdict.WARN,
    Role.DEV,
    condition="deep check public and without authentication",
    why="it tells strangers what we are made of, and lets them make it work",
    if_rejected="its details are left out of what standfast publishes",
)
def open_kitchen(case: Case) -> Iterator[Hit]:
    for at, name, kind, check in _checks(case):
        if kind == "deep" and check.public and not check.authenticated:
            yield Hit(
                at=at,
                problem=f"{check.path} of {name} is public and asks for no credentials",
                suggestion="restrict it to the inside, or ask for a token",
            )


@rule(
    "HLT-06",
    Verdict.CLARIFY,
    Role.DEV,
    condition="hard dependency that the deep check does not look at",
    why="the check says healthy while requests fail",
    if_rejected="the dependency is judged by its own probe only",
)
def uncovered(case: Case) -> Iterator[Hit]:
    for at, name, kind, check in _checks(case):
        needs = case.system.components[name].needs.values()
        blind = [n.to for n in needs if n.strength is Strength.HARD and n.to not in check.touches]
        if kind == "deep" and blind:
            # Nothing stated at all may still be a good check; only a list can leave something out.
            stated = bool(check.touches)
            yield Hit(
                at=at,
                problem=f"{check.path} of {name} does not name {listed(blind)}"
                + ("" if stated else " (it names nothing)"),
                suggestion=f"write `touches: [{', '.join((*check.touches, *blind))}]`",
                verdict=None if stated else Verdict.WARN,
            )


RULES = (
    liveness_looks_around,
    missing_endpoint,
    one_for_both,
    overlapping,
    open_kitchen,
    uncovered,
)

"""DEG: do breakers and fallbacks hold what they promise?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.review.arithmetic import exact
from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed, number, percent, span
from standfast.spec.condition import Age
from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.spec.system import Need

_LEAST_CALLS = 10


def _edges(case: Case) -> Iterator[tuple[str, str, Need]]:
    for name, component in case.system.components.items():
        for need in component.needs.values():
            yield f"components.{name}.needs.{need.to}", name, need


@rule(
    "DEG-01",
    Verdict.WARN,
    Role.DEV,
    condition="breaker without a minimum of calls, or with fewer calls than that in its window",
    why="without a minimum one failed call of two opens it; with too few it never opens",
    if_rejected="a minimum of ten calls is used",
)
def no_minimum(case: Case) -> Iterator[Hit]:
    for at, name, need in _edges(case):
        breaker = need.breaker
        if breaker is None:
            continue
        if breaker.min_calls is None:
            yield Hit(
                at=f"{at}.breaker",
                problem=f"{percent(breaker.rate)} in {span(breaker.window)} without a minimum: one "
                "failure of two calls opens it",
                suggestion=f"write `min_calls: {_LEAST_CALLS}`",
            )
            continue
        baseline = case.system.components[name].baseline
        calls = baseline.rps * exact(breaker.window) if baseline and baseline.rps else None
        if calls is not None and calls < breaker.min_calls:
            yield Hit(
                at=f"{at}.breaker",
                problem=f"{name} makes at most {number(calls)} calls in {span(breaker.window)}, "
                f"{breaker.min_calls} are asked for: it never opens",
                suggestion="widen the window, or ask for fewer calls",
                verdict=Verdict.CLARIFY,
            )


@rule(
    "DEG-02",
    Verdict.CLARIFY,
    Role.DEV,
    condition="queue as fallback without limit, idempotency key or alert on its age",
    why="an endless queue hides an outage, and a replay without key charges twice",
    if_rejected="the queue is bounded at 10,000 and replays are at the user's risk",
)
def loose_queue(case: Case) -> Iterator[Hit]:
    aged = any(
        isinstance(alert.when, Age) and "queue" in alert.when.what
        for alert in case.system.alerts.values()
    )
    for at, name, need in _edges(case):
        if need.fallback != "queue":
            continue
        lacking = [
            word
            for word, given in (
                ("limit", need.queue_limit),
                ("idempotency key", need.idempotency_key),
                ("alert on its age", aged),
            )
            if not given
        ]
        if lacking:
            yield Hit(
                at=at,
                problem=f"{name} queues for {need.to} without {listed(lacking)}",
                suggestion="write `queue_limit:` and `idempotency_key:`, and an alert on the age "
                "of the queue",
            )


@rule(
    "DEG-03",
    Verdict.CLARIFY,
    Role.DEV,
    condition="cache as fallback without the age it may serve, or staler than the scenario says",
    why="stale is fine for five minutes and wrong for five hours",
    if_rejected="five minutes are assumed",
)
def staleness(case: Case) -> Iterator[Hit]:
    said = {
        one.of: one.stale_at_most
        for one in case.system.degradations
        if one.of and one.stale_at_most
    }
    for at, name, need in _edges(case):
        if need.fallback != "cache":
            continue
        limit, own = said.get(need.to), need.stale_at_most
        if own is None and limit is None:
            yield Hit(
                at=at,
                problem=f"{name} serves from a cache when {need.to} is down, however old",
                suggestion="write `stale_at_most: 5m`",
            )
        elif own is not None and limit is not None and own > limit:
            yield Hit(
                at=at,
                problem=f"{name} serves answers up to {span(own)} old; the degradation of "
                f"{need.to} promises {span(limit)}",
                suggestion=f"serve at most {span(limit)}",
            )


@rule(
    "DEG-04",
    Verdict.WARN,
    Role.QA,
    condition="fallback never exercised",
    why="code that runs only in an outage fails in the outage",
    if_rejected="its effect is counted as none in every ceiling",
)
def never_exercised(case: Case) -> Iterator[Hit]:
    for at, name, need in _edges(case):
        real = need.fallback and need.fallback != "none"
        edge = case.measured.edges.get((name, need.to))
        answered = edge is not None and edge.degraded_at is not None
        unproven = need.effectiveness is None and not answered
        if real and need.strength is Strength.SOFT and unproven:
            yield Hit(
                at=at,
                problem=f"{name} falls back to {need.fallback} without {need.to}; no drill has "
                "shown that it works",
                suggestion="hold a breaker drill, then write `effectiveness:`",
            )


RULES = (no_minimum, loose_queue, staleness, never_exercised)

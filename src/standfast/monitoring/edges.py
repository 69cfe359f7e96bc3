"""Calls between components as their circuit breakers count them: what is needed in fact, and what stood in.

A breaker of the kit carries the name of the component that it calls.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from standfast.monitoring.exposition import Sample

CALLS, DEGRADED = "standfast_breaker_calls_total", "standfast_degraded_total"
_BAD = ("failed", "refused")  # calls that need something to stand in
_ENOUGH = 20  # of them, before a share says anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What a look adds to one edge; `known` where the counters show calls of an unknown time before."""

    to: str
    calls: int = 0
    failed: int = 0
    degraded: int = 0
    known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One edge with all that was ever counted of it."""

    component: str
    to: str
    watched_from: datetime
    called_at: datetime | None = None  # None: its breaker is there, and was never asked
    calls: int = 0
    failed: int = 0
    degraded: int = 0
    degraded_at: datetime | None = None  # when the fallback answered last

    @property
    def effectiveness(self) -> Fraction | None:
        """How often the fallback answered where the call failed; None while too little was seen of it."""
        if self.failed < _ENOUGH or not self.degraded:
            return None
        return min(Fraction(1), Fraction(self.degraded, self.failed))


def calls(samples: Iterable[Sample], increases: Mapping[str, float]) -> tuple[Calls, ...]:
    """The edges that a scrape tells of, those without a call between the two looks among them."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for sample in samples:
        risen = round(increases.get(sample.series, 0))
        if sample.name == CALLS and (to := sample.label("breaker")):
            found[to]["calls"] += risen
            found[to]["failed"] += risen if sample.label("outcome") in _BAD else 0
            found[to]["ever"] += sample.value > 0
        elif sample.name == DEGRADED and (to := sample.label("dependency")):
            found[to]["degraded"] += risen
    return tuple(
        Calls(
            to=to,
            calls=one["calls"],
            failed=one["failed"],
            degraded=one["degraded"],
            known=bool(one["ever"]),
        )
        for to, one in found.items()
    )


def grown(edge: Edge | None, component: str, more: Calls, now: datetime) -> Edge:
    """The edge with a look more; calls of before the first look are taken to be of then."""
    first = edge is None
    before = edge or Edge(component=component, to=more.to, watched_from=now)
    return Edge(
        component=component,
        to=more.to,
        watched_from=before.watched_from,
        called_at=now if more.calls or (first and more.known) else before.called_at,
        calls=before.calls + more.calls,
        failed=before.failed + more.failed,
        degraded=before.degraded + more.degraded,
        degraded_at=now if more.degraded else before.degraded_at,
    )

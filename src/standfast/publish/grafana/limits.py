"""From where on a figure is bad: the file's own alerts first, then its objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.grafana.panel import Limits
from standfast.spec.condition import Age, Threshold

if TYPE_CHECKING:
    from fractions import Fraction

    from standfast.publish.edition import Edition
    from standfast.spec.system import Component


def of_signal(edition: Edition, component: Component, *names: str) -> Limits | None:
    """The strictest limit that an alert of the file sets on one of the signals."""
    found = [
        rule.when
        for rule in edition.rules_of.get(component.name, ())
        if isinstance(rule.when, Threshold) and rule.when.signal in names
    ]
    if not found:
        return None
    above = found[0].above
    edges = [one.limit for one in found if one.above == above]
    return Limits(bad=min(edges) if above else max(edges), below=not above)


def of_age(edition: Edition, component: Component, what: str) -> Limits | None:
    found = [
        rule.when.limit.total_seconds()
        for rule in edition.rules_of.get(component.name, ())
        if isinstance(rule.when, Age) and rule.when.what == what
    ]
    return Limits(bad=min(found)) if found else None


def of_latency(edition: Edition, component: Component) -> Limits | None:
    """The longest wait that an objective still calls good, and the shortest as a warning."""
    found = sorted(_thresholds(edition, component))
    if not found:
        return of_signal(edition, component, "p95 latency", "p99 latency")
    return Limits(bad=found[-1], warn=found[0] if len(found) > 1 else None)


def _thresholds(edition: Edition, component: Component) -> set[float]:
    return {
        promise.threshold.total_seconds()
        for level in edition.levels_of.get(component.name, ())
        for promise in level.slos
        if promise.threshold is not None
    }


def of_errors(edition: Edition, component: Component) -> Limits | None:
    """An alert's limit; below it the share that an objective allows is a warning."""
    allowed: list[Fraction] = [
        promise.allowed
        for level in edition.levels_of.get(component.name, ())
        if level.sli in {"availability", "errors"}
        for promise in level.slos
    ]
    stated = of_signal(edition, component, "error rate", "errors")
    if stated is None:
        return Limits(bad=min(allowed)) if allowed else None
    return Limits(bad=stated.bad, warn=min(allowed, default=None))

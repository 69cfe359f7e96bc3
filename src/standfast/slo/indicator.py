"""Indicators: what is counted, as bad among all; two promises on the same events share one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standfast.spec.system import (
        Component,
        EventNames,
        EventQuery,
        FunnelStep,
        ServiceLevel,
        Slices,
    )
    from standfast.spec.values import Promise


BAD = {
    "requests": "requests failing",
    "latency": "requests slow",
    "probe": "probes failing",
    "events": "answers wrong",
    "query": "events bad",
}
"""By the kind of indicator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One counted pair (bad, all) of one component."""

    key: str  # under which its counts are kept: "api/availability", "api/latency<0.2"
    component: str
    kind: str  # requests | latency | probe | gauge | events | query
    bad_codes: tuple[str, ...] = ("5xx",)
    route: str = ""
    threshold: timedelta | None = None
    query: EventQuery | None = None
    source: str = "standfast"  # who counts: standfast | prometheus | remote-write
    events: EventNames | None = None  # counters of its own
    signal: str = ""  # of a gauge: bad while it is over the limit
    limit: Fraction | None = None
    slices: Slices | None = (
        None  # what counts is these; their events are counted under `events_key`
    )
    events_key: str = ""

    @property
    def bad(self) -> str:
        """What goes wrong where it counts as bad, to be told as a share: "10% of requests slow"."""
        if self.kind == "gauge":
            return f"the time with {self.signal or 'the signal'} over its limit"
        return BAD[self.kind]

    @property
    def counted(self) -> Indicator:
        """What is counted event by event: of slices that which they are judged by."""
        return (
            replace(self, key=self.events_key, slices=None, events_key="") if self.slices else self
        )


_KINDS = {
    "availability": "requests",
    "errors": "requests",
    "freshness": "gauge",
    "saturation": "gauge",
    "correctness": "events",
}


def of_level(level: ServiceLevel, promise: Promise, component: Component) -> Indicator:
    kind = _KINDS.get(level.sli, level.sli)
    counted = component.counted or level.source != "standfast"
    if kind in {"requests", "latency"} and not counted:
        kind = "probe"  # nothing counts its requests: what the probe sees stands for them
    threshold = promise.threshold if level.sli == "latency" else None
    indicator = Indicator(
        key=_key(level, kind, threshold),
        component=level.of,
        kind=kind,
        bad_codes=level.bad_codes,
        route=level.route,
        threshold=threshold,
        query=level.query,
        source=level.source,
        events=level.events,
        signal=level.signal,
        limit=level.limit,
    )
    return indicator if level.slices is None else in_slices(indicator, level.slices)


def in_slices(indicator: Indicator, slices: Slices) -> Indicator:
    """The slices of time in which enough of its events were good, among all."""
    minutes = slices.of // timedelta(minutes=1)
    # The share stands there exactly: who changes it counts anew, under another name.
    key = f"{indicator.key}/{minutes}m>={slices.good}"
    return replace(indicator, key=key, slices=slices, events_key=indicator.key)


def of_component(component: Component) -> Indicator:
    """What the probe of a component sees, level or no level."""
    return Indicator(key=f"{component.name}/probe", component=component.name, kind="probe")


def requests_of(component: Component) -> Indicator:
    """The requests that a component answers, those of the class 5xx being bad."""
    return Indicator(key=f"{component.name}/requests", component=component.name, kind="requests")


def of_step(step: FunnelStep) -> Indicator:
    """How often users take a step: the requests of its route; only what ends well has been taken."""
    return Indicator(
        key=f"{step.of}/step@{step.route}",
        component=step.of,
        kind="requests",
        bad_codes=("4xx", "5xx"),
        route=step.route,
    )


def _key(level: ServiceLevel, kind: str, threshold: timedelta | None) -> str:
    if kind == "query":
        return f"{level.of}/query:{level.name}"
    if kind == "gauge" and level.limit is not None:
        return f"{level.of}/{level.signal}<{float(level.limit):g}"
    if kind == "events" and level.events:
        return f"{level.of}/events:{'/'.join(level.events.names)}"
    key = f"{level.of}/{kind}"
    if threshold is not None:
        key += f"<{seconds(threshold)}"
    if level.route and kind != "probe":
        key += f"@{level.route}"
    if kind == "requests" and level.bad_codes != ("5xx",):
        key += f"!{','.join(level.bad_codes)}"
    if level.source != "standfast":
        key += f"~{level.source}"  # what two count is never added up
    return key


def seconds(span: timedelta) -> str:
    """A duration in seconds as the bound of a histogram bucket is written: "0.2", "1"."""
    exact = Fraction(span.days * 86_400 + span.seconds) + Fraction(span.microseconds, 1_000_000)
    return f"{float(exact):.6f}".rstrip("0").rstrip(".")

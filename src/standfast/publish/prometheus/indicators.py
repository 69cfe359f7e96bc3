"""Bad and total events of an indicator in PromQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.publish.markdown import span
from standfast.publish.prometheus import metrics
from standfast.publish.prometheus.promql import FIVE_MINUTES, le, number, over, series
from standfast.publish.prometheus.query import Samples, Unsaid, World, unscraped
from standfast.publish.prometheus.signals import gauge, requests_of

if TYPE_CHECKING:
    from standfast.slo.indicator import Indicator
    from standfast.spec.system import Component, EventNames, EventQuery, Slices


_RATE = re.compile(
    r"\b(?:rate|irate|deriv)\s*\("
)  # per second; anything else counts the window's events


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Two expressions over a window `$w`, of the same unit; `total` exists whenever anything was seen."""

    key: str
    bad: str
    total: str
    outage: World  # every event is bad
    calm: World  # none is
    every: timedelta  # how often its series gain a sample
    per_second: bool = True  # else events of the whole window
    grain: timedelta = timedelta(0)  # of what is judged by slices of time: how long each is


def counted(indicator: Indicator, component: Component) -> Counted | Unsaid:
    """The PromQL behind one indicator; a reason where the component's metrics cannot tell."""
    events = _counted(indicator.counted, component)
    if indicator.slices is None or isinstance(events, Unsaid):
        return events
    return _sliced(indicator.key, indicator.slices, events)


def _sliced(key: str, slices: Slices, events: Counted) -> Counted | Unsaid:
    """One look at the end of each slice. No events are no errors; where no series is, no slice counts."""
    if slices.of < 2 * events.every:
        return Unsaid(
            reason=f"slices of {span(slices.of)} hold fewer than two samples at one every {span(events.every)};"
            " standfast's own evaluator measures them",
            rule="SLO-07",
            to="Business Analyst",
        )
    bad, total = over(events.bad, slices.of), over(events.total, slices.of)
    judged = f"({bad} > bool {number(1 - slices.good)} * {total})[$w:{span(slices.of)}]"
    return Counted(
        key=key,
        bad=f"sum(sum_over_time({judged}))",
        total=f"sum(count_over_time({judged}))",
        outage=events.outage,
        calm=events.calm,
        every=events.every,
        per_second=False,
        grain=slices.of,
    )


def _counted(indicator: Indicator, component: Component) -> Counted | Unsaid:
    match indicator.kind:
        case "requests":
            return _requests(indicator, component)
        case "latency" if indicator.threshold is not None:
            return _latency(indicator, indicator.threshold, component)
        case "probe" if component.probed:
            return _probes(indicator, component)
        case "probe":
            return Unsaid(
                reason=f"{component.name} is neither scraped nor probed: no `scrape`, `url` or `address`",
                rule="MON-01",
                to="DevOps/Platform",
            )
        case "query" if indicator.query is not None:
            return _queried(indicator.key, indicator.query, component)
        case "gauge" if indicator.limit is not None:
            return _gauged(indicator, indicator.limit, component)
        case "events" if indicator.events is not None:
            return _events(indicator, indicator.events, component)
    return Unsaid(
        reason=f"no metric tells the {indicator.kind} of {component.name}",
        rule="MON-02",
        to="Developer",
    )


def _requests(indicator: Indicator, component: Component) -> Counted:
    route = indicator.route
    total = metrics.requests(component, route)
    fine = requests_of(component, "2xx", route)
    broken = requests_of(component, indicator.bad_codes[0], route)
    if own := metrics.own(component, "errors"):
        broken = series(own, **metrics.labels(component, route))
    return Counted(
        key=indicator.key,
        bad=f"({metrics.failures(component, indicator.bad_codes, route)} or 0 * {total})",
        total=total,
        # A counter of its own for errors counts what the counter of all requests counts too.
        outage=(
            Samples(series=fine, first=100, step=100 if own else 0),
            Samples(series=broken, step=100),
        ),
        calm=(Samples(series=fine, step=100),),
        every=component.scrape_every,
    )


def _latency(indicator: Indicator, threshold: timedelta, component: Component) -> Counted | Unsaid:
    here = indicator.source == "standfast"
    if here and component.scrape is None and component.exporter is None:
        return Unsaid(
            reason=f"{component.name} is not scraped, so nobody counts its requests by how long they took",
            rule="MON-01",
            to="DevOps/Platform",
        )
    bound = seconds(threshold)
    route, failed = indicator.route, indicator.bad_codes
    total = metrics.timed(component, route, failed)
    name, labels = metrics.duration(component), metrics.labels(component, indicator.route)
    count = series(f"{name}_count", **labels)
    bucket = series(f"{name}_bucket", le=number(bound), **labels)
    return Counted(
        key=indicator.key,
        # Exact only because the bound is a bucket's own; counts at it are inclusive.
        bad=f"({total} - {metrics.buckets(component, le(bound), route, failed)})",
        total=total,
        outage=(Samples(series=count, step=100), Samples(series=bucket)),
        calm=(Samples(series=count, step=100), Samples(series=bucket, step=100)),
        every=component.scrape_every,
    )


def _probes(indicator: Indicator, component: Component) -> Counted:
    probe = series(metrics.PROBE, component=component.name)
    count = f"sum(count_over_time({probe}[$w]))"
    return Counted(
        key=indicator.key,
        bad=f"({count} - sum(sum_over_time({probe}[$w])))",
        total=count,
        outage=(Samples(series=probe, first=0),),
        calm=(Samples(series=probe, first=1),),
        every=component.probe_every,
        per_second=False,
    )


def _queried(key: str, query: EventQuery, component: Component) -> Counted:
    """The file's own PromQL. What it counts is its own affair, so that no world for a test follows from it."""
    total, bad, good = (
        f"({text.replace('$window', '$w')})" for text in (query.total, query.bad, query.good)
    )
    return Counted(
        key=key,
        bad=f"({bad} or 0 * {total})" if query.bad else f"({total} - ({good} or 0 * {total}))",
        total=total,
        outage=(),
        calm=(),
        every=component.scrape_every,
        per_second=_RATE.search(query.total) is not None,
    )


def _gauged(indicator: Indicator, limit: Fraction, component: Component) -> Counted | Unsaid:
    """The share of looks at which a gauge is over its limit, one look a minute."""
    signal = gauge(indicator.signal, component)
    if isinstance(signal, Unsaid):
        return signal
    value = over(signal.value, FIVE_MINUTES)
    return Counted(
        key=indicator.key,
        bad=f"sum_over_time(({value} > bool {number(limit)})[$w:1m])",
        total=f"count_over_time(({value})[$w:1m])",
        outage=signal.high(limit),
        calm=signal.low(limit),
        every=max(component.scrape_every, _LOOK),
    )


def _events(indicator: Indicator, names: EventNames, component: Component) -> Counted | Unsaid:
    if not metrics.scraped(component):
        return unscraped(component, "events")
    all_, bad, good = (
        series(name, job=component.name) if name else ""
        for name in (names.total, names.bad, names.good)
    )
    total = f"sum(rate({all_}[$w]))"
    part = f"(sum(rate({bad or good}[$w])) or 0 * {total})"
    fine = (Samples(series=all_, step=100),)
    return Counted(
        key=indicator.key,
        bad=part if bad else f"({total} - {part})",
        total=total,
        outage=(*fine, Samples(series=bad or good, step=100 if bad else 0)),
        calm=(*fine, Samples(series=bad or good, step=0 if bad else 100)),
        every=component.scrape_every,
        per_second=False,
    )


_LOOK = timedelta(minutes=1)


def seconds(length: timedelta) -> Fraction:
    return Fraction(length // timedelta(microseconds=1), 1_000_000)

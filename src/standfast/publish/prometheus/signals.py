"""Signals that a threshold can stand on: a value in PromQL, and series that put it above or below a limit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.publish.prometheus import metrics
from standfast.publish.prometheus.promql import LATE, number, ratio, series
from standfast.publish.prometheus.query import Samples, Unsaid, World, unscraped

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.spec.system import Component, System

    Build = Callable[[re.Match[str], Component, System], "Signal | Unsaid"]
    Gauge = Callable[[re.Match[str], Component], "Signal | Unsaid"]

EVERY = 15  # seconds between the samples of unit tests


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    value: str  # an expression with `$w` where a window goes
    high: Callable[[Fraction], World]  # a world in which it stands well above a limit
    low: Callable[[Fraction], World]
    events: str = ""  # events a second behind the value, for a floor


def find(name: str, component: Component, system: System) -> Signal | Unsaid:
    """The signal of that name for a component; the file's own metric of that name comes first."""
    if not metrics.scraped(component) and name != "probe failures":
        return unscraped(component, name)
    if own := component.metrics.get(name):
        return _gauge(f"max({series(own, job=component.name)})", series(own, job=component.name))
    for pattern, build in _KNOWN:
        if match := re.fullmatch(pattern, name):
            return build(match, component, system)
    return Unsaid(
        reason=f"no metric tells the signal {name!r} of {component.name}; name one as "
        f"`components.{component.name}.metrics.{name.replace(' ', '_')}`"
    )


def gauge(name: str, component: Component) -> Signal | Unsaid:
    """A signal that is read as it is, for levels that hold it against a limit."""
    if not metrics.scraped(component):
        return unscraped(component, name)
    if own := component.metrics.get(name):
        return _own(own, name, component)
    for pattern, build in _GAUGES:
        if match := re.fullmatch(pattern, name):
            return build(match, component)
    return Unsaid(reason=f"no metric tells the signal {name!r} of {component.name} in PromQL")


def _own(metric: str, name: str, component: Component) -> Signal:
    chosen = series(metric, job=component.name)
    if metric.endswith("_timestamp_seconds"):
        return Signal(
            value=f"(time() - min({chosen}))",
            high=lambda limit: (Samples(series=chosen, first=-float(limit) - 60),),
            low=lambda _limit: (Samples(series=chosen, first=1e9),),
        )
    together = "max" if name in {"freshness", "age"} else "sum"
    return _gauge(f"{together}({chosen})", chosen)


# ------------------------------------------------------------------ requests


def requests_of(component: Component, code_class: str, route: str = "") -> str:
    """One series of the request counter, as unit tests feed it."""
    metric = metrics.own(component, "requests", "traffic") or metrics.REQUESTS
    labels = {"route": "/"} | metrics.labels(component, route)
    told = LATE[1] if code_class == "timeout" else code_class
    return series(metric, code_class=told, instance="one", **labels)


def ours(component: Component, system: System) -> tuple[str, ...]:
    """The status classes and codes that are the service's own failures, from its service levels."""
    found = [
        level.bad_codes
        for level in system.levels_of.get(component.name, ())
        if level.sli in {"availability", "errors"}
    ]
    return found[0] if found else ("5xx",)


def _error_rate(_: re.Match[str], component: Component, system: System) -> Signal:
    codes = ours(component, system)
    total = metrics.requests(component)

    def mixed(share: float) -> World:
        return (
            Samples(series=requests_of(component, "2xx"), step=1000 * (1 - share)),
            Samples(series=_failed(component, codes[0]), step=1000 * share),
        )

    return Signal(
        value=ratio(metrics.failures(component, codes), total),
        events=total,
        high=lambda limit: mixed(min(1.0, float(limit) * 1.5 + 0.001)),
        low=lambda limit: mixed(float(limit) / 2),
    )


def _failed(component: Component, code: str) -> str:
    own = metrics.own(component, "errors")
    return series(own, **metrics.labels(component)) if own else requests_of(component, code)


def _latency(match: re.Match[str], component: Component, _: System) -> Signal:
    share = number(Fraction(match[1]) / 100)
    bucket = f"{metrics.duration(component)}_bucket"

    def at(seconds: float) -> World:
        low, high = seconds * 0.9, seconds * 1.1
        return tuple(
            Samples(
                series=series(bucket, instance="one", le=le, **metrics.labels(component)), step=step
            )
            for le, step in ((f"{low:g}", 0.0), (f"{high:g}", 100.0), ("+Inf", 100.0))
        )

    return Signal(
        value=metrics.quantile(component, share),
        events=metrics.timed(component),
        high=lambda limit: at(float(limit) * 2),
        low=lambda limit: at(float(limit) / 2),
    )


def _traffic(_: re.Match[str], component: Component, __: System) -> Signal:
    total = metrics.requests(component)

    def flowing(rate: float) -> World:
        return (Samples(series=requests_of(component, "2xx"), step=rate * EVERY),)

    return Signal(
        value=f"({total} or vector(0))",
        high=lambda limit: flowing(float(limit) * 2 + 1),
        low=lambda limit: flowing(float(limit) / 2),
    )


# ------------------------------------------------------------------ gauges


def _gauge(value: str, fed: str, *more: Samples) -> Signal:
    """A value read as it is; tests feed `fed` beside the constant series `more`."""
    return Signal(
        value=value,
        high=lambda limit: (Samples(series=fed, first=float(limit) * 1.05 + 0.001), *more),
        low=lambda limit: (Samples(series=fed, first=float(limit) * 0.9), *more),
    )


def _probe_failures(_: re.Match[str], component: Component, __: System) -> Signal | Unsaid:
    if not component.probed:
        return Unsaid(
            reason=f"{component.name} has neither `url` nor `address` to be probed at",
            rule="MON-01",
            to="DevOps/Platform",
        )
    probe = series(metrics.PROBE, component=component.name)
    return Signal(
        value=f"(1 - min(avg_over_time({probe}[$w])))",
        high=lambda _limit: (Samples(series=probe, first=0),),
        low=lambda _limit: (Samples(series=probe, first=1),),
    )


def _active(_: re.Match[str], component: Component) -> Signal:
    metric = metrics.own(component, "active", "saturation") or metrics.ACTIVE
    return _gauge(metrics.active(component), series(metric, **metrics.labels(component)))


def _disk(_: re.Match[str], component: Component) -> Signal:
    labels = metrics.labels(component)
    free = series("node_filesystem_avail_bytes", fstype_not="", **labels).replace(
        'fstype_not=""', 'fstype!~"tmpfs|overlay|squashfs"'
    )
    whole = free.replace("_avail_", "_size_")
    fed = {"fstype": "ext4", "mountpoint": "/", **labels}
    size = 1e9

    def used(share: float) -> World:
        return (
            Samples(series=series("node_filesystem_avail_bytes", **fed), first=size * (1 - share)),
            Samples(series=series("node_filesystem_size_bytes", **fed), first=size),
        )

    return Signal(
        value=f"max(1 - {free} / {whole})",
        high=lambda limit: used(min(1.0, float(limit) * 1.05)),
        low=lambda limit: used(float(limit) * 0.9),
    )


def _disk_left(_: re.Match[str], component: Component, __: System) -> Signal:
    """Seconds until the disk is full at the pace of the last hour; absent while it does not fill."""
    labels = metrics.labels(component)
    free = series("node_filesystem_avail_bytes", **labels)
    fed = series("node_filesystem_avail_bytes", fstype="ext4", mountpoint="/", **labels)
    room = 1e12

    def full_in(seconds: float) -> World:
        return (Samples(series=fed, first=room, step=-room / seconds * EVERY),)

    return Signal(
        value=f"min({free} / -(deriv({free}[1h]) < 0))",
        high=lambda limit: full_in(float(limit) * 4),
        low=lambda limit: full_in(float(limit) / 2),
    )


def _cpu(_: re.Match[str], component: Component) -> Signal:
    fed = series("node_cpu_seconds_total", cpu="0", mode="idle", **metrics.labels(component))
    idle = series("node_cpu_seconds_total", mode="idle", **metrics.labels(component))

    def busy(share: float) -> World:
        return (Samples(series=fed, step=EVERY * (1 - share)),)

    # Where no exporter tells of the machine, the application tells of its own share of it.
    process = series("process_cpu_seconds_total", **metrics.labels(component))
    return Signal(
        value=f"(max(1 - avg by (instance) (rate({idle}[$w]))) or max(rate({process}[$w])))",
        high=lambda limit: busy(min(1.0, float(limit) * 1.05 + 0.01)),
        low=lambda limit: busy(float(limit) * 0.9),
    )


def _memory(_: re.Match[str], component: Component) -> Signal:
    labels = metrics.labels(component)
    free = series("node_memory_MemAvailable_bytes", **labels)
    whole = series("node_memory_MemTotal_bytes", **labels)

    def used(share: float) -> World:
        return (Samples(series=free, first=1e9 * (1 - share)), Samples(series=whole, first=1e9))

    return Signal(
        value=f"max(1 - {free} / {whole})",
        high=lambda limit: used(min(1.0, float(limit) * 1.05 + 0.01)),
        low=lambda limit: used(float(limit) * 0.9),
    )


# ------------------------------------------------------------------ PostgreSQL, by postgres_exporter


def _query_time(_: re.Match[str], component: Component, __: System) -> Signal | Unsaid:
    """The longest statement that runs now, which the exporter tells without any extension."""
    if component.type != "postgresql":
        return _no_exporter("query time", component)
    longest = series("pg_stat_activity_max_tx_duration", **metrics.labels(component))
    return _gauge(f"max({longest})", longest)


def _connections(_: re.Match[str], component: Component) -> Signal | Unsaid:
    if component.type != "postgresql":
        return _no_exporter("connections", component)
    count = series("pg_stat_activity_count", **metrics.labels(component))
    return _gauge(f"sum({count})", count)


def _connections_used(_: re.Match[str], component: Component) -> Signal | Unsaid:
    if component.type != "postgresql":
        return _no_exporter("connections used", component)
    labels = metrics.labels(component)
    count, most = (
        series("pg_stat_activity_count", **labels),
        series("pg_settings_max_connections", **labels),
    )
    return _gauge(f"sum({count}) / max({most} > 0)", count, Samples(series=most, first=1))


def _lag(_: re.Match[str], component: Component) -> Signal | Unsaid:
    if component.type != "postgresql":
        return _no_exporter("replication lag", component)
    lag = series("pg_replication_lag_seconds", **metrics.labels(component))
    return _gauge(f"max({lag})", lag)


def _no_exporter(name: str, component: Component) -> Unsaid:
    return Unsaid(
        reason=f"no known exporter tells the {name} of a {component.type}; name its metric as "
        f"`components.{component.name}.metrics.{name}`",
        to="DevOps/Platform",
    )


_GAUGES: tuple[tuple[str, Gauge], ...] = (
    (r"concurrent users", _active),
    (r"disk used", _disk),
    (r"cpu used", _cpu),
    (r"memory used", _memory),
    (r"connections", _connections),
    (r"connections used", _connections_used),
    (r"replication lag", _lag),
)


def _known(build: Gauge) -> Build:
    return lambda match, component, _system: build(match, component)


_KNOWN: tuple[tuple[str, Build], ...] = (
    (r"error rate|errors", _error_rate),
    (r"p(\d+(?:\.\d+)?) (?:latency|response time)", _latency),
    (r"requests(?: per second)?|request rate|traffic", _traffic),
    (r"active requests|concurrent users|concurrent requests", _known(_active)),
    (r"probe failures", _probe_failures),
    (r"disk used|disk", _known(_disk)),
    (r"disk full in", _disk_left),
    (r"cpu used|cpu", _known(_cpu)),
    (r"memory used|memory", _known(_memory)),
    (r"query time", _query_time),
    (r"connections", _known(_connections)),
    (r"connections used", _known(_connections_used)),
    (r"replication lag", _known(_lag)),
)

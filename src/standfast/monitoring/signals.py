"""The golden signals of one scrape: latency, traffic, errors, saturation; numbers for eyes and alerts."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.monitoring import edges
from standfast.monitoring.exposition import matching
from standfast.monitoring.histogram import bound, percentile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from standfast.monitoring.exposition import Sample
    from standfast.spec.system import Component

REQUESTS = "http_server_requests_total"
DURATION = "http_server_request_duration_seconds"
ACTIVE = "http_server_active_requests"
POOL_USED, POOL_MOST = "db_client_connections_used", "db_client_connections_max"
STARTED = "process_start_time_seconds"
_CPU, _NODE_CPU = "process_cpu_seconds_total", "node_cpu_seconds_total"
_HITS, _MISSES = "redis_keyspace_hits_total", "redis_keyspace_misses_total"
_STATUS = (
    "code_class",
    "status_class",
    "code",
    "status",
    "status_code",
    "http_response_status_code",
)
_LATE = ("408", "504")
_AGES = ("freshness", "age")
_ROUTE = ("route", "http_route", "handler", "path")

_SUMS: Mapping[str, tuple[str, ...]] = {
    "concurrent users": ("http_server_concurrent_users",),
    "connections": (
        "pg_stat_activity_count",
        "mysql_global_status_threads_connected",
        "redis_connected_clients",
        ACTIVE,
        "node_netstat_Tcp_CurrEstab",
    ),
    "container processes": ("container_processes",),
    "memory held": ("process_resident_memory_bytes",),
    "queue length": ("queue_messages", "rabbitmq_queue_messages", "standfast_queue_depth"),
    "consumer lag": ("kafka_consumergroup_lag",),
}
_HIGHEST: Mapping[str, tuple[str, ...]] = {
    "query time": ("pg_stat_activity_max_tx_duration",),
    "queue age": ("standfast_queue_oldest_seconds",),
    "archive timeout": ("pg_settings_archive_timeout_seconds",),
    "replication lag": (
        "pg_replication_lag_seconds",
        "mysql_slave_status_seconds_behind_master",
        "redis_connected_slave_lag_seconds",
        "replication_lag_seconds",
    ),
}
_SHARES: Mapping[
    str, tuple[tuple[str, str, bool], ...]
] = {  # part, whole, is the part what is left?
    "disk used": (("node_filesystem_avail_bytes", "node_filesystem_size_bytes", True),),
    "memory used": (
        ("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes", True),
        ("redis_memory_used_bytes", "redis_memory_max_bytes", False),
        ("container_memory_working_set_bytes", "container_spec_memory_limit_bytes", False),
    ),
    "container processes used": (("container_processes", "container_processes_max", False),),
    "connections used": (
        ("pg_stat_activity_count", "pg_settings_max_connections", False),
        ("mysql_global_status_threads_connected", "mysql_global_variables_max_connections", False),
        ("redis_connected_clients", "redis_config_maxclients", False),
        (POOL_USED, POOL_MOST, False),
    ),
}
_RATES: Mapping[
    str, tuple[str, ...]
] = {  # signal -> counters of which the first known is told a second
    "network received": ("node_network_receive_bytes_total",),
    "network sent": ("node_network_transmit_bytes_total",),
    "disk read": ("node_disk_read_bytes_total", "container_fs_reads_bytes_total"),
    "disk written": ("node_disk_written_bytes_total", "container_fs_writes_bytes_total"),
}
_BUSY = "node_disk_io_time_seconds_total"
_CONTAINER_CPU, _CORES = "container_cpu_usage_seconds_total", "container_spec_cpu_cores"
_PERIODS, _THROTTLED = (
    "container_cpu_cfs_periods_total",
    "container_cpu_cfs_throttled_periods_total",
)
_KILLS = "container_oom_kills_total"
_COUNTED = (
    *(name for names in _RATES.values() for name in names),
    _BUSY, _CONTAINER_CPU, _PERIODS, _THROTTLED, _KILLS,
)  # fmt: skip
_MEANS: Mapping[str, str] = {"query time": "db_client_operation_duration_seconds"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Which families are read of one component; its own names come before the usual ones."""

    requests: str
    duration: str
    own: Mapping[str, str]  # signal -> metric
    events: frozenset[str] = frozenset()  # counters that service levels name

    @property
    def wanted(self) -> frozenset[str]:
        """Everything worth keeping of a scrape."""
        duration = {f"{self.duration}_{part}" for part in ("bucket", "sum", "count")}
        usual = {name for names in (*_SUMS.values(), *_HIGHEST.values()) for name in names}
        shares = {name for pairs in _SHARES.values() for pair in pairs for name in pair[:2]}
        means = {f"{name}_{part}" for name in _MEANS.values() for part in ("sum", "count")}
        plain = {self.requests, STARTED, _CPU, _NODE_CPU, _HITS, _MISSES, *self.own.values()}
        plain |= {edges.CALLS, edges.DEGRADED, _CORES, *_COUNTED}
        return frozenset(duration | usual | shares | means | plain | self.events)


def names_of(component: Component, events: Iterable[str] = ()) -> Names:
    own = dict(component.metrics)
    requests = own.pop("requests", REQUESTS)
    duration = own.pop("latency", own.pop("duration", DURATION))
    return Names(requests=requests, duration=duration, own=own, events=frozenset(events))


def counted(names: Names, samples: Iterable[Sample]) -> list[Sample]:
    """Those of a scrape that are counters and compared with the last look."""
    known = counters(names)
    return [sample for sample in samples if sample.name in known]


def counters(names: Names) -> frozenset[str]:
    parts = tuple(f"{names.duration}_{part}" for part in ("bucket", "sum", "count"))
    means = tuple(f"{name}_{part}" for name in _MEANS.values() for part in ("sum", "count"))
    totals = tuple(name for name in names.own.values() if name.endswith("_total"))
    rest = (_CPU, _NODE_CPU, _HITS, _MISSES, edges.CALLS, edges.DEGRADED, *_COUNTED)
    return frozenset((names.requests, *parts, *means, *totals, *rest, *names.events))


def signals(
    names: Names,
    samples: Iterable[Sample],
    increases: Mapping[str, float],
    seconds: float,
    at: float = 0.0,
) -> dict[str, float]:
    """Every signal that these samples tell; `increases` are of `seconds` and of the same series, `at` is
    the instant in seconds since 1970."""
    samples = list(samples)
    risen = [(sample, increases[sample.series]) for sample in samples if sample.series in increases]
    found = _of_requests(names, risen, seconds) | _saturation(samples) | _means(names, risen)
    found |= _own(names, samples, increases, seconds, at)
    found |= _shares(risen, seconds) | _of_machine(samples, risen, seconds)
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _of_requests(
    names: Names, risen: list[tuple[Sample, float]], seconds: float
) -> dict[str, float]:
    requests = [(sample, by) for sample, by in risen if sample.name == names.requests]
    total = sum(by for _, by in requests)
    found: dict[str, float] = {}
    if requests and seconds > 0:
        found["requests per second"] = total / seconds
        for kind in ("4xx", "5xx"):
            bad = sum(by for sample, by in requests if is_bad(sample, (kind,)))
            found[f"{kind} per second"] = bad / seconds
        if total:
            found["error rate"] = found["5xx per second"] * seconds / total
    return found | _latency(durations(names, risen))


def _latency(buckets: Mapping[float, float]) -> dict[str, float]:
    shares = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}
    values = {f"{name} latency": percentile(buckets, share) for name, share in shares.items()}
    return {name: value for name, value in values.items() if value is not None}


def durations(
    names: Names,
    risen: Iterable[tuple[Sample, float]],
    *,
    route: str = "",
    without: tuple[str, ...] = (),
) -> dict[float, float]:
    """Cumulative counts by bound of the requests between two looks, all series together."""
    buckets: dict[float, float] = defaultdict(float)
    for sample, by in risen:
        if sample.name != f"{names.duration}_bucket" or not on_route(sample, route):
            continue
        upper = bound(sample.label("le"))
        if upper is not None and not (without and is_bad(sample, without)):
            buckets[upper] += by
    return dict(buckets)


def is_bad(sample: Sample, codes: tuple[str, ...]) -> bool:
    """Is the sample's status one of these codes or classes ("503", "5xx", "timeout")?"""
    status = status_of(sample)
    if not status:
        return False
    return status in codes or f"{status[0]}xx" in codes or ("timeout" in codes and status in _LATE)


def status_of(sample: Sample) -> str:
    """Its status code or class, by whichever label carries it; "" where none does."""
    return next(filter(None, (sample.label(name) for name in _STATUS)), "").lower()


def on_route(sample: Sample, route: str) -> bool:
    return not route or any(sample.label(name) == route for name in _ROUTE)


def _saturation(samples: list[Sample]) -> dict[str, float]:
    found: dict[str, float] = {}
    for signal, names in _SUMS.items():
        if values := _first(samples, names):
            found[signal] = sum(values)
    for signal, names in _HIGHEST.items():
        if values := _first(samples, names):
            found[signal] = max(values)
    for signal, pairs in _SHARES.items():
        for part, whole, left in pairs:
            if used := _used(samples, part, whole, left=left):
                found.setdefault(signal, max(used))
    return found


def _first(samples: list[Sample], names: tuple[str, ...]) -> list[float]:
    for name in names:
        if values := [one.value for one in matching(samples, name) if math.isfinite(one.value)]:
            return values
    return []


def _used(samples: list[Sample], part: str, whole: str, *, left: bool) -> list[float]:
    """The used share by label set; a whole without labels (a setting) holds for all parts together."""
    wholes = {one.labels: one.value for one in matching(samples, whole) if one.value > 0}
    parts = {one.labels: one.value for one in matching(samples, part) if one.value >= 0}
    if not wholes or not parts:
        return []
    if not wholes.keys() & parts.keys():
        parts, wholes = {(): sum(parts.values())}, {(): max(wholes.values())}
    shares = [parts[key] / wholes[key] for key in parts.keys() & wholes.keys()]
    return [1 - share if left else share for share in shares]


def _means(names: Names, risen: list[tuple[Sample, float]]) -> dict[str, float]:
    """Seconds per operation, of the operations between two looks."""
    found = {}
    for signal, name in {**_MEANS, "average latency": names.duration}.items():
        count = _total(risen, f"{name}_count")
        if count:
            found[signal] = _total(risen, f"{name}_sum") / count
    return found


def _shares(risen: list[tuple[Sample, float]], seconds: float) -> dict[str, float]:
    """Shares that are told by two counters: of the processors' time, of what was looked up."""
    found = {}
    if node := [(one, by) for one, by in risen if one.name == _NODE_CPU]:
        idle = sum(by for one, by in node if one.label("mode") in {"idle", "iowait"})
        if whole := sum(by for _, by in node):
            found["cpu used"] = 1 - idle / whole
    elif seconds > 0 and any(one.name == _CPU for one, _ in risen):
        found["cpu used"] = _total(risen, _CPU) / seconds
    hits = _total(risen, _HITS)
    if asked := hits + _total(risen, _MISSES):
        found["hit rate"] = hits / asked
    return found


def _of_machine(
    samples: list[Sample], risen: list[tuple[Sample, float]], seconds: float
) -> dict[str, float]:
    """Bytes a second, and what a container had of the processors that it was given."""
    found: dict[str, float] = {}
    names = {one.name for one, _ in risen}
    if periods := _total(risen, _PERIODS):
        found["container throttled"] = _total(risen, _THROTTLED) / periods
    if _KILLS in names:
        found["container memory kills"] = _total(risen, _KILLS)
    if seconds <= 0:
        return found
    for signal, counters in _RATES.items():
        if known := [one for one in counters if one in names]:
            # What a machine says to itself is no traffic of its network.
            mine = (by for one, by in risen if one.name == known[0] and one.label("device") != "lo")
            found[signal] = sum(mine) / seconds
    if busy := [by / seconds for one, by in risen if one.name == _BUSY]:
        found["disk busy"] = min(1.0, max(busy))
    cores = sum(one.value for one in matching(samples, _CORES))
    if _CONTAINER_CPU in names and cores > 0:
        found["cpu used"] = _total(risen, _CONTAINER_CPU) / seconds / cores
    return found


def _total(risen: list[tuple[Sample, float]], name: str) -> float:
    return sum(by for one, by in risen if one.name == name)


def _own(
    names: Names,
    samples: list[Sample],
    increases: Mapping[str, float],
    seconds: float,
    at: float,
) -> dict[str, float]:
    """The component's own metrics: a counter as its rate, an instant as the age of the oldest, an age as
    the greatest, anything else as its sum."""
    found: dict[str, float] = {}
    for signal, name in names.own.items():
        mine = [one for one in matching(samples, name) if math.isfinite(one.value)]
        if name.endswith("_total"):
            rises = [increases[one.series] for one in mine if one.series in increases]
            if rises and seconds > 0:
                found[signal] = sum(rises) / seconds
        elif mine and name.endswith("_timestamp_seconds"):
            found[signal] = max(0.0, at - min(one.value for one in mine))
        elif mine and signal in _AGES:
            found[signal] = max(one.value for one in mine)
        elif mine:
            found[signal] = sum(one.value for one in mine)
    return found

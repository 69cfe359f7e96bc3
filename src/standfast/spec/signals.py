"""The signals that an alert may watch, per type of component, with their unit and metric family.

Families: OpenTelemetry's HTTP server metrics for what serves, the common exporters for data stores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_HTTP = ("web", "http", "grpc")
_SQL = ("postgresql", "mysql", "mariadb")
_QUEUES = ("queue", "kafka", "worker")
_REMOTE = ("external", "cdn", "search")
_REQUESTS = "http_server_request_duration_seconds"
_EVERY: tuple[str, ...] = ()  # of any type


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Something that can be measured. `types` empty: of any component."""

    name: str
    unit: str  # "%" | "s" | ""
    golden: str  # latency | traffic | errors | saturation
    types: tuple[str, ...] = _EVERY
    families: Mapping[str, str]  # type -> metric family; "" for the others


def _signal(name: str, unit: str, golden: str, types: tuple[str, ...], **families: str) -> Signal:
    known = {kind.replace("default", ""): family for kind, family in families.items()}
    return Signal(name=name, unit=unit, golden=golden, types=types, families=known)


_REQUEST_DRIVEN = (*_HTTP, *_REMOTE, "worker")
THRESHOLDS: tuple[Signal, ...] = (
    _signal("error rate", "%", "errors", _REQUEST_DRIVEN, default=_REQUESTS),
    *(
        _signal(f"{percentile} latency", "s", "latency", _REQUEST_DRIVEN, default=_REQUESTS)
        for percentile in ("p50", "p90", "p95", "p99", "p99.9", "average")
    ),
    _signal("requests per second", "", "traffic", _REQUEST_DRIVEN, default=_REQUESTS),
    _signal("concurrent users", "", "traffic", _HTTP, default="http_server_active_requests"),
    _signal(
        "query time",
        "s",
        "latency",
        (*_SQL, "mongodb", "elasticsearch", "sqlite"),
        postgresql="pg_stat_activity_max_tx_duration",
        mysql="mysql_global_status_slow_queries",
        default="db_client_operation_duration_seconds",
    ),
    _signal(
        "replication lag",
        "s",
        "saturation",
        (*_SQL, "redis", "mongodb", "kafka"),
        postgresql="pg_replication_lag_seconds",
        mysql="mysql_slave_status_seconds_behind_master",
        redis="redis_connected_slave_lag_seconds",
        default="replication_lag_seconds",
    ),
    _signal(
        "connections",
        "",
        "saturation",
        _EVERY,
        postgresql="pg_stat_activity_count",
        mysql="mysql_global_status_threads_connected",
        redis="redis_connected_clients",
        default="http_server_active_requests",
    ),
    _signal(
        "connections used",
        "%",
        "saturation",
        (*_SQL, *_HTTP, "redis"),
        postgresql="pg_settings_max_connections",
        mysql="mysql_global_variables_max_connections",
        redis="redis_config_maxclients",
        default="http_server_active_requests",
    ),
    _signal("cpu used", "%", "saturation", _EVERY, default="node_cpu_seconds_total"),
    _signal(
        "memory used",
        "%",
        "saturation",
        _EVERY,
        redis="redis_memory_used_bytes",
        default="node_memory_MemAvailable_bytes",
    ),
    _signal("disk used", "%", "saturation", _EVERY, default="node_filesystem_avail_bytes"),
    _signal("disk busy", "%", "saturation", _EVERY, default="node_disk_io_time_seconds_total"),
    _signal("disk read", "", "traffic", _EVERY, default="node_disk_read_bytes_total"),
    _signal("disk written", "", "traffic", _EVERY, default="node_disk_written_bytes_total"),
    _signal("network received", "", "traffic", _EVERY, default="node_network_receive_bytes_total"),
    _signal("network sent", "", "traffic", _EVERY, default="node_network_transmit_bytes_total"),
    _signal(
        "container throttled",
        "%",
        "saturation",
        _EVERY,
        default="container_cpu_cfs_throttled_periods_total",
    ),
    _signal("container memory kills", "", "errors", _EVERY, default="container_oom_kills_total"),
    _signal("container processes", "", "saturation", _EVERY, default="container_processes"),
    _signal("container processes used", "%", "saturation", _EVERY, default="container_processes"),
    _signal("disk full in", "s", "saturation", _EVERY, default="node_filesystem_avail_bytes"),
    _signal("hit rate", "%", "traffic", ("redis", "cdn"), default="redis_keyspace_hits_total"),
    _signal("queue length", "", "saturation", (*_QUEUES, *_HTTP), default="queue_messages"),
    _signal("consumer lag", "", "saturation", _QUEUES, default="kafka_consumergroup_lag"),
    _signal("probe failures", "%", "errors", _EVERY, default="probe_success"),
    _signal("probe latency", "s", "latency", _EVERY, default="probe_duration_seconds"),
)
ABSENCES = ("successful requests", "requests", "metrics", "heartbeat", "successful probes")
EXPIRIES = ("certificate", "domain")
AGES = ("backup", "restore proof", "drill", "queue", "checkpoint")
GOLDEN = ("latency", "traffic", "errors", "saturation")


def threshold_signals(kind: str) -> dict[str, Signal]:
    """What a component of this type can be watched for."""
    return {one.name: one for one in THRESHOLDS if not one.types or kind in one.types}


def family(signal: str, kind: str) -> str | None:
    """The metric family that carries `signal` for a component of type `kind`; None where unknown."""
    found = threshold_signals(kind).get(signal)
    return (found.families.get(kind) or found.families.get("")) if found else None

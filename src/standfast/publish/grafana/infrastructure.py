"""Infrastructure: is a resource the cause?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.publish.grafana import limits
from standfast.publish.grafana.linking import of_service
from standfast.publish.grafana.panel import Dashboard, Kind, Limits, Panel, Row, target
from standfast.publish.prometheus import metrics, signals
from standfast.publish.prometheus.promql import FIVE_MINUTES, over, ratio, series
from standfast.publish.prometheus.query import Unsaid
from standfast.spec.condition import Threshold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition
    from standfast.spec.system import Component


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A signal that may be the cause, the question it answers, and by which words a file declares it."""

    signal: str
    question: str
    unit: str
    declared: tuple[str, ...] = ()


RESOURCES = (
    Resource(signal="cpu used", question="is the processor busy?", unit="percentunit", declared=("cpu",)),
    Resource(signal="memory used", question="does memory run out?", unit="percentunit", declared=("memory",)),
    Resource(signal="disk used", question="is the disk full?", unit="percentunit", declared=("disk",)),
    Resource(signal="disk full in", question="when is the disk full?", unit="dtdurations", declared=("disk",)),
    Resource(signal="connections", question="how many connections are open?", unit="short",
             declared=("connections",)),
    Resource(signal="connections used", question="do connections run out?", unit="percentunit",
             declared=("connections",)),
    Resource(signal="query time", question="how long does the slowest statement run?", unit="s",
             declared=("query time",)),
    Resource(signal="replication lag", question="how far behind is the replica?", unit="s"),
)  # fmt: skip
_HOST = frozenset({"cpu", "memory", "disk", "network"})


def infrastructure(edition: Edition) -> Dashboard:
    rows = (
        Row(title=part.name, panels=tuple(_panels(edition, part)))
        for part in edition.system.components.values()
    )
    return Dashboard(
        name="infrastructure",
        title="Infrastructure",
        question="Is a resource the cause?",
        page="/infrastructure",
        rows=tuple(row for row in rows if row.panels),
    )


def _panels(edition: Edition, part: Component) -> Iterator[Panel]:
    if part.scrape or part.exporter:
        yield _replicas(part)
    if part.scrape and part.serves:
        yield from _process(part)
    for resource in RESOURCES:
        if panel := _resource(edition, part, resource):
            yield panel
    if part.exporter or part.scrape:
        yield from _of_type(part)
    if _declared(part) & _HOST:
        yield _network(part)
    if part.scrape or part.exporter:
        yield from _containers(part)
    if part.address:
        yield _reachable(edition, part)
    if part.name in edition.system.backups:
        yield _backup(edition, part)


def _declared(part: Component) -> set[str]:
    return {one.lower() for names in part.signal_detail.values() for one in names}


# ------------------------------------------------------------------ every kind of component


def _replicas(part: Component) -> Panel:
    count = max(part.replicas.values(), default=0)
    up = series("up", job=part.name)
    return Panel(
        question=f"{part.name}: how many of its targets answer the scrape?",
        kind=Kind.LINES,
        targets=(target(f"sum({up})", "answer"), target(f"count({up})", "known")),
        limits=Limits(bad=1, below=True),
        about=f"The file counts {count} replicas in its largest region." if count else "",
    )


def _process(part: Component) -> Iterator[Panel]:
    """What the kit tells of each process."""
    cpu = series("process_cpu_seconds_total", job=part.name)
    started = series("process_start_time_seconds", job=part.name)
    for question, expr, unit in (
        ("how many processors does each process use?", f"rate({cpu}[5m])", "short"),
        ("how much memory does each process hold?",
         series("process_resident_memory_bytes", job=part.name), "bytes"),
        ("how many files does each process hold open?",
         series("process_open_fds", job=part.name), "short"),
        ("how often did it restart in an hour?", f"changes({started}[1h])", "short"),
    ):  # fmt: skip
        yield Panel(
            question=f"{part.name}: {question}",
            kind=Kind.LINES,
            targets=(target(expr, "{{instance}}"),),
            unit=unit,
        )


def _resource(edition: Edition, part: Component, resource: Resource) -> Panel | None:
    """Only where somebody says that it is measured: an alert, a declared signal, a metric, an exporter."""
    alerted = any(
        isinstance(rule.when, Threshold) and rule.when.signal == resource.signal
        for rule in edition.rules_of.get(part.name, ())
    )
    declared = bool(_declared(part) & set(resource.declared))
    exported = part.type == "postgresql" and bool(part.exporter) and _of_postgresql(part, resource)
    if not (alerted or declared or exported or resource.signal in part.metrics):
        return None
    signal = signals.find(resource.signal, part, edition.system)
    if isinstance(signal, Unsaid):
        return None
    return Panel(
        question=f"{part.name}: {resource.question}",
        kind=Kind.LINES,
        targets=(target(over(signal.value, FIVE_MINUTES), resource.signal),),
        unit=resource.unit,
        limits=limits.of_signal(edition, part, resource.signal),
        links=of_service(edition, part.name),
    )


def _of_postgresql(part: Component, resource: Resource) -> bool:
    """What its exporter tells without any setting."""
    if resource.signal == "replication lag":
        return bool(part.replication)
    return resource.signal in {"connections", "connections used", "query time"}


# ------------------------------------------------------------------ by type


def _of_type(part: Component) -> Iterator[Panel]:
    if part.type == "postgresql":
        commits = series("pg_stat_database_xact_commit", job=part.name)
        rollbacks = series("pg_stat_database_xact_rollback", job=part.name)
        yield Panel(
            question=f"{part.name}: how many transactions, and how many roll back?",
            kind=Kind.LINES,
            targets=(
                target(f"sum(rate({commits}[5m]))", "commits a second"),
                target(f"sum(rate({rollbacks}[5m]))", "rollbacks a second"),
            ),
            unit="ops",
        )
    if part.type == "redis":
        yield from _redis(part)


def _redis(part: Component) -> Iterator[Panel]:
    hits, misses = (
        f"sum(rate({series(f'redis_keyspace_{kind}_total', job=part.name)}[5m]))"
        for kind in ("hits", "misses")
    )
    for question, expr, unit in (
        ("how much memory does it hold?",
         f"max({series('redis_memory_used_bytes', job=part.name)})", "bytes"),
        ("how many clients are connected?",
         f"sum({series('redis_connected_clients', job=part.name)})", "short"),
        ("how often is the answer there?", ratio(hits, f"({hits} + {misses})"), "percentunit"),
    ):  # fmt: skip
        yield Panel(
            question=f"{part.name}: {question}", kind=Kind.LINES, targets=(target(expr),), unit=unit
        )


def _network(part: Component) -> Panel:
    """By the node exporter, where the file says that the host is measured."""
    return Panel(
        question=f"{part.name}: how much goes over the network?",
        kind=Kind.LINES,
        targets=tuple(
            target(f"sum(rate({_of_host(part, way)}[5m]))", name)
            for way, name in (("receive", "received"), ("transmit", "sent"))
        ),
        unit="Bps",
    )


def _containers(part: Component) -> Iterator[Panel]:
    """By cAdvisor's names; empty where the component runs in none."""
    memory = series("container_memory_working_set_bytes", job=part.name)
    allowed = series("container_spec_memory_limit_bytes", job=part.name)
    cpu = series("container_cpu_usage_seconds_total", job=part.name)
    for question, expr, unit in (
        (
            "how full is the memory of its containers?",
            f"max({memory} / ({allowed} > 0))",
            "percentunit",
        ),
        ("how many processors do its containers use?", f"sum(rate({cpu}[5m]))", "short"),
    ):
        yield Panel(
            question=f"{part.name}: {question}", kind=Kind.LINES, targets=(target(expr),), unit=unit
        )


def _of_host(part: Component, way: str) -> str:
    chosen = series(f"node_network_{way}_bytes_total", job=part.name)
    return chosen.removesuffix("}") + ',device!="lo"}'


def _reachable(edition: Edition, part: Component) -> Panel:
    probe = series(metrics.PROBE, component=part.name)
    return Panel(
        question=f"{part.name}: does it answer at all?",
        kind=Kind.STATES,
        targets=(target(f"min({probe})", part.name),),
        limits=Limits(bad=1, below=True),
        words=((0.0, "no answer"), (1.0, "answers")),
        links=of_service(edition, part.name),
    )


def _backup(edition: Edition, part: Component) -> Panel:
    age = series(metrics.BACKUP_AGE, store=part.name)
    return Panel(
        question=f"{part.name}: how much would we lose if it were gone now?",
        kind=Kind.LINES,
        targets=(target(f"max({age})", "age of the newest backup"),),
        unit="dtdurations",
        limits=limits.of_age(edition, part, "backup"),
    )

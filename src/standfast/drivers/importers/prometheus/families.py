"""What metrics and exporters speak of: `pg_up` and port 9187 of PostgreSQL, port 9100 of a host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.drivers.importers.stores import by_words

if TYPE_CHECKING:
    from collections.abc import Iterable

# By the first word of a metric's name; (what it is called, its type in the file).
_FAMILIES = {
    "pg": ("postgresql", "postgresql"), "postgres": ("postgresql", "postgresql"),
    "postgresql": ("postgresql", "postgresql"), "cnpg": ("postgresql", "postgresql"),
    "mysql": ("mysql", "mysql"), "mariadb": ("mariadb", "mariadb"), "redis": ("redis", "redis"),
    "mongodb": ("mongodb", "mongodb"), "elasticsearch": ("elasticsearch", "elasticsearch"),
    "opensearch": ("elasticsearch", "elasticsearch"), "kafka": ("kafka", "kafka"),
    "rabbitmq": ("rabbitmq", "queue"),
    "nats": ("nats", "queue"), "gnatsd": ("nats", "queue"), "pulsar": ("pulsar", "queue"),
    "minio": ("minio", "object-store"), "node": ("host", "host"), "windows": ("host", "host"),
    "nginx": ("nginx", "http"), "haproxy": ("haproxy", "http"), "traefik": ("traefik", "http"),
    "apache": ("apache", "http"), "caddy": ("caddy", "http"),
}  # fmt: skip
# Of what watches, and of the cluster below: nothing that users need by name.
WATCHING = frozenset({
    "prometheus", "alertmanager", "grafana", "thanos", "cortex", "loki", "promtail", "blackbox", "pushgateway",
    "otelcol", "scrape", "vmagent", "vmalert", "up",
})  # fmt: skip
CLUSTER = frozenset({
    "kube", "kubelet", "container", "apiserver", "etcd", "coredns", "cadvisor", "kubeproxy", "workqueue",
    "rest", "kubernetes", "machine", "storage", "volume", "namespace", "cluster",
})  # fmt: skip
_PORTS = {
    "9100": ("host", "host"), "9182": ("host", "host"), "9187": ("postgresql", "postgresql"),
    "9104": ("mysql", "mysql"), "9121": ("redis", "redis"), "9216": ("mongodb", "mongodb"),
    "9114": ("elasticsearch", "elasticsearch"), "9308": ("kafka", "kafka"), "9419": ("rabbitmq", "queue"),
    "15692": ("rabbitmq", "queue"), "7777": ("nats", "queue"),
}  # fmt: skip
_EXPORTER = re.compile(r"(?:^|[-_./])(?:exporter|exporters|metrics)(?:$|[-_./\d])")
_HOST = re.compile(
    r"(?:^|[-_])(?:nodes?|node-?exporter|hosts?|machines?|servers?|windows)(?:$|[-_])"
)


def first_word(metric: str) -> str:
    return re.split(r"[_:]", metric.strip(":"), maxsplit=1)[0].lower()


def of_metrics(names: Iterable[str]) -> set[tuple[str, str]]:
    """What series of these names are measured of, as far as that is told by the name."""
    words = {first_word(name) for name in names} | {
        first_word(part) for name in names if ":" in name for part in name.split(":")
    }
    return {_FAMILIES[word] for word in words if word in _FAMILIES}


def of_job(job: str, port: str) -> tuple[str, str] | None:
    """What an exporter speaks for; nothing where the job is what it says itself."""
    if port in _PORTS and (port != "7777" or "nats" in job):
        return _PORTS[port]
    if _HOST.search(job):
        return ("host", "host")
    if _EXPORTER.search(job) and (kind := by_words(job)):
        return (kind, kind)
    return None


def watches(job: str) -> bool:
    """Prometheus itself and its company."""
    words = [
        word
        for word in re.split(r"[^a-z0-9]+", job.lower())
        if word not in {"k8s", "server", "monitoring", "main"}
    ]
    return bool(words) and (
        words[0] in WATCHING or words[0] in {"cadvisor", "vm", "victoriametrics", "statsd", "snmp"}
    )


def speaks_for_others(job: str) -> bool:
    """Exporters of a cluster's or host's state: their job is where the series come from, not what they mean."""
    return job.lower() in {"kube-state-metrics", "cadvisor", "kubelet", "blackbox", "node"} or bool(
        _EXPORTER.search(job.lower())
    )

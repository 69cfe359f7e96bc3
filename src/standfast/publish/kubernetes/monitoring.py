"""For the Prometheus operator: rules, what is scraped, and what is probed from outside."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from standfast.publish.artefact import FOLDER, Owed, dump
from standfast.publish.document import Generated
from standfast.publish.kubernetes import manifest
from standfast.publish.markdown import span
from standfast.publish.prometheus.blackbox import probes
from standfast.publish.prometheus.scrape import patience

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition
    from standfast.publish.kubernetes.manifest import Manifest
    from standfast.publish.prometheus.blackbox import Probe
    from standfast.spec.system import Component

_RULE = "prometheusrule.yaml"
_API = "monitoring.coreos.com/v1"
EXPORTER = "blackbox-exporter:9115"
"""The service of the blackbox exporter, in the namespace of these manifests."""


def monitoring(edition: Edition) -> Artefacts:
    files = {
        "scrape.yaml": [*_monitors(edition), _standfast(edition)],
        "probes.yaml": [_probe(edition, *numbered) for numbered in _numbered(edition)],
    }
    yield _rule(edition)
    for name, manifests in files.items():
        if manifests:
            yield manifest.several(edition, f"monitoring/{name}", manifests)
        else:
            yield Owed(
                path=f"k8s/monitoring/{name}",
                lacks="no component has a `url` or an `address` to be probed at",
                rule="MON-01",
                to="DevOps/Platform",
            )
    there = [name for name, found in files.items() if found]
    yield manifest.component(edition, "monitoring", [_RULE, *there])


def _rule(edition: Edition) -> Generated:
    """The groups are indented as they stand: to write them a second time takes seconds in a large system."""
    frame = {
        "apiVersion": _API,
        "kind": "PrometheusRule",
        "metadata": manifest.metadata(edition, f"{manifest.label(edition.system.name)}-standfast"),
    }
    text = dump(edition, frame) + "spec:\n" + indent(edition.rule_groups, "  ")
    return Generated(path=f"{FOLDER}/k8s/monitoring/{_RULE}", text=text)


# ------------------------------------------------------------------ scraping


def _monitors(edition: Edition) -> Iterator[Manifest]:
    known = manifest.names(edition.system)
    for part in edition.system.components.values():
        for address, suffix in ((part.scrape, ""), (part.exporter, "-exporter")):
            if address:
                yield _monitor(edition, part, known[part.name] + suffix, address)


def _monitor(edition: Edition, part: Component, name: str, address: str) -> Manifest:
    parts = urlsplit(address)
    endpoint: Manifest = {
        "targetPort": manifest.port_of(address),
        "scheme": parts.scheme or "http",
        "path": parts.path or "/metrics",
        "interval": span(part.scrape_every),
        "scrapeTimeout": span(patience(part.scrape_every)),
        # Rules and dashboards know a component by its name in the file.
        "relabelings": [{"action": "replace", "targetLabel": "job", "replacement": part.name}],
    }
    if parts.query:
        endpoint["params"] = parse_qs(parts.query)
    return {
        "apiVersion": _API,
        "kind": "ServiceMonitor",
        "metadata": manifest.metadata(edition, name),
        "spec": {"selector": manifest.selected(name), "endpoints": [endpoint]},
    }


def _standfast(edition: Edition) -> Manifest:
    """standfast runs where it wants, best outside of what it watches: its public address is scraped."""
    base = edition.system.server.public_url
    if base is None:
        endpoint: Manifest = {
            "targetPort": 8600,
            "path": "/metrics",
            "relabelings": [
                {"action": "replace", "targetLabel": "job", "replacement": "standfast"}
            ],
        }
        return {
            "apiVersion": _API,
            "kind": "ServiceMonitor",
            "metadata": manifest.metadata(edition, "standfast"),
            "spec": {"selector": manifest.selected("standfast"), "endpoints": [endpoint]},
        }
    parts = urlsplit(base)
    return {
        "apiVersion": "monitoring.coreos.com/v1alpha1",
        "kind": "ScrapeConfig",
        "metadata": manifest.metadata(edition, "standfast"),
        "spec": {
            "jobName": "standfast",
            "scheme": parts.scheme.upper(),
            "metricsPath": f"{parts.path.rstrip('/')}/metrics",
            "staticConfigs": [{"targets": [parts.netloc], "labels": {"job": "standfast"}}],
        },
    }


# ------------------------------------------------------------------ probing


def _numbered(edition: Edition) -> Iterator[tuple[str, Probe]]:
    """A component may have a URL and an address: a probe of each."""
    known = manifest.names(edition.system)
    for probe in probes(edition.system):
        yield f"{known[probe.component]}-{probe.kind}", probe


def _probe(edition: Edition, name: str, probe: Probe) -> Manifest:
    return {
        "apiVersion": _API,
        "kind": "Probe",
        "metadata": manifest.metadata(edition, name),
        "spec": {
            "jobName": f"blackbox/{probe.module}/{span(probe.every)}",
            "interval": span(probe.every),
            "scrapeTimeout": span(patience(probe.every)),
            "module": probe.module,
            "prober": {"url": EXPORTER},
            "targets": {
                "staticConfig": {
                    "static": [probe.address],
                    "labels": {"component": probe.component},
                }
            },
        },
    }

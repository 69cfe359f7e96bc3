"""The blackbox exporter's configuration, and the addresses that Prometheus has it probe from outside.

standfast probes by itself. The exporter does it again from another place, so that a public address is not
judged only from the network that it stands in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.monitoring.target import PROBES, of_component
from standfast.publish.artefact import FOLDER, Owed, dump
from standfast.publish.document import Generated
from standfast.publish.markdown import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from standfast.monitoring.target import Target
    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition
    from standfast.spec.expectation import DnsQuestion, Expectation
    from standfast.spec.system import Component, System

BLACKBOX = f"{FOLDER}/blackbox/blackbox.yml"
EXPORTER = "127.0.0.1:9115"
"""Where Prometheus finds the exporter; best on a machine outside of the regions that it looks at."""
PATIENCE = timedelta(seconds=10)
_MODULES: dict[str, dict[str, object]] = {
    "http": {"prober": "http", "http": {"method": "GET"}},
    "https": {"prober": "http", "http": {"method": "GET", "fail_if_not_ssl": True}},
    "tcp": {"prober": "tcp"},
    "icmp": {"prober": "icmp"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One address of one component, and the exporter's module that looks at it."""

    component: str
    module: str
    address: str
    every: timedelta
    kind: str = "http"


def probes(system: System) -> Iterator[Probe]:
    for component in system.components.values():
        for target in of_component(component):
            if target.kind in PROBES and (address := _asked(component, target)):
                yield Probe(
                    component=component.name,
                    module=_module(component, target),
                    address=address,
                    every=target.every,
                    kind=target.kind,
                )


def _asked(component: Component, target: Target) -> str:
    """Of a name it is the server that is asked; the exporter knows none of its own."""
    return component.dns.server if target.kind == "dns" and component.dns else target.address


def _module(component: Component, target: Target) -> str:
    """What a component expects of its own is a module of its own."""
    if target.kind == "dns" or (target.kind == "http" and component.expect):
        return f"{target.kind}-{component.name}"
    secure = target.address.lower().startswith("https:")
    return "https" if secure and target.kind == "http" else target.kind


def _own(component: Component) -> dict[str, dict[str, object]]:
    found = {}
    if component.expect:
        secure = (component.url or "").lower().startswith("https:")
        found[f"http-{component.name}"] = _http(component.expect, secure=secure)
    if component.dns:
        found[f"dns-{component.name}"] = _dns(component.dns)
    return found


def _http(expected: Expectation, *, secure: bool) -> dict[str, object]:
    """What the exporter can be told; of JSON, of a time and of days left it knows nothing."""
    asked: dict[str, object] = {"method": "GET", "follow_redirects": expected.redirected}
    if secure:
        asked["fail_if_not_ssl"] = True
    if expected.status:
        asked["valid_status_codes"] = [code for one in expected.status for code in _codes(one)]
    if wanted := [*map(re.escape, expected.contains), *expected.matches]:
        asked["fail_if_body_not_matches_regexp"] = wanted
    if expected.lacks:
        asked["fail_if_body_matches_regexp"] = [re.escape(one) for one in expected.lacks]
    if expected.headers:
        asked["fail_if_header_not_matches"] = [
            {"header": name, "regexp": f"(?i){re.escape(text)}"}
            for name, text in expected.headers.items()
        ]
    return {"prober": "http", "http": asked}


def _codes(status: str) -> list[int]:
    first = int(status.replace("x", "0"))
    return list(range(first, first + 100)) if "x" in status else [first]


def _dns(question: DnsQuestion) -> dict[str, object]:
    asked: dict[str, object] = {"query_name": question.name, "query_type": question.type}
    if question.expect:
        each = "|".join(re.escape(one.rstrip(".")) for one in question.expect)
        # An answer reads `shop.test. 60 IN A 192.0.2.1`; names end in a dot, texts stand in quotes.
        asked["validate_answer_rrs"] = {
            "fail_if_not_matches_regexp": [rf'(?i)[\s"](?:{each})\.?"?$']
        }
    return {"prober": "dns", "dns": asked}


def blackbox(edition: Edition) -> Artefacts:
    own: dict[str, dict[str, object]] = {}
    for component in edition.system.components.values():
        own |= _own(component)
    used = {probe.module for probe in probes(edition.system)}
    if not used:
        yield Owed(
            path="blackbox/blackbox.yml",
            lacks="no component has a `url` or an `address` to be probed at",
            rule="MON-01",
            to="DevOps/Platform",
        )
        return
    modules = {
        name: {"timeout": span(PATIENCE), **shape}
        for name, shape in {**_MODULES, **own}.items()
        if name in used
    }
    yield Generated(path=BLACKBOX, text=dump(edition, {"modules": modules}))


def jobs(system: System) -> Iterator[dict[str, object]]:
    """One for each module and rhythm; the series carry the component's name as label `component`."""
    grouped: dict[tuple[str, timedelta], list[Probe]] = {}
    for probe in probes(system):
        grouped.setdefault((probe.module, probe.every), []).append(probe)
    for (module, every), found in grouped.items():
        yield _job(module, every, found)


def _job(module: str, every: timedelta, found: Iterable[Probe]) -> dict[str, object]:
    return {
        "job_name": f"blackbox/{module}/{span(every)}",
        "scrape_interval": span(every),
        "scrape_timeout": span(min(every, PATIENCE)),
        "metrics_path": "/probe",
        "params": {"module": [module]},
        "static_configs": [
            {"targets": [one.address], "labels": {"component": one.component}} for one in found
        ],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": EXPORTER},
        ],
    }

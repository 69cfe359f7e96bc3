"""The blackbox exporter's configuration, and the addresses that Prometheus has it probe from outside.

standfast probes by itself. The exporter does it again from another place, so that a public address is not
judged only from the network that it stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.monitoring.target import PROBES, of_component
from standfast.publish.artefact import FOLDER, Owed, stamp
from standfast.publish.document import Generated
from standfast.publish.markdown import span
from standfast.publish.prometheus.blackbox_modules import modules_of, secrets, untold
from standfast.publish.yaml_text import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from standfast.monitoring.target import Target
    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition
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
    """Of a name it is the server that is asked, for the exporter knows none of its own; "" where it cannot."""
    if target.kind == "dns":
        return component.dns.server if component.dns else ""
    untold = target.kind == "websocket" or (target.kind == "http" and any(secrets(component)))
    return "" if untold else target.address


def _module(component: Component, target: Target) -> str:
    """What a component asks or expects of its own is a module of its own."""
    own = {
        "dns": True,
        "grpc": True,
        "http": component.expect or component.request,
        "tcp": component.talk and not component.talk.speaks,
    }
    if own.get(target.kind):
        return f"{target.kind}-{component.name}"
    secure = target.address.lower().startswith("https:")
    return "https" if secure and target.kind == "http" else target.kind


def blackbox(edition: Edition) -> Artefacts:
    own: dict[str, dict[str, object]] = {}
    for component in edition.system.components.values():
        own |= modules_of(component)
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
    text = stamp(edition) + "".join(_noted(edition.system)) + text_of({"modules": modules})
    yield Generated(path=BLACKBOX, text=text)


def _noted(system: System) -> Iterator[str]:
    for component in system.components.values():
        for one in untold(component):
            yield f"# {component.name}: standfast asks for what this exporter cannot be told: {one}.\n"


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

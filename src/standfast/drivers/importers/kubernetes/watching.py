"""How a component is watched already: the endpoints of its probes, and where its metrics are scraped."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.images import Role
from standfast.drivers.importers.kubernetes.resource import selects
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Fact, Note, NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.drivers.importers.kubernetes.cluster import Cluster, Part
    from standfast.drivers.importers.kubernetes.resource import Resource
    from standfast.drivers.importers.kubernetes.workload import Container, Workload
    from standfast.spec.tree import Node

_PROBES = (("live", "livenessProbe"), ("ready", "readinessProbe"))
_OTHERWISE = {"exec": "run a command", "tcpSocket": "open a port", "grpc": "ask by gRPC"}
_OWN_URL = re.compile(r"(?:localhost|127\.0\.0\.1)(?::\d{1,5})?(/[^\s\"'`;|&)$]{0,500})")
_DURATION = re.compile(r"(?=.)(?:\d{1,6}h)?(?:\d{1,6}m)?(?:\d{1,6}s)?(?:\d{1,6}ms)?")


def health(cluster: Cluster) -> tuple[list[Fact], list[Note]]:
    facts: list[Fact] = []
    otherwise: dict[str, dict[str, Node]] = defaultdict(dict)
    for part in cluster.parts:
        for one in part.workloads[:1]:
            for kind, probe in _probes(one):
                path, node = _path(probe)
                if node is not None and path.startswith("/"):
                    facts += _check(part, kind, probe, path, node)
                    continue
                for how in _OTHERWISE:
                    if (asked := at(probe, how)) is not None:
                        otherwise[how].setdefault(part.name, asked)
    notes = []
    for how, parts in otherwise.items():
        first = next(iter(parts.values()))
        said = f"the probes of {listed(parts)} {_OTHERWISE[how]}; "
        said += "health checks of the file are paths, so none is taken"
        notes.append(Note(kind=NoteKind.UNSUPPORTED, place=place(first), text=said))
    return facts, notes


def _probes(one: Workload) -> Iterator[tuple[str, Node]]:
    main = one.main
    ordered = sorted(one.working, key=lambda each: each is not main)
    for kind, key in _PROBES:
        probe = next((found for each in ordered if (found := at(each.node, key)) is not None), None)
        if probe is not None:
            yield kind, probe


def _path(probe: Node) -> tuple[str, Node | None]:
    """The path that is asked, by the kubelet or by a command within the container, and where it stands."""
    if (path := at(probe, "httpGet", "path")) is not None:
        return nodes.text(path), path
    for word in nodes.items(probe, "exec", "command"):
        if match := _OWN_URL.search(nodes.text(word)[:4000]):
            return match[1], word
    return "", None


def _check(part: Part, kind: str, probe: Node, path: str, node: Node) -> Iterator[Fact]:
    base = ("components", part.name, "health", kind)
    yield Fact(path=(*base, "path"), value=path, places=(place(node),))
    for key, word in (("periodSeconds", "every"), ("timeoutSeconds", "timeout")):
        stated = at(probe, key)
        if stated is not None and (seconds := nodes.number(stated)):
            yield Fact(path=(*base, word), value=f"{seconds}s", places=(place(stated),))


def scrapes(cluster: Cluster) -> tuple[list[Fact], list[Note]]:
    """Annotations, ServiceMonitors and PodMonitors; a store's exporter is not the store's own endpoint."""
    facts: dict[tuple[str, ...], Fact] = {}
    notes: list[Note] = []
    for part in cluster.parts:
        for fact in _annotated(part, cluster.fronts.get(part.name, ()), notes):
            facts.setdefault(fact.path, fact)
    for monitor in cluster.of_kind("ServiceMonitor", "PodMonitor"):
        for fact in _monitored(monitor, cluster):
            facts.setdefault(fact.path, fact)
    return list(facts.values()), notes


def _annotated(part: Part, services: Sequence[Resource], notes: list[Note]) -> Iterator[Fact]:
    told = [(one.annotations, one.of) for one in part.workloads] + [
        (one.annotations, one) for one in services
    ]
    for said_of, of in told:
        if said_of.get("prometheus.io/scrape") != "true":
            continue
        port = said_of.get("prometheus.io/port", "")
        path = said_of.get("prometheus.io/path") or "/metrics"
        scheme = said_of.get("prometheus.io/scheme") or "http"
        host = next((found for each in services if (found := _address(each, port, part))), "")
        spot = _annotation(of)
        if not host or not path.startswith("/") or scheme not in {"http", "https"}:
            said = f"{part.name} is scraped at port {port or '?'} of its pods, which no Service shows; "
            said += "no address is taken"
            notes.append(Note(kind=NoteKind.UNSUPPORTED, place=place(spot), text=said))
            return
        yield _scrape(part, f"{scheme}://{host}{path}", spot, _is_exporter(part, port))
        return


def _annotation(of: Resource) -> Node:
    paths = [("metadata", "annotations"), ("spec", "template", "metadata", "annotations")]
    for path in paths:
        if found := at(of.node, *path, "prometheus.io/scrape"):
            return found
    return of.node


def _scrape(part: Part, url: str, node: Node, exporter: bool) -> Fact:
    word = "exporter" if exporter else "scrape"
    return Fact(path=("components", part.name, word), value=url, places=(place(node),))


def _is_exporter(part: Part, port: str) -> bool:
    """Is the port that of a container beside a store, which speaks for it?"""
    for one in part.workloads:
        for container in one.working:
            beside = container is not one.main and container.kind.role is Role.MONITOR
            if beside and port in _ports(container):
                return True
    return False


def _ports(container: Container) -> set[str]:
    found = set()
    for port in nodes.items(container.node, "ports"):
        found |= {nodes.text(port, "containerPort"), nodes.text(port, "name")}
    return found - {""}


def _address(service: Resource, port: str, part: Part) -> str:
    """`name.namespace:port` of the Service's port that leads to the pods' `port`; "" where none does."""
    for entry in nodes.items(service.spec, "ports"):
        own = nodes.text(entry, "port")
        names = {own, nodes.text(entry, "name"), nodes.text(entry, "targetPort")}
        names |= _aliases(part, nodes.text(entry, "targetPort"))
        if not port or port in names:
            space = f".{service.namespace}" if service.namespace else ""
            return f"{service.name}{space}:{own}" if own else ""
    return ""


def _aliases(part: Part, target: str) -> set[str]:
    """The number of a container's port that is called `target`."""
    return {
        nodes.text(port, "containerPort")
        for one in part.workloads
        for container in one.working
        for port in nodes.items(container.node, "ports")
        if target and nodes.text(port, "name") == target
    }


def _monitored(monitor: Resource, cluster: Cluster) -> Iterator[Fact]:
    pods = monitor.kind == "PodMonitor"
    key = "podMetricsEndpoints" if pods else "endpoints"
    selector = at(monitor.spec, "selector")
    spaces = {
        nodes.text(one) for one in nodes.items(monitor.spec, "namespaceSelector", "matchNames")
    } or {monitor.namespace}
    anywhere = nodes.text(monitor.spec, "namespaceSelector", "any") == "true"
    for part in cluster.parts:
        if not anywhere and "" not in {*spaces, part.namespace} and part.namespace not in spaces:
            continue
        if pods:
            chosen = (
                list(cluster.fronts.get(part.name, ())) if _selects_pods(selector, part) else []
            )
        else:
            chosen = [
                one for one in cluster.fronts.get(part.name, ()) if selects(selector, one.labels)
            ]
        for endpoint in nodes.items(monitor.spec, key):
            yield from _endpoint(part, endpoint, chosen)


def _selects_pods(selector: Node | None, part: Part) -> bool:
    return any(selects(selector, one.labels) for one in part.workloads)


def _endpoint(part: Part, endpoint: Node, chosen: Sequence[Resource]) -> Iterator[Fact]:
    port = next(
        (
            said
            for key in ("port", "targetPort", "portNumber")
            if (said := nodes.text(endpoint, key))
        ),
        "",
    )
    path = nodes.text(endpoint, "path") or "/metrics"
    scheme = nodes.text(endpoint, "scheme").lower() or "http"
    host = next((found for one in chosen if (found := _address(one, port, part))), "")
    if not host or not path.startswith("/") or scheme not in {"http", "https"}:
        return
    yield _scrape(part, f"{scheme}://{host}{path}", endpoint, _is_exporter(part, port))
    every = at(endpoint, "interval")
    if every is not None and _DURATION.fullmatch(nodes.text(every)):
        path_ = ("components", part.name, "scrape_every")
        yield Fact(path=path_, value=nodes.text(every), places=(place(every),))

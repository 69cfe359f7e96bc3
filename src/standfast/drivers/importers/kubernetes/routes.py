"""Under which addresses the outside world reaches a component: Ingress, Gateway API, and their relatives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.kubernetes.kinds import ROUTES
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Fact, Note, NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.drivers.importers.kubernetes.cluster import Cluster
    from standfast.drivers.importers.kubernetes.resource import Resource
    from standfast.spec.tree import Node

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?", re.IGNORECASE)
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?")
_TLS_HINT = re.compile(r"cert-manager\.io/|certificate|ssl-redirect|/tls-")
_RULE = re.compile(r"Host(?:SNI)?\(\s*([`'\"][^)]{1,1000})\)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route:
    """One host and path that lead to a Service; `node` is where the host stands."""

    host: str
    path: str
    service: str
    secure: bool | None  # None: nothing says it
    node: Node
    of: Resource


def urls(cluster: Cluster) -> tuple[dict[str, Fact], list[Note]]:
    """Each component's address: the shortest path of the first host that leads to it."""
    found: dict[str, list[Route]] = {}
    notes: list[Note] = []
    for one in cluster.of_kind(*sorted(ROUTES)):
        for route in _routes(one, cluster):
            if not _HOST.fullmatch(route.host):
                notes.append(_no_host(route))
                continue
            for part in cluster.answering(route.service, one.namespace) or ():
                found.setdefault(part.name, []).append(route)
    facts = {}
    for name, routes in found.items():
        facts[name] = _fact(name, routes, notes)
    return facts, notes


def _no_host(route: Route) -> Note:
    kind = NoteKind.PLACEHOLDER if re.search(r"[${<]", route.host) else NoteKind.SKIPPED
    shown = f"'{route.host[:100]}'" if route.host else "every host"
    said = f"{route.of.title} serves {route.service} at {shown}: no address that can be asked, so none is taken"
    return route.of.note(kind, said, route.node)


def _fact(name: str, routes: list[Route], notes: list[Note]) -> Fact:
    first = routes[0].host
    best = min((one for one in routes if one.host == first), key=lambda one: len(one.path))
    others = sorted({one.host for one in routes} - {first})
    if others:
        said = f"{name} is reached at {', '.join(others[:5])} too; {first} is taken"
        notes.append(best.of.note(NoteKind.SKIPPED, said, best.node))
    if best.secure is None:
        said = f"nothing says whether {first} is reached by https; taken so"
        notes.append(best.of.note(NoteKind.DETECTED, said, best.node))
    scheme = "http" if best.secure is False else "https"
    path = best.path.rstrip("/") if _PLAIN_PATH.fullmatch(best.path) else ""
    value = f"{scheme}://{best.host}{path}"
    return Fact(path=("components", name, "url"), value=value, places=(place(best.node),))


def _routes(one: Resource, cluster: Cluster) -> Iterator[Route]:
    match one.kind:
        case "Ingress":
            yield from _ingress(one)
        case "HTTPRoute" | "GRPCRoute":
            yield from _gateway_route(one, cluster)
        case "VirtualService":
            yield from _virtual_service(one, cluster)
        case "Route":
            yield from _openshift(one)
        case "IngressRoute":
            yield from _traefik(one)
        case "HTTPProxy":
            yield from _contour(one)


def _ingress(one: Resource) -> Iterator[Route]:
    secured = {
        nodes.text(host)
        for entry in nodes.items(one.spec, "tls")
        for host in nodes.items(entry, "hosts")
    }
    any_tls = bool(nodes.items(one.spec, "tls")) or any(
        _TLS_HINT.search(key) and value != "false" for key, value in one.annotations.items()
    )
    for rule in nodes.items(one.spec, "rules"):
        host = at(rule, "host")
        for path in nodes.items(rule, "http", "paths"):
            service = nodes.text(path, "backend", "service", "name") or nodes.text(
                path, "backend", "serviceName"
            )
            name = nodes.text(host)
            secure = name in secured or (any_tls and not secured)
            yield Route(
                host=name, path=nodes.text(path, "path"), service=service,
                secure=secure, node=host or rule, of=one,
            )  # fmt: skip
    default = at(one.spec, "defaultBackend") or at(one.spec, "backend")
    if default is not None and not nodes.items(one.spec, "rules"):
        service = nodes.text(default, "service", "name") or nodes.text(default, "serviceName")
        yield Route(host="", path="", service=service, secure=any_tls, node=default, of=one)


def _gateway_route(one: Resource, cluster: Cluster) -> Iterator[Route]:
    listeners = list(_listeners(one, cluster))
    secure: bool | None = None
    if listeners:
        secure = any(nodes.text(each, "protocol") in {"HTTPS", "TLS"} for each in listeners)
    names = nodes.items(one.spec, "hostnames")
    names = names or [host for each in listeners if (host := at(each, "hostname")) is not None]
    for rule in nodes.items(one.spec, "rules"):
        paths = [nodes.text(each, "path", "value") for each in nodes.items(rule, "matches")]
        path = min(filter(None, paths), key=len, default="")
        for backend in nodes.items(rule, "backendRefs"):
            service = _in_space(nodes.text(backend, "name"), nodes.text(backend, "namespace"))
            for host in names or [backend]:
                yield Route(
                    host=nodes.text(host) if names else "", path=path, service=service,
                    secure=secure, node=host, of=one,
                )  # fmt: skip


def _in_space(name: str, space: str) -> str:
    return f"{name}.{space}.svc" if space else name


def _listeners(one: Resource, cluster: Cluster) -> Iterator[Node]:
    for parent in nodes.items(one.spec, "parentRefs"):
        space = nodes.text(parent, "namespace") or one.namespace
        gateway = cluster.named("Gateway", nodes.text(parent, "name"), space)
        section = nodes.text(parent, "sectionName")
        for each in nodes.items(gateway.spec, "listeners") if gateway else ():
            if not section or nodes.text(each, "name") == section:
                yield each


def _virtual_service(one: Resource, cluster: Cluster) -> Iterator[Route]:
    """Istio's: only those at a gateway; the others route within the mesh."""
    gateways = [
        name for each in nodes.items(one.spec, "gateways") if (name := nodes.text(each)) != "mesh"
    ]
    if not gateways:
        return
    secure = _istio_tls(gateways, one, cluster)
    for rule in nodes.items(one.spec, "http"):
        paths = [
            nodes.text(uri, how)
            for each in nodes.items(rule, "match")
            if (uri := at(each, "uri")) is not None
            for how in ("prefix", "exact")
        ]
        path = min(filter(None, paths), key=len, default="")
        for target in nodes.items(rule, "route"):
            service = nodes.text(target, "destination", "host")
            for host in nodes.items(one.spec, "hosts"):
                yield Route(
                    host=nodes.text(host),
                    path=path,
                    service=service,
                    secure=secure,
                    node=host,
                    of=one,
                )


def _istio_tls(names: list[str], one: Resource, cluster: Cluster) -> bool | None:
    servers = [
        server
        for name in names
        if (
            gateway := cluster.named(
                "Gateway", name.rpartition("/")[2], name.rpartition("/")[0] or one.namespace
            )
        )
        for server in nodes.items(gateway.spec, "servers")
    ]
    if not servers:
        return None
    return any(nodes.text(server, "port", "protocol") in {"HTTPS", "TLS"} for server in servers)


def _openshift(one: Resource) -> Iterator[Route]:
    host = at(one.spec, "host")
    service = nodes.text(one.spec, "to", "name")
    if host is not None and service:
        secure = at(one.spec, "tls") is not None
        path = nodes.text(one.spec, "path")
        yield Route(
            host=nodes.text(host), path=path, service=service, secure=secure, node=host, of=one
        )


def _traefik(one: Resource) -> Iterator[Route]:
    secure = at(one.spec, "tls") is not None
    for rule in nodes.items(one.spec, "routes"):
        match = at(rule, "match")
        for found in _RULE.findall(nodes.text(match)[:2000]):
            for host in re.findall(r"[`'\"]([^`'\"]+)[`'\"]", found):
                for service in nodes.items(rule, "services"):
                    name = _in_space(nodes.text(service, "name"), nodes.text(service, "namespace"))
                    yield Route(
                        host=host, path="", service=name, secure=secure, node=match or rule, of=one
                    )


def _contour(one: Resource) -> Iterator[Route]:
    host = at(one.spec, "virtualhost", "fqdn")
    secure = at(one.spec, "virtualhost", "tls") is not None
    for rule in nodes.items(one.spec, "routes"):
        prefix = min(
            (nodes.text(each, "prefix") for each in nodes.items(rule, "conditions")),
            key=len,
            default="",
        )
        for service in nodes.items(rule, "services"):
            yield Route(
                host=nodes.text(host), path=prefix, service=nodes.text(service, "name"), secure=secure,
                node=host or rule, of=one,
            )  # fmt: skip

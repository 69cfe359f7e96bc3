"""What a component is: its type, how many of it run, its address, and what it keeps."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.images import Kind, Role, kind_of
from standfast.drivers.importers.kubernetes import operators
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.source import place
from standfast.drivers.importers.stores import PORTS
from standfast.spec.drafting.draft import Fact, Note, NoteKind
from standfast.spec.drafting.mending import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from standfast.drivers.importers.kubernetes.cluster import Cluster, Part
    from standfast.drivers.importers.kubernetes.needs import Needs
    from standfast.drivers.importers.kubernetes.resource import Resource
    from standfast.drivers.importers.kubernetes.workload import Workload
    from standfast.spec.tree import Node

    Scalers = dict[tuple[str, str], list[tuple[Node, Resource]]]

STORES = frozenset(
    {"postgresql", "mysql", "mariadb", "redis", "mongodb", "elasticsearch", "kafka", "queue", "object-store"}
)  # fmt: skip
_HTTP_PORTS = frozenset({"80", "443", "3000", "5000", "8000", "8080", "8081", "8443", "8888"})
_WATCHED = re.compile(r"metrics|prom|health|probe|admin|debug|webhook", re.IGNORECASE)
_DATA_PATHS = re.compile(r"/data|/var/lib|/bitnami|/usr/share/elasticsearch|/db")


def describe(cluster: Cluster, needs: Needs, reached: Iterable[str]) -> Iterator[Fact | Note]:
    scaled = scalers(cluster)
    serving = set(reached)
    for part in cluster.parts:
        kind, told = type_of(part, cluster, part.name in serving)
        yield _fact(part, "type", kind, told)
        yield from _replicas(part, scaled)
        yield from _address(part, kind, cluster, part.name in serving)
        if part.workloads:
            yield from _state(part, kind, needs)
        elif part.store and (node := operators.is_ephemeral(part.of, part.store)):
            said = f"{part.name} keeps its data on an ephemeral disk: it is gone with the pod"
            yield part.of.note(NoteKind.DETECTED, said, node)
    for name, (kind, address, where) in needs.stores.items():
        yield Fact(path=("components", name, "type"), value=kind, places=(where,))
        if address:
            yield Fact(path=("components", name, "address"), value=address, places=(where,))


def _fact(part: Part, key: str, value: str | int, node: Node) -> Fact:
    return Fact(path=("components", part.name, key), value=value, places=(place(node),))


def type_of(part: Part, cluster: Cluster, reached: bool = False) -> tuple[str, Node]:
    """The type, and the node that tells it."""
    of = part.of
    if part.store is not None:
        return part.store.type, at(of.node, "kind") or of.node
    if part.outside or not part.workloads:
        return "external", at(of.spec, "externalName") or of.node
    one = part.workloads[0]
    main = one.main
    spot = (at(main.node, "image") if main else None) or of.node
    kind = main.kind if main else Kind(role=Role.PART)
    if kind.type:
        return kind.type, spot
    if of.kind == "CronJob":
        return "cron", at(of.node, "kind") or of.node
    if labelled := _labelled(part):
        return labelled, spot
    if served := _served(one):
        return served, spot
    return _by_ports(part, one, cluster, reached) or "other", spot


def _served(one: Workload) -> str:
    """A store by the port that it opens, as house images of databases have it."""
    ports = {
        nodes.text(port, "containerPort")
        for each in one.working
        for port in nodes.items(each.node, "ports")
        if not _WATCHED.search(nodes.text(port, "name"))
    }
    return next((kind for port, kind in PORTS.items() if port in ports), "")


def _labelled(part: Part) -> str:
    """Mirrors and house images, where a label says what they are."""
    labels = dict(part.workloads[0].labels) | part.of.labels
    named = kind_of(labels.get("app.kubernetes.io/name", ""))
    return named.type if named.role is Role.STORE and named.type in STORES else ""


def _by_ports(part: Part, one: Workload, cluster: Cluster, reached: bool) -> str:
    ports = [port for each in one.working for port in nodes.items(each.node, "ports")]
    outer = [
        port
        for service in cluster.fronts.get(part.name, ())
        for port in nodes.items(service.spec, "ports")
    ]
    said = " ".join(
        f"{nodes.text(port, 'name')} {nodes.text(port, 'appProtocol')}".lower()
        for port in (*ports, *outer)
    )
    probes = [
        at(each.node, key)
        for each in one.working
        for key in ("readinessProbe", "livenessProbe", "startupProbe")
    ]
    plain = [name for name in said.split() if not _WATCHED.search(name)]
    if any(name.startswith(("http", "web", "https")) for name in plain):
        return "http"
    if "grpc" in said or any(at(probe, "grpc") for probe in probes if probe):
        return "grpc"
    numbers = {
        nodes.text(port, key) for port in (*ports, *outer) for key in ("containerPort", "port")
    }
    if reached or part.of.kind == "Service" or "http" in said or numbers & _HTTP_PORTS:
        return "http"
    if any(at(probe, "httpGet") for probe in probes if probe) and outer:
        return "http"
    named = [nodes.text(port, "name") for port in ports]
    if not outer and all(name and _WATCHED.search(name) for name in named):
        return "worker"
    return ""


def scalers(cluster: Cluster) -> Scalers:
    """The least number that an autoscaler keeps, by kind and name of what it scales."""
    found: Scalers = defaultdict(list)
    for one in cluster.of_kind("HorizontalPodAutoscaler", "ScaledObject"):
        least = at(one.spec, "minReplicas") or at(one.spec, "minReplicaCount")
        target = at(one.spec, "scaleTargetRef")
        kind = nodes.text(target, "kind") or "Deployment"
        if least is not None and nodes.number(least) is not None:
            found[kind, nodes.text(target, "name")].append((least, one))
    return found


def _least(one: Workload, scaled: Scalers) -> Node | None:
    for name in filter(None, (one.of.name, one.of.was)):
        for least, scaler in scaled.get((one.of.kind, name), ()):
            if scaler.namespace == one.of.namespace or "" in {scaler.namespace, one.of.namespace}:
                return least
    return None


def _replicas(part: Part, scaled: Scalers) -> Iterator[Fact | Note]:
    if part.store is not None:
        count = operators.count(part.of, part.store)
        if count is not None:
            yield _fact(part, "replicas", nodes.number(count) or 0, count)
        return
    stated: list[Node] = []
    for one in part.workloads:
        node = _least(one, scaled) or one.replicas
        if node is not None:
            stated.append(node)
    if not stated or len(stated) < len(part.workloads):
        return
    total = sum(nodes.number(node) or 0 for node in stated)
    if total == 0:
        said = f"{part.name} is scaled to nothing; it does not run until somebody scales it up"
        yield part.of.note(NoteKind.DETECTED, said, stated[0])
    places = tuple(place(node) for node in stated)
    yield Fact(path=("components", part.name, "replicas"), value=total, places=places)


def _address(part: Part, kind: str, cluster: Cluster, reached: bool) -> Iterator[Fact]:
    """Its Service and port as the cluster knows them, or the host outside; not where people have an address."""
    if reached or kind == "cron":
        return
    for service in cluster.fronts.get(part.name, ()):
        ports = [port for port in nodes.items(service.spec, "ports") if nodes.number(port, "port")]
        ports.sort(key=lambda port: bool(_WATCHED.search(nodes.text(port, "name"))))
        if not ports:
            continue
        space = f".{service.namespace}" if service.namespace else ""
        outside = part.outside if part.outside not in {"", "endpoints"} else ""
        host = outside or f"{service.name}{space}"
        port = at(ports[0], "port") or ports[0]
        yield _fact(part, "address", f"{host}:{nodes.text(port)}", port)
        return


def _state(part: Part, kind: str, needs: Needs) -> Iterator[Fact | Note]:
    """What it keeps, and whether that outlives its pods."""
    one = part.workloads[0]
    main = one.main
    is_store = kind in STORES or (main is not None and main.kind.role is Role.STORE)
    kept = [*one.claims, *((f"{part.name}-{name}", node) for name, node in one.templates)]
    if is_store:
        yield from _store_state(part, kind, one, kept)
    elif part.watches:
        return
    else:
        for name, node in kept:
            volume = fit(name)
            if needs.knows(volume):
                volume = fit(f"{volume}-volume")
            yield Fact(path=("components", volume, "type"), value="volume", places=(place(node),))
            path = ("components", part.name, "needs", volume)
            yield Fact(path=path, value=None, places=(place(node),))
            said = f"{part.name} keeps something in the volume claim {name}: a component of its own"
            yield Note(kind=NoteKind.DETECTED, place=place(node), text=said)
    for beside in one.working:
        if beside is not main and beside.kind.role is Role.STORE and beside.kind.type != kind:
            what = beside.kind.what or beside.kind.type
            said = f"{part.name} holds a {what} too, in the container {beside.name} of the same pod"
            yield part.of.note(NoteKind.DETECTED, said, beside.node)


def _store_state(
    part: Part, kind: str, one: Workload, kept: list[tuple[str, Node]]
) -> Iterator[Note]:
    main = one.main
    what = (main.kind.what if main else "") or kind
    if kept:
        said = f"{part.name} keeps data ({what} by its image) in {kept[0][0]}"
        yield part.of.note(NoteKind.DETECTED, said, kept[0][1])
        return
    mounts = nodes.items(main.node, "volumeMounts") if main else []
    for mount in mounts:
        name = nodes.text(mount, "name")
        if name in one.scratch and _DATA_PATHS.match(nodes.text(mount, "mountPath")):
            said = f"{part.name} keeps data ({what} by its image) in an emptyDir: "
            said += "it is gone with the pod"
            yield part.of.note(NoteKind.DETECTED, said, one.scratch[name])
            return
    passing = {"name", "emptyDir", "configMap", "secret", "projected", "downwardAPI"}
    volumes = nodes.items(one.pod, "volumes")
    lasting = [volume for volume in volumes if set(volume.entries or {}) - passing]
    if not lasting and what != "memcached":
        said = f"{part.name} keeps data ({what} by its image) and has no volume: it is gone with the pod"
        yield part.of.note(NoteKind.DETECTED, said)

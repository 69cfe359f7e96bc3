"""What runs: the pods of a Deployment, a StatefulSet, a CronJob and their like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.images import Kind, Role, kind_of
from standfast.drivers.importers.kubernetes.kinds import KNATIVE, RUNS
from standfast.drivers.importers.nodes import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standfast.drivers.importers.kubernetes.resource import Resource
    from standfast.spec.tree import Node

_SIDECAR = re.compile(
    r"(?:^|/)(?:proxyv2|pilot|linkerd2?-proxy|proxy-init|envoy|cloud-?sql-proxy|gce-proxy|vault(?:-k8s)?"
    r"|vault-agent|git-sync|k8s-sidecar|oauth2-proxy|kube-rbac-proxy|configmap-reload|config-reloader"
    r"|prometheus-config-reloader|aws-xray-daemon|pause|daprd|aws-otel-collector|consul-dataplane)$"
)
_SIDECAR_NAMES = frozenset({
    "istio-proxy", "linkerd-proxy", "envoy-sidecar", "vault-agent", "cloudsql-proxy", "cloud-sql-proxy",
    "config-reloader", "queue-proxy", "daprd", "otc-container", "fluent-bit", "filebeat",
})  # fmt: skip
_BESIDE = {Role.COLLECTOR, Role.MONITOR, Role.OPERATOR}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Container:
    name: str
    image: str
    node: Node
    kind: Kind
    prepares: bool = False  # an init container: it is done before the work begins

    @property
    def is_sidecar(self) -> bool:
        """Of a mesh, a collector, a secrets agent: beside the work and not it."""
        path = re.sub(r"@.*$|:[^/:]*$", "", self.image)
        return self.name in _SIDECAR_NAMES or bool(_SIDECAR.search(path))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workload:
    of: Resource
    pod: Node  # its `spec`
    labels: Mapping[str, str]  # of the pods
    annotations: Mapping[str, str]  # of the pods, and below them of the workload
    containers: tuple[Container, ...]

    @property
    def replicas(self) -> Node | None:
        found = at(self.of.spec, "replicas")
        return found if nodes.number(found) is not None else None

    @property
    def main(self) -> Container | None:
        """The one that does the work: named like the workload, or the first that is not beside it."""
        work = [one for one in self.working if one.kind.role not in _BESIDE] or list(self.working)
        named = [one for one in work if one.name and one.name == self.of.name]
        return next(iter(named or work), None)

    @property
    def working(self) -> tuple[Container, ...]:
        rest = tuple(one for one in self.containers if not one.prepares)
        return tuple(one for one in rest if not one.is_sidecar) or rest

    @property
    def claims(self) -> tuple[tuple[str, Node], ...]:
        """The names of the volume claims that it keeps something in."""
        found = [
            (nodes.text(volume, "persistentVolumeClaim", "claimName"), volume)
            for volume in nodes.items(self.pod, "volumes")
            if at(volume, "persistentVolumeClaim") is not None
        ]
        return tuple((name, node) for name, node in found if name)

    @property
    def templates(self) -> tuple[tuple[str, Node], ...]:
        every = nodes.items(self.of.spec, "volumeClaimTemplates")
        return tuple((nodes.text(one, "metadata", "name") or "data", one) for one in every)

    @property
    def scratch(self) -> Mapping[str, Node]:
        """Its emptyDir volumes: gone with the pod. Those in memory are for secrets and sockets."""
        return {
            nodes.text(volume, "name"): volume
            for volume in nodes.items(self.pod, "volumes")
            if at(volume, "emptyDir") is not None
            and nodes.text(volume, "emptyDir", "medium") != "Memory"
        }


def workload(one: Resource) -> Workload | None:
    """The pods that `one` runs; None where it runs none itself."""
    template = _template(one)
    pod = at(template, "spec") if one.kind != "Pod" else one.spec
    if template is None or pod is None or pod.kind != "mapping":
        return None
    labels = nodes.texts(template, "metadata", "labels")
    annotations = one.annotations | nodes.texts(template, "metadata", "annotations")
    return Workload(
        of=one, pod=pod, labels=labels, annotations=annotations, containers=tuple(_containers(pod))
    )


def runs(one: Resource) -> bool:
    return one.kind in RUNS or (one.kind == "Service" and one.group == KNATIVE)


def _template(one: Resource) -> Node | None:
    if one.kind == "Pod":
        return one.node
    if one.kind == "CronJob":
        return at(one.spec, "jobTemplate", "spec", "template")
    return at(one.spec, "template")


def _containers(pod: Node) -> Iterator[Container]:
    for node in nodes.items(pod, "initContainers"):
        # One that is restarted always runs beside the work: the sidecars of Kubernetes 1.29.
        yield _container(node, prepares=nodes.text(node, "restartPolicy") != "Always")
    for node in nodes.items(pod, "containers"):
        yield _container(node, prepares=False)


def _container(node: Node, *, prepares: bool) -> Container:
    image = nodes.text(node, "image")
    name = nodes.text(node, "name")
    return Container(name=name, image=image, node=node, kind=kind_of(image), prepares=prepares)

"""What a score file holds: its workload, the resources it names, and where it speaks of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.source import place
from standfast.drivers.importers.stores import by_words
from standfast.spec.drafting.draft import Note, NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.spec.tree import Node
    from standfast.spec.values import Place

LONGEST = 64_000
_REFERENCE = re.compile(r"(?<!\$)\$\{resources\.([A-Za-z0-9_-]{1,100})(?:\.[^}]{0,200})?\}")
_OWN_NAME = re.compile(r"(?<!\$)\$\{metadata\.name\}")
# How the platform leads to the workload or runs it: nothing that it needs in order to answer.
NO_NEED = frozenset({
    "dns", "route", "environment", "env", "base-env", "ingress", "tls-cert", "certificate", "workload",
    "horizontal-pod-autoscaler", "hpa", "service-account", "k8s-service-account", "k8s-namespace", "config",
    "secret", "dapr-subscription", "logging",
})  # fmt: skip
TO_WORKLOADS = frozenset({"service", "service-port", "endpoint"})
_TYPES = {
    "volume": "volume", "bucket": "object-store", "blob": "object-store", "queue": "queue", "topic": "queue",
    "pubsub": "queue", "cdn": "cdn", "external": "external", "search": "search", "host": "host",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resource:
    """`id` is shared by workloads that mean the same thing."""

    key: str
    type: str
    id: str
    key_node: Node
    node: Node

    @property
    def params(self) -> Node | None:
        return self.node.child("params")

    @property
    def spot(self) -> Node:
        return at(self.node, "type") or self.key_node

    def kind(self) -> str:
        """The type in the reliability file; "" where nothing says it."""
        words = re.split(r"[^a-z0-9]+", self.type.lower())
        return by_words(self.type) or next((_TYPES[word] for word in words if word in _TYPES), "")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workload:
    name: str
    node: Node
    resources: dict[str, Resource]

    @property
    def place(self) -> Place:
        return place(at(self.node, "metadata", "name") or self.node)

    @property
    def containers(self) -> list[tuple[str, Node]]:
        return [(name, node) for name, _, node in nodes.entries(self.node, "containers")]

    def note(self, kind: NoteKind, said: str, node: Node | None = None) -> Note:
        return Note(kind=kind, place=place(node) if node else self.place, text=said)

    def filled(self, text: str) -> str:
        return _OWN_NAME.sub(lambda _: self.name, text)


def workload(node: Node) -> Workload | None:
    if not nodes.text(node, "apiVersion").startswith("score.dev/"):
        return None
    found = {}
    for key, own, one in nodes.entries(node, "resources"):
        found[key] = Resource(
            key=key, type=nodes.text(one, "type"), id=nodes.text(one, "id"), key_node=own, node=one
        )
    return Workload(name=nodes.text(node, "metadata", "name"), node=node, resources=found)


def references(one: Workload) -> Iterator[tuple[str, Node]]:
    """Each `${resources.NAME...}` of its containers, with the value that holds it."""
    for _, container in one.containers:
        for node in _values(container):
            text = str(node.scalar)[:LONGEST] if isinstance(node.scalar, str) else ""
            for name in dict.fromkeys(_REFERENCE.findall(text)):
                yield name, node


def referred(text: str) -> str:
    """The resource to which a value refers, or ""."""
    match = _REFERENCE.search(text[:LONGEST])
    return match[1] if match else ""


def variables(one: Workload) -> Iterator[tuple[str, str, Node]]:
    for _, container in one.containers:
        for name, _, value in nodes.entries(container, "variables"):
            yield name, one.filled(nodes.text(value)), value


def _values(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        one = waiting.pop(0)
        if one.kind == "scalar":
            yield one
        waiting[:0] = [value for _, value in (one.entries or {}).values()] + (one.items or [])

"""One object of a manifest, and which objects a selector selects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Note, NoteKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.spec.tree import Node
    from standfast.spec.values import Place


# Labels that a controller gives to one pod of several; no template states them.
_GIVEN = frozenset({
    "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "controller-revision-hash",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resource:
    """`namespace` is empty where the file leaves it to whoever applies it."""

    kind: str
    group: str
    name: str
    namespace: str
    node: Node
    was: str = ""  # its name before kustomize put something before or behind it

    @property
    def place(self) -> Place:
        return place(nodes.at(self.node, "metadata", "name") or self.node)

    @property
    def spec(self) -> Node | None:
        return self.node.child("spec")

    @property
    def labels(self) -> dict[str, str]:
        return nodes.texts(self.node, "metadata", "labels")

    @property
    def annotations(self) -> dict[str, str]:
        return nodes.texts(self.node, "metadata", "annotations")

    def note(self, kind: NoteKind, said: str, node: Node | None = None) -> Note:
        return Note(kind=kind, place=place(node) if node else self.place, text=said)

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}"


def resource(node: Node) -> Resource | None:
    """The object in `node`; None where it is none."""
    kind, version = nodes.text(node, "kind"), nodes.text(node, "apiVersion")
    if not kind or not version:
        return None
    given = nodes.text(node, "metadata", "generateName").rstrip("-")
    return Resource(
        kind=kind,
        group=version.rpartition("/")[0],
        name=nodes.text(node, "metadata", "name") or given,
        namespace=nodes.text(node, "metadata", "namespace"),
        node=node,
    )


def selects(selector: Node | None, labels: Mapping[str, str]) -> bool:
    """Does a label selector, or a Service's plain map, select these labels? Empty: none, here."""
    if selector is None or not selector.entries:
        return False
    if not selector.entries.keys() & {"matchLabels", "matchExpressions"}:
        return _equal(nodes.texts(selector), labels)
    wanted = nodes.texts(selector, "matchLabels")
    conditions = nodes.items(selector, "matchExpressions")
    if not wanted and not conditions:
        return False
    return (not wanted or _equal(wanted, labels)) and all(_met(one, labels) for one in conditions)


def _equal(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    stated = {key: value for key, value in wanted.items() if key not in _GIVEN}
    return bool(stated) and stated.items() <= labels.items()


def _met(condition: Node, labels: Mapping[str, str]) -> bool:
    key, operator = nodes.text(condition, "key"), nodes.text(condition, "operator")
    values = {nodes.text(one) for one in nodes.items(condition, "values")}
    if operator == "In":
        return labels.get(key) in values
    if operator == "NotIn":
        return labels.get(key) not in values
    return (key in labels) == (operator == "Exists")

"""The entities of a catalogue, and how they refer to each other."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Note, NoteKind

if TYPE_CHECKING:
    from standfast.spec.tree import Node
    from standfast.spec.values import Place

Key = tuple[str, str, str]  # kind, namespace, name; in small letters, as Backstage compares them
_OPEN = re.compile(r"\$?\{\{")
_REFERENCE = re.compile(r"(?:(?P<kind>[^:/]+):)?(?:(?P<space>[^:/]+)/)?(?P<name>[^:/]+)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entity:
    kind: str
    namespace: str
    name: str
    node: Node

    @property
    def key(self) -> Key:
        return self.kind.lower(), self.namespace.lower(), self.name.lower()

    @property
    def place(self) -> Place:
        return place(nodes.at(self.node, "metadata", "name") or self.node)

    @property
    def spec(self) -> Node | None:
        return self.node.child("spec")

    @property
    def type(self) -> str:
        return nodes.text(self.spec, "type").lower()

    @property
    def title(self) -> str:
        return f"{self.kind.lower()}:{self.namespace}/{self.name}"

    def note(self, kind: NoteKind, said: str, node: Node | None = None) -> Note:
        return Note(kind=kind, place=place(node) if node else self.place, text=said)


def entity(node: Node) -> Entity | None:
    """The entity in `node`; None where it is none of Backstage's."""
    version = nodes.text(node, "apiVersion")
    if not version.startswith("backstage.io/"):
        return None
    return Entity(
        kind=nodes.text(node, "kind"),
        namespace=nodes.text(node, "metadata", "namespace") or "default",
        name=nodes.text(node, "metadata", "name"),
        node=node,
    )


def is_open(one: Entity) -> bool:
    """Is its name still a template's placeholder?"""
    return not one.name or _OPEN.search(one.name) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    entities: dict[Key, Entity] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[Entity]:
        return [one for key, one in self.entities.items() if key[0] == kind]

    def meant(self, reference: Node, kind: str, beside: Entity) -> Entity | None:
        """Whom `[kind:][namespace/]name` means; what is left out is as where it stands."""
        key = key_of(nodes.text(reference), kind, beside.namespace)
        return self.entities.get(key) if key else None


def key_of(text: str, kind: str, space: str) -> Key | None:
    match = _REFERENCE.fullmatch(text.strip()[:300])
    if match is None:
        return None
    return (
        (match["kind"] or kind).lower(),
        (match["space"] or space).lower(),
        match["name"].lower(),
    )

"""Owners: the groups that own what is imported, and the users in them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.backstage.entity import Catalogue, Entity, Key, key_of
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Fact, Note, NoteKind
from standfast.spec.drafting.mending import fit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.spec.tree import Node
    from standfast.spec.values import Place

_EMAIL = re.compile(r"[^@\s]{1,200}@[^@\s]{1,200}")


@dataclass(slots=True, kw_only=True)
class Owners:
    """Teams as they come up: only who owns something is taken along."""

    catalogue: Catalogue
    names: dict[Key, str]  # of the components in the file
    teams: dict[str, Key] = field(default_factory=dict)
    places: dict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))
    notes: list[Note] = field(default_factory=list)
    _members: dict[Key, list[tuple[Key, Place]]] | None = None

    def owner(self, one: Entity) -> Iterator[Fact]:
        """The owner of a component, whose team then stands in the file."""
        said = at(one.spec, "owner")
        key = key_of(nodes.text(said), "group", one.namespace) if said is not None else None
        if said is None or key is None:
            return
        if "{{" in nodes.text(said) or key[0] not in {"group", "user"}:
            text = f"the owner of {one.name} is '{nodes.text(said)[:100]}', no group and no user"
            self.notes.append(one.note(NoteKind.PLACEHOLDER, text, said))
            return
        name = fit(key[2])
        self.teams.setdefault(name, key)
        self.places[name].append(place(said))
        path = ("components", self.names[one.key], "owner")
        yield Fact(path=path, value=name, places=(place(said),))

    def facts(self) -> Iterator[Fact]:
        people: dict[str, tuple[Entity | None, Place]] = {}
        for name, key in self.teams.items():
            found = list(self._in_team(name, key))
            for key_, where in found:
                people.setdefault(fit(key_[2]), (self.catalogue.entities.get(key_), where))
            places = tuple(dict.fromkeys(where for _, where in found)) or tuple(
                self.places[name][:1]
            )
            members = tuple(dict.fromkeys(fit(user[2]) for user, _ in found))
            yield Fact(path=("teams", name, "members"), value=members, places=places)
        for name, (user, where) in people.items():
            yield from _person(name, user, where)
        self._left()

    def _in_team(self, name: str, key: Key) -> list[tuple[Key, Place]]:
        where = self.places[name][0]
        if key[0] == "user":
            said = f"{name} owns something alone; a team of one stands in the file"
            self.notes.append(Note(kind=NoteKind.DETECTED, place=where, text=said))
            return [(key, where)]
        if key not in self.catalogue.entities:
            said = (
                f"the group {name} is not in the sources: a team without members stands in the file"
            )
            self.notes.append(Note(kind=NoteKind.DETECTED, place=where, text=said))
        found = self._below(key)
        if found and not self._direct(key):
            said = f"{name} has members only in the groups below it; these are taken"
            self.notes.append(Note(kind=NoteKind.DETECTED, place=where, text=said))
        return found

    def _below(self, key: Key) -> list[tuple[Key, Place]]:
        """The members, or where a group has none itself those of the groups below it."""
        waiting, seen = [key], {key}
        found: list[tuple[Key, Place]] = []
        while waiting and not found:
            found = [pair for one in waiting for pair in self._direct(one)]
            waiting = [
                below for one in waiting for below in self._children(one) if below not in seen
            ]
            seen.update(waiting)
        return found

    def _children(self, key: Key) -> list[Key]:
        one = self.catalogue.entities.get(key)
        said = nodes.items(one.spec, "children") if one else []
        named = [key_of(nodes.text(node), "group", key[1]) for node in said]
        return [child for child in dict.fromkeys(named) if child]

    def _direct(self, key: Key) -> list[tuple[Key, Place]]:
        if self._members is None:
            self._members = self._memberships()
        return self._members.get(key, [])

    def _memberships(self) -> dict[Key, list[tuple[Key, Place]]]:
        """By the users' `memberOf` and by the groups' `members`."""
        found: dict[Key, list[tuple[Key, Place]]] = defaultdict(list)
        for group in self.catalogue.of_kind("group"):
            for node in nodes.items(group.spec, "members"):
                if user := key_of(nodes.text(node), "user", group.namespace):
                    _enter(found[group.key], user, node)
        for one in self.catalogue.of_kind("user"):
            for node in nodes.items(one.spec, "memberOf"):
                if key := key_of(nodes.text(node), "group", one.namespace):
                    _enter(found[key], one.key, node)
        return found

    def _left(self) -> None:
        idle = [
            one for one in self.catalogue.of_kind("group") if one.key not in self.teams.values()
        ]
        if idle:
            said = (
                f"{len(idle)} groups own nothing that is imported; who is only in them is left too"
            )
            self.notes.append(idle[0].note(NoteKind.SKIPPED, said))


def _enter(members: list[tuple[Key, Place]], user: Key, node: Node) -> None:
    if all(user != other for other, _ in members):
        members.append((user, place(node)))


def _person(name: str, user: Entity | None, where: Place) -> Iterator[Fact]:
    known = False
    for path, key in (
        (("spec", "profile", "displayName"), "name"),
        (("spec", "profile", "email"), "email"),
    ):
        node = at(user.node, *path) if user else None
        text = nodes.text(node).strip()
        if node is None or not text or (key == "email" and not _EMAIL.fullmatch(text)):
            continue
        known = True
        yield Fact(path=("people", name, key), value=text, places=(place(node),))
    if not known:
        yield Fact(
            path=("people", name, "name"), value=name, places=(user.place if user else where,)
        )

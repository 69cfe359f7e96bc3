"""Backstage's catalogue in, a draft out."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.backstage import typing
from standfast.drivers.importers.backstage.entity import Catalogue, Entity, Key, key_of
from standfast.drivers.importers.backstage.gathering import gather
from standfast.drivers.importers.backstage.people import Owners
from standfast.drivers.importers.bounding import bounded, listed
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Draft, Fact, Note, NoteKind, join
from standfast.spec.drafting.mending import fit
from standfast.spec.tree import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.drivers.importers.source import Folder, Source
    from standfast.spec.tree import Node

_MARK = re.compile(
    r"(?:^|[{,])[ \t]*[\"']?apiVersion[\"']?[ \t]*:[ \t]*[\"']?backstage\.io/", re.MULTILINE
)
_RUNNING = re.compile(
    r"(?:the )?(?:production|prod|live|web ?site|web ?app|app(?:lication)?|service|endpoint|public|home ?page"
    r"|url|base)"
    r"(?: (?:url|site|web ?site|app|environment|endpoint|instance))?(?: \(prod(?:uction)?\))?",
    re.IGNORECASE,
)
_STATUS = re.compile(r"status(?:[ -]?page)?", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s/?#@\[\]{}<>]+(?:[/?#]\S*)?")
_CODE = re.compile(r"https?://(?:www\.)?(?:github|gitlab|bitbucket)\.|/(?:docs?|wiki)(?:/|$)")


class Backstage:
    """Components, resources and their owners, from `catalog-info.yaml` and what Locations lead to."""

    name = "backstage"

    def claims(self, source: Source) -> bool:
        if not _MARK.search(source.text):
            return False
        try:
            return any(
                nodes.text(one, "apiVersion").startswith("backstage.io/")
                for one in source.documents
            )
        except Refused:
            return True

    def read(self, sources: Sequence[Source], folder: Folder) -> Draft:
        catalogue, notes = gather(sources, folder)
        reading = _Reading(catalogue, notes)
        facts = [*reading.system(), *reading.components(), *reading.needs(), *reading.people()]
        joined = join([Draft(facts=tuple(facts))])
        order = {name: index for index, name in enumerate(joined.names("components"))}
        ordered = sorted(
            joined.facts,
            key=lambda fact: (
                order.get(fact.path[1], -1) if fact.path[0] == "components" else len(order)
            ),
        )
        head = [fact for fact in ordered if fact.path[0] == "system"]
        rest = [fact for fact in ordered if fact.path[0] != "system"]
        return Draft(facts=(*head, *rest), notes=bounded((*notes, *joined.notes)))


class _Reading:
    """One catalogue on its way to facts: names given, notes gathered."""

    def __init__(self, catalogue: Catalogue, notes: list[Note]) -> None:
        self.catalogue, self.notes = catalogue, notes
        self.names: dict[Key, str] = {}
        self.owners = Owners(catalogue=catalogue, names=self.names)
        self._name()

    def _name(self) -> None:
        """Those that run, each with a name of its own; the others are told in one line."""
        still, open_ = [], []
        for one in (*self.catalogue.of_kind("component"), *self.catalogue.of_kind("resource")):
            if one.kind.lower() == "component" and typing.is_still(one):
                still.append(one)
            elif "{{" in one.type:
                open_.append(one)
            else:
                self.names[one.key] = self._free(one)
        if still:
            said = f"nothing of a library, documentation or tool runs: {_titles(still)}"
            self.notes.append(still[0].note(NoteKind.SKIPPED, said))
        if open_:
            said = f"the type is a template: {_titles(open_)}"
            self.notes.append(open_[0].note(NoteKind.PLACEHOLDER, said))

    def _free(self, one: Entity) -> str:
        taken = set(self.names.values())
        name = fit(one.name)
        for wanted in (
            name,
            fit(f"{name[:50]}-{one.kind.lower()}"),
            fit(f"{one.namespace[:20]}-{name[:40]}"),
        ):
            if wanted not in taken:
                return wanted
        return next(
            wanted
            for number in range(2, 100_000)
            if (wanted := f"{name[:50]}-{number}") not in taken
        )

    def _running(self) -> Iterator[tuple[Entity, str]]:
        for key, name in self.names.items():
            yield self.catalogue.entities[key], name

    def system(self) -> Iterator[Fact]:
        """The system's name, where the catalogue has one system."""
        systems = self.catalogue.of_kind("system")
        if len(systems) == 1:
            yield Fact(
                path=("system", "name"), value=fit(systems[0].name), places=(systems[0].place,)
            )
            return
        said = [node for one, _ in self._running() if (node := at(one.spec, "system")) is not None]
        keys = {key_of(nodes.text(node), "system", "default") for node in said} - {None}
        if not systems and len(keys) == 1 and (key := next(iter(keys))):
            places = tuple(place(node) for node in said)
            yield Fact(path=("system", "name"), value=fit(key[2]), places=places)
        elif len(systems) > 1:
            text = f"{len(systems)} systems in one catalogue ({_titles(systems)}): one file is one system"
            self.notes.append(systems[0].note(NoteKind.DETECTED, text))

    def components(self) -> Iterator[Fact]:
        stages: dict[str, list[Entity]] = defaultdict(list)
        for one, name in self._running():
            yield self._type(one, name)
            yield from self.owners.owner(one)
            yield from self._links(one, name)
            stages[nodes.text(one.spec, "lifecycle").lower()].append(one)
        for stage, how in (
            ("deprecated", "it runs until it is gone"),
            ("experimental", "take out what does not run"),
        ):
            if found := stages.get(stage):
                said = f"{stage}, imported all the same: {_titles(found)}; {how}"
                self.notes.append(found[0].note(NoteKind.DETECTED, said))

    def _type(self, one: Entity, name: str) -> Fact:
        spot = at(one.spec, "type") or one.node
        if one.kind.lower() == "component":
            kind = typing.component_type(one, self._speaks_grpc(one))
        else:
            kind, told = typing.resource_type(one)
            if not told:
                said = f"the file has no type for {name}, a resource of type {one.type or 'unknown'}: `other`"
                self.notes.append(one.note(NoteKind.DETECTED, said, spot))
        return Fact(path=("components", name, "type"), value=kind, places=(place(spot),))

    def _speaks_grpc(self, one: Entity) -> bool:
        apis = [
            self.catalogue.meant(node, "api", one) for node in nodes.items(one.spec, "providesApis")
        ]
        return bool(apis) and all(api is not None and api.type == "grpc" for api in apis)

    def _links(self, one: Entity, name: str) -> Iterator[Fact]:
        """Links that mean the running thing by their type or title; the others lead to pages about it."""
        for link in nodes.items(one.node, "metadata", "links"):
            url, said = at(link, "url"), (nodes.text(link, "type"), nodes.text(link, "title"))
            text = nodes.text(url)
            if url is None or not _URL.fullmatch(text) or _CODE.search(text):
                continue
            for word, shape in (("url", _RUNNING), ("status_page", _STATUS)):
                if any(shape.fullmatch(each.strip()[:100]) for each in said):
                    yield Fact(path=("components", name, word), value=text, places=(place(url),))

    def needs(self) -> Iterator[Fact]:
        providers = self._providers()
        for one, name in self._running():
            for node in nodes.items(one.spec, "dependsOn"):
                yield from self._need(name, one, node)
            for node in nodes.items(one.spec, "dependencyOf"):
                yield from self._need_of(name, one, node)
            for node in nodes.items(one.spec, "consumesApis"):
                yield from self._consumed(name, one, node, providers)

    def _need(self, name: str, one: Entity, node: Node) -> Iterator[Fact]:
        to = self._other(one, node, "dependsOn")
        if to is not None and to != name:
            yield _edge(name, to, node)

    def _need_of(self, name: str, one: Entity, node: Node) -> Iterator[Fact]:
        by = self._other(one, node, "dependencyOf")
        if by is not None and by != name:
            yield _edge(by, name, node)

    def _other(self, one: Entity, node: Node, word: str) -> str | None:
        """The name in the file of whom a reference means; whoever cannot be meant is told."""
        key = key_of(nodes.text(node), "component", one.namespace)
        if key is not None and key in self.names:
            return self.names[key]
        if key is None or key not in self.catalogue.entities:
            said = f"{word} of {one.name} names {nodes.text(node)[:100] or 'nothing'}, which no source defines"
            self.notes.append(one.note(NoteKind.DETECTED, said, node))
        elif key[0] not in {"component", "resource"}:
            said = f"{word} of {one.name} names a {key[0]}: needs are between components"
            self.notes.append(one.note(NoteKind.UNSUPPORTED, said, node))
        return None

    def _providers(self) -> dict[Key, list[str]]:
        found: dict[Key, list[str]] = defaultdict(list)
        for one, name in self._running():
            for node in nodes.items(one.spec, "providesApis"):
                if key := key_of(nodes.text(node), "api", one.namespace):
                    found[key].append(name)
        return found

    def _consumed(
        self, name: str, one: Entity, node: Node, providers: dict[Key, list[str]]
    ) -> Iterator[Fact]:
        key = key_of(nodes.text(node), "api", one.namespace)
        others = [to for to in providers.get(key, []) if to != name] if key else []
        for to in others:
            yield _edge(name, to, node)
        if not key or key not in providers:
            api = nodes.text(node)[:100]
            said = f"{one.name} consumes the API {api}, which nothing in the sources provides"
            self.notes.append(one.note(NoteKind.DETECTED, said, node))

    def people(self) -> Iterator[Fact]:
        yield from self.owners.facts()
        self.notes += self.owners.notes


def _edge(name: str, to: str, node: Node) -> Fact:
    return Fact(path=("components", name, "needs", to), value=None, places=(place(node),))


def _titles(found: list[Entity]) -> str:
    return listed(one.name for one in found)

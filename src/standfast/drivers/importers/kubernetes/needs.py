"""Who needs whom, as far as the manifests tell: every edge with the places that say so."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.images import Role
from standfast.drivers.importers.kubernetes import operators, speaking
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.secrets import is_secret, secret_note
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Fact, Note, NoteKind
from standfast.spec.drafting.mending import fit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.drivers.importers.kubernetes.cluster import Cluster, Part
    from standfast.drivers.importers.kubernetes.resource import Resource
    from standfast.drivers.importers.kubernetes.speaking import Word
    from standfast.drivers.importers.kubernetes.workload import Container, Workload
    from standfast.spec.tree import Node
    from standfast.spec.values import Place

_UNNOTICED = frozenset({Role.COLLECTOR, Role.FLAGS})
_BROAD = 3  # a policy that lets more than so many in says who is trusted and not who calls


@dataclass(slots=True, kw_only=True)
class Needs:
    """The edges found so far, in the order of their components."""

    cluster: Cluster
    edges: dict[tuple[str, str], list[Place]] = field(default_factory=dict)
    stores: dict[str, tuple[str, str, Place]] = field(
        default_factory=dict
    )  # outside: type, address
    notes: list[Note] = field(default_factory=list)
    _unknown: dict[str, dict[str, Place]] = field(default_factory=lambda: defaultdict(dict))
    _names: set[str] = field(default_factory=set)
    _operated: tuple[Part, ...] = ()
    _files: dict[int, tuple[Word, ...]] = field(default_factory=dict)

    def add(self, part: Part, to: Part, where: Place) -> None:
        if part is not to:
            self._edge(part.name, to.name, where)

    def _edge(self, name: str, to: str, where: Place) -> None:
        places = self.edges.setdefault((name, to), [])
        if where not in places:
            places.append(where)

    def knows(self, name: str) -> bool:
        return name in self._names

    def facts(self) -> list[Fact]:
        """Their strength is a question, but where no user can notice that the other one is gone."""
        soft = {part.name for part in self.cluster.parts if part.role in _UNNOTICED}
        found = []
        for (name, to), places in self.edges.items():
            edge = ("components", name, "needs", to)
            found.append(Fact(path=edge, value=None, places=tuple(places)))
            if to in soft:
                found.append(Fact(path=(*edge, "strength"), value="soft", places=tuple(places)))
        return found

    def read(self) -> None:
        self._operated = tuple(one for one in self.cluster.parts if one.store is not None)
        self._names = {one.name for one in self.cluster.parts}
        for part in self.cluster.parts:
            for one in part.workloads:
                self._spoken(part, one)
                self._written(part, one)
                self._by_secrets(part, one)
        for policy in self.cluster.of_kind("NetworkPolicy"):
            self._allowed(policy)
        self._tell_unknown()

    def _spoken(self, part: Part, one: Workload) -> None:
        for container in one.containers:
            self._privacy(part, one, container)
            if container.is_sidecar or (
                container.kind.role is Role.MONITOR and container is not one.main
            ):
                continue
            for word in speaking.words(one, container, self.cluster):
                self._meant(part, word)

    def _privacy(self, part: Part, one: Workload, container: Container) -> None:
        known = speaking.variables(container, one.of.namespace, self.cluster)
        secret = [each for each in known.values() if is_secret(each.name, each.value)]
        if secret:
            names = [each.name for each in secret]
            self.notes.append(secret_note(names, part.name, place(secret[0].node)))
        for variable in known.values():
            if open_ := speaking.not_said(variable):
                said = f"{variable.name} of {part.name} holds {open_}, which has no value here"
                note = Note(kind=NoteKind.PLACEHOLDER, place=place(variable.node), text=said)
                self.notes.append(note)

    def _written(self, part: Part, one: Workload) -> None:
        for config in speaking.mounted(one, self.cluster):
            if id(config) not in self._files:
                self._files[id(config)] = speaking.words_in_files(config)
            for word in self._files[id(config)]:
                self._meant(part, word)

    def _meant(self, part: Part, word: Word) -> None:
        found = self.cluster.answering(word.host, part.namespace)
        where = place(word.node)
        for to in found or ():
            # What a monitor's files name are mostly those that it watches.
            if not (word.in_file and part.watches and not to.watches):
                self.add(part, to, where)
        if found or part.watches:
            return
        if word.type and _plausible(word.host):
            self._store(part, word, where)
        elif not word.in_file:
            self._unknown[word.host].setdefault(part.name, where)

    def _store(self, part: Part, word: Word, where: Place) -> None:
        """A store that no source defines and a connection string names."""
        name = self._store_name(word.host)
        if name == part.name:
            return
        if name not in self.stores and name not in self._names:
            self.stores[name] = (word.type, f"{word.host}:{word.port}" if word.port else "", where)
            said = f"{word.host} is a {word.type} by the address that {part.name} has of it; "
            said += "no source defines it"
            self.notes.append(Note(kind=NoteKind.DETECTED, place=where, text=said))
        self._edge(part.name, name, where)

    def _store_name(self, host: str) -> str:
        return fit(host.partition(".")[0])

    def _by_secrets(self, part: Part, one: Workload) -> None:
        """Whoever reads the Secret that an operator writes for its users is one of them."""
        for secret, node in speaking.secrets_used(one):
            for store in self._operated:
                if store.store and operators.owns_secret(store.of, store.store, secret):
                    self.add(part, store, place(node))

    def _allowed(self, policy: Resource) -> None:
        """Who is let in by name and who may only go there: somebody wrote the edge down."""
        inside = self.cluster.selected(at(policy.spec, "podSelector"), policy.namespace)
        if not 0 < len(inside) <= _BROAD:
            return
        for rule in nodes.items(policy.spec, "ingress"):
            for node, peers in self._peers(policy, rule, "from"):
                for peer in peers:
                    if not peer.watches:
                        self._policed(peer, inside, node)
        for rule in nodes.items(policy.spec, "egress"):
            for node, peers in self._peers(policy, rule, "to"):
                for one in inside:
                    self._policed(one, peers, node)

    def _policed(self, part: Part, to: tuple[Part, ...], node: Node) -> None:
        for one in to:
            if one is part:
                continue
            if (part.name, one.name) not in self.edges:
                said = f"{part.name} needs {one.name} by a NetworkPolicy alone: "
                said += "it may call it, nothing says that it does"
                self.notes.append(Note(kind=NoteKind.DETECTED, place=place(node), text=said))
            self.add(part, one, place(node))

    def _peers(
        self, policy: Resource, rule: Node, key: str
    ) -> Iterator[tuple[Node, tuple[Part, ...]]]:
        for peer in nodes.items(rule, key):
            space = policy.namespace
            if (other := at(peer, "namespaceSelector")) is not None:
                space = nodes.text(other, "matchLabels", "kubernetes.io/metadata.name")
                if not space:
                    continue
            found = self.cluster.selected(at(peer, "podSelector"), space)
            if 0 < len(found) <= _BROAD:
                yield peer, found

    def _tell_unknown(self) -> None:
        for host, who in self._unknown.items():
            first = next(iter(who.values()))
            said = f"{listed(who)} {'is' if len(who) == 1 else 'are'} told of {host}, which no source defines; "
            said += "if users depend on it, add it as a component"
            self.notes.append(Note(kind=NoteKind.DETECTED, place=first, text=said))


def _plausible(host: str) -> bool:
    return len(host) > 1 and not host.startswith("example.")

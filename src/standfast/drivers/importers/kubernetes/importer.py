"""Kubernetes manifests in, a draft out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import bounded, listed, shown
from standfast.drivers.importers.images import Role
from standfast.drivers.importers.kubernetes import describing, documents, routes, watching
from standfast.drivers.importers.kubernetes.cluster import Cluster, cluster
from standfast.drivers.importers.kubernetes.collecting import collect
from standfast.drivers.importers.kubernetes.kinds import is_ours
from standfast.drivers.importers.kubernetes.kustomize import is_kustomization
from standfast.drivers.importers.kubernetes.needs import Needs
from standfast.drivers.importers.kubernetes.speaking import LARGEST_FILE, LONGEST
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.secrets import is_secret
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Draft, Fact, Note, NoteKind, join
from standfast.spec.drafting.mending import fit
from standfast.spec.tree import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.drivers.importers.source import Folder, Source

_SIGN = re.compile(r"([:=])")
_PART_OF = "app.kubernetes.io/part-of"
_ENDINGS = (".yaml", ".yml", ".json", ".tpl")


class Kubernetes:
    """Manifests as they are written, kustomizations, and what Helm and kustomize print."""

    name = "kubernetes"

    def claims(self, source: Source) -> bool:
        if is_kustomization(source.path):
            return True
        if not documents.looks_like(source.text) and '"apiVersion"' not in source.text[:100_000]:
            return False
        try:
            trees = source.documents
        except Refused:
            return documents.looks_like(source.text) and source.path.endswith(_ENDINGS)
        return any(
            nodes.text(one, "kind") not in {"", "Config"}
            and at(one, "apiVersion") is not None
            and is_ours(nodes.text(one, "apiVersion").rpartition("/")[0], nodes.text(one, "kind"))
            for one in trees
        )

    def read(self, sources: Sequence[Source], folder: Folder) -> Draft:
        found, notes = collect(sources, folder)
        whole = cluster(found, notes)
        needs = Needs(cluster=whole)
        needs.read()
        urls, told = routes.urls(whole)
        described = list(describing.describe(whole, needs, urls))
        checks, more = watching.health(whole)
        scraped, missing = watching.scrapes(whole)
        facts = [one for one in described if isinstance(one, Fact)]
        facts = [*_system(whole), *facts, *urls.values(), *checks, *scraped, *needs.facts()]
        notes += needs.notes + told + [one for one in described if isinstance(one, Note)]
        notes += more + missing + list(_secrets(whole)) + list(_left(whole))
        left, why = _beside(whole, needs)
        facts = [
            one for one in facts if one.path[0] == "system" or not left.intersection(_named(one))
        ]
        notes += why
        joined = join([Draft(facts=tuple(facts))])
        order = {name: index for index, name in enumerate(joined.names("components"))}
        ordered = sorted(joined.facts, key=lambda fact: order.get(fact.path[1], -1))
        return Draft(facts=tuple(ordered), notes=bounded((*notes, *joined.notes)))


_WATCHING = frozenset({Role.MONITOR, Role.OPERATOR})
_IF_CALLED = frozenset({Role.COLLECTOR, Role.FLAGS})


def _beside(whole: Cluster, needs: Needs) -> tuple[set[str], list[Note]]:
    """Who watches the others, and who collects what nobody sends: no part of what users need."""
    roles = {part.name: part.role for part in whole.parts}
    watching = {name for name, role in roles.items() if role in _WATCHING}
    called = {to for name, to in needs.edges if roles.get(name) not in {*_WATCHING, *_IF_CALLED}}
    idle = {name for name, role in roles.items() if role in _IF_CALLED and name not in called}
    if len(watching | idle) == len(whole.parts):
        return set(), []  # a system of its own: somebody runs the monitoring too
    notes = []
    for names, why in (
        (watching, "watch the others; users do not need them"),
        (idle, "nobody calls them"),
    ):
        of = [part.of for part in whole.parts if part.name in names]
        if of:
            said = f"{why}: {listed((one.title for one in of), 10)}"
            notes.append(of[0].note(NoteKind.SKIPPED, said))
    return watching | idle, notes


def _named(fact: Fact) -> set[str]:
    """The components of which a fact speaks."""
    return {fact.path[1], fact.path[3]} if fact.path[2:3] == ("needs",) else {fact.path[1]}


def _system(whole: Cluster) -> Iterator[Fact]:
    """The system's name, where all that runs agrees on one, and that it runs on Kubernetes."""
    of = [part.of for part in whole.parts]
    if of:
        yield Fact(path=("system", "platform"), value="kubernetes", places=(place(of[0].node),))
    named = {one.labels.get(_PART_OF, "") for one in of}
    if len(named) == 1 and (name := next(iter(named))):
        spot = at(of[0].node, "metadata", "labels", _PART_OF) or of[0].node
    else:
        spaces = {one.namespace for one in of}
        name = next(iter(spaces)) if len(spaces) == 1 else ""
        if name in {"", "default"}:
            return
        spot = at(of[0].node, "metadata", "namespace") or of[0].node
    yield Fact(path=("system", "name"), value=fit(name), places=(place(spot),))


def _secrets(whole: Cluster) -> Iterator[Note]:
    for one in whole.of_kind("Secret"):
        keys = [
            key for part in ("data", "stringData") for key, _, _ in nodes.entries(one.node, part)
        ]
        if keys:
            said = f"Secret {one.name} is written out ({listed(keys)}); not copied, keep it in a secret store"
            yield one.note(NoteKind.SECRET, said)
    for one in whole.of_kind("ConfigMap"):
        for key, own, value in nodes.entries(one.node, "data"):
            if said := _written_out(key, nodes.text(value)):
                said = f"{said} of ConfigMap {one.name} is written out; not copied, keep it in a secret store"
                yield one.note(NoteKind.SECRET, said, own)


def _written_out(key: str, text: str) -> str:
    """What of a ConfigMap's entry is a secret: the entry itself, or a line of the file that it is."""
    if "\n" not in text:
        return key if is_secret(key, text) else ""
    for line in text[:LARGEST_FILE].splitlines():
        name, sign, value = [*_SIGN.split(line[:LONGEST], maxsplit=1), "", ""][:3]
        if sign and is_secret(name.strip(" -\"'"), value.strip(" \"',;")):
            return f"{shown(name.strip(' -'), 60)} in {key}"
    return ""


def _left(whole: Cluster) -> Iterator[Note]:
    """Services that lead nowhere known."""
    lost = [
        service
        for service in whole.of_kind("Service")
        if not whole.services.get(service.name, {}).get(service.namespace, ())
    ]
    if lost:
        names = listed((service.name for service in lost), 20)
        said = f"these Services lead to nothing that the sources define: {names}"
        yield lost[0].note(NoteKind.DETECTED, said)

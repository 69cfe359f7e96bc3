"""A kustomization built as far as it is plain; for the rest a note says to let kustomize build it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import shown
from standfast.drivers.importers.kubernetes import patching
from standfast.drivers.importers.kubernetes.documents import objects
from standfast.drivers.importers.kubernetes.resource import Resource
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.source import place
from standfast.errors import StandfastError
from standfast.spec.drafting.draft import Note, NoteKind
from standfast.spec.tree import Node, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.drivers.importers.source import Folder, Source

FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
MOST_FILES = 2_000
MOST_RESOURCES = 50_000
DEEPEST = 20
_BUILD = "let `kubectl kustomize` build it and import what it prints"
_NOT_PLAIN = ("generators", "transformers", "validators", "helmCharts", "helmChartInflationGenerator",
              "replacements", "vars", "crds")  # fmt: skip
_WITHOUT_PREFIX = frozenset({"Namespace", "CustomResourceDefinition"})


def is_kustomization(path: str) -> bool:
    return posixpath.basename(path) in FILES


@dataclass(slots=True, kw_only=True)
class Kustomizer:
    """Builds kustomizations; remembers which files belong to one, so that no file is read twice."""

    folder: Folder
    notes: list[Note] = field(default_factory=list)
    used: dict[str, set[str]] = field(
        default_factory=dict
    )  # file -> the kustomizations that use it
    _built: dict[str, tuple[Resource, ...]] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _files: int = 0

    def build(self, source: Source) -> tuple[Resource, ...]:
        """Everything that the kustomization makes."""
        path = posixpath.normpath(source.path)
        if path in self._built:
            return self._built[path]
        if path in self._open or len(self._open) >= DEEPEST:
            self._note(
                source, None, NoteKind.UNREADABLE, "leads back to itself, or too deep; not followed"
            )
            return ()
        self._open.append(path)
        try:
            self._built[path] = self._make(source)
        finally:
            self._open.pop()
        return self._built[path]

    def reached(self, path: str) -> frozenset[str]:
        """Every file that the kustomization at `path` uses, those of its bases too."""
        found: set[str] = set()
        waiting = [posixpath.normpath(path)]
        while waiting:
            user = waiting.pop()
            new = {one for one, users in self.used.items() if user in users} - found
            found |= new
            waiting += new
        return frozenset(found)

    def _make(self, source: Source) -> tuple[Resource, ...]:
        try:
            documents = source.documents
        except Refused as refused:
            self.notes.append(_refusal(source, refused))
            return ()
        if not documents:
            return ()
        return self._built_upon((), source, documents[0])

    def _built_upon(
        self, below: Sequence[Resource], source: Source, root: Node
    ) -> tuple[Resource, ...]:
        """What a kustomization makes; a component changes what stands below it."""
        self._not_plain(source, root)
        found: dict[tuple[str, str, str], Resource] = {}
        self._gather(found, below)
        for key in ("resources", "bases"):
            for entry in nodes.items(root, key):
                self._gather(found, self._resources(source, entry))
        self._gather(found, self._config_maps(source, root))
        built: Sequence[Resource] = list(found.values())
        for entry in nodes.items(root, "components"):
            built = self._component(source, entry, built)
        return tuple(_named(root, one) for one in self._changed(source, root, list(built)))

    def _component(
        self, source: Source, entry: Node, below: Sequence[Resource]
    ) -> Sequence[Resource]:
        target = nodes.text(entry)
        if _is_remote(target):
            self._remote(source, entry, target)
            return below
        found = self._find(source, entry, target)
        path = posixpath.normpath(found.path) if found else ""
        if found is None or path in self._open or len(self._open) >= DEEPEST:
            return below
        self._open.append(path)
        try:
            documents = found.documents
            return self._built_upon(below, found, documents[0]) if documents else below
        except Refused as refused:
            self.notes.append(_refusal(found, refused))
            return below
        finally:
            self._open.pop()

    def _gather(
        self, found: dict[tuple[str, str, str], Resource], more: Sequence[Resource]
    ) -> None:
        for one in more:
            if len(found) >= MOST_RESOURCES:
                return
            found.setdefault((one.kind, one.namespace, one.name), one)

    def _not_plain(self, source: Source, root: Node) -> None:
        for key in _NOT_PLAIN:
            if (node := at(root, key)) is not None and nodes.items(root, key):
                self._note(source, node, NoteKind.UNSUPPORTED, f"{key} are not applied; {_BUILD}")
        for one in nodes.items(root, "secretGenerator"):
            said = f"the Secret {nodes.text(one, 'name')} is generated; its values are not read"
            self._note(source, one, NoteKind.SECRET, said)
            for file in (*nodes.items(one, "files"), *nodes.items(one, "envs")):
                self._use(source, nodes.text(file).rpartition("=")[2])

    def _resources(self, source: Source, entry: Node) -> tuple[Resource, ...]:
        target = nodes.text(entry)
        if _is_remote(target):
            self._remote(source, entry, target)
            return ()
        found = self._find(source, entry, target)
        if found is None:
            return ()
        if is_kustomization(found.path):
            return self.build(found)
        more, notes = objects(found)
        self.notes += notes
        return more

    def _remote(self, source: Source, entry: Node, target: str) -> None:
        said = f"{shown(target.partition('?')[0])} is fetched from elsewhere; {_BUILD}"
        self._note(source, entry, NoteKind.UNSUPPORTED, said)

    def _find(self, source: Source, entry: Node, target: str) -> Source | None:
        if target.endswith((".yaml", ".yml", ".json")):
            return self._read(source, entry, target)
        for name in FILES:
            if self.folder.exists(posixpath.join(target, name), beside=source.path):
                return self._read(source, entry, posixpath.join(target, name))
        return self._read(source, entry, target)

    def _read(self, source: Source, entry: Node, target: str) -> Source | None:
        if not target or self._files >= MOST_FILES:
            return None
        self._files += 1
        try:
            found = self.folder.read(target, beside=source.path)
        except StandfastError as error:
            said = f"{shown(target)} is not read: {error.problem}"
            self._note(source, entry, NoteKind.UNREADABLE, said)
            return None
        self._use(source, target, found.path)
        return found

    def _use(self, source: Source, target: str, path: str = "") -> None:
        beside = posixpath.join(posixpath.dirname(source.path), target)
        user = posixpath.normpath(source.path)
        self.used.setdefault(posixpath.normpath(path or beside), set()).add(user)

    def _config_maps(self, source: Source, root: Node) -> list[Resource]:
        """What `configMapGenerator` says literally; of files the text, since addresses stand in them."""
        return [
            self._config_map(source, root, one)
            for one in nodes.items(root, "configMapGenerator")
            if nodes.text(one, "name")
        ]

    def _config_map(self, source: Source, root: Node, one: Node) -> Resource:
        data: dict[str, tuple[Node, Node]] = {}
        for literal in nodes.items(one, "literals"):
            key, _, value = nodes.text(literal).partition("=")
            data[key] = (literal, _scalar(literal, value))
        for file in nodes.items(one, "files"):
            key, equals, target = nodes.text(file).partition("=")
            target = target if equals else key
            if found := self._read(source, file, target):
                name = key if equals else posixpath.basename(target)
                text = Node(found.path, 1, 1, scalar=found.text)
                data[name] = (file, text)
        for file in (*nodes.items(one, "envs"), *([env] if (env := at(one, "env")) else [])):
            if found := self._read(source, file, nodes.text(file)):
                data |= _variables(found)
        name = nodes.text(one, "name")
        body = Node(one.file, one.line, one.column, entries=data)
        node = Node(one.file, one.line, one.column, entries={"data": (one, body)})
        space = nodes.text(one, "namespace") or nodes.text(root, "namespace")
        return Resource(kind="ConfigMap", group="", name=name, namespace=space, node=node)

    def _changed(self, source: Source, root: Node, found: list[Resource]) -> list[Resource]:
        changes = [*patching.images(root), *patching.replicas(root)]
        for key in ("patches", "patchesStrategicMerge", "patchesJson6902"):
            for entry in nodes.items(root, key):
                changes += self._patches(source, entry)
        for change in changes:
            hit = False
            for index, one in enumerate(found):
                if change.fits(one):
                    hit = True
                    found[index] = change.apply(one)
            if not hit and change.wanted and not is_part(source):
                said = f"the patch finds nothing that it fits: {change.wanted}; {_BUILD}"
                self._note(source, change.node, NoteKind.UNSUPPORTED, said)
        return [one for one in found if one.kind]

    def _patches(self, source: Source, entry: Node) -> list[patching.Change]:
        target = nodes.text(entry, "path") or (nodes.text(entry) if entry.kind == "scalar" else "")
        inline = nodes.text(entry, "patch")
        if "\n" in target or ":" in target:
            inline, target = target, ""
        if target:
            found = self._read(source, entry, target)
        else:
            found = _inline(source, at(entry, "patch") or entry, inline)
        if found is None:
            return []
        try:
            return patching.patches(entry, found.documents)
        except Refused as refused:
            self.notes.append(_refusal(found, refused))
        except patching.TooMuch as error:
            self._note(source, entry, NoteKind.UNSUPPORTED, f"{error}; {_BUILD}")
        return []

    def _note(self, source: Source, node: Node | None, kind: NoteKind, said: str) -> None:
        where = place(node) if node is not None else place(Node(source.path, 1, 1))
        self.notes.append(Note(kind=kind, place=where, text=said))


def _is_remote(target: str) -> bool:
    return (
        "://" in target or target.startswith(("git@", "github.com/", "git::")) or "?ref=" in target
    )


def is_part(source: Source) -> bool:
    """A component of kustomize's, which changes whatever it is put upon."""
    return re.search(r"^kind:\s*Component\s*$", source.text, re.MULTILINE) is not None


def _inline(source: Source, node: Node, text: str) -> Source:
    """A patch written into the kustomization; its lines are those of the file, near enough."""
    return replace(source, text="\n" * node.line + text)


def _refusal(source: Source, refused: Refused) -> Note:
    problem = refused.problem
    where = place(Node(source.path, problem.line, problem.column))
    return Note(kind=NoteKind.UNREADABLE, place=where, text=f"not read: {problem.sentence}")


def _scalar(node: Node, value: str) -> Node:
    return Node(node.file, node.line, node.column, scalar=value)


def _variables(source: Source) -> dict[str, tuple[Node, Node]]:
    found = {}
    for number, line in enumerate(source.text.splitlines(), start=1):
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            spot = Node(source.path, number, 1, scalar=value.strip("\"'"))
            found[key.strip()] = (spot, spot)
    return found


def _named(root: Node, one: Resource) -> Resource:
    """With the kustomization's namespace, prefix and suffix."""
    prefix, suffix = nodes.text(root, "namePrefix"), nodes.text(root, "nameSuffix")
    space = nodes.text(root, "namespace")
    if one.kind in _WITHOUT_PREFIX:
        return one
    name = f"{prefix}{one.name}{suffix}"
    was = one.was or (one.name if name != one.name else "")
    return replace(one, name=name, namespace=space or one.namespace, was=was)

"""From Compose files to one project: files merged, `extends` and `include` followed, variables known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from standfast.drivers.importers.compose import dotenv
from standfast.drivers.importers.compose.merging import merge, normal, pruned
from standfast.drivers.importers.source import place
from standfast.errors import StandfastError
from standfast.spec.drafting.draft import Note, NoteKind
from standfast.spec.tree import Node, Refused
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.drivers.importers.compose.merging import Entries
    from standfast.drivers.importers.source import Folder, Source

MOST_SERVICES = 2000
MOST_FILES = 100
MOST_OPENINGS = 2000  # one file may be opened for each service that extends another of it
_EXAMPLES = ("{}.example", "{}.sample", "{}.dist", "{}.template", "{}.default", "example{}", "sample{}",
             "example.{}", "{}-example", "{}_example")  # fmt: skip


@dataclass(slots=True, eq=False)
class Project:
    """One Compose project: its services merged, and how the variables of each file are filled in."""

    folder: Folder
    name: str = ""
    services: Entries = field(default_factory=dict)
    volumes: Entries = field(default_factory=dict)
    named_at: Place | None = None
    scopes: dict[str, Mapping[str, str]] = field(default_factory=dict)  # file -> its variables
    notes: list[Note] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    openings: int = 0
    held: dict[str, dict[str, dotenv.Set]] = field(default_factory=dict)  # .env file -> variables

    def note(self, kind: NoteKind, at: Place, text: str) -> None:
        self.notes.append(Note(kind=kind, place=at, text=text))

    def filled(self, node: Node) -> dotenv.Filled:
        """A scalar as text with its variables filled in, by the scope of the file it stands in."""
        return dotenv.fill(plain(node), self.scopes.get(node.file, {}))

    def text(self, node: Node | None) -> str:
        return self.filled(node).text if node is not None else ""


def plain(node: Node) -> str:
    """A scalar as Compose prints it; nothing for what is no scalar."""
    if isinstance(node.scalar, bool):
        return "true" if node.scalar else "false"
    return "" if node.scalar is None else str(node.scalar)


def load(sources: Sequence[Source], folder: Folder) -> Project:
    """Files that are one project, the first its base; what cannot be followed becomes a note."""
    project = Project(folder=folder)
    scope = _scope(project, sources[0].path)
    root = _root(project, sources, scope, trail=())
    _take(project, root)
    return project


def _take(project: Project, root: Node) -> None:
    project.services = _section(root, "services")
    project.volumes = _section(root, "volumes")
    name = root.child("name")
    if name is not None and project.text(name):
        project.name, project.named_at = project.text(name), place(name)
    for file, held in project.held.items():
        if not project.name and "COMPOSE_PROJECT_NAME" in held:
            one = held["COMPOSE_PROJECT_NAME"]
            project.name, project.named_at = one.value, Place(file=file, line=one.line, column=1)
    if len(project.services) > MOST_SERVICES:
        said = f"{len(project.services):,} services; at most {MOST_SERVICES:,} are read, so none is"
        project.note(NoteKind.UNREADABLE, place(root), said)
        project.services = {}


def _section(root: Node, key: str) -> Entries:
    found = root.child(key)
    return dict(found.entries or {}) if found is not None else {}


def _root(
    project: Project, sources: Iterable[Source], scope: Mapping[str, str], trail: tuple[str, ...]
) -> Node:
    """Files merged one over the other, with what each includes below it."""
    whole: Node | None = None
    for source in sources:
        project.scopes.setdefault(source.path, scope)
        project.files.add(source.path)
        for document in _documents(project, source):
            tree = _extended(project, document, source, whole)
            tree = _with_included(project, tree, source, (*trail, source.path))
            whole = pruned(tree) if whole is None else merge(whole, tree)
    return whole or Node("", 1, 1, entries={})


def _documents(project: Project, source: Source) -> list[Node]:
    try:
        documents = source.documents
    except Refused as refused:
        at = refused.problem
        where = Place(file=at.file, line=at.line, column=at.column)
        project.note(NoteKind.UNREADABLE, where, at.sentence)
        return []
    for double in source.doubled:
        where = Place(file=double.file, line=double.line, column=double.column)
        project.note(NoteKind.UNREADABLE, where, double.sentence)
    return [_normal(one) for one in documents if one.entries is not None]


def _normal(root: Node) -> Node:
    services = root.child("services")
    if services is None or services.entries is None or root.entries is None:
        return root
    long = {key: (mark, normal(node)) for key, (mark, node) in services.entries.items()}
    mark = root.entries["services"][0]
    return replace(
        root, entries={**root.entries, "services": (mark, replace(services, entries=long))}
    )


# ------------------------------------------------------------------ extends


def _extended(project: Project, root: Node, source: Source, before: Node | None) -> Node:
    """The document with every service laid over the one that it extends."""
    services = _section(root, "services")
    if not any(node.child("extends") for _, node in services.values()):
        return root
    below = _section(before, "services") if before is not None else {}
    walk = _Extending(project)
    done = {
        name: (mark, walk.whole(name, {**below, **services}, source, ()))
        for name, (mark, _) in services.items()
    }
    mark, section = (root.entries or {})["services"]
    return replace(
        root, entries={**(root.entries or {}), "services": (mark, replace(section, entries=done))}
    )


@dataclass(slots=True)
class _Extending:
    project: Project
    done: dict[tuple[str, str], Node] = field(default_factory=dict)
    read: dict[str, tuple[Source, Entries]] = field(default_factory=dict)

    def whole(self, name: str, services: Entries, source: Source, trail: tuple[str, ...]) -> Node:
        """A service with its base below it, and the base's own base below that."""
        key, (_, node) = (source.path, name), services[name]
        if key in self.done:
            return self.done[key]
        wanted = node.child("extends")
        if wanted is None or wanted.entries is None:
            return node
        mark = f"{source.path}: {name}"
        if mark in trail or len(trail) > MOST_FILES:
            said = f"{name} extends itself by way of others; it stands as it is"
            self.project.note(NoteKind.UNREADABLE, place(wanted), said)
            return node
        base = self._base(name, wanted, services, source, (*trail, mark))
        own = {key: entry for key, entry in (node.entries or {}).items() if key != "extends"}
        whole = replace(node, entries=own)
        if base is not None:
            whole = merge(base, whole)
            whole = replace(whole, file=node.file, line=node.line, column=node.column)
        self.done[key] = whole
        return whole

    def _base(
        self, name: str, wanted: Node, services: Entries, source: Source, trail: tuple[str, ...]
    ) -> Node | None:
        target = self.project.text(wanted.child("service")) or name
        file = wanted.child("file")
        if file is not None:
            other = self._other(file)
            if other is None:
                return None
            source, services = other
        if target not in services:
            said = f"{name} extends {target}, which is not in {source.path}"
            self.project.note(NoteKind.UNREADABLE, place(wanted), said)
            return None
        return self.whole(target, services, source, trail)

    def _other(self, file: Node) -> tuple[Source, Entries] | None:
        source = opened(self.project, self.project.text(file), file)
        if source is None:
            return None
        if source.path not in self.read:
            self.project.scopes.setdefault(source.path, self.project.scopes.get(file.file, {}))
            services: Entries = {}
            for document in _documents(self.project, source):
                services |= _section(document, "services")
            self.read[source.path] = (source, services)
        return self.read[source.path]


def opened(project: Project, path: str, at: Node, *, needed: bool = True) -> Source | None:
    """A file that another one names; None with a note where it cannot be had."""
    if not path or (not needed and not project.folder.exists(path, at.file)):
        return None
    project.openings += 1
    if len(project.files) >= MOST_FILES or project.openings > MOST_OPENINGS:
        project.note(
            NoteKind.UNREADABLE, place(at), f"more than {MOST_FILES} files; {path} is left"
        )
        return None
    try:
        source = project.folder.read(path, at.file)
    except StandfastError as error:
        project.note(NoteKind.UNREADABLE, place(at), f"{path}: {error.problem}")
        return None
    project.files.add(source.path)
    return source


# ------------------------------------------------------------------ include


def _with_included(project: Project, root: Node, source: Source, trail: tuple[str, ...]) -> Node:
    """The document with the projects that it includes below it; what it says itself counts."""
    listed = root.child("include")
    if listed is None:
        return root
    entries = dict(root.entries or {})
    entries.pop("include")
    whole = replace(root, entries=entries)
    for item in listed.items if listed.items is not None else [listed]:
        part = _included(project, item, source, trail)
        if part is not None:
            _clashes(project, part, whole, item)
            whole = merge(part, whole)
    return whole


def _included(project: Project, item: Node, source: Source, trail: tuple[str, ...]) -> Node | None:
    paths = item.child("path") if item.entries is not None else item
    if paths is None:
        return None
    files = []
    for one in paths.items if paths.items is not None else [paths]:
        found = opened(project, project.text(one), one)
        if found is not None and found.path in trail:
            project.note(
                NoteKind.UNREADABLE, place(one), f"{found.path} includes itself by way of others"
            )
        elif found is not None:
            files.append(found)
    if not files:
        return None
    scope = {**_scope(project, files[0].path, item), **project.scopes.get(source.path, {})}
    return _root(project, files, scope, trail)


def _clashes(project: Project, part: Node, whole: Node, item: Node) -> None:
    mine = _section(whole, "services")
    for name in _section(part, "services"):
        if name in mine:
            said = f"the service {name} is included and given at {place(mine[name][0])} too; merged"
            project.note(NoteKind.CONFLICT, place(item), said)


# ------------------------------------------------------------------ variables


def _scope(project: Project, beside: str, item: Node | None = None) -> dict[str, str]:
    """The variables of the `.env` beside a file, or of the `env_file` that an include names."""
    listed = item.child("env_file") if item is not None and item.entries is not None else None
    if listed is None:
        return variables(project, ".env", beside)
    found: dict[str, str] = {}
    for one in listed.items if listed.items is not None else [listed]:
        found |= variables(project, project.text(one), one.file)
    return found


def variables(project: Project, path: str, beside: str) -> dict[str, str]:
    """The values of an `.env` file, or of the example that a person would copy to it."""
    source = env_source(project, path, beside)
    if source is None:
        return {}
    return {key: one.value for key, one in held(project, source).items()}


def held(project: Project, source: Source) -> dict[str, dotenv.Set]:
    if source.path not in project.held:
        project.held[source.path] = dotenv.parse(source.text, {})
    return project.held[source.path]


def env_source(project: Project, path: str, beside: str) -> Source | None:
    """The file itself, or else an example beside it, which is noted; None where there is neither."""
    folder, _, name = path.rpartition("/")
    for candidate in (path, *(f"{folder}/{one.format(name)}".lstrip("/") for one in _EXAMPLES)):
        if not candidate or not project.folder.exists(candidate, beside):
            continue
        try:
            source = project.folder.read(candidate, beside)
        except StandfastError as error:
            at = Place(file=beside, line=1, column=1)
            project.note(NoteKind.UNREADABLE, at, f"{candidate}: {error.problem}")
            continue
        if candidate != path and source.path not in project.held:
            said = f"there is no {path}; the values of {source.path} are used where a variable needs one"
            project.note(NoteKind.PLACEHOLDER, Place(file=source.path, line=1, column=1), said)
        project.files.add(source.path)
        return source
    return None

"""The importer of Compose files: which of those found are read, and as how many projects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.drivers.importers.compose.drafting import draft_of
from standfast.drivers.importers.compose.loading import load
from standfast.drivers.importers.compose.services import services
from standfast.spec.drafting.draft import Draft, Note, NoteKind, join
from standfast.spec.tree import Refused
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.drivers.importers.compose.loading import Project
    from standfast.drivers.importers.source import Folder, Source
    from standfast.spec.tree import Node

_DEFAULTS = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDE = re.compile(r"(?:docker-)?compose\.override\.ya?ml")
_LIKE = re.compile(
    r"(?:.*[-_.])?(?:docker-)?compose(?:[-_.].*)?\.(?:ya?ml|json)|docker-stack.*\.ya?ml"
)
_PRODUCTION = re.compile(r"prod|release|full")
_KEYS = frozenset(
    {
        "image", "build", "extends", "command", "entrypoint", "environment", "env_file", "ports", "depends_on",
        "volumes", "deploy", "healthcheck", "profiles", "restart", "networks", "labels", "logging", "scale",
    }
)  # fmt: skip


class Compose:
    """Compose files of one folder complete each other; those of different folders are different projects."""

    name = "compose"

    def claims(self, source: Source) -> bool:
        last = source.path.rpartition("/")[2].lower()
        try:
            return any(_is_compose(one, bool(_LIKE.fullmatch(last))) for one in source.documents)
        except Refused:
            return bool(_LIKE.fullmatch(last))

    def read(self, sources: Sequence[Source], folder: Folder) -> Draft:
        notes: list[Note] = []
        groups = _projects(sources, notes)
        projects = [load(group, folder) for group in groups]
        drafts = list(_drafts(projects, groups))
        return join([*drafts, Draft(notes=tuple(notes))])


def _is_compose(root: Node, by_name: bool) -> bool:
    if root.entries is None or {"apiVersion", "kind"} & root.entries.keys():
        return False
    section = root.child("services")
    if section is None or section.entries is None:
        return by_name and root.child("include") is not None
    return any(
        node.entries is not None and (_KEYS & node.entries.keys() or by_name)
        for _, node in section.entries.values()
    )


# ------------------------------------------------------------------ which files make which project


def _projects(sources: Sequence[Source], notes: list[Note]) -> list[list[Source]]:
    """Files of one folder together, the named ones all, of the found ones what Compose would take."""
    groups: dict[str, list[Source]] = {}
    for source in sources:
        groups.setdefault(source.path.rpartition("/")[0], []).append(source)
    chosen: list[list[Source]] = []
    found: dict[str, list[Source]] = {}
    for folder, group in groups.items():
        named = [one for one in group if one.named]
        if named:
            chosen.append(named)
            _left(notes, (one for one in group if not one.named), "was not named")
        else:
            found[folder] = group
    return chosen + list(_nearest(found, notes))


def _nearest(groups: dict[str, list[Source]], notes: list[Note]) -> Iterator[list[Source]]:
    """The projects nearest to the folder that was given; deeper ones are samples, parts or tests of it."""
    least = min((_depth(folder) for folder in groups), default=0)
    for folder, group in groups.items():
        if _depth(folder) > least:
            why = "lies deeper than the project read; name it to import it"
            _left(notes, group, why)
            continue
        usual = _usual(group)
        rest = [one for one in group if one not in usual]
        _left(notes, rest, f"another variant beside {usual[0].path}; name both to lay it over")
        yield usual


def _usual(group: Sequence[Source]) -> list[Source]:
    """The file that Compose would start with, and its override; else the one most like production."""
    by_name = {one.path.rpartition("/")[2].lower(): one for one in group}
    for name in _DEFAULTS:
        if name in by_name:
            over = [one for last, one in by_name.items() if _OVERRIDE.fullmatch(last)]
            return [by_name[name], *over[:1]]
    ranked = sorted(
        group, key=lambda one: (not _PRODUCTION.search(one.path.lower()), len(one.path), one.path)
    )
    return ranked[:1]


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def _left(notes: list[Note], sources: Iterator[Source] | Sequence[Source], why: str) -> None:
    for one in sources:
        at = Place(file=one.path, line=1, column=1)
        notes.append(Note(kind=NoteKind.SKIPPED, place=at, text=why))


# ------------------------------------------------------------------ several projects


def _drafts(projects: Sequence[Project], groups: Sequence[Sequence[Source]]) -> Iterator[Draft]:
    """Each project's draft; a name that an earlier one has is put behind its folder's name."""
    taken: set[str] = set()
    for project, group in zip(projects, groups, strict=True):
        found = services(project)
        folder = group[0].path.rpartition("/")[0].rpartition("/")[2] or "other"
        own = [*(one.name for one in found), *project.volumes]
        names = {name: f"{folder}-{name}" for name in own if name in taken}
        for one in found:
            if one.name in names:
                said = f"{one.name} is called {names[one.name]} here: another project has one of that name"
                project.note(NoteKind.CONFLICT, one.place, said)
        taken |= {names.get(name, name) for name in own}
        profiles = [
            name.strip()
            for held in project.held.values()
            if "COMPOSE_PROFILES" in held
            for name in held["COMPOSE_PROFILES"].value.split(",")
        ]
        yield draft_of(project, found, names, profiles)

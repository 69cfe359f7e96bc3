"""All entities of the sources and of the files to which their Locations lead, each once."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict, deque
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.backstage.entity import Catalogue, Entity, entity, is_open
from standfast.drivers.importers.bounding import listed, shown
from standfast.drivers.importers.source import place
from standfast.errors import StandfastError
from standfast.spec.drafting.draft import Note, NoteKind
from standfast.spec.tree import Node, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.drivers.importers.source import Folder, Source

MOST_FILES = 2_000
_KNOWN = frozenset(
    {"component", "resource", "system", "domain", "api", "group", "user", "location", "template"}
)


def gather(sources: Sequence[Source], folder: Folder) -> tuple[Catalogue, list[Note]]:
    waiting = deque(sources)
    seen = {posixpath.normpath(one.path) for one in sources}
    catalogue = Catalogue()
    notes: list[Note] = []
    unknown: Counter[str] = Counter()
    first: dict[str, Entity] = {}
    doubled: dict[str, list[Entity]] = defaultdict(list)
    while waiting:
        source = waiting.popleft()
        for one in _entities(source, notes):
            if one.kind.lower() not in _KNOWN:
                unknown[one.kind] += 1
                first.setdefault(one.kind, one)
            elif one.kind.lower() == "location":
                waiting += _led_to(one, source, folder, seen, notes)
            elif catalogue.entities.setdefault(one.key, one) is not one:
                doubled[one.node.file].append(one)
    for file, again in doubled.items():
        names = listed(one.title for one in again)
        said = f"{names} of {file} defined before; the first counts"
        notes.append(again[0].note(NoteKind.SKIPPED, said))
    for kind, many in unknown.items():
        said = f"{many} entities of kind {kind}: the file has no word for it"
        notes.append(first[kind].note(NoteKind.UNSUPPORTED, said))
    return catalogue, notes


def _entities(source: Source, notes: list[Note]) -> Iterator[Entity]:
    try:
        trees = source.documents
    except Refused as refused:
        problem = refused.problem
        spot = Node(source.path, problem.line, problem.column)
        open_ = "{{" in source.text
        kind = NoteKind.PLACEHOLDER if open_ else NoteKind.UNREADABLE
        why = "a template that is not filled in" if open_ else f"not read: {problem.sentence}"
        notes.append(Note(kind=kind, place=place(spot), text=why))
        return
    for tree in trees:
        one = entity(tree)
        if one is None:
            continue
        if is_open(one):
            said = f"a {one.kind} whose name is a template: fill it in first"
            notes.append(one.note(NoteKind.PLACEHOLDER, said))
            continue
        yield one


def _led_to(
    one: Entity, source: Source, folder: Folder, seen: set[str], notes: list[Note]
) -> list[Source]:
    targets = nodes.items(one.spec, "targets")
    if (single := nodes.at(one.spec, "target")) is not None:
        targets = [single, *targets]
    found = []
    for target in targets:
        path = nodes.text(target)
        if why := _not_followed(path):
            notes.append(
                one.note(NoteKind.UNSUPPORTED, f"{shown(path)} is not followed: {why}", target)
            )
            continue
        if len(seen) >= MOST_FILES:
            said = f"more than {MOST_FILES:,} files; those from here on are not read"
            notes.append(one.note(NoteKind.UNREADABLE, said, target))
            break
        try:
            led = folder.read(path, beside=source.path)
        except StandfastError as error:
            said = f"{shown(path)} is not read: {error.problem}"
            notes.append(one.note(NoteKind.UNREADABLE, said, target))
            continue
        if posixpath.normpath(led.path) not in seen:
            seen.add(posixpath.normpath(led.path))
            found.append(led)
    return found


def _not_followed(path: str) -> str:
    if "://" in path:
        return "it lies elsewhere; import it from a checkout"
    if any(sign in path for sign in "*?["):
        return "it is a pattern; name the folder to import it"
    return "" if path else "it is empty"

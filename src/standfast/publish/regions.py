"""Publishing again without clobbering people: what a document becomes, given what stands on disk.

Text outside of regions is kept. A region whose body no longer matches the hash in its marker was
edited by hand and is left alone. A region that was deleted by hand is not added again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from standfast.errors import StandfastError
from standfast.publish.document import Document, Region, digest, wrap

KNOWN = re.compile(r"^<!-- regions: ([\w\-. ]*) -->$", re.MULTILINE)
_BEGIN = re.compile(r"^<!-- standfast:begin (?P<id>[\w\-.]+) (?P<sha>[0-9a-f]{16}) -->[ \t]*$")
_END = re.compile(r"^<!-- standfast:end (?P<id>[\w\-.]+) -->[ \t]*$")
_ANY = "<!-- standfast:"


class Note(StrEnum):
    """Something that the person who publishes is told."""

    HAND_EDITED = "HAND-EDITED"
    DELETED = "deleted by hand, not added again"
    REMOVED = "removed: nothing in the file stands behind it any more"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A region as it stands on disk; `body` without its markers."""

    id: str
    sha: str
    body: str

    @property
    def edited(self) -> bool:
        return digest(self.body) != self.sha


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    text: str
    notes: tuple[tuple[str, Note], ...] = ()  # region -> what happened to it


def marked(text: str) -> bool:
    """Has standfast written here before?"""
    return any(_BEGIN.match(line) for line in text.splitlines())


def merge(document: Document, present: str) -> Merged:
    """The text on disk with every untouched region brought up to date; StandfastError on broken markers."""
    pieces = parse(present, document.path)
    on_disk = {piece.id: piece for piece in pieces if isinstance(piece, Found)}
    wanted = {region.id: region for region in document.regions}
    notes: list[tuple[str, Note]] = []
    out: list[str] = []
    for piece in pieces:
        out.extend([piece] if isinstance(piece, str) else _renewed(piece, wanted, notes))
    text = "\n".join(out)
    known = _known(on_disk)
    for region in document.regions:
        if region.id in on_disk:
            continue
        if region.id in known:
            notes.append((region.id, Note.DELETED))
        else:
            text = _inserted(text, region, document)
            notes.append((region.id, Note.ADDED))
    return Merged(text=text.rstrip("\n") + "\n", notes=tuple(notes))


def _renewed(piece: Found, wanted: dict[str, Region], notes: list[tuple[str, Note]]) -> list[str]:
    if piece.edited:
        notes.append((piece.id, Note.HAND_EDITED))
        return [_as_found(piece)]
    if piece.id not in wanted:
        notes.append((piece.id, Note.REMOVED))
        return []
    return [wrap(wanted[piece.id])]


def _as_found(piece: Found) -> str:
    return (
        f"<!-- standfast:begin {piece.id} {piece.sha} -->\n{piece.body}\n"
        f"<!-- standfast:end {piece.id} -->"
    )


def _known(on_disk: dict[str, Found]) -> frozenset[str]:
    """The regions that the last publishing wrote; without its record every missing one counts as deleted."""
    for piece in on_disk.values():
        if match := KNOWN.search(piece.body):
            return frozenset(match[1].split())
    return _Everything()


class _Everything(frozenset[str]):
    def __contains__(self, item: object) -> bool:
        return True


def _inserted(text: str, region: Region, document: Document) -> str:
    """After the region that comes before it in the document, or else at the end."""
    ids = [other.id for other in document.regions]
    for before in reversed(ids[: ids.index(region.id)]):
        mark = f"<!-- standfast:end {before} -->"
        if mark in text:
            return text.replace(mark, f"{mark}\n\n{wrap(region)}", 1)
    return f"{text.rstrip()}\n\n{wrap(region)}\n"


def parse(text: str, path: str) -> list[str | Found]:
    """Lines outside of regions, joined, and the regions between; StandfastError on markers out of order."""
    pieces: list[str | Found] = []
    loose: list[str] = []
    inside: re.Match[str] | None = None
    body: list[str] = []
    seen: set[str] = set()
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        begin, end = _BEGIN.match(line), _END.match(line)
        if inside and end and end["id"] == inside["id"]:
            pieces.append(Found(id=inside["id"], sha=inside["sha"], body="\n".join(body)))
            inside, body = None, []
        elif begin and not inside and begin["id"] not in seen:
            if loose:
                pieces.append("\n".join(loose))
            inside, loose = begin, []
            seen.add(begin["id"])
        elif line.startswith(_ANY):
            raise _broken(f"{path}:{number}", line)
        else:
            (body if inside else loose).append(line)
    if inside:
        raise _broken(path, inside[0])
    return [*pieces, "\n".join(loose)] if loose else pieces


def _broken(where: str, line: str) -> StandfastError:
    return StandfastError(
        f"a marker out of place: {line.strip()}",
        where=where,
        fix="restore the pair of begin and end lines, or move the file away and publish again",
    )

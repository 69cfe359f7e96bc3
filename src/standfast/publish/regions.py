"""Publishing again without clobbering people: what a document becomes, given what stands on disk.

Text outside of regions is kept. A region whose body no longer matches the hash in its marker was
edited by hand and is left alone. A region that was deleted by hand is not added again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from standfast.errors import StandfastError
from standfast.publish.document import MEASURED, Document, Region, clean, digest, wrap

KNOWN = re.compile(r"^<!-- regions: ([\w\-. ]*) -->\r?$", re.MULTILINE)
_BEGIN = re.compile(r"^<!-- standfast:begin (?P<id>[\w\-.]+) (?P<sha>[0-9a-f]{16}) -->[ \t]*\r?$")
_END = re.compile(r"^<!-- standfast:end (?P<id>[\w\-.]+) -->[ \t]*\r?$")
_ANY = "<!-- standfast:"
_MARK = "\ufeff"  # some editors begin a file with it


class Note(StrEnum):
    """Something that the person who publishes is told."""

    HAND_EDITED = "HAND-EDITED"
    DELETED = "deleted by hand, not added again"
    REMOVED = "removed: nothing in the file stands behind it any more"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A region as it stands on disk: `body` without its markers, `raw` with them, to the byte."""

    id: str
    sha: str
    body: str
    raw: str

    @property
    def edited(self) -> bool:
        return digest(self.body) != self.sha


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    text: str
    notes: tuple[tuple[str, Note], ...] = ()  # region -> what happened to it


def marked(text: str) -> bool:
    """Has standfast written here before?"""
    return any(_BEGIN.match(line.lstrip(_MARK)) for line in text.split("\n"))


def newline(text: str) -> str:
    """The line end that most lines of a text have."""
    return "\r\n" if 2 * text.count("\r\n") > text.count("\n") else "\n"


def merge(document: Document, present: str) -> Merged:
    """The text on disk with every untouched region brought up to date; StandfastError on broken markers.

    What people wrote is kept to the byte, line ends and a missing last one included.
    """
    pieces = parse(present, document.path)
    on_disk = {piece.id: piece for piece in pieces if isinstance(piece, Found)}
    wanted = {region.id: region for region in document.regions}
    end, notes = newline(present), list[tuple[str, Note]]()
    out: list[tuple[str, str]] = []  # the region's id, or "" for what stands between
    for piece in pieces:
        if isinstance(piece, str):
            out.append(("", piece))
        elif (text := _renewed(piece, wanted, notes, end)) is not None:
            out.append((piece.id, text))
    known = _known(on_disk)
    for region in document.regions:
        if region.id in on_disk:
            continue
        # Whoever asks for live figures wants them, whatever became of the last ones.
        if region.id in known and region.id != MEASURED:
            notes.append((region.id, Note.DELETED))
        else:
            _insert(out, region, document, end)
            notes.append((region.id, Note.ADDED))
    return Merged(text="\n".join(text for _, text in out), notes=tuple(notes))


def _renewed(
    piece: Found, wanted: dict[str, Region], notes: list[tuple[str, Note]], end: str
) -> str | None:
    """The region's new text; None where it goes."""
    if piece.id == MEASURED and MEASURED not in wanted:
        return piece.raw
    if piece.edited:
        notes.append((piece.id, Note.HAND_EDITED))
        return piece.raw
    if piece.id not in wanted:
        notes.append((piece.id, Note.REMOVED))
        return None
    text = wrap(wanted[piece.id])
    return piece.raw if text == clean(piece.raw) else _ended(text, end)


def _ended(text: str, end: str) -> str:
    """With the file's own line ends; the last one belongs to the join, but for its carriage return."""
    return text if end == "\n" else text.replace("\n", end) + "\r"


def _known(on_disk: dict[str, Found]) -> frozenset[str]:
    """The regions that the last publishing wrote; without its record every missing one counts as deleted."""
    for piece in on_disk.values():
        if match := KNOWN.search(piece.body):
            return frozenset(match[1].split())
    return _Everything()


class _Everything(frozenset[str]):
    def __contains__(self, item: object) -> bool:
        return True


def _insert(out: list[tuple[str, str]], region: Region, document: Document, end: str) -> None:
    """After the region that comes before it in the document, or else at the end."""
    ids = [other.id for other in document.regions]
    blank = "\r" if end == "\r\n" else ""
    new = [("", blank), (region.id, _ended(wrap(region), end))]
    for before in reversed(ids[: ids.index(region.id)]):
        for place, (name, _) in enumerate(out):
            if name == before:
                out[place + 1 : place + 1] = new
                return
    own = "\n".join(text for _, text in out)
    if own and not own.endswith("\n"):
        own, new = own + blank, [("", blank), *new[1:]]
    else:
        new = new[1:]
    out[:] = [*([("", own)] if own else []), *new, ("", "")]


def parse(text: str, path: str) -> list[str | Found]:
    """Lines outside of regions, joined, and the regions between; StandfastError on markers out of order.

    Joined with line feeds, the pieces are the text again, to the byte.
    """
    pieces: list[str | Found] = []
    loose: list[str] = []
    inside: re.Match[str] | None = None
    body: list[str] = []
    seen: set[str] = set()
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.lstrip(_MARK) if number == 1 else raw
        begin, end = _BEGIN.match(line), _END.match(line)
        if inside and end and end["id"] == inside["id"]:
            pieces.append(_found(inside, [*body, raw]))
            inside, body = None, []
        elif begin and not inside and begin["id"] not in seen:
            if loose:
                pieces.append("\n".join(loose))
            inside, loose, body = begin, [], [raw]
            seen.add(begin["id"])
        elif line.startswith(_ANY):
            raise _broken(f"{path}:{number}", line)
        else:
            (body if inside else loose).append(raw)
    if inside:
        raise _broken(path, inside[0])
    return [*pieces, "\n".join(loose)] if loose else pieces


def _found(begin: re.Match[str], lines: list[str]) -> Found:
    return Found(
        id=begin["id"],
        sha=begin["sha"],
        body=clean("\n".join(lines[1:-1])),
        raw="\n".join(lines),
    )


def _broken(where: str, line: str) -> StandfastError:
    return StandfastError(
        f"a marker out of place: {line.strip()}",
        where=where,
        fix="restore the pair of begin and end lines, or move the file away and publish again",
    )


# ------------------------------------------------------------------ live figures in files generated whole

_BLOCK = re.compile(
    rf"^<!-- standfast:begin {MEASURED} [0-9a-f]{{16}} -->\r?$.*?^<!-- standfast:end {MEASURED} -->",
    re.MULTILINE | re.DOTALL,
)


def with_measured(text: str, before: str) -> str:
    """A generated text with the live figures of the last time, unless it brings its own."""
    found = None if _BLOCK.search(text) else _BLOCK.search(before)
    return f"{text.rstrip()}\n\n{clean(found[0])}\n" if found else text

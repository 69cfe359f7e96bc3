"""From rendered outputs and what stands on disk to the writes that bring the two together."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.errors import StandfastError
from standfast.publish.document import GENERATED, Document, Generated, Output
from standfast.publish.regions import Note, marked, merge, newline, with_measured

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


REVIEW = "ops/generated/review.json"
"""The review of the file; it also records the day on which it was published."""


class Deed(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    BESIDE = "beside"  # a file without markers stands in the way
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One file: what becomes of it."""

    path: str
    deed: Deed
    text: str
    before: str | None
    notes: tuple[tuple[str, Note], ...] = ()

    @property
    def diff(self) -> str:
        """A unified diff; empty where nothing changes."""
        lines = difflib.unified_diff(
            (self.before or "").splitlines(keepends=True),
            self.text.splitlines(keepends=True),
            f"a/{self.path}" if self.before is not None else "/dev/null",
            f"b/{self.path}",
        )
        return "".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    writes: tuple[Write, ...]
    orphans: tuple[str, ...]  # files of an earlier publishing that nothing produces any more

    @property
    def drift(self) -> tuple[Write, ...]:
        return tuple(write for write in self.writes if write.deed is not Deed.KEEP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """How the documents on disk were published; a check speaks of the same edition."""

    as_of: date
    release: bool = False
    private: bool = False


def recorded(present: Mapping[str, str]) -> Recorded | None:
    """What the last publishing noted of itself; None where there was none."""
    try:
        found = json.loads(present.get(REVIEW, ""))
        return Recorded(
            as_of=date.fromisoformat(found["as_of"]),
            release=found.get("release") is True,
            private=found.get("private") is True,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None  # nobody's edition: as if it were the first


NOTES = "docs/compliance/notes/"


def adopted_notes(present: Mapping[str, str]) -> dict[str, str]:
    """Compliance documents of somebody else's, as the notes that theirs become; joined to older notes."""
    found = {}
    for path, text in present.items():
        folder, _, name = path.rpartition("/")
        if f"{folder}/notes/" == NOTES and name in COMPLIANCE and not _generated(text):
            older = present.get(NOTES + name, "")
            found[NOTES + name] = f"{older.rstrip()}\n\n{text}" if older.strip() else text
    return found


COMPLIANCE = frozenset(
    {"audit-events.md", "audit-schema.md", "retention-policy.md", "audit-access.md"}
)


def _generated(text: str) -> bool:
    return GENERATED in text[:400]


def plan(outputs: Iterable[Output], present: Mapping[str, str], *, adopt: bool = False) -> Plan:
    """`present` maps paths to the text on disk, `NAME.standfast.md` files included."""
    outputs = tuple(outputs)
    writes = tuple(_write(output, present, adopt) for output in outputs)
    if adopt:
        writes += tuple(
            _settled(path, text, present[path])
            if path in present
            else Write(path=path, deed=Deed.CREATE, text=text, before=None)
            for path, text in adopted_notes(present).items()
        )
    # Not written by us is not an orphan, only unknown; deleting is never our business.
    ours = {write.path for write in writes} | {output.path for output in outputs}
    orphans = sorted(
        path for path, text in present.items() if path not in ours and _ours(path, text)
    )
    return Plan(writes=writes, orphans=tuple(orphans))


def _ours(path: str, text: str) -> bool:
    return marked(text) or _generated(text) or path.startswith("ops/generated/")


def _write(output: Output, present: Mapping[str, str], adopt: bool) -> Write:
    before = present.get(output.path)
    if before is None:
        return Write(path=output.path, deed=Deed.CREATE, text=output.text, before=None)
    if isinstance(output, Generated):
        # A compliance document that somebody wrote before standfast came is not ours to replace.
        foreign = output.path.endswith(".md") and not _generated(before)
        return (
            _beside(output, present)
            if foreign and not adopt
            else _settled(output.path, _generated_over(output, before), before)
        )
    if not marked(before) and not adopt:
        return _beside(output, present)
    if not marked(before):
        end = newline(before)
        return _settled(output.path, output.text.replace("\n", end) + end + before, before)
    merged = merge(output, before)
    return _settled(output.path, merged.text, before, merged.notes)


def _generated_over(output: Generated, before: str) -> str:
    return with_measured(output.text, before) if output.path.endswith(".md") else output.text


def _settled(path: str, text: str, before: str, notes: tuple[tuple[str, Note], ...] = ()) -> Write:
    # A checkout may have changed the line ends; those of a calendar are CR LF from the beginning.
    same = text.replace("\r\n", "\n") == before.replace("\r\n", "\n")
    return Write(
        path=path, deed=Deed.KEEP if same else Deed.UPDATE, text=text, before=before, notes=notes
    )


def _beside(output: Output, present: Mapping[str, str]) -> Write:
    """The document under another name, since the file of its own name is somebody's."""
    path = output.path.removesuffix(".md") + ".standfast.md"
    before = present.get(path)
    if before is None:
        return Write(path=path, deed=Deed.BESIDE, text=output.text, before=None)
    ours = marked(before) if isinstance(output, Document) else _generated(before)
    if not ours:
        raise StandfastError(
            f"{output.path} and this are both somebody's own",
            where=path,
            fix="move one of them away, or take the first over with --adopt",
        )
    if isinstance(output, Document):
        merged = merge(output, before)
        return _settled(path, merged.text, before, merged.notes)
    return _settled(path, _generated_over(output, before), before)

"""From rendered outputs and what stands on disk to the writes that bring the two together."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.publish.document import GENERATED, Document, Generated, Output
from standfast.publish.regions import Note, marked, merge

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


def recorded_day(present: Mapping[str, str]) -> date | None:
    """The day that the published documents speak of; None where there are none."""
    match = _DAY.search(present.get(REVIEW, ""))
    return date.fromisoformat(match[1]) if match else None


_DAY = re.compile(r'^  "as_of": "(\d{4}-\d\d-\d\d)', re.MULTILINE)


def plan(outputs: Iterable[Output], present: Mapping[str, str], *, adopt: bool = False) -> Plan:
    """`present` maps paths to the text on disk, `NAME.standfast.md` files included."""
    writes = tuple(_write(output, present, adopt) for output in outputs)
    # Not written by us is not an orphan, only unknown; deleting is never our business.
    ours = {write.path for write in writes} | {output.path for output in outputs}
    orphans = sorted(
        path for path, text in present.items() if path not in ours and _ours(path, text)
    )
    return Plan(writes=writes, orphans=tuple(orphans))


def _ours(path: str, text: str) -> bool:
    return marked(text) or GENERATED in text[:400] or path.startswith("ops/generated/")


def _write(output: Output, present: Mapping[str, str], adopt: bool) -> Write:
    before = present.get(output.path)
    if before is None:
        return Write(path=output.path, deed=Deed.CREATE, text=output.text, before=None)
    if isinstance(output, Generated):
        # A compliance document that somebody wrote before standfast came is not ours to replace.
        foreign = output.path.endswith(".md") and GENERATED not in before[:400]
        return (
            _beside(output, present)
            if foreign and not adopt
            else _settled(output.path, output.text, before)
        )
    if not marked(before) and not adopt:
        return _beside(output, present)
    if not marked(before):
        return _settled(output.path, f"{output.text}\n{before}", before)
    merged = merge(output, before)
    return _settled(output.path, merged.text, before, merged.notes)


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
    if isinstance(output, Document):
        merged = merge(output, before)
        return _settled(path, merged.text, before, merged.notes)
    return _settled(path, output.text, before)

"""The four documents of docs/compliance, generated whole; notes of people are included from notes/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.document import GENERATED, Generated, clean
from standfast.publish.markdown import join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.publish.edition import Edition

FOLDER = "docs/compliance"


def page(
    edition: Edition, name: str, title: str, notes: Mapping[str, str], *blocks: str
) -> Generated:
    """One document; `notes/NAME.md` beside it is the place for what people add."""
    note = clean(notes.get(f"{FOLDER}/notes/{name}.md", ""))
    text = join(
        f"<!-- {GENERATED}; edits here are lost. Add to notes/{name}.md, which is included below. -->",
        edition.header(title),
        *blocks,
        join("## Notes", note) if note.strip() else "",
    )
    return Generated(path=f"{FOLDER}/{name}.md", text=f"{text}\n")

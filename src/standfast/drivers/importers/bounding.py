"""Notes that a person can read through: after fifty of one kind, how many more there were."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from standfast.spec.drafting.draft import Note

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 50
_LOGIN = re.compile(r"://[^/@\s]*@")


def bounded(notes: Iterable[Note], most: int = MOST) -> tuple[Note, ...]:
    """The first `most` of each kind; the count of the rest stands where the last one shown of it does."""
    kept: list[Note] = []
    seen: Counter[str] = Counter()
    for note in dict.fromkeys(notes):
        seen[note.kind] += 1
        if seen[note.kind] <= most:
            kept.append(note)
    return tuple(_counted(note, kept, seen, most) for note in kept)


def _counted(note: Note, kept: list[Note], seen: Counter[str], most: int) -> Note:
    more = seen[note.kind] - most
    last = more > 0 and note is [one for one in kept if one.kind == note.kind][-1]
    if not last:
        return note
    return Note(
        kind=note.kind, place=note.place, text=f"{note.text} (and {more:,} more of this kind)"
    )


def shown(text: str, most: int = 200) -> str:
    """Somebody's text in a note: not too long of it, and without the login of an address."""
    return _LOGIN.sub("://***@", text[:2000])[:most]


def listed(names: Iterable[str], most: int = 5) -> str:
    """The first few, and how many more."""
    every = list(dict.fromkeys(names))
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more

"""A draft: what was read from foreign sources, value by value, each with the places that say so.

An importer answers with a `Draft`. It gives facts only: what a source does not say is left out, and
the review of the drafted file asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.spec.values import Place

Path = tuple[str, ...]  # ("components", "web", "needs", "db")
Plain = str | int | float | bool | None | tuple[str, ...]  # as the file writes it: "99.9%", "30s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One value at the path that the reliability file has for it, and where it was read.

    Every place that says the same is named: an edge found in `depends_on` and in an environment
    variable cites both. A map that is known to exist and is still empty, such as a need whose strength
    nobody has stated, is a fact with the value None at the map's own path.
    """

    path: Path
    value: Plain
    places: tuple[Place, ...]

    @property
    def dotted(self) -> str:
        return ".".join(self.path)


class NoteKind(StrEnum):
    """Why something of a source is not in the draft, or not as it stands there."""

    SKIPPED = "skipped"  # on purpose: a debug service, a test profile
    UNSUPPORTED = "unsupported"  # the file has no word for it: a Go plugin, MetricsQL
    PLACEHOLDER = "placeholder"  # a template or variable without a value
    SECRET = "secret"  # noqa: S105 - a kind of note; a secret is referenced, never copied
    CONFLICT = "conflict"  # two sources disagree; the first one counts
    UNREADABLE = "unreadable"  # a source, or a part of one, that could not be read
    DETECTED = "detected"  # concluded rather than read: stateful by its image


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something the person who imports is told; `text` never holds a secret."""

    kind: NoteKind
    place: Place
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The facts of one source or of several together, in the order in which they were read."""

    facts: tuple[Fact, ...] = ()
    notes: tuple[Note, ...] = ()

    def names(self, section: str) -> tuple[str, ...]:
        """What one of the file's maps holds: the components, the service levels."""
        found = (fact.path[1] for fact in self.facts if fact.path[0] == section and fact.path[1:])
        return tuple(dict.fromkeys(found))

    @property
    def edges(self) -> tuple[Path, ...]:
        """Each need once: (component, needed)."""
        found = (
            (fact.path[1], fact.path[3])
            for fact in self.facts
            if fact.path[0] == "components" and len(fact.path) > 3 and fact.path[2] == "needs"
        )
        return tuple(dict.fromkeys(found))


def join(drafts: Iterable[Draft]) -> Draft:
    """Several drafts as one. Facts that agree cite all their places; of facts that don't the first counts."""
    facts: dict[Path, Fact] = {}
    places: dict[
        Path, dict[Place, None]
    ] = {}  # grown in place: a service may be named ten thousand times
    notes: list[Note] = []
    for draft in drafts:
        notes += draft.notes
        for fact in draft.facts:
            before = facts.setdefault(fact.path, fact)
            if before.value != fact.value and None not in (before.value, fact.value):
                notes.append(_conflict(before, fact))
                continue
            if before.value is None:
                facts[fact.path] = fact
            places.setdefault(fact.path, {}).update(dict.fromkeys(fact.places))
    joined = (replace(fact, places=tuple(places[path])) for path, fact in facts.items())
    return Draft(facts=tuple(joined), notes=tuple(dict.fromkeys(notes)))


def _conflict(kept: Fact, other: Fact) -> Note:
    said = f"{kept.dotted} is {other.value!r} here and {kept.value!r} at {kept.places[0]}, which counts"
    return Note(kind=NoteKind.CONFLICT, place=other.places[0], text=said)

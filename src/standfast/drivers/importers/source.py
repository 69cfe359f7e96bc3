"""A file of somebody else's, its documents with the place of every value, and what an importer is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from standfast.spec.tree import grow_all
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from standfast.spec.drafting.draft import Draft
    from standfast.spec.problem import Problem
    from standfast.spec.tree import Node


@dataclass(frozen=True, kw_only=True)  # without slots: the documents are read once
class Source:
    """One file as it was read; `path` as the person who imports would write it.

    A file that was `named` is read for what it is. Of those found in a folder an importer takes what its
    own tool would take, and says what it left: variants for tests, projects in folders below.
    """

    path: str
    text: str
    named: bool = True
    database: Path | None = None  # where it is, if it is one of SQLite's: such a file has no text

    @property
    def documents(self) -> tuple[Node, ...]:
        """Its YAML or JSON documents; raises `spec.tree.Refused` where it is neither."""
        return self._grown[0]

    @property
    def doubled(self) -> tuple[Problem, ...]:
        """The keys that stand twice in one mapping; the first counts."""
        return self._grown[1]

    @cached_property
    def _grown(self) -> tuple[tuple[Node, ...], tuple[Problem, ...]]:
        problems: list[Problem] = []
        return grow_all(self.text, self.path, problems), tuple(problems)


def place(node: Node) -> Place:
    return Place(file=node.file, line=node.line, column=node.column)


class Folder(Protocol):
    """Where sources are found; nothing outside of it is read, whatever a path or a link says."""

    def read(self, path: str, beside: str = "") -> Source:
        """The file at `path`, seen from the folder of the file `beside`.

        Raises StandfastError, which says why, where it leaves the folder, is missing, binary or too large.
        """

    def exists(self, path: str, beside: str = "") -> bool: ...


class Importer(Protocol):
    """One format. Files of one format are read together, since they complete each other."""

    @property
    def name(self) -> str:
        """As the command and the documents call it: "compose"."""

    def claims(self, source: Source) -> bool:
        """Is it of this format? By its documents' own marks before its file's name; never raises."""

    def read(self, sources: Sequence[Source], folder: Folder) -> Draft:
        """What the sources say. What cannot be taken over becomes a note; never raises for its content."""


class Follower(Importer, Protocol):
    """A format that speaks of components which others define: alerts on a job, a promise of a service."""

    def read(self, sources: Sequence[Source], folder: Folder, known: Draft | None = None) -> Draft:
        """As an importer; `known` is what the other sources of the same import say."""

"""Accepting the reliability file: a changed file only proposes a version; the accepted one is a row.

All or nothing: a proposal with an error changes nothing, and what is running goes on. Several servers
can propose the same file at once: the first wins, the others find it accepted.
"""

from __future__ import annotations

import fnmatch
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from standfast import spec
from standfast.audit.event import SYSTEM, Actor, Event, FieldChange, Target
from standfast.engine.ports import Change, Store
from standfast.errors import FileError, NotFound
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from standfast.spec.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One accepted state of the file and everything that it includes."""

    number: int
    digest: str
    path: str
    texts: Mapping[str, str]
    accepted_at: datetime
    accepted_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The newest proposal that could not be accepted, shown until a good one comes."""

    at: datetime
    problems: tuple[str, ...]


class Loader(Protocol):
    def read(self, path: str) -> str:
        """The text of a file; raise FileError where it cannot be read."""

    def glob(self, pattern: str) -> list[str]:
        """The paths that match, sorted."""


class FilePort(Protocol):
    def newest_number(self) -> int: ...
    def newest(self) -> Version | None: ...
    def add(self, version: Version) -> None: ...


class AcceptTx(Protocol):
    @property
    def files(self) -> FilePort: ...


class Accept:
    def __init__(self, store: Store[AcceptTx], loader: Loader, clock: Clock = utc_now) -> None:
        self._store, self._loader, self._clock = store, loader, clock
        self._parsed: tuple[int, System] | None = None
        self._parsing = threading.Lock()
        self._refused: str = ""
        self.rejected: Rejected | None = None
        self.read_last: tuple[str, ...] = ()  # the files of the newest proposal, good or bad

    def propose(self, path: str, by: Actor = SYSTEM) -> System:
        """Read the file at `path` and make it the newest version, unless it already is.

        Raises FileError, with every problem, where it cannot be accepted; nothing has changed then.
        """
        recording = _Recording(self._loader)
        try:
            system = spec.read(path, recording)
        except FileError as error:
            self._refuse(path, error, by)
            raise
        finally:
            self.read_last = tuple(recording.texts) or (path,)
        now = self._clock()
        self._store.write(lambda tx: _accept(tx, path, system, recording.texts, by, now))
        self.rejected, self._refused = None, ""  # once the good one is kept
        return system

    def current(self) -> System:
        """The accepted System; raises NotFound before the first file."""
        number = self._store.read(lambda tx: tx.files.newest_number())
        with self._parsing:
            if self._parsed is None or self._parsed[0] != number:
                version = self._store.read(lambda tx: tx.files.newest())
                if version is None:
                    raise NotFound(
                        "no reliability file was accepted yet", fix="standfast serve FILE"
                    )
                self._parsed = (version.number, read_version(version))
            return self._parsed[1]

    def _refuse(self, path: str, error: FileError, by: Actor) -> None:
        self.rejected = Rejected(at=self._clock(), problems=error.problems)
        if (said := "\n".join(error.problems)) == self._refused:
            return  # the same broken file, looked at again: said once is enough
        self._refused = said
        event = Event(
            type="file.rejected",
            category="administration",
            actor=by,
            target=Target(type="reliability-file", id=path),
            status="failure",
            reason=error.problems[0][:500] if error.problems else str(error),
        )
        self._store.write(lambda _: Change(None, (event,)))


def read_version(version: Version) -> System:
    """What an accepted version means; raises FileError where this program reads it no more."""
    return spec.read(version.path, _Kept(version.texts))


def _accept(
    tx: AcceptTx, path: str, system: System, texts: Mapping[str, str], by: Actor, now: datetime
) -> Change[None]:
    before = tx.files.newest()
    if before and before.digest == system.digest:
        return Change(None)
    number = before.number + 1 if before else 1
    tx.files.add(
        Version(
            number=number,
            digest=system.digest,
            path=path,
            texts=texts,
            accepted_at=now,
            accepted_by=by.id,
        )
    )
    event = Event(
        type="file.accepted",
        category="administration",
        actor=by,
        description=f"version {number} of the reliability file of {system.name}",
        target=Target(type="reliability-file", id=path),
        changes=(
            FieldChange(
                field="digest", old_value=before.digest if before else None, new_value=system.digest
            ),
        ),
    )
    return Change(None, (event,))


class _Recording:
    """Reads through another loader and remembers what it read, so that the version can be kept whole."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self.texts: dict[str, str] = {}

    def read(self, path: str) -> str:
        self.texts[path] = self._loader.read(path)
        return self.texts[path]

    def glob(self, pattern: str) -> list[str]:
        return self._loader.glob(pattern)


class _Kept:
    """Reads a version's own texts; the files on disk may have moved on."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def read(self, path: str) -> str:
        if path not in self._texts:
            raise FileNotFoundError(2, "not a part of the accepted version", path)
        return self._texts[path]

    def glob(self, pattern: str) -> list[str]:
        return sorted(path for path in self._texts if fnmatch.fnmatch(path, pattern))

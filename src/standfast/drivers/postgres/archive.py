"""The WAL archive: segments received over a slot, each with the SHA-256 that it had on arrival.

A generation is one unbroken run of WAL. Where the slot is gone (a new server, a restored one, a slot that
fell too far behind) the run is broken, and a new generation begins with the new slot.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from standfast.errors import Conflict, ToolError
from standfast.recovery.wal import Segment, last_segment_number, read_segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from standfast.drivers.postgres.source import Source

_INDEX = "segments.jsonl"
_LOST = "lost"  # wal_status of a slot whose WAL the server has removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A finished segment as it arrived."""

    name: str
    size: int
    sha256: str


class Archive:
    def __init__(self, path: Path, slot: str, segment_size: int) -> None:
        self.path, self.slot, self.segment_size = path, slot, segment_size

    @property
    def generation(self) -> int:
        """The newest; 0 where nothing was received yet."""
        names = [int(p.name) for p in self.path.glob("*") if p.is_dir() and p.name.isdigit()]
        return max(names, default=0)

    def folder(self, generation: int) -> Path:
        return self.path / str(generation)

    def open(self, source: Source) -> int:
        """Make sure of the slot; answers the generation that it feeds."""
        with self._locked(".opening"):  # a receiver and a copy begin at once, in two processes too
            return self._open(source)

    def _open(self, source: Source) -> int:
        found = source.slot(self.slot)
        if found and found[1] != _LOST and self.generation:
            return self.generation
        if found:
            if found[0]:
                raise Conflict(
                    f"the replication slot {self.slot} is in use by somebody else",
                    where=str(self.path),
                    fix="stop the other receiver, or move this store to a location of its own",
                )
            source.drop_slot(self.slot)
        generation = self.generation + 1
        # The folder first: a crash between the two leaves an empty generation, not a mixed one.
        self.folder(generation).mkdir(parents=True, mode=0o700)
        source.make_slot(self.slot)
        return generation

    def segments(self, generation: int) -> tuple[Segment, ...]:
        found = []
        for entry in (
            os.scandir(self.folder(generation)) if self.folder(generation).is_dir() else ()
        ):
            segment = read_segment(entry.name, entry.stat().st_size, self.segment_size)
            if segment:
                found.append(segment)
        return tuple(sorted(found, key=lambda s: (s.number, s.timeline, s.partial)))

    def received(self, generation: int) -> list[tuple[Segment, datetime]]:
        folder = self.folder(generation)
        return [
            (s, datetime.fromtimestamp((folder / s.name).stat().st_mtime, UTC))
            for s in self.segments(generation)
        ]

    def histories(self, generation: int) -> list[Path]:
        return sorted(self.folder(generation).glob("*.history"))

    def holds(self, generation: int, lsn: int) -> bool:
        """Is the segment with the byte before `lsn` finished?"""
        number = last_segment_number(lsn, self.segment_size)
        return any(s.number == number and not s.partial for s in self.segments(generation))

    def noted(self, generation: int) -> dict[str, Noted]:
        path = self.folder(generation) / _INDEX
        if not path.exists():
            return {}
        found: dict[str, Noted] = {}
        for line in path.read_text().splitlines():
            try:
                record = Noted(**json.loads(line))
            except (ValueError, TypeError):
                continue  # a line cut short by a crash; its segment is noted again
            found[record.name] = record
        return found

    def note_finished(self, generation: int) -> None:
        """Write down the checksum of each segment that was finished since; called by the receiver alone."""
        known = self.noted(generation)
        fresh = [s for s in self.segments(generation) if not s.partial and s.name not in known]
        if not fresh:
            return
        folder = self.folder(generation)
        with (folder / _INDEX).open("a+b") as index:
            if index.tell() and not _ends_with_newline(index):
                index.write(b"\n")
            for segment in fresh:
                digest = sha256_of(folder / segment.name)
                line = {"name": segment.name, "size": segment.size, "sha256": digest}
                index.write(json.dumps(line).encode() + b"\n")
            index.flush()
            os.fsync(index.fileno())

    def damage(self, generation: int, segments: Iterable[Segment]) -> dict[str, str]:
        """Name -> what is wrong with its bytes, by the checksums noted on arrival."""
        known = self.noted(generation)
        wrong: dict[str, str] = {}
        for segment in segments:
            noted = known.get(segment.name)
            if noted and sha256_of(self.folder(generation) / segment.name) != noted.sha256:
                wrong[segment.name] = "its bytes are not those that were received (SHA-256)"
        return wrong

    def remove(self, generation: int, segments: Iterable[Segment]) -> None:
        for segment in segments:
            (self.folder(generation) / segment.name).unlink(missing_ok=True)

    @contextmanager
    def receiving(self) -> Iterator[bool]:
        """The right to receive; False where another process holds it."""
        with self._locked(".receiving", wait=False) as mine:
            yield mine

    @contextmanager
    def _locked(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path / name).open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
            except OSError as error:
                raise ToolError(
                    f"the archive cannot be locked: {error}", where=str(self.path)
                ) from error
            else:
                yield True


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ends_with_newline(index: object) -> bool:
    index.seek(-1, os.SEEK_END)  # type: ignore[attr-defined]  # a binary file
    return bool(index.read(1) == b"\n")  # type: ignore[attr-defined]  # the same

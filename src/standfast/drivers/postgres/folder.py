"""The catalogue on disk: JSON beside the copies, which outlives every server.

STORE/source.json             the server that the folder belongs to
STORE/copies/ID/copy.json     one copy; its files are in STORE/copies/ID/data
STORE/marks/NAME.json         content at a known position
STORE/proofs/ID.json          what a restore showed
STORE/wal/GENERATION/...      received WAL, its checksums in segments.jsonl
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from standfast.errors import Conflict, StoreError
from standfast.recovery.catalogue import Canary, Copy, Mark
from standfast.recovery.proof import Proof

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
_MARKS_KEPT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """What must be known of the server to restore it when it is gone."""

    system_identifier: str
    major: int
    segment_size: int
    user: str
    database: str
    format: int = 1


class Folder:
    """One store's part of a location."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.copies_path = root / "copies"
        self.wal_path = root / "wal"

    def prepare(self) -> None:
        for path in (self.copies_path, self.wal_path, self.root / "marks", self.root / "proofs"):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root.chmod(0o700)  # the copies hold everything that the database holds

    def data(self, copy: Copy) -> Path:
        return self.copies_path / copy.id / "data"

    def source(self) -> SourceRecord | None:
        path = self.root / "source.json"
        return _read(path, SourceRecord) if path.exists() else None

    def bind(self, record: SourceRecord) -> None:
        """Tie the folder to one server; another server's copies in it would be mixed up with its own."""
        known = self.source()
        if known and known.system_identifier != record.system_identifier:
            raise Conflict(
                f"the folder holds copies of the server {known.system_identifier}, and this one is "
                f"{record.system_identifier}",
                where=str(self.root),
                fix="move the folder away, or name another location",
            )
        if known != record:
            write(self.root / "source.json", record)

    def copies(self) -> tuple[Copy, ...]:
        """Every copy that was finished; what was interrupted has another name and is no copy."""
        paths = sorted(self.copies_path.glob("[!.]*/copy.json"))
        return tuple(sorted((_read(p, Copy) for p in paths), key=lambda c: c.finished_at))

    def save_copy(self, copy: Copy) -> None:
        write(self.copies_path / copy.id / "copy.json", copy)

    def remove_copy(self, copy: Copy) -> None:
        """Rename first, so that a removal that is interrupted leaves nothing that looks whole."""
        doomed = self.copies_path / f".{copy.id}.removed"
        (self.copies_path / copy.id).rename(doomed)
        shutil.rmtree(doomed)

    def sweep(self) -> None:
        """Take away what interrupted runs left behind."""
        for path in self.copies_path.glob(".*"):
            shutil.rmtree(path, ignore_errors=True)

    def marks(self) -> dict[str, Mark]:
        marks = [_read(path, Mark) for path in (self.root / "marks").glob("*.json")]
        return {mark.name: mark for mark in sorted(marks, key=lambda m: m.at)}

    def save_mark(self, mark: Mark) -> None:
        write(self.root / "marks" / f"{mark.name}.json", mark)

    def forget_marks(self, used: set[str]) -> None:
        names = [name for name in self.marks() if name not in used]
        for name in names[:-_MARKS_KEPT]:
            (self.root / "marks" / f"{name}.json").unlink(missing_ok=True)

    def newest_written(self) -> Canary | None:
        """The last canary that was written into the store, as far as we know."""
        path = self.root / "beat.json"
        return _read(path, Canary) if path.exists() else None

    def proofs(self) -> tuple[Proof, ...]:
        proofs = [_read(path, Proof) for path in (self.root / "proofs").glob("*.json")]
        return tuple(sorted(proofs, key=lambda proof: proof.at))

    def save_proof(self, proof: Proof) -> None:
        write(self.root / "proofs" / f"{proof.id}.json", proof)


def write(path: Path, value: object) -> None:
    """Whole or not at all, and on the disk when this returns."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(
            f"the record cannot be read: {error}", where=str(path), fix="move the folder of it away"
        ) from error

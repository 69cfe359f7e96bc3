"""Checkpoints in a file that only grows, on a volume that whoever owns the database does not own."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from standfast.audit import checkpoint
from standfast.errors import StandfastError

if TYPE_CHECKING:
    from pathlib import Path


class AnchorFile:
    """One JSON line a checkpoint. `chattr +a`, or a mount with write-once storage, makes it hold."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._newest: dict[str, int] = {}  # origin -> size
        self._read = 0  # bytes of the file that `_newest` knows

    def keep(self, note: str) -> None:
        line = json.dumps({"note": note}).encode() + b"\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
            file = os.open(self._path, flags, 0o644)
            try:
                if _torn(file):
                    line = b"\n" + line  # after a write that a power cut has cut short
                _write(file, line)
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise StandfastError(
                f"the anchor could not be written: {error.strerror}", where=str(self._path)
            ) from error

    def notes(self) -> tuple[str, ...]:
        return tuple(self._lines(0)[0])

    def newest(self, origin: str) -> int:
        """Reads only what was added since it was last asked: a server asks every second, for years."""
        if self._read > self._length():
            self._newest, self._read = {}, 0  # it shrank: somebody else's doing; read it afresh
        notes, self._read = self._lines(self._read)
        for note in notes:
            try:
                found = checkpoint.read(note)
            except checkpoint.BadCheckpoint:
                continue  # verification tells of it
            self._newest[found.origin] = max(found.size, self._newest.get(found.origin, 0))
        return self._newest.get(origin, 0)

    def _lines(self, start: int) -> tuple[list[str], int]:
        """The notes of all whole lines from a byte on, and the byte behind them."""
        try:
            with self._path.open("rb") as file:
                file.seek(start)
                data = file.read()
        except FileNotFoundError:
            return [], 0
        except OSError as error:
            raise self._unreadable(error) from error
        whole = data.rfind(b"\n") + 1
        return [note for line in data[:whole].splitlines() if (note := _note(line))], start + whole

    def _length(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> StandfastError:
        return StandfastError(f"the anchor cannot be read: {error.strerror}", where=str(self._path))


def _note(line: bytes) -> str:
    """An empty text for a line that was cut short; a line that was edited is told as a bad checkpoint."""
    try:
        return str(json.loads(line)["note"])
    except (ValueError, KeyError, TypeError):
        return ""


def _torn(file: int) -> bool:
    end = os.lseek(file, 0, os.SEEK_END)
    return end > 0 and os.pread(file, 1, end - 1) != b"\n"


def _write(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]

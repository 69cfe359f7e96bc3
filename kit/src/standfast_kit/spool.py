"""A durable local log of frames: what `append` and `sync` have answered survives kill -9.

A directory of segment files, each frame `length, CRC-32, bytes`. One process writes to it, under a
lock on the directory. Reading stops at a torn frame; the torn bytes are kept aside, never dropped.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import struct
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEAD = struct.Struct(">II")
MAX_FRAME = 1 << 20


class SpoolFull(Exception):
    """The spool cannot take the event: full, or its disk cannot be written."""


class SpoolBusy(Exception):
    """Another process writes to this spool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One kept payload; `end` is where the next frame begins."""

    segment: int
    end: int
    payload: bytes


def encode(payload: bytes) -> bytes:
    """`payload` with its length and checksum in front."""
    head = struct.pack(">I", len(payload))
    return head + struct.pack(">I", zlib.crc32(payload, zlib.crc32(head))) + payload


def decode(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """(end, payload) of each whole frame; stops at the first that is torn or damaged."""
    while len(data) - start >= _HEAD.size:
        size, checksum = _HEAD.unpack_from(data, start)
        end = start + _HEAD.size + size
        payload = data[start + _HEAD.size : end]
        if size > MAX_FRAME or len(payload) < size:
            return
        if zlib.crc32(payload, zlib.crc32(data[start : start + 4])) != checksum:
            return
        yield end, payload
        start = end


class Spool:
    """The frames of one producer that are not yet delivered.

    `max_bytes` bounds what is on disk; `slack` more is kept for the records that say events were lost.
    """

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int = 256 << 20,
        segment_bytes: int = 4 << 20,
        slack: int = 64 << 10,
    ) -> None:
        self.directory = directory
        self._max, self._segment_bytes, self._slack = max_bytes, segment_bytes, slack
        self._write_lock, self._sync_lock = threading.Lock(), threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)
        self._lock_fd = _locked(directory / "lock")
        self._retired: list[int] = []
        self._written = self._synced = 0
        self._fd, self._size, self._number = -1, 0, 0
        self._unsyncable = 0
        self._sizes: dict[int, int] = {}
        cursor = self._cursor()
        self._position = int(cursor.get("segment", 0)), int(cursor.get("offset", 0))
        self.counter = int(cursor.get("counter", 0))
        self.waiting = self.damaged = 0
        try:
            for number in sorted(int(path.stem) for path in directory.glob("*.log")):
                self._recover(number)
        except BaseException:
            self.abandon()
            raise
        self._number = max([*self._sizes, self._position[0]], default=0)

    # -- writing

    def append(self, payload: bytes, *, urgent: bool = False) -> int:
        """Write a frame and return the ticket for `sync`; `urgent` frames may use the slack.

        Raises SpoolFull when the bound is reached or the disk refuses.
        """
        frame = encode(payload)
        if len(payload) > MAX_FRAME:
            raise SpoolFull(f"an event of {len(payload)} bytes; the most is {MAX_FRAME}")
        with self._write_lock:
            room = self._max + (self._slack if urgent else 0)
            if sum(self._sizes.values()) + len(frame) > room:
                raise SpoolFull(f"{self.directory} holds {self._max} bytes already")
            self._write(frame)
            self._written += 1
            self.waiting += 1
            return self._written

    def sync(self, ticket: int) -> None:
        """Return once the frame with this ticket is on disk; one caller syncs for all who wait."""
        with self._sync_lock:
            if ticket <= self._unsyncable:
                # After a failed sync the kernel forgets the error: a second one would succeed falsely.
                raise SpoolFull(f"{self.directory} could not be synced")
            if self._synced >= ticket:
                return
            with self._write_lock:
                target, fd, retired = self._written, self._fd, self._retired
                self._retired = []
            try:
                for old in retired:
                    os.fdatasync(old)
                if fd >= 0:
                    os.fdatasync(fd)
            except OSError as error:
                self._unsyncable = target
                raise SpoolFull(f"{self.directory} cannot be synced: {error.strerror}") from error
            finally:
                for old in retired:
                    os.close(old)
            self._synced = target

    def sync_all(self) -> None:
        """Sync what has been written without waiting."""
        if self._synced < self._written:
            self.sync(self._written)

    # -- reading

    def pending(self, limit: int, max_bytes: int = 512 << 10) -> list[Frame]:
        """Up to `limit` frames after the last delivered one, oldest first."""
        found: list[Frame] = []
        taken = 0
        at_segment, at_offset = self._position
        for number in sorted(self._sizes):
            if number < at_segment:
                continue
            start = at_offset if number == at_segment else 0
            size = self._sizes[number]
            with _segment(self.directory, number).open("rb") as file:
                file.seek(start)
                data = file.read(min(size - start, max_bytes + MAX_FRAME + _HEAD.size))
            end = 0
            for end, payload in decode(data):
                if found and (len(found) >= limit or taken + len(payload) > max_bytes):
                    return found
                found.append(Frame(segment=number, end=start + end, payload=payload))
                taken += len(payload)
            if start + end < size:
                return found  # the next segment's frames are younger: never jump ahead
        return found

    def delivered(self, frames: list[Frame]) -> None:
        """All of `frames` have been accepted; segments with nothing else in them go."""
        if self._lock_fd < 0:
            raise SpoolBusy(f"{self.directory} has been released; another process may hold it")
        last = frames[-1]
        # The counter outlives the files, so that it goes on where it stopped.
        self._write_cursor(last.segment, last.end, counter_of(last.payload))
        self._position = (last.segment, last.end)
        with self._write_lock:
            # The segment being written stays, and so does one with frames still to deliver.
            done = [n for n in self._sizes if n < last.segment]
            if last.segment != self._open_number() and last.end >= self._sizes.get(last.segment, 0):
                done.append(last.segment)
            for number in done:
                _segment(self.directory, number).unlink(missing_ok=True)
                self._sizes.pop(number, None)
            # Last: whoever waits until nothing waits must find the room that this has made.
            self.waiting -= len(frames)

    def size(self) -> int:
        """Bytes on disk."""
        return sum(list(self._sizes.values()))

    def keep_aside(self, name: str, line: bytes) -> None:
        """Append a line to a file beside the segments, and sync it."""
        fd = os.open(self.directory / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(fd, line + b"\n")
            os.fdatasync(fd)
        finally:
            os.close(fd)

    def close(self) -> None:
        """Sync what has been written, then release the directory."""
        # What was written without waiting has its thread to sync it no more, and whoever still waits
        # in `sync` is answered by what happens here.
        with contextlib.suppress(SpoolFull):
            self.sync_all()
        with self._sync_lock, self._write_lock:
            self.abandon()

    def abandon(self) -> None:
        """Close the files without syncing; what a forked child does with its parent's spool."""
        for fd in (*self._retired, self._fd, self._lock_fd):
            if fd >= 0:
                os.close(fd)
        self._retired, self._fd, self._lock_fd = [], -1, -1

    # -- inside

    def _open_number(self) -> int:
        return self._number if self._fd >= 0 else -1

    def _write(self, frame: bytes) -> None:
        try:
            if self._fd < 0 or self._size + len(frame) > self._segment_bytes:
                self._begin_segment()
            written = os.write(self._fd, frame)
            if written < len(frame):
                written += os.write(self._fd, frame[written:])
        except OSError as error:
            self._undo_partial_frame()
            raise SpoolFull(f"{self.directory} cannot be written: {error.strerror}") from error
        if written < len(frame):
            self._undo_partial_frame()
            raise SpoolFull(f"{self.directory} cannot be written: the disk is full")
        self._size += len(frame)
        self._sizes[self._number] = self._size

    def _begin_segment(self) -> None:
        number = self._number + 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        fd = os.open(_segment(self.directory, number), flags, 0o600)
        _sync_directory(self.directory)
        if self._fd >= 0:
            self._retired.append(self._fd)
        self._fd, self._number, self._size = fd, number, 0
        self._sizes[number] = 0

    def _undo_partial_frame(self) -> None:
        # A half-written frame would hide the frames written after it.
        if self._fd >= 0:
            os.ftruncate(self._fd, self._size)

    def _recover(self, number: int) -> None:
        """Count a segment's frames and cut it after the last whole one; what is cut off is kept aside."""
        path, good, last = _segment(self.directory, number), 0, b""
        data = path.read_bytes()
        for end, payload in decode(data):
            self.waiting += (number, end) > self._position
            good, last = end, payload
        if good < len(data):
            path.with_suffix(".torn").write_bytes(data[good:])
            os.truncate(path, good)
            self.damaged += len(data) - good
        self._sizes[number] = good
        self.counter = max(self.counter, counter_of(last) if last else 0)

    def _cursor(self) -> dict[str, int]:
        try:
            found = json.loads((self.directory / "cursor").read_text())
        except (OSError, ValueError):
            # Nothing delivered yet, or unknown: sending again is safe, the server knows the ids.
            return {}
        return found if isinstance(found, dict) else {}

    def _write_cursor(self, segment: int, offset: int, counter: int) -> None:
        terms = {"segment": segment, "offset": offset, "counter": counter}
        new = self.directory / "cursor.new"
        with new.open("w") as file:
            json.dump(terms, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.directory / "cursor")
        _sync_directory(self.directory)


def counter_of(payload: bytes) -> int:
    """The producer's counter in an event's JSON; 0 when there is none."""
    try:
        return int(json.loads(payload)["counter"])
    except (ValueError, KeyError, TypeError):
        return 0


def _segment(directory: Path, number: int) -> Path:
    return directory / f"{number:08d}.log"


def _locked(path: Path) -> int:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise SpoolBusy(f"{path} is held by another process") from error
    return fd


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

"""Files on disk: the reliability file with its includes, and the documents that are published."""

from __future__ import annotations

import contextlib
import os
import tempfile
from errno import EISDIR
from pathlib import Path
from typing import TYPE_CHECKING

from standfast.errors import Conflict, FileError, StandfastError

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 4 * 1024 * 1024  # bytes; a reliability file of 20,000 lines is under one


class Files:
    """Reads below nothing in particular: the reliability file and what it includes."""

    def read(self, path: str) -> str:
        """The text of a file; raises OSError or UnicodeError, whose place the reader of the file knows.

        Of a file that is larger than any reliability file only so much is read that this shows.
        """
        file = Path(path)
        if file.exists() and not file.is_file():
            raise IsADirectoryError(EISDIR, "it is a directory or a device", path)
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)  # a size that was asked for could be a lie
        # What was cut in the middle of a character is too long anyway.
        text = data.decode("utf-8-sig", "replace" if len(data) > LARGEST else "strict")
        return text.replace("\r\n", "\n")

    def glob(self, pattern: str) -> list[str]:
        """Files that match, sorted, so that merging does not depend on the file system."""
        path = Path(pattern)
        anchor = Path(path.anchor)
        parts = path.relative_to(anchor)
        return sorted(str(found) for found in anchor.glob(str(parts)) if found.is_file())


class Edited:
    """A file of the user's that a command changes: its line ends, its mark and its mode stay as they are."""

    def __init__(self, path: str) -> None:
        self._path, self._file = path, Path(path).resolve()  # a link stays a link
        self._before = self._bytes()
        try:
            text = (self._before or b"").decode("utf-8")
        except UnicodeDecodeError as error:
            raise FileError((f"{path}: not UTF-8 text; it is left as it is",)) from error
        self._mark = "\ufeff" if text.startswith("\ufeff") else ""
        text = text.removeprefix(self._mark)
        self._ends = "\r\n" if 0 < text.count("\r\n") == text.count("\n") else "\n"
        self.text = text.replace(self._ends, "\n")  # ends of both kinds stay as they are

    def save(self, text: str) -> None:
        """Whole or not at all. Raises Conflict where somebody else has changed the file since it was read."""
        if self._bytes() != self._before:
            raise Conflict(
                "the file has changed meanwhile",
                where=self._path,
                fix="do it again: nothing was written",
            )
        written = self._mark + text.replace("\n", self._ends)
        try:
            _replace(self._file, written)
        except OSError as error:
            raise FileError((f"{self._path}: cannot be written: {error.strerror}",)) from error

    def _bytes(self) -> bytes | None:
        """None where there is no file."""
        if self._file.exists() and not self._file.is_file():
            raise FileError((f"{self._path}: it is a directory or a device",))
        try:
            with self._file.open("rb") as opened:
                data = opened.read(LARGEST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FileError((f"{self._path}: cannot be read: {error.strerror}",)) from error
        if len(data) > LARGEST:
            raise FileError((f"{self._path}: larger than {LARGEST:,} bytes",))
        return data


class Tree:
    """A folder that documents are published into; nothing outside of it is read or written."""

    def __init__(self, root: str) -> None:
        self._root = Path(root)

    def present(self, *folders: str) -> dict[str, str]:
        """Every text file below `folders`, by its path from the root with forward slashes."""
        found: dict[str, str] = {}
        for folder in folders:
            for file in sorted((self._root / folder).rglob("*")):
                # A link could lead outside, and writing through it would too.
                if file.is_file() and not file.is_symlink():
                    with contextlib.suppress(UnicodeDecodeError), _told(file, "read"):
                        if file.stat().st_size <= LARGEST:
                            found[file.relative_to(self._root).as_posix()] = _exact(file)
        return found

    def obstacle(self, path: str) -> str:
        """What stands at `path` that `present` does not tell of; "" where the way is free."""
        target = self._root / path
        if target.is_symlink():
            return "a link stands here, and standfast does not write through links"
        if not target.exists():
            return ""
        if not target.is_file():
            return "something that is no file stands here"
        if target.stat().st_size > LARGEST:
            return f"the file that stands here is over {LARGEST // 1024 // 1024} MB"
        return "the file that stands here is no UTF-8 text, or its name differs in capitals"

    def write(self, path: str, text: str, *, before: str | None = None) -> None:
        """Whole or not at all: a temporary file beside it, flushed, then renamed over it.

        Raises Conflict where `before` is given and no longer what stands there.
        """
        target = self._root / path
        self._check(target)
        with _told(target, "write"):
            target.parent.mkdir(parents=True, exist_ok=True)
            if before is not None and _exact(target) != before:
                raise Conflict(
                    "was changed by somebody else meanwhile",
                    where=str(target),
                    fix="publish again",
                )
            _replace(target, text)

    def write_bytes(self, path: str, data: bytes) -> None:
        """The same for what is no text."""
        target = self._root / path
        self._check(target)
        with _told(target, "write"):
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, data)

    def _check(self, target: Path) -> None:
        if not target.resolve().is_relative_to(self._root.resolve()):
            raise StandfastError(
                "would be written outside of the folder given",
                where=str(target),
                fix="remove the link",
            )


def put(path: str, text: str) -> None:
    """Write a file whole or not at all; what is no file (a pipe, a terminal) is written to as it is."""
    target = Path(path).resolve()
    try:
        if target.exists() and not target.is_file():
            with target.open("w", encoding="utf-8", newline="\n") as opened:
                opened.write(text)
        else:
            _replace(target, text)
    except OSError as error:
        raise FileError((f"{path}: cannot be written: {error.strerror}",)) from error


def _replace(target: Path, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _told(file: Path, deed: str) -> Iterator[None]:
    """What the disk refuses, with the file that it is about."""
    try:
        yield
    except OSError as error:
        raise StandfastError(
            f"cannot {deed} it: {error.strerror or error}",
            where=str(file),
            fix="check the rights and the room on that disk",
        ) from error


def _exact(file: Path) -> str:
    """The text with its line ends as they are, so that drift in them is seen."""
    return file.read_bytes().decode("utf-8")

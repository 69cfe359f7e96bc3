"""Where sources are found on disk: nothing outside of its roots is read, and never more than is reasonable."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from standfast.drivers.importers.source import Source
from standfast.errors import StandfastError
from standfast.spec.drafting.draft import Note, NoteKind
from standfast.spec.tree import MAX_FOREIGN_BYTES
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MOST_BYTES = 64_000_000  # of all files together
LARGEST_FOUND = 2_000_000  # of a file that nobody named
MOST_ENTRIES = 50_000  # names looked at in one folder and those below
MOST_FOUND = 2_000
DEEPEST = 12
_SQLITE = b"SQLite format 3\0"
_DATABASES = frozenset({"kuma.db"})
_ENDINGS = (".yaml", ".yml", ".json", ".rules")
_SKIPPED = frozenset(
    {
        "node_modules", "vendor", "venv", "virtualenv", "__pycache__", "site-packages", "dist", "target",
        "bower_components", "third_party",
    }
)  # fmt: skip
_TESTS = frozenset({"test", "tests", "testdata", "fixtures", "e2e", "__tests__", "testing"})
_NOISE = frozenset(
    {"package.json", "package-lock.json", "tsconfig.json", "composer.json", "pnpm-lock.yaml"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a folder holds: files that could be sources, and what was not looked at."""

    sources: tuple[Source, ...]
    left: tuple[str, ...]  # folders that were skipped by their names
    notes: tuple[Note, ...]


class Disk:
    """A folder as importers see it; paths are told as seen from `base`, where the reliability file goes."""

    def __init__(self, base: Path, roots: Sequence[Path]) -> None:
        self._base = base.resolve()
        self._roots = tuple(root.resolve() for root in roots)
        self._read: dict[Path, Source] = {}
        self._bytes = 0
        self.digests: dict[str, str] = {}  # told path -> SHA-256 of the bytes that were read

    def read(self, path: str, beside: str = "") -> Source:
        return self._open(self._within(path, beside), named=True, most=MAX_FOREIGN_BYTES)

    def exists(self, path: str, beside: str = "") -> bool:
        try:
            return self._within(path, beside).is_file()
        except (StandfastError, OSError):
            return False

    def find(self, folder: Path) -> Found:
        """Every file below `folder` that could be a source; hidden, foreign and test folders are left."""
        sources: list[Source] = []
        left: list[str] = []
        notes: list[Note] = []
        for file in self._walk(folder, left, notes):
            if len(sources) >= MOST_FOUND:
                notes.append(self._note(file, f"more than {MOST_FOUND:,} files; the rest is left"))
                break
            try:
                sources.append(self._open(self._inside(file), named=False, most=LARGEST_FOUND))
            except StandfastError as error:
                notes.append(self._note(file, error.problem))
        return Found(sources=tuple(sources), left=tuple(left), notes=tuple(notes))

    # ------------------------------------------------------------------ paths

    def _within(self, path: str, beside: str) -> Path:
        """The place that a path means; raises StandfastError where it leaves the roots."""
        if "\0" in path:
            raise StandfastError("is no path", where=repr(path))
        start = (self._base / beside).parent if beside and beside != "-" else self._base
        return self._inside(start / path)

    def _inside(self, path: Path) -> Path:
        try:
            real = path.resolve()
        except (OSError, RuntimeError) as error:
            raise StandfastError("cannot be followed", where=self.told(path)) from error
        if not any(real.is_relative_to(root) for root in self._roots):
            raise StandfastError(
                "leads out of the folder that is imported; not read", where=self.told(path)
            )
        return real

    def told(self, path: Path) -> str:
        """As the person who imports would write it, seen from where the reliability file goes."""
        near = os.path.relpath(path, self._base)
        return Path(near).as_posix() if near.count("..") < 4 else path.as_posix()

    def _note(self, path: Path, said: str) -> Note:
        place = Place(file=self.told(path), line=1, column=1)
        return Note(kind=NoteKind.UNREADABLE, place=place, text=said)

    # ------------------------------------------------------------------ reading

    def _open(self, path: Path, *, named: bool, most: int) -> Source:
        if path in self._read:
            return self._read[path]
        told = self.told(path)
        if self._take(path, told, len(_SQLITE), head=True) == _SQLITE:
            # As large as it likes, since it is asked and not read; no digest, since it changes by the minute.
            self._read[path] = Source(path=told, text="", named=named, database=path)
            return self._read[path]
        data = self._take(path, told, most)
        self.digests[told] = hashlib.sha256(data).hexdigest()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise StandfastError("is no UTF-8 text", where=told) from error
        if "\0" in text:
            raise StandfastError("is a binary file", where=told)
        self._read[path] = Source(path=told, text=text.replace("\r\n", "\n"), named=named)
        return self._read[path]

    def _take(self, path: Path, told: str, most: int, *, head: bool = False) -> bytes:
        """The bytes of a plain file; a pipe or device is not even waited for."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
            with os.fdopen(handle, "rb") as opened:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise StandfastError("is no plain file", where=told)
                data = opened.read(most if head else most + 1)
        except OSError as error:
            raise StandfastError(f"cannot be read: {error.strerror}", where=told) from error
        if len(data) > most:
            raise StandfastError(f"holds more than {most:,} bytes; not read", where=told)
        self._bytes += 0 if head else len(data)
        if self._bytes > MOST_BYTES:
            said = f"more than {MOST_BYTES:,} bytes in all; this and what follows is not read"
            raise StandfastError(said, where=told)
        return data

    # ------------------------------------------------------------------ looking around

    def _walk(self, folder: Path, left: list[str], notes: list[Note]) -> Iterator[Path]:
        seen, waiting = 0, [(folder, 0)]
        while waiting:
            here, depth = waiting.pop(0)
            try:
                entries = sorted(os.scandir(here), key=lambda one: one.name)
            except OSError as error:
                notes.append(self._note(here, f"cannot be opened: {error.strerror}"))
                continue
            for entry in entries:
                seen += 1
                if seen > MOST_ENTRIES:
                    said = f"more than {MOST_ENTRIES:,} files and folders; the rest is left"
                    notes.append(self._note(here, said))
                    return
                if entry.is_dir(follow_symlinks=False):
                    self._step(Path(entry.path), depth, waiting, left, notes)
                elif self._wanted(entry):
                    yield Path(entry.path)

    def _step(
        self,
        folder: Path,
        depth: int,
        waiting: list[tuple[Path, int]],
        left: list[str],
        notes: list[Note],
    ) -> None:
        name = folder.name
        if name.startswith("."):
            return
        if name in _SKIPPED or name in _TESTS or (folder / "pyvenv.cfg").exists():
            left.append(self.told(folder))
        elif depth >= DEEPEST:
            notes.append(
                self._note(folder, f"lies more than {DEEPEST} folders deep; not looked into")
            )
        else:
            waiting.append((folder, depth + 1))

    def _wanted(self, entry: os.DirEntry[str]) -> bool:
        name = entry.name.lower()
        wanted = name.endswith(_ENDINGS) or name == "kustomization" or name in _DATABASES
        return wanted and not name.startswith(".") and name not in _NOISE


def roots_of(path: Path) -> tuple[Path, ...]:
    """How far a source may refer: its repository, or the present folder where it lies below, or its own."""
    own = path if path.is_dir() else path.parent
    own = Path(os.path.normpath(own))  # `../deploy` lies beside the present folder, not below it
    for folder in (own, *own.parents):
        if (folder / ".git").exists():
            return (folder,)
    here = Path.cwd()
    return (here,) if own.is_relative_to(here) else (own,)

"""Imported sources as they are now, so that a review can tell which have changed since."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standfast.spec.system import System

LARGEST = 16_000_000  # bytes; more than an importer reads


def changes(system: System, path: str) -> dict[str, str]:
    """The digests of imported sources as they are now; "" where one is gone that lay beside the file."""
    found = {}
    for name in system.sources:
        file = Path(path).parent / name
        try:
            if not file.is_file():  # a pipe is not waited for
                raise FileNotFoundError(name)
            stamp = file.stat()
            found[name] = _digest(str(file), stamp.st_mtime_ns, stamp.st_size, stamp.st_ino)
        except OSError:
            if not name.startswith(("..", "/")):
                found[name] = ""
    return found


@lru_cache(maxsize=4096)
def _digest(path: str, *_stamp: int) -> str:
    """Read once for each state of the file: a server asks at every look at its review."""
    with Path(path).open("rb") as opened:
        return hashlib.sha256(opened.read(LARGEST + 1)).hexdigest()

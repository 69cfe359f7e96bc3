"""Imported sources as they are now, so that a review can tell which have changed since."""

from __future__ import annotations

import hashlib
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
            with file.open("rb") as opened:
                data = opened.read(LARGEST + 1)
            found[name] = hashlib.sha256(data).hexdigest()
        except OSError:
            if not name.startswith(("..", "/")):
                found[name] = ""
    return found

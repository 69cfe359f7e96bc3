"""Telling whether files changed without reading them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class FileStamps:
    def stamp(self, paths: Iterable[str]) -> str:
        """A text that differs when any of the files was changed, replaced, came or went."""
        return "\n".join(_stamp(path) for path in sorted(set(paths)))


def _stamp(path: str) -> str:
    try:
        found = os.stat(path)  # noqa: PTH116 - one call, and the fields are what is wanted
    except OSError:
        return f"{path} missing"
    return f"{path} {found.st_ino} {found.st_size} {found.st_mtime_ns}"

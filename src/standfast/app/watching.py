"""Looking whether the reliability file on disk has changed, and proposing it when it has."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from standfast.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from standfast.engine.accept import Accept

log = logging.getLogger(__name__)


class Stamps(Protocol):
    def stamp(self, paths: Iterable[str]) -> str:
        """A text that differs when any of the files was changed, came or went."""


class FileWatch:
    def __init__(self, accept: Accept, stamps: Stamps, path: str) -> None:
        self._accept, self._stamps, self._path = accept, stamps, path
        self._seen = ""

    def tick(self, _now: datetime) -> None:
        """Propose the file where it changed; one with errors is told once and left aside."""
        stamp = self._stamps.stamp(self._accept.read_last or (self._path,))
        if stamp != self._seen:
            self.propose()
            self._seen = self._stamps.stamp(self._accept.read_last or (self._path,))

    def propose(self) -> None:
        try:
            self._accept.propose(self._path)
        except FileError as error:
            log.warning("the changed file was not accepted; the running one goes on:\n%s", error)

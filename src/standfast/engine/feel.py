"""What users' browsers tell of the pages they load: added up in memory, and kept every few seconds.

Nothing of a single load is kept, neither its address nor its path: one count in one bucket is all that stays.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from standfast.errors import NotAllowed, NotFound
from standfast.monitoring.vitals import Cell, cells, group_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from standfast.engine.ports import Store
    from standfast.spec.system import Experience, System


class VitalPort(Protocol):
    def add(self, found: Mapping[Cell, int]) -> None: ...


class FeelTx(Protocol):
    @property
    def vitals(self) -> VitalPort: ...


class Feel:
    """`system` answers what the accepted file knows."""

    def __init__(self, store: Store[FeelTx], system: Callable[[], System]) -> None:
        self._store, self._system = store, system
        self._lock = threading.Lock()
        self._waiting: Counter[Cell] = Counter()
        self._ever: Counter[tuple[str, str, int]] = Counter()

    def asked_for(self) -> Experience:
        """Raises NotFound where the file does not ask for it."""
        found = self._system().experience
        if found is None:
            raise NotFound("the file asks for no page loads", fix="write `experience:` in it")
        return found

    def allowed(self, origin: str) -> str:
        """`origin`, which the file names. Raises NotAllowed."""
        if origin not in self.asked_for().origins:
            raise NotAllowed(
                "this origin is not one of the reliability file", fix="experience.origins"
            )
        return origin

    def take(self, path: str, values: Mapping[str, float], now: datetime) -> None:
        """Count one load. Bounded: there are only so many groups, vitals and buckets."""
        page = group_of(self.asked_for(), path)
        found = cells(page, values, now)
        with self._lock:
            self._waiting.update(found)
            self._ever.update((one.page, one.vital, one.bucket) for one in found)

    def tick(self, _system: System, _now: datetime) -> int:
        return self.flush()

    def flush(self) -> int:
        """Keep what has come in; where that fails it waits for the next time."""
        with self._lock:
            taken, self._waiting = self._waiting, Counter()
        if not taken:
            return 0
        try:
            self._store.keep(lambda tx: tx.vitals.add(taken))
        except Exception:
            with self._lock:
                self._waiting.update(taken)
            raise
        return sum(taken.values())

    def counted(self) -> Mapping[tuple[str, str, int], int]:
        """By page, vital and bucket since this server began, for whoever scrapes it."""
        with self._lock:
            return dict(self._ever)

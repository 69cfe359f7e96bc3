"""Taking in heartbeats: a job tells that it began, ended or failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from standfast.errors import NotFound
from standfast.monitoring.heartbeat import Beat, Pulse, Told, heard
from standfast.spec.problem import nearest
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from standfast.engine.ports import Store
    from standfast.spec.system import System


class PulsePort(Protocol):
    def pulse(self, name: str, *, lock: bool = False) -> Pulse | None: ...
    def keep_pulse(self, pulse: Pulse) -> None: ...


class BeatTx(Protocol):
    @property
    def monitoring(self) -> PulsePort: ...


class Beats:
    def __init__(
        self, store: Store[BeatTx], system: Callable[[], System], clock: Clock = utc_now
    ) -> None:
        self._store, self._system, self._clock = store, system, clock

    def tell(
        self, name: str, told: Told, *, took: timedelta | None = None, because: str = ""
    ) -> Pulse:
        """What is known of the job now. Raises NotFound for one that the file does not name."""
        known = [job for one in self._system().components.values() for job in one.heartbeats]
        if name not in known:
            hint = nearest(name, known) or f"; known are {', '.join(known) or 'none'}"
            raise NotFound(
                f"no heartbeat is called {name[:60]!r}{hint}",
                fix="name it under `heartbeats` of a component in the reliability file",
            )
        beat = Beat(told=told, at=self._clock(), took=took, because=" ".join(because.split()))

        def keep(tx: BeatTx) -> Pulse:
            before = tx.monitoring.pulse(name, lock=True)
            after = heard(before or Pulse(name=name, watched_from=beat.at), beat)
            tx.monitoring.keep_pulse(after)
            return after

        return self._store.keep(keep)

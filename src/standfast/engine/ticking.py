"""The ticking: one supervised thread per role, none of which may take the others with it."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast_kit.clock import Clock, monotonic, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

log = logging.getLogger(__name__)
_LONGEST_REST = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A piece of work that is due again and again."""

    name: str
    every: timedelta
    work: Callable[[datetime], object]
    patience: timedelta = timedelta(seconds=60)  # a tick that takes longer is late, and said so
    check: str = "ticking"  # the one of /health/deep that tells when it does not come round
    share: float = 1.0  # of the time that it may be at work: long ticks come more rarely

    def pause(self, lasted: float) -> float:
        """Seconds until the next tick; half a minute at most is rested from work."""
        rest = min(_LONGEST_REST, lasted * (1 / self.share - 1))
        return max(0.01, rest, self.every.total_seconds() - lasted)


@dataclass(slots=True, kw_only=True)
class Pulse:
    """How a role is doing: shown in /health/deep and /metrics."""

    started: datetime | None = None
    finished: datetime | None = None
    failures: int = 0
    last_error: str = ""
    ticks: int = 0
    lasted: float = 0.0  # seconds, of the last tick


@dataclass(slots=True)
class _Thread:
    role: Role
    pulse: Pulse = field(default_factory=Pulse)
    thread: threading.Thread | None = None


class Ticking:
    def __init__(self, roles: Iterable[Role], clock: Clock = utc_now) -> None:
        self._clock = clock
        self._stop = threading.Event()
        self._threads = [_Thread(role) for role in roles]

    def start(self) -> None:
        for each in self._threads:
            each.thread = threading.Thread(
                target=self._run, args=(each,), name=f"standfast-{each.role.name}", daemon=True
            )
            each.thread.start()

    def stop(self, patience: float = 3.0) -> tuple[str, ...]:
        """Ask every role to end; answers the names of those that are still at work after `patience` seconds."""
        self._stop.set()
        until = monotonic() + patience
        for each in self._threads:
            if each.thread:
                each.thread.join(max(0.0, until - monotonic()))
        return tuple(e.role.name for e in self._threads if e.thread and e.thread.is_alive())

    @property
    def pulses(self) -> dict[str, Pulse]:
        return {each.role.name: each.pulse for each in self._threads}

    def late(self, now: datetime, check: str | None = None) -> dict[str, str]:
        """Role -> what is wrong with it, of all roles or of those one check tells; empty when all is well."""
        return {
            each.role.name: why
            for each in self._threads
            if check in (None, each.role.check) and (why := _lateness(each.role, each.pulse, now))
        }

    def unwell(self, names: Iterable[str], now: datetime) -> dict[str, str] | None:
        """What is wrong with those roles; None until each of them has ended a tick, or is late with it."""
        wanted = frozenset(names)
        # First: a tick that fails behind this look is young still, and never taken for well.
        young = any(not each.pulse.ticks for each in self._threads if each.role.name in wanted)
        wrong = {role: why for role, why in self.late(now).items() if role in wanted}
        return None if young and not wrong else wrong

    def _run(self, each: _Thread) -> None:
        while not self._stop.is_set():
            began = monotonic()
            self._tick(each)
            each.pulse.lasted = monotonic() - began
            self._stop.wait(each.role.pause(each.pulse.lasted))

    def _tick(self, each: _Thread) -> None:
        pulse = each.pulse
        pulse.started = self._clock()
        try:
            each.role.work(pulse.started)
        except Exception as error:
            pulse.failures += 1
            pulse.last_error = f"{type(error).__name__}: {error}"
            log.warning("%s: a tick failed: %s", each.role.name, pulse.last_error, exc_info=True)
        else:
            pulse.last_error = ""
        pulse.finished = self._clock()
        pulse.ticks += 1


def _lateness(role: Role, pulse: Pulse, now: datetime) -> str:
    last = pulse.finished or pulse.started
    if pulse.last_error:
        return pulse.last_error
    if last and now - last > role.patience + role.every:
        return f"no tick finished for {int((now - last).total_seconds())} s"
    return ""

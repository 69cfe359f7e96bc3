"""The dead man's switch: somebody outside is told that standfast is alive, and wakes people when it is not.

The word goes out only while what matters works: a process that answers and no longer judges or sends
is as good as dead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.errors import StandfastError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from standfast.spec.system import System
    from standfast.spec.values import SecretRef

EVERY = timedelta(seconds=30)
LOOK = timedelta(seconds=5)  # whether it is time, or a failed word is to be repeated
TIMEOUT = timedelta(seconds=10)
MAIN = (
    "database",
    "observe",
    "evaluate",
    "escalate",
    "deliver",
)  # roles without which nobody is paged


class Ping(Protocol):
    def __call__(self, address: SecretRef | str, timeout: timedelta) -> None:
        """GET the address; raise SourceError, whose words do not show it, where it does not take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """How the switch is: `because` is empty while it hears from us."""

    because: str = ""
    heard_at: datetime | None = None
    sent: int = 0
    failed: int = 0
    withheld: int = 0


class DeadMan:
    """`unwell` answers what is wrong with the main roles, role -> why; None while it is too early to say."""

    def __init__(
        self,
        ping: Ping,
        unwell: Callable[[datetime], Mapping[str, str] | None],
        timeout: timedelta = TIMEOUT,
    ) -> None:
        self._ping, self._unwell, self._timeout = ping, unwell, timeout
        self.switch = Switch()

    def tick(self, system: System, now: datetime) -> None:
        """A switch that cannot be reached is a state, shown and counted, and no failure of the tick."""
        address, before = system.server.dead_man, self.switch
        if address is None:
            self.switch = replace(before, because="")
        elif (wrong := self._unwell(now)) is None:
            return
        elif wrong:
            said = "; ".join(f"{role}: {why}" for role, why in wrong.items())
            held = before.withheld + 1
            self.switch = replace(before, because=f"not told, for {said}", withheld=held)
        elif before.because or before.heard_at is None or now - before.heard_at >= EVERY:
            self.switch = self._told(before, address, now)

    def _told(self, before: Switch, address: SecretRef | str, now: datetime) -> Switch:
        try:
            self._ping(address, self._timeout)
        except StandfastError as error:
            return replace(before, because=error.problem, failed=before.failed + 1)
        return replace(before, because="", heard_at=now, sent=before.sent + 1)

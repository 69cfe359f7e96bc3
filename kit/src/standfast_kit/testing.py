"""For tests of applications: a clock that moves when told, and breakers in the state you want."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standfast_kit.breaker import State, Transition
    from standfast_kit.kit import Kit


class FakeClock:
    """Both clocks in one: pass `clock` where an instant is wanted, `clock.monotonic` for seconds."""

    def __init__(self, now: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self.now, self.seconds = now, 1000.0

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds

    def pass_by(self, length: float | timedelta) -> None:
        """Let time pass, on both clocks; seconds or a timedelta."""
        length = length if isinstance(length, timedelta) else timedelta(seconds=length)
        self.seconds += length.total_seconds()
        self.now += length

    def step_wall(self, length: timedelta) -> None:
        """Set the wall clock without time having passed."""
        self.now += length


@contextmanager
def forced(kit: Kit, force: Mapping[str, State | str]) -> Iterator[list[Transition]]:
    """Hold breakers in a state for the block, collect all transitions, and close them afterwards.

    `{"payments": "forced-open"}` refuses until the end; `"open"` ends by itself after the reset time.
    """
    events: list[Transition] = []
    kit.on_transition(events.append)
    wanted = dict(force)
    for name, state in wanted.items():
        kit.breaker(name).force(state)
    try:
        yield events
    finally:
        kit.forget_listener(events.append)
        for name in wanted:
            kit.breaker(name).close()

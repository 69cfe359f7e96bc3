"""A rolling window of outcomes whose usual success costs one C call and no lock.

A success is one step of an `itertools.count`, atomic under the interpreter's lock. At the edges of
buckets a hundredth of the window wide, the running totals are noted; what happened inside the window
is the present total less the oldest note still inside it. An outcome older than the window is never
counted; up to one bucket of the oldest outcomes may be missing.
"""

from __future__ import annotations

import itertools
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

BUCKETS = 100
NEVER = float("-inf")
"""An edge that every instant lies behind: the next outcome takes the careful path."""


class LockedCount:
    """`itertools.count().__next__` for interpreters without a global lock."""

    def __init__(self) -> None:
        self._lock, self._next = threading.Lock(), 0

    def __call__(self) -> int:
        with self._lock:
            self._next += 1
            return self._next - 1


def ticker() -> Callable[[], int]:
    """Counts its own calls; safe from any number of threads."""
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    return itertools.count().__next__ if gil else LockedCount()


class Tally(NamedTuple):
    """Outcomes of one stretch of time; a tuple, for one is made at each failure."""

    ok: int
    failed: int
    slow: int

    @property
    def total(self) -> int:
        return self.ok + self.failed


class Window:
    """Outcomes since it was made; everything but `edge` and `tick` needs the breaker's lock."""

    __slots__ = (
        "_bucket",
        "_bucket_end",
        "_failed",
        "_notes",
        "_reads",
        "_slow",
        "_span",
        "edge",
        "tick",
    )

    def __init__(self, span: float, now: float) -> None:
        self._span, self._bucket = span, span / BUCKETS
        self.tick = ticker()
        self._reads = self._failed = self._slow = 0
        self._notes: deque[tuple[float, int, int, int]] = deque([(now, 0, 0, 0)])
        self.edge = self._bucket_end = now + self._bucket

    def record(self, now: float, *, failed: bool, slow: bool = False) -> Tally:
        """Count one outcome at `now` and return what the window holds then."""
        # Roll before counting: the first outcome after an idle spell belongs to the new bucket.
        self.roll(now)
        if failed:
            self._failed += 1
        else:
            self.tick()
        self._slow += slow
        return self.tally(now)

    def roll(self, now: float) -> None:
        if now >= self._bucket_end:
            self._notes.append((now, self._succeeded(), self._failed, self._slow))
            self._bucket_end = now + self._bucket
        self.edge = self._bucket_end

    def tally(self, now: float) -> Tally:
        """What happened within the span that ends at `now`."""
        oldest, notes = now - self._span, self._notes
        # An outcome exactly one span old is out (`<=`): 10 seconds hold 10 seconds, not a tick more.
        while notes and notes[0][0] <= oldest:
            notes.popleft()
        if not notes:
            return Tally(ok=0, failed=0, slow=0)
        _, ok, failed, slow = notes[0]
        return Tally(
            ok=self._succeeded() - ok, failed=self._failed - failed, slow=self._slow - slow
        )

    def whole(self) -> Tally:
        """Everything since the window was made."""
        return Tally(ok=self._succeeded(), failed=self._failed, slow=self._slow)

    def _succeeded(self) -> int:
        # Reading takes a tick of its own, so the ticks spent on reading are subtracted.
        ticks = self.tick() - self._reads
        self._reads += 1
        return ticks

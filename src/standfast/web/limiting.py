"""Token buckets: how often one address may do what anybody may do."""

from __future__ import annotations

import threading
from collections import OrderedDict

from standfast_kit.clock import monotonic

_MOST = 20_000  # addresses remembered; the one that was quiet longest is forgotten first


class Limit:
    """`burst` at once and `rate` a second, for each name that is asked for and for all together."""

    def __init__(
        self, *, rate: float, burst: float, rate_of_all: float, burst_of_all: float
    ) -> None:
        self._rate, self._burst = rate, burst
        self._rate_of_all, self._burst_of_all = rate_of_all, burst_of_all
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._all = (burst_of_all, monotonic())

    def passes(self, name: str) -> bool:
        now = monotonic()
        with self._lock:
            everybody = _refilled(self._all, self._rate_of_all, self._burst_of_all, now)
            own = self._left.pop(name, (self._burst, now))
            mine = _refilled(own, self._rate, self._burst, now)
            passes = everybody >= 1 and mine >= 1
            spent = 1 if passes else 0
            self._all = (everybody - spent, now)
            self._left[name] = (mine - spent, now)
            if len(self._left) > _MOST:
                self._left.popitem(last=False)
            return passes


def _refilled(state: tuple[float, float], rate: float, burst: float, now: float) -> float:
    left, at = state
    return min(burst, left + rate * (now - at))

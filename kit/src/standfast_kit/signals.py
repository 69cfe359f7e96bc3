"""The golden signals of a web application: latency, traffic, errors, and the requests in flight."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from standfast_kit import clock as clocks
from standfast_kit.metrics import DEFAULT_BUCKETS, OTHER, Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from standfast_kit.metrics import Counter, Histogram

CLIENT_CLOSED = 499
"""The client went away before the answer was complete; nobody's error."""
TIMEOUTS = frozenset({408, 504})
ALONE = frozenset({CLIENT_CLOSED, *TIMEOUTS})
"""Whether these are ours is for each promise to say, so that each is a class of its own."""
CLASSES = ("2xx", "3xx", "4xx", "5xx", "408", "499", "504")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def status_class(status: int) -> str:
    """`"2xx"` to `"5xx"`; `"408"` and `"504"` for what took too long, `"499"` for a client that went away."""
    if status in ALONE:
        return str(status)
    return f"{status // 100}xx" if 100 <= status <= 599 else "5xx"


class Signals:
    """Counts finished requests by route. Every route starts with all status classes at zero,
    so that a first error is an increase and not a series without a past.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        thresholds: Iterable[float] = (),
        routes: Iterable[str] = (),
        max_routes: int = 100,
        by_method: bool = False,
        clock: Callable[[], float] = clocks.monotonic,
    ) -> None:
        self._by_method, self._max_routes = by_method, max_routes
        method = ("method",) if by_method else ()
        # An edge exactly on each promised threshold: only so can "99% under 300 ms" be measured.
        self._seconds = registry.histogram(
            "http_server_request_duration_seconds",
            "Time from the request's arrival to the last byte of the answer",
            (*method, "route", "status_class"),
            (*DEFAULT_BUCKETS, *thresholds),
        )
        self._requests = registry.counter(
            "http_server_requests_total", "Finished requests", ("route", "code_class")
        )
        self._timeouts = registry.counter(
            "http_server_timeouts_total", "Requests answered 408 or 504", ("route",)
        )
        self._degraded = registry.counter(
            "http_server_degraded_requests_total",
            "Requests with a fallback's answer in them",
            ("route",),
        )
        self.active = registry.gauge("http_server_active_requests", "Requests in flight").labels()
        self.users = Users(clock)
        registry.watch(
            "http_server_concurrent_users", self.users.count, "Distinct users of the last minute"
        )
        self._lock = threading.Lock()
        self._routes: set[str] = set()
        self._ends: dict[tuple[str, str, str], tuple[Histogram, Counter]] = {}
        for route in (*routes, OTHER):
            self.route(route)

    def route(self, name: str) -> str:
        """The label to count this route under: itself, or "other" once there are too many."""
        if name in self._routes:
            return name
        with self._lock:
            if len(self._routes) >= self._max_routes and name != OTHER:
                return OTHER
            self._routes.add(name)
        self._timeouts.labels(name)
        self._degraded.labels(name)
        for kind in CLASSES:
            self._end("GET", name, kind)
        return name

    def finished(
        self, *, method: str, route: str, status: int, seconds: float, degraded: bool = False
    ) -> None:
        """Count one request; `status` is 499 when the client went away."""
        route = self.route(route)
        kind = status_class(status)
        duration, total = self._ends.get((method, route, kind)) or self._end(method, route, kind)
        duration.observe(seconds)
        total.inc()
        if status in TIMEOUTS:
            self._timeouts.labels(route).inc()
        if degraded:
            self._degraded.labels(route).inc()

    def _end(self, method: str, route: str, kind: str) -> tuple[Histogram, Counter]:
        method = method if method in METHODS else OTHER
        labels = (method, route, kind) if self._by_method else (route, kind)
        end = self._seconds.labels(*labels), self._requests.labels(route, kind)
        self._ends[method, route, kind] = end
        return end


class Users:
    """How many distinct users were seen within the window; names are kept as keyed hashes only."""

    def __init__(
        self, clock: Callable[[], float], window: float = 60.0, most: int = 100_000
    ) -> None:
        self._clock, self._window, self._most = clock, window, most
        self._key, self._lock = os.urandom(16), threading.Lock()
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def saw(self, user: str) -> None:
        name = hashlib.blake2b(user.encode(), key=self._key, digest_size=12).digest()
        now = self._clock()
        with self._lock:
            self._seen[name] = now
            self._seen.move_to_end(name)
            self._forget(now)

    def count(self) -> float:
        with self._lock:
            self._forget(self._clock())
            return float(len(self._seen))

    def _forget(self, now: float) -> None:
        while self._seen:
            name, at = next(iter(self._seen.items()))
            if at > now - self._window and len(self._seen) <= self._most:
                return
            del self._seen[name]

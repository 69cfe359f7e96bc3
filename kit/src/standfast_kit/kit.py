"""One application's reliability in one object: breakers, health, metrics, degraded answers, audit."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING, Any

from standfast_kit import clock as clocks
from standfast_kit import exposition
from standfast_kit.breaker import Breaker, Transition
from standfast_kit.health import Health
from standfast_kit.metrics import Registry
from standfast_kit.process import Process
from standfast_kit.secret import check_reference, read_secret
from standfast_kit.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timedelta
    from pathlib import Path

    from standfast_kit.audit import Audit
    from standfast_kit.health import Ask
    from standfast_kit.retry_queue import RetryQueue

log = logging.getLogger("standfast_kit")


class Kit:
    """Made once, at the top of the application; starts no thread and opens no file by itself.

    `thresholds` are the latency promises in seconds; each becomes an exact histogram edge.
    `health_token` is a reference (`env:NAME` or `file:/path`): who sends it sees error details.
    """

    def __init__(
        self,
        name: str,
        version: str = "0",
        *,
        thresholds: Iterable[float] = (),
        routes: Iterable[str] = (),
        max_routes: int = 100,
        by_method: bool = False,
        health_token: str | None = None,
        audit: Audit | None = None,
        clock: clocks.Clock = clocks.utc_now,
        monotonic: clocks.Monotonic = clocks.monotonic,
    ) -> None:
        self.name, self.version, self.audit = name, version, audit
        self.monotonic = monotonic
        self.registry = Registry()
        self.signals = Signals(
            self.registry,
            thresholds=thresholds,
            routes=routes,
            max_routes=max_routes,
            by_method=by_method,
            clock=monotonic,
        )
        self.health = Health(version, clock=clock, monotonic=monotonic)
        self.breakers: dict[str, Breaker] = {}
        self.queues: dict[str, RetryQueue] = {}
        self._health_token = check_reference(health_token) if health_token else None
        self._listeners: list[Callable[[Transition], object]] = []
        self.registry.collect_with(Process())
        self.registry.collect_with(lambda: exposition.breakers(self.breakers.values()))
        self.registry.collect_with(lambda: exposition.health(self.health))
        self.registry.collect_with(lambda: exposition.queues(self.queues.values()))
        if audit is not None:
            self.registry.collect_with(lambda: exposition.audit(audit))

    def breaker(self, name: str, **settings: Any) -> Breaker:
        """Make a breaker, or return the one made before; `settings` are those of `Breaker`."""
        if not settings:
            if name in self.breakers:
                return self.breakers[name]
            raise self._no_breaker(name, "does not exist")
        breaker = Breaker(name, **{"clock": self.monotonic, **settings})
        breaker.on_transition(self._tell)
        # Of two threads that make it at once, one gets it: looking first would let both.
        if self.breakers.setdefault(name, breaker) is not breaker:
            raise self._no_breaker(name, "exists already")
        self.health.watch(breaker)
        return breaker

    def check(
        self,
        name: str,
        ask: Ask | None,
        *,
        required: bool = True,
        timeout: str | float | timedelta = "2s",
        period: str | float | timedelta | None = None,
        deep: bool = False,
    ) -> None:
        """Add a health check; see `Health.check`."""
        self.health.check(name, ask, required=required, timeout=timeout, period=period, deep=deep)

    def queue(self, name: str, path: str | Path, **settings: Any) -> RetryQueue:
        """A durable retry queue whose depth and age are exported."""
        from standfast_kit.retry_queue import RetryQueue

        self.queues[name] = RetryQueue(path, name=name, **settings)
        return self.queues[name]

    def gauge(self, name: str, fn: Callable[[], float], text: str = "") -> None:
        """Saturation: export what `fn` returns at each scrape."""
        self.registry.watch(name, fn, text)

    def checked(self, *, right: bool) -> None:
        """Correctness: count one answer that the application checked, and whether it was right."""
        failed = self.registry.counter("standfast_checks_failed_total", "Answers that were wrong")
        self.registry.counter("standfast_checks_total", "Answers that were checked").labels().inc()
        failed.labels().inc(0 if right else 1)

    def on_transition(self, listener: Callable[[Transition], object]) -> None:
        """Call `listener` for each transition of any breaker of this kit."""
        self._listeners.append(listener)

    def forget_listener(self, listener: Callable[[Transition], object]) -> None:
        self._listeners.remove(listener)

    def authorised(self, authorization: str) -> bool:
        """Does this Authorization header carry the health token?"""
        token = read_secret(self._health_token) if self._health_token else None
        return bool(token) and hmac.compare_digest(
            authorization.encode(), f"Bearer {token}".encode()
        )

    def close(self) -> None:
        """Close queues and the audit spool; what is in them stays on disk."""
        for queue in self.queues.values():
            queue.close()
        if self.audit is not None:
            self.audit.close()

    def _no_breaker(self, name: str, problem: str) -> ValueError:
        known = ", ".join(sorted(list(self.breakers))) or "none"  # noqa: C414 - others may add to it
        return ValueError(f"breaker {name!r} {problem}; there are: {known}")

    def _tell(self, event: Transition) -> None:
        level = logging.WARNING if event.after == "open" else logging.INFO
        log.log(
            level, "breaker %s: %s -> %s (%s)", event.name, event.before, event.after, event.reason
        )
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # one listener's trouble is not the next one's
                log.exception("a transition listener failed")

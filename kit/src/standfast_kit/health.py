"""Health endpoints: is the process alive, may it get traffic, and how does every part of it do.

Liveness touches nothing. A readiness answer fails only for a required check: taking all instances out
because something optional is away turns a small trouble into an outage. An open breaker therefore
never fails it.
"""

from __future__ import annotations

import contextlib
import inspect
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast_kit import clock as clocks
from standfast_kit.rule import duration

if TYPE_CHECKING:
    import asyncio
    from datetime import timedelta

    from standfast_kit.breaker import Breaker

log = logging.getLogger("standfast_kit.health")

Ask = Callable[[], object] | Callable[[], Awaitable[object]]
"""A check: raising, False or "unhealthy" is down, "degraded" is degraded, anything else is healthy."""


class Status(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"
    """The last result is too old to mean anything; never treated as healthy."""


class Kind(StrEnum):
    READY = "ready"
    DEEP = "deep"


TIMEOUTS = {Kind.READY: 5.0, Kind.DEEP: 30.0}
"""Seconds a probe may take, by endpoint; the whole answer comes within nine tenths of it."""
PERIODS = {Kind.READY: 5.0, Kind.DEEP: 60.0}
"""Seconds between probes, by endpoint; a result older than two of them is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    ask: Ask | None
    """None for a check whose results are reported by the application itself."""
    required: bool
    timeout: float
    period: float
    deep: bool
    """Asked by the deep endpoint only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one check found; `at` is monotonic, in seconds."""

    status: Status
    latency_ms: int
    at: float
    error: str = ""


Finish = Callable[[Result], None]
Run = tuple[Check, Future[Result], Finish]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """An answer of an endpoint."""

    status: Status
    body: dict[str, object]

    @property
    def http_status(self) -> int:
        return 503 if self.status is Status.UNHEALTHY else 200


class Health:
    """Runs the checks: each at most once at a time, however many probes arrive."""

    def __init__(
        self,
        version: str,
        *,
        reuse: str | float | timedelta = "1s",
        clock: clocks.Clock = clocks.utc_now,
        monotonic: clocks.Monotonic = clocks.monotonic,
    ) -> None:
        self._version, self._clock, self._monotonic = version, clock, monotonic
        self._reuse = duration(reuse).total_seconds()
        self._lock = threading.Lock()
        self._checks: dict[str, Check] = {}
        self._results: dict[str, Result] = {}
        self._running: dict[str, Run] = {}
        self._busy: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._breakers: dict[str, Breaker] = {}

    # -- what there is to check

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
        kind = Kind.DEEP if deep else Kind.READY
        self._checks[name] = Check(
            name=name,
            ask=ask,
            required=required,
            timeout=min(duration(timeout).total_seconds(), TIMEOUTS[kind] * 0.9),
            period=duration(period).total_seconds() if period else PERIODS[kind],
            deep=deep,
        )

    def watch(self, breaker: Breaker) -> None:
        self._breakers[breaker.name] = breaker

    def report(self, name: str, status: bool | str = True, *, latency_ms: int = 0) -> None:
        """A result that the application pushes, for a check added without a question."""
        if name not in self._checks:
            raise KeyError(f"no check {name!r}; add it with check({name!r}, None, period=...)")
        self._results[name] = Result(
            status=_status(status), latency_ms=latency_ms, at=self._monotonic()
        )

    # -- the endpoints

    def live(self) -> Report:
        """The process answers; nothing else is asked."""
        return self._report(Status.HEALTHY, {})

    def ready(self, *, details: bool = False) -> Report:
        return self.probe(Kind.READY, details=details)

    def deep(self, *, details: bool = False) -> Report:
        return self.probe(Kind.DEEP, details=details)

    def probe(self, kind: Kind, *, details: bool = False) -> Report:
        """Run what needs running, and answer; for threads. Coroutine checks get a loop of their own."""
        deadline = time.monotonic()
        for check, future, finish in self._start(kind, self._in_thread):
            with contextlib.suppress(TimeoutError):
                future.result(timeout=max(0.0, deadline + check.timeout - time.monotonic()))
            finish(_cut(check, self._monotonic()))
        return self.last(kind, details=details)

    async def probe_async(self, kind: Kind, *, details: bool = False) -> Report:
        """As `probe`, on the running loop; checks that are not coroutines run in threads."""
        import asyncio

        async def wait(check: Check, future: Future[Result], finish: Finish) -> None:
            await asyncio.wait([asyncio.wrap_future(future)], timeout=check.timeout)
            finish(_cut(check, self._monotonic()))

        waiting = [wait(*one) for one in self._start(kind, self._on_loop)]
        await asyncio.gather(*waiting)
        return self.last(kind, details=details)

    def last(self, kind: Kind, *, details: bool = False) -> Report:
        """The answer from the results at hand, judged by their age; runs nothing."""
        now, shown, worst = self._monotonic(), dict[str, object](), Status.HEALTHY
        for check in self._of(kind):
            result = self._judged(check, now)
            worst = _worse(worst, result.status, required=check.required)
            shown[check.name] = _shown(result, details=details)
        for name, breaker in list(self._breakers.items()):
            healthy = breaker.state not in ("open", "half-open", "forced-open")
            if healthy and name in shown:
                continue
            status = Status.HEALTHY if healthy else Status.DEGRADED
            worst = _worse(worst, status, required=False)
            if name not in shown or self._judged(self._checks[name], now).status is Status.HEALTHY:
                result = Result(
                    status=status, latency_ms=0, at=now, error=f"circuit {breaker.state}"
                )
                shown[name] = _shown(result, details=details and not healthy)
        return self._report(worst, shown)

    def statuses(self) -> dict[str, tuple[Status, bool]]:
        """Each check's last status and whether it is required, for the metrics; runs nothing."""
        now, checks = self._monotonic(), list(self._checks.values())
        return {c.name: (self._judged(c, now).status, c.required) for c in checks}

    # -- inside

    def _of(self, kind: Kind) -> list[Check]:
        return [
            check for check in list(self._checks.values()) if kind is Kind.DEEP or not check.deep
        ]

    def _start(self, kind: Kind, run: Callable[[Check, Finish], None]) -> list[Run]:
        """The checks under way, started or joined; one with a fresh result is left out."""
        wanted: list[Run] = []
        begin: list[tuple[Check, Finish]] = []
        with self._lock:
            for check in self._of(kind):
                last = self._results.get(check.name)
                fresh = last is not None and self._monotonic() - last.at < self._reuse
                run_now = self._running.get(check.name)
                if check.ask is None or (fresh and run_now is None):
                    continue
                if run_now is None:
                    run_now = self._running[check.name] = self._new_run(check)
                    begin.append((check, run_now[2]))
                wanted.append(run_now)
        for check, finish in begin:
            if check.name in self._busy:
                # It was cut off and still hangs: a second thread would only hang beside it.
                finish(_cut(check, self._monotonic()))
            else:
                self._busy.add(check.name)
                run(check, finish)
        return wanted

    def _new_run(self, check: Check) -> Run:
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()  # a probe that is cancelled must not cancel the check

        def finish(result: Result) -> None:
            """The first result of a run counts: the check's own, or the one that cuts it off."""
            with self._lock:
                if future.done():
                    return
                self._results[check.name] = result
                self._running.pop(check.name, None)
                future.set_result(result)

        return check, future, finish

    def _in_thread(self, check: Check, finish: Finish) -> None:
        def work() -> None:
            started = self._monotonic()
            try:
                result = self._found(_ask_in_thread(check), started)
            except BaseException as error:  # noqa: BLE001 - whatever a check raises is its answer
                result = self._raised(check, error, started)
            finally:
                self._busy.discard(check.name)
            finish(result)

        threading.Thread(target=work, name=f"health-{check.name}", daemon=True).start()

    def _on_loop(self, check: Check, finish: Finish) -> None:
        if not inspect.iscoroutinefunction(check.ask):
            self._in_thread(check, finish)
            return
        import asyncio

        ask = check.ask

        async def work() -> None:
            started = self._monotonic()
            try:
                result = self._found(await ask(), started)
            except asyncio.CancelledError:
                finish(_cut(check, self._monotonic()))
                raise
            except Exception as error:  # noqa: BLE001 - whatever a check raises is its answer
                result = self._raised(check, error, started)
            finally:
                self._busy.discard(check.name)
            finish(result)

        task = asyncio.ensure_future(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # Cancelled a moment after the probe has cut it off, so that it does not hang for ever.
        asyncio.get_running_loop().call_later(check.timeout, task.cancel)

    def _found(self, answer: object, started: float) -> Result:
        now = self._monotonic()
        return Result(status=_status(answer), latency_ms=round((now - started) * 1000), at=now)

    def _raised(self, check: Check, error: BaseException, started: float) -> Result:
        log.warning("health check %s failed: %s", check.name, type(error).__name__)
        now, said = self._monotonic(), f"{type(error).__name__}: {error}"[:200]
        took = round((now - started) * 1000)
        return Result(status=Status.UNHEALTHY, latency_ms=took, at=now, error=said)

    def _judged(self, check: Check, now: float) -> Result:
        result = self._results.get(check.name)
        if result is None:
            return Result(status=Status.UNKNOWN, latency_ms=0, at=now, error="no result yet")
        if now - result.at > 2 * check.period:
            said = f"the last result is {now - result.at:.0f} s old"
            return Result(
                status=Status.UNKNOWN, latency_ms=result.latency_ms, at=result.at, error=said
            )
        return result

    def _report(self, status: Status, checks: dict[str, object]) -> Report:
        body: dict[str, object] = {
            "status": status.value,
            "timestamp": self._clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "version": self._version,
            "checks": checks,
        }
        return Report(status=status, body=body)


def _ask_in_thread(check: Check) -> object:
    assert check.ask is not None  # noqa: S101 - a reported check is never started
    answer = check.ask()
    if inspect.isawaitable(answer):
        import asyncio

        async def wait() -> object:
            return await answer

        return asyncio.run(wait())
    return answer


def _status(answer: object) -> Status:
    if isinstance(answer, str):
        return Status(answer)
    return Status.UNHEALTHY if answer is False else Status.HEALTHY


def _cut(check: Check, now: float) -> Result:
    took, said = round(check.timeout * 1000), f"timed out after {check.timeout:g} s"
    return Result(status=Status.UNHEALTHY, latency_ms=took, at=now, error=said)


def _worse(worst: Status, found: Status, *, required: bool) -> Status:
    if found is Status.HEALTHY:
        return worst
    down = found in (Status.UNHEALTHY, Status.UNKNOWN)
    if worst is Status.UNHEALTHY or (required and down):
        return Status.UNHEALTHY
    return Status.DEGRADED


def _shown(result: Result, *, details: bool) -> dict[str, object]:
    shown: dict[str, object] = {"status": result.status.value, "latency_ms": result.latency_ms}
    if details and result.error:
        shown["error"] = result.error
    return shown

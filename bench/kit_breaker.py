"""What a guarded call costs, against a wrapper that does nothing and against other breakers.

Run: uv run --group bench python bench/kit_breaker.py
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Callable
from statistics import median

from standfast_kit import Breaker

ROUNDS, CALLS = 7, 20_000
GOALS = {"closed, sync": "0.5 x", "closed, async": "0.6 x", "open, refusing": "0.5 x"}


def nothing() -> int:
    return 1


async def nothing_async() -> int:
    return 1


def fails() -> int:
    raise OSError


def wrapped(fn: Callable[[], int]) -> Callable[[], int]:
    """The least that any decorator costs."""

    @functools.wraps(fn)
    def call(*args: object, **kwargs: object) -> int:
        return fn(*args, **kwargs)

    return call


def wrapped_async(fn):
    @functools.wraps(fn)
    async def call(*args: object, **kwargs: object) -> int:
        return await fn(*args, **kwargs)

    return call


def timed(call: Callable[[], object], calls: int = CALLS) -> float:
    """Nanoseconds a call."""
    started = time.perf_counter_ns()
    for _ in range(calls):
        call()
    return (time.perf_counter_ns() - started) / calls


def timed_async(call, calls: int = CALLS) -> float:
    async def run() -> float:
        started = time.perf_counter_ns()
        for _ in range(calls):
            await call()
        return (time.perf_counter_ns() - started) / calls

    return asyncio.run(run())


def timed_raising(call: Callable[[], object], calls: int = CALLS // 5) -> float:
    def swallow() -> None:
        try:
            call()
        except Exception:
            return

    return timed(swallow, calls)


def compare(subjects: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Medians over rounds that take turns, so that a busy moment hits all alike."""
    seen: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(ROUNDS):
        for name, measure in subjects.items():
            seen[name].append(measure())
    return {name: median(times) for name, times in seen.items()}


def ours(**settings: object) -> Breaker:
    return Breaker("bench", open="50% in 10s", **settings)


def peers_sync() -> dict[str, Callable[[], object]]:
    import circuitbreaker
    import purgatory
    import pybreaker

    return {
        "circuitbreaker": circuitbreaker.CircuitBreaker(name="bench")(nothing),
        "pybreaker": pybreaker.CircuitBreaker()(nothing),
        "purgatory": purgatory.SyncCircuitBreakerFactory()("bench")(nothing),
    }


def peers_async() -> dict[str, Callable[[], object]]:
    import circuitbreaker
    import purgatory

    # pybreaker guards no coroutine: it returns it unawaited and never trips.
    return {
        "circuitbreaker": circuitbreaker.CircuitBreaker(name="bench-async")(nothing_async),
        "purgatory": purgatory.AsyncCircuitBreakerFactory()("bench")(nothing_async),
    }


def peers_open() -> dict[str, Callable[[], object]]:
    import circuitbreaker
    import pybreaker

    tripped = circuitbreaker.CircuitBreaker(
        name="bench-open", failure_threshold=1, recovery_timeout=3600
    )(fails)
    other = pybreaker.CircuitBreaker(fail_max=1, reset_timeout=3600)
    timed_raising(tripped, 3)
    other.open()
    return {"circuitbreaker": tripped, "pybreaker": other(nothing)}


def table(title: str, times: dict[str, float], base: str) -> list[tuple[str, str, str]]:
    made = [
        (f"{title}: {name}", f"{ns:.0f} ns", f"{ns / times[base]:.2f} x {base}")
        for name, ns in times.items()
    ]
    peers = {name: ns for name, ns in times.items() if name not in ("standfast", "do nothing")}
    if peers:
        best = min(peers, key=peers.__getitem__)
        ratio = times["standfast"] / peers[best]
        made.append(
            (f"{title}: beside the fastest peer", f"{ratio:.2f} x", f"{best}; goal {GOALS[title]}")
        )
    return made


def rows() -> list[tuple[str, str, str]]:
    """(what, figure, beside what)"""
    closed = ours()
    sync = {"do nothing": wrapped(nothing), "standfast": closed(nothing), **peers_sync()}
    coroutines = {
        "do nothing": wrapped_async(nothing_async), "standfast": ours()(nothing_async), **peers_async(),
    }  # fmt: skip
    refusing = ours()
    refusing.force_open()
    opened = {"standfast": refusing(nothing), **peers_open()}
    failing = ours(min_calls=10**9)(fails)
    raising = {"do nothing": wrapped(fails), "standfast": failing}

    def all_of(
        measure: Callable[..., float], calls: dict[str, Callable[[], object]]
    ) -> dict[str, float]:
        return compare({name: functools.partial(measure, call) for name, call in calls.items()})

    return [
        *table("closed, sync", all_of(timed, sync), "do nothing"),
        *table("closed, async", all_of(timed_async, coroutines), "do nothing"),
        *table("open, refusing", all_of(timed_raising, opened), "standfast"),
        *table("failing call", all_of(timed_raising, raising), "do nothing"),
    ]


def main() -> None:
    for what, figure, beside in rows():
        print(f"{what:42} {figure:>10}  {beside}")


if __name__ == "__main__":
    main()

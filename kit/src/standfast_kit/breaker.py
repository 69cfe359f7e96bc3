"""A circuit breaker that judges the failure rate of a rolling time window.

While closed, a successful call takes no lock: see `window`. Each state period owns its own window or
set of probes, and a call reports to the one it started under; so the outcome of a call that began
before a transition lands in a retired period and changes nothing.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import weakref
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from standfast_kit import clock
from standfast_kit.guard import Guard, Permit, wrap
from standfast_kit.rule import Rule, Slow, Trip, duration, matches
from standfast_kit.window import NEVER, Tally, Window, ticker

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from standfast_kit.fallback import Fallback

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger("standfast_kit.breaker")


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
    FORCED_OPEN = "forced-open"
    """Refuses everything until told otherwise."""
    DISABLED = "disabled"
    """Lets everything through and records nothing."""
    OBSERVING = "observe-only"
    """Records, and never opens."""


class CircuitOpen(Exception):
    """The call was refused without running; `retry_after` is in seconds, None when nobody can tell."""

    # No constructor at run time: the arguments are kept by BaseException, and refusing must be quick.
    if TYPE_CHECKING:

        def __init__(self, name: str, state: str, retry_after: float | None) -> None: ...

    @property
    def name(self) -> str:
        return str(self.args[0])

    @property
    def state(self) -> str:
        return str(self.args[1])

    @property
    def retry_after(self) -> float | None:
        wait: float | None = self.args[2]
        return wait

    def __str__(self) -> str:
        wait = "" if self.retry_after is None else f"; try again in {self.retry_after:.3g} s"
        return f"circuit {self.name!r} is {self.state}{wait}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A breaker changed its state; `at` is monotonic, in seconds."""

    name: str
    before: State
    after: State
    reason: str
    at: float
    tally: Tally
    open_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a breaker has seen since it was made, for the metrics."""

    state: State
    ok: int
    failed: int
    slow: int
    ignored: int
    refused: int
    transitions: dict[State, int]
    degraded: dict[str, int]


class Probes:
    """The calls let through by one half-open period."""

    __slots__ = ("back", "deadline", "failed", "free")

    def __init__(self, free: int, deadline: float) -> None:
        self.free, self.deadline = free, deadline
        self.back = self.failed = 0


class Breaker:
    """Stops calling what keeps failing. Decorate functions of any colour, or use `guard()`."""

    def __init__(
        self,
        name: str,
        *,
        open: str | Trip | None = None,  # noqa: A002 - the breaker's own word for it: open="50% in 10s"
        reset: str | float | timedelta = "30s",
        slow: str | Slow | None = None,
        rule: Rule | None = None,
        fallback: Fallback | None = None,
        clock: Callable[[], float] = clock.monotonic,
        **more: Any,
    ) -> None:
        if (rule is None) == (open is None):
            raise TypeError(f"breaker {name!r}: say either open='50% in 10s' or rule=Rule(...)")
        self.name, self.clock, self.fallback = name, clock, fallback
        self.rule = rule or _rule(open, reset, slow, more)
        self._lock = threading.Lock()
        self._listeners: list[Callable[[Transition], object]] = []
        self._state, self._reopened, self._until = State.CLOSED, 0, 0.0
        self.window: Window | None = self._new_window(clock())
        self._probes: Probes | None = None
        self._past = [0, 0, 0]
        self._ignored = 0
        self.refuse_until = NEVER
        """Until then every call is refused, without asking the lock."""
        self._refused, self._refused_reads = ticker(), 0
        self._transitions = dict.fromkeys(State, 0)
        self._degraded: dict[str, int] = {}
        _living.add(self)

    # -- using it

    @overload
    def __call__(self, fn: Callable[P, R]) -> Callable[P, R]: ...
    @overload
    def __call__(self, *, fallback: Fallback) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
    def __call__(self, fn: Any = None, *, fallback: Any = None) -> Any:
        """Guard a function, coroutine function, generator or asynchronous generator."""
        chosen = fallback or self.fallback
        for mode in chosen.modes if chosen else ():
            # From zero on, so that the first degraded answer shows as an increase.
            self._degraded.setdefault(mode, 0)
        if fn is None:
            return lambda late: wrap(self, late, chosen)
        return wrap(self, fn, chosen)

    def guard(self) -> Guard:
        """One guarded block, `with` or `async with`; raises CircuitOpen instead of entering."""
        return Guard(self)

    def admit(self) -> Permit:
        """Permission for one call, to be settled by the caller; raises CircuitOpen."""
        window = self.window
        if window is not None:
            return Permit(self, window)
        if (moment := self.clock()) < self.refuse_until:
            raise self.refusal(moment)
        events: list[Transition] = []
        with self._lock:
            now = self.clock()
            self._move_on(now, events)
            permit = self._permit()
            refusal = None if permit else self._refusal(now)
        self._tell(events)
        if refusal:
            raise refusal
        assert permit is not None  # noqa: S101 - one of the two is there
        return permit

    def on_transition(self, listener: Callable[[Transition], object]) -> None:
        """Call `listener` once for each transition, after it is visible and outside the lock."""
        self._listeners.append(listener)

    # -- what calls report

    def settle(
        self, period: Window | Probes | None, *, failed: bool | None, slow: bool = False
    ) -> None:
        """Report how a call ended to the period it started under; None gives its place back."""
        if period is None:
            return
        events: list[Transition] = []
        with self._lock:
            now = self.clock()
            if failed is None:
                self._give_back(period)
            elif period is not (self.window or self._probes):
                # A late outcome counts for the books only; its period is over.
                self._book(ok=not failed, failed=failed, slow=slow)
            elif isinstance(period, Window):
                self._judge_window(
                    period, period.record(now, failed=failed, slow=slow), now, events
                )
            else:
                self._book(ok=not failed, failed=failed, slow=slow)
                self._judge_probe(period, failed=failed or slow, now=now, events=events)
        self._tell(events)

    def verdict(self, error: BaseException) -> bool | None:
        """True: a failure. False: an error that counts as success. None: it counts for nothing."""
        # Cancellation, interrupts and generator exits say nothing about the dependency.
        if not isinstance(error, Exception):
            return None
        try:
            return None if matches(error, self.rule.ignore) else matches(error, self.rule.record)
        except Exception:  # a broken predicate must not hide the caller's own error
            log.exception("breaker %s: the record or ignore predicate failed", self.name)
            return True

    def judge(self, result: object) -> bool:
        """Is this returned value a failure?"""
        try:
            return self.rule.failed_result is not None and bool(self.rule.failed_result(result))
        except Exception:  # as above: never raise into the host
            log.exception("breaker %s: the result predicate failed", self.name)
            return False

    def note_degraded(self, mode: str) -> None:
        """Count one answer that a fallback gave."""
        with self._lock:
            self._degraded[mode] = self._degraded.get(mode, 0) + 1

    # -- manual control

    def force_open(self) -> None:
        self.force(State.FORCED_OPEN)

    def disable(self) -> None:
        self.force(State.DISABLED)

    def observe(self) -> None:
        self.force(State.OBSERVING)

    def close(self) -> None:
        """Back to normal work, with an empty window."""
        self.force(State.CLOSED)

    def force(self, state: State | str) -> None:
        """Put the breaker into a state by hand; `open` still ends by itself after the reset time."""
        events: list[Transition] = []
        with self._lock:
            self._change(State(state), self.clock(), "forced", events)
        self._tell(events)

    # -- reading it

    @property
    def state(self) -> State:
        return self._state

    def tally(self) -> Tally:
        """What the current window holds; empty when there is none."""
        with self._lock:
            window = self.window
            return window.tally(self.clock()) if window else Tally(ok=0, failed=0, slow=0)

    def reading(self) -> Reading:
        with self._lock:
            now = self.window.whole() if self.window else Tally(ok=0, failed=0, slow=0)
            self._refused_reads += 1
            return Reading(
                state=self._state,
                ok=self._past[0] + now.ok,
                failed=self._past[1] + now.failed,
                slow=self._past[2] + now.slow,
                ignored=self._ignored,
                refused=self._refused() - self._refused_reads + 1,
                transitions=dict(self._transitions),
                degraded=dict(self._degraded),
            )

    # -- inside: everything below needs the lock, `_tell` and `renew_lock` excepted

    def _move_on(self, now: float, events: list[Transition]) -> None:
        """Let time do its work: open becomes half-open, and half-open does not hang."""
        if self._state is State.OPEN and now >= self._until:
            self._change(State.HALF_OPEN, now, "reset time passed", events)
        elif self._probes is not None and now >= self._probes.deadline:
            self._change(State(self.rule.when_stuck), now, "probes never came back", events)

    def _permit(self) -> Permit | None:
        if self.window is not None:
            return Permit(self, self.window)
        if self._state is State.DISABLED:
            return Permit(self, None)
        if self._probes is not None and self._probes.free:
            self._probes.free -= 1
            return Permit(self, self._probes)
        return None

    def refusal(self, now: float) -> CircuitOpen:
        """A counted refusal of an open circuit; needs no lock."""
        self._refused()
        wait = self.refuse_until - now
        if wait == math.inf:
            return CircuitOpen(self.name, self._state, None)
        # Another thread may have moved on since; it is not worth a lock.
        return CircuitOpen(self.name, self._state, wait if wait > 0 else 0.0)

    def _refusal(self, now: float) -> CircuitOpen:
        self._refused()
        until = self._probes.deadline if self._probes else self._until
        wait = None if self._state is State.FORCED_OPEN else max(0.0, until - now)
        return CircuitOpen(self.name, self._state, wait)

    def _give_back(self, period: Window | Probes) -> None:
        self._ignored += 1
        if isinstance(period, Probes):
            period.free += 1

    def _judge_window(
        self, window: Window, tally: Tally, now: float, events: list[Transition]
    ) -> None:
        if self._state is not State.CLOSED:
            return
        if tally.total < self.rule.min_calls:
            if tally.failed or tally.slow:
                # The success that completes min_calls must be judged at once, not at the next edge.
                window.edge = NEVER
            return
        trip, slow = self.rule.trip.share, self.rule.slow
        if tally.failed * trip.denominator >= trip.numerator * tally.total:
            self._change(State.OPEN, now, "failures", events, tally)
        elif slow and tally.slow * slow.share.denominator >= slow.share.numerator * tally.total:
            self._change(State.OPEN, now, "slow", events, tally)

    def _judge_probe(
        self, probes: Probes, *, failed: bool, now: float, events: list[Transition]
    ) -> None:
        probes.back += 1
        probes.failed += failed
        tally = Tally(ok=probes.back - probes.failed, failed=probes.failed, slow=0)
        if failed and self.rule.probe_verdict == "any":
            self._change(State.OPEN, now, "a probe failed", events, tally)
        elif probes.back == self.rule.probes:
            bad = probes.failed * self.rule.trip.share.denominator
            if probes.failed and bad >= self.rule.trip.share.numerator * probes.back:
                self._change(State.OPEN, now, "probes failed", events, tally)
            else:
                self._change(State.CLOSED, now, "probes succeeded", events, tally)

    def _change(
        self,
        after: State,
        now: float,
        reason: str,
        events: list[Transition],
        tally: Tally | None = None,
    ) -> None:
        before, open_seconds = self._state, None
        if self.window is not None:
            # Calls still running under this window come to `settle`, which sees that it is retired. First,
            # or a call that ends while the window is read would be in nobody's books.
            self.window.edge = NEVER
            seen = self.window.whole()
            self._book(ok=seen.ok, failed=seen.failed, slow=seen.slow)
        if after is State.OPEN:
            open_seconds = self.rule.jitter(self.rule.open_seconds(self._reopened))
            self._reopened, self._until = self._reopened + 1, now + open_seconds
        elif after is not State.HALF_OPEN:
            self._reopened = 0
        self.refuse_until = self._until if after is State.OPEN else NEVER
        if after is State.FORCED_OPEN:
            self.refuse_until = math.inf
        wait = (self.rule.probe_wait or self.rule.reset).total_seconds()
        self._probes = Probes(self.rule.probes, now + wait) if after is State.HALF_OPEN else None
        recording = after in (State.CLOSED, State.OBSERVING)
        self.window = self._new_window(now) if recording else None
        self._state = after
        if before is not after:
            self._transitions[after] += 1
            empty = Tally(ok=0, failed=0, slow=0)
            events.append(
                Transition(
                    name=self.name, before=before, after=after, reason=reason, at=now,
                    tally=tally or empty, open_seconds=open_seconds,
                )
            )  # fmt: skip

    def _new_window(self, now: float) -> Window:
        return Window(self.rule.trip.window.total_seconds(), now)

    def _book(self, *, ok: int, failed: int, slow: int) -> None:
        self._past[0] += ok
        self._past[1] += failed
        self._past[2] += slow

    def _tell(self, events: list[Transition]) -> None:
        for event in events:
            for listener in tuple(self._listeners):
                try:
                    listener(event)
                except Exception:  # a listener's trouble is not the caller's
                    log.exception("breaker %s: a listener failed", self.name)

    def renew_lock(self) -> None:
        """A forked child may have copied the lock while another thread held it."""
        self._lock = threading.Lock()


def _rule(
    trip: str | Trip | None,
    reset: str | float | timedelta,
    slow: str | Slow | None,
    more: dict[str, Any],
) -> Rule:
    assert trip is not None  # noqa: S101 - the constructor has checked it
    for name in ("reset_cap", "probe_wait"):
        if more.get(name) is not None:
            more[name] = duration(more[name])
    return Rule(
        trip=Trip.parse(trip) if isinstance(trip, str) else trip,
        slow=Slow.parse(slow) if isinstance(slow, str) else slow,
        reset=duration(reset),
        **more,
    )


_living: weakref.WeakSet[Breaker] = weakref.WeakSet()


def _renew_locks() -> None:
    for breaker in list(_living):
        breaker.renew_lock()


os.register_at_fork(after_in_child=_renew_locks)

"""The audit client: an event is on disk before `emit` returns, and reaches the server when it can.

`emit` never raises and never waits for the network. The one exception is chosen by the application:
for types or categories in `fail_closed` it raises SpoolFull when the event cannot be kept, so that the
deed itself can be refused. Any other event that cannot be kept is counted, and its number in the
producer's sequence stays empty: `spool.full` is written at the first loss, `spool.gap` after the last.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standfast_kit import clock as clocks
from standfast_kit.event import (
    Actor,
    Changes,
    Outcome,
    Target,
    acting,
    as_bytes,
    category_of,
    event,
    event_id,
    masked,
    present_actor,
)
from standfast_kit.forwarder import Forwarder, NotSent, Server
from standfast_kit.spool import Spool, SpoolBusy, SpoolFull

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Actor", "Audit", "Reading", "SpoolFull", "acting"]

log = logging.getLogger("standfast_kit.audit")

DEFAULT_TOKEN = "env:STANDFAST_AUDIT_TOKEN"  # noqa: S105 - a reference, not a token
IDLE = 0.05
"""Seconds after which an event emitted with `wait=False` is synced at the latest."""
ORPHANS_EVERY = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Events by fate since this client was made; `waiting` and `spool_bytes` are of now."""

    emitted: int
    accepted: int
    duplicates: int
    rejected: int
    lost: int
    waiting: int
    spool_bytes: int


class Audit:
    """Emits audit events from this process. Each process claims a spool of its own below `directory`.

    Without a `url` events stay in the spool. `token` is a reference, `env:NAME` or `file:/path`.
    The forwarding thread starts with the first event unless `lazy` is false; then call `start()`.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        producer: str = "app",
        url: str | None = None,
        token: str = DEFAULT_TOKEN,
        fail_closed: Iterable[str] = (),
        mask: Iterable[str] = (),
        max_bytes: int = 256 << 20,
        segment_bytes: int = 4 << 20,
        lazy: bool = True,
        clock: clocks.Clock = clocks.utc_now,
        randomness: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._directory, self._producer_name = Path(directory), producer
        self._forwarder = Forwarder(Server(url, token).post) if url else None
        self._fail_closed, self._lazy = frozenset(fail_closed), lazy
        self._mask = frozenset(mask)
        self._max_bytes, self._segment_bytes = max_bytes, segment_bytes
        self._clock, self._randomness = clock, randomness
        self._emitted = self._lost = self._counter = 0
        self._gap: tuple[int, int] | None = None
        self._gap_said = False
        self._spool: Spool | None = None
        self._thread: threading.Thread | None = None
        self._forget()
        _living.add(self)

    # -- emitting

    def emit(
        self,
        type: str,  # noqa: A002 - the schema's word
        *,
        actor: Actor | Mapping[str, object] | None = None,
        target: Target | None = None,
        outcome: Outcome = "success",
        changes: Changes | None = None,
        context: Mapping[str, object] | None = None,
        category: str | None = None,
        description: str | None = None,
        wait: bool = True,
    ) -> str | None:
        """Keep an event and return its id once it is on disk; None when it could not be kept.

        Without `wait` it is written at once and synced within 50 ms. The actor is the one of
        `acting(...)` when none is given, else this producer as a system. Raises SpoolFull for
        `fail_closed` types and categories only.
        """
        try:
            now = self._clock()
            system = Actor(type="system", id=self._producer_name)
            made = event(
                type, id=event_id(now, self._randomness(10)), now=now,
                actor=actor or present_actor() or system, target=target, outcome=outcome,
                changes=changes, context=context, category=category, description=description,
            )  # fmt: skip
            self._keep(masked(made, self._mask), wait=wait)
        except SpoolFull:
            if self._fail_closed & {type, category or category_of(type)}:
                raise
            if (
                self._gap is None or self._gap[1] == 1
            ):  # once for each gap: a full disk is busy enough
                log.error("audit event %s could not be kept; %d lost so far", type, self._lost)  # noqa: TRY400 - the trace says nothing more
            return None
        except Exception:  # an odd argument must not break the business deed
            self._lost += 1
            log.exception("audit event %s could not be made", type)
            return None
        return str(made["id"])

    async def emit_async(self, type: str, **terms: Any) -> str | None:  # noqa: A002 - those of emit
        """As `emit`; the disk is waited for in a thread, not on the loop."""
        import asyncio

        return await asyncio.to_thread(self.emit, type, **terms)

    # -- forwarding

    def start(self) -> None:
        """Start the forwarding thread, if it does not run in this process yet."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._stop.clear()
                self._thread = threading.Thread(
                    target=self._run, name="standfast-audit", daemon=True
                )
                self._thread.start()

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until the server has settled everything emitted so far; False when it has not in time."""
        self.start()
        if self._forwarder is None:
            spool = self._spool
            return spool is None or not spool.waiting
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            self._wake.set()
            spool = self._spool
            if spool is None or not spool.waiting:
                return True
            time.sleep(0.01)
        return False

    def reading(self) -> Reading:
        spool, sent = self._spool, self._forwarder
        return Reading(
            emitted=self._emitted,
            accepted=sent.accepted if sent else 0,
            duplicates=sent.duplicates if sent else 0,
            rejected=sent.rejected if sent else 0,
            lost=self._lost,
            waiting=spool.waiting if spool else 0,
            spool_bytes=spool.size() if spool else 0,
        )

    def producer(self) -> str:
        """The id that this process's events are counted under."""
        with self._lock:
            return self._claimed().directory.name

    def close(self) -> None:
        """Stop forwarding and release the spool; what waits is delivered by the next process."""
        with self._lock:  # or a thread that is being started would take the word back
            self._stop.set()
            thread = self._thread
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=15)
        with self._lock:
            spool, self._spool = self._spool, None
            if self._thread is thread:
                self._thread = None
        if spool is not None:
            spool.close()

    # -- keeping one event

    def _keep(self, made: dict[str, Any], *, wait: bool) -> None:
        with self._lock:
            try:
                spool = self._claimed()
                self._close_gap(spool)
                self._counter += 1
                ticket = spool.append(as_bytes({"counter": self._counter, **made}))
            except SpoolFull:
                self._lose()
                raise
            self._emitted += 1
        if wait:
            spool.sync(ticket)
        if self._lazy and (self._thread is None or not self._thread.is_alive()):
            self.start()
        self._wake.set()

    def _lose(self) -> None:
        """The counter has passed over this event; say so in the log as soon as it can be said."""
        self._lost += 1
        first, count = self._gap or (self._counter, 0)
        self._gap = (first, count + 1)
        if not self._gap_said and self._spool is not None:
            self._gap_said = self._say(self._spool, "spool.full", {"from": first})

    def _close_gap(self, spool: Spool) -> None:
        if self._gap is None:
            return
        if spool.size() + 4096 > self._max_bytes:
            # Still full; the event at hand takes the next number and is lost under it.
            self._counter += 1
            raise SpoolFull(f"{spool.directory} is full")
        first, count = self._gap
        if self._say(spool, "spool.gap", {"from": first, "lost": count}):
            self._gap, self._gap_said = None, False

    def _say(self, spool: Spool, type: str, context: Mapping[str, object]) -> bool:  # noqa: A002 - the schema's word
        now, actor = self._clock(), Actor(type="system", id=self._producer_name)
        made = event(
            type, id=event_id(now, self._randomness(10)), now=now, actor=actor,
            outcome=("failure", "the spool could not keep events"), context=context,
        )  # fmt: skip
        try:
            spool.append(as_bytes({"counter": self._counter + 1, **made}), urgent=True)
        except SpoolFull:
            return False
        self._counter += 1
        return True

    # -- the spool of this process

    def _claimed(self) -> Spool:
        """This process's spool: one left behind by a process that is gone, or a new one."""
        if self._spool is None:
            try:
                self._spool = self._claim()
            except OSError as error:
                self._counter += 1
                raise SpoolFull(f"{self._directory} cannot be used: {error.strerror}") from error
            self._counter = self._spool.counter
            if self._gap is not None:
                # Lost before there was a spool to count in: they take the numbers that come first.
                self._gap = (self._counter + 1, self._gap[1])
                self._counter += self._gap[1]
        return self._spool

    def _claim(self) -> Spool:
        self._directory.mkdir(parents=True, exist_ok=True)
        for directory in sorted(self._directory.glob(f"{self._producer_name}-*")):
            with contextlib.suppress(SpoolBusy):
                return self._open(directory)
        return self._open(self._directory / f"{self._producer_name}-{self._randomness(6).hex()}")

    def _open(self, directory: Path) -> Spool:
        return Spool(directory, max_bytes=self._max_bytes, segment_bytes=self._segment_bytes)

    def _forget(self) -> None:
        """As new: at the start, and in a forked child, which must not touch its parent's files."""
        self._lock = threading.Lock()
        self._spool = self._thread = None
        self._stop, self._wake = threading.Event(), threading.Event()

    def after_fork(self) -> None:
        if self._spool is not None:
            self._spool.abandon()
        self._counter, self._gap, self._gap_said = 0, None, False
        if self._forwarder is not None:
            self._forwarder = self._forwarder.fresh()
        self._forget()

    # -- the thread

    def _run(self) -> None:
        pause, orphans_at = FIRST_PAUSE, 0.0
        while not self._stop.is_set():
            self._wake.wait(1.0)
            self._wake.clear()
            self._stop.wait(IDLE / 2)  # a moment, so that a burst becomes one batch
            try:
                self._deliver(self._spool)
                pause = FIRST_PAUSE
                if time.monotonic() >= orphans_at:
                    self._deliver_orphans()
                    orphans_at = time.monotonic() + ORPHANS_EVERY
            except (NotSent, SpoolFull, OSError) as error:
                log.warning("audit events wait in the spool: %s", error)
                # A little randomness, so that many processes do not come back together.
                self._stop.wait(pause * (0.75 + self._randomness(1)[0] / 512))
                pause = min(pause * 2, LONGEST_PAUSE)
                self._wake.set()
            except Exception:  # the thread must survive whatever comes
                log.exception("audit forwarding failed")
                self._stop.wait(pause)

    def _deliver(self, spool: Spool | None) -> None:
        if spool is None:
            return
        spool.sync_all()
        while self._forwarder and not self._stop.is_set():
            if not self._forwarder.send(spool, spool.directory.name):
                return

    def _deliver_orphans(self) -> None:
        """Send what processes that are gone have left behind."""
        for directory in sorted(self._directory.glob(f"{self._producer_name}-*")):
            if self._forwarder is None or self._stop.is_set():
                return
            own = self._spool
            if own is not None and directory == own.directory:
                continue
            with contextlib.suppress(SpoolBusy):
                orphan = self._open(directory)
                try:
                    self._deliver(orphan)
                finally:
                    orphan.close()


_living: weakref.WeakSet[Audit] = weakref.WeakSet()


def _after_fork() -> None:
    for client in list(_living):
        client.after_fork()


os.register_at_fork(after_in_child=_after_fork)

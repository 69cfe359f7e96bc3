"""Calls to be made later, in a SQLite file that survives the process; each is made at least once."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from standfast_kit import clock as clocks
from standfast_kit.breaker import CircuitOpen
from standfast_kit.rule import duration

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from datetime import timedelta
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
    key TEXT PRIMARY KEY, payload TEXT, put_at REAL NOT NULL, due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, leased_until REAL NOT NULL DEFAULT 0, lease TEXT,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'dead')),
    settled_at REAL, error TEXT
);
CREATE INDEX IF NOT EXISTS job_due ON job (state, due);
"""
_CLAIM = """
UPDATE job SET attempts = attempts + 1, leased_until = :until, lease = :lease
WHERE key = (SELECT key FROM job WHERE state = 'waiting' AND due <= :now AND leased_until <= :now
             ORDER BY due, put_at LIMIT 1)
RETURNING key, payload, attempts, put_at
"""


class QueueFull(Exception):
    """The queue holds as many calls as it may, or the call is larger than it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A call to make now; `key` is the idempotency key to send along."""

    key: str
    payload: Any
    attempts: int
    age: float
    """Seconds since it was put."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What one drain did."""

    done: int = 0
    failed: int = 0
    dead: int = 0
    refused: bool = False
    """The drain stopped early because the dependency's circuit is open."""


class RetryQueue:
    """A durable queue keyed by idempotency key; `put` returns after the commit is on disk."""

    def __init__(
        self,
        path: str | Path,
        *,
        name: str = "retry",
        max_jobs: int = 10_000,
        max_payload: int = 65_536,
        max_attempts: int = 20,
        lease: str | float | timedelta = "60s",
        backoff: str | float | timedelta = "1s",
        backoff_cap: str | float | timedelta = "5m",
        remember: str | float | timedelta = "24h",
        clock: clocks.Clock = clocks.utc_now,
    ) -> None:
        self.name, self._path = name, str(path)
        self._max_jobs, self._max_payload, self._max_attempts = max_jobs, max_payload, max_attempts
        self._lease, self._remember = (
            duration(lease).total_seconds(),
            duration(remember).total_seconds(),
        )
        self._backoff, self._cap = (
            duration(backoff).total_seconds(),
            duration(backoff_cap).total_seconds(),
        )
        self._clock, self._lock = clock, threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._inherited: sqlite3.Connection | None = None
        _living.add(self)

    # -- putting

    def put(self, key: str, payload: object) -> bool:
        """Keep a call; False when this key is known already (waiting, done lately, or dead).

        Raises QueueFull, TypeError for what JSON cannot say, ValueError for an empty key.
        """
        if not key or len(key) > 512:
            raise ValueError("an idempotency key is 1 to 512 characters long")
        text = json.dumps(payload)
        if len(text) > self._max_payload:
            raise QueueFull(
                f"queue {self.name!r}: {len(text)} bytes; a call may have {self._max_payload}"
            )
        now = self._now()
        with self._transaction() as db:
            db.execute(
                "DELETE FROM job WHERE state = 'done' AND settled_at < ?", (now - self._remember,)
            )
            if db.execute("SELECT 1 FROM job WHERE key = ?", (key,)).fetchone():
                return False
            if self._count(db, "waiting") + self._count(db, "dead") >= self._max_jobs:
                raise QueueFull(
                    f"queue {self.name!r} holds {self._max_jobs} calls already; drain it"
                )
            db.execute(
                "INSERT INTO job (key, payload, put_at, due) VALUES (?, ?, ?, ?)",
                (key, text, now, now),
            )
        return True

    # -- draining

    def drain(self, handler: Callable[[Job], object], limit: int = 100) -> Drained:
        """Make up to `limit` due calls; one that fails waits longer each time, then counts as dead."""
        sums = Drained()
        for _ in range(limit):
            claimed = self._claim()
            if claimed is None:
                break
            job, lease = claimed
            try:
                handler(job)
            except Exception as error:  # noqa: BLE001 - kept with the job, tried again, counted
                sums = self._failed(job, lease, error, sums)
            else:
                sums = self._done(job, lease, sums)
            if sums.refused:
                break
        return sums

    async def drain_async(
        self, handler: Callable[[Job], Awaitable[object]], limit: int = 100
    ) -> Drained:
        """As `drain`, for a coroutine function; the file is used in a thread."""
        from asyncio import to_thread

        sums = Drained()
        for _ in range(limit):
            claimed = await to_thread(self._claim)
            if claimed is None:
                break
            job, lease = claimed
            try:
                await handler(job)
            except Exception as error:  # noqa: BLE001 - kept with the job, tried again, counted
                sums = await to_thread(self._failed, job, lease, error, sums)
            else:
                sums = await to_thread(self._done, job, lease, sums)
            if sums.refused:
                break
        return sums

    def work(
        self, handler: Callable[[Job], object], stop: threading.Event, every: str | float = "1s"
    ) -> None:
        """Drain again and again until `stop` is set; for a thread of your own."""
        while not stop.wait(duration(every).total_seconds()):
            self.drain(handler)

    def revive(self, key: str) -> bool:
        """Give a dead call another round of attempts."""
        with self._transaction() as db:
            sql = "UPDATE job SET state = 'waiting', attempts = 0, due = ? WHERE key = ? AND state = 'dead'"
            return db.execute(sql, (self._now(), key)).rowcount == 1

    # -- reading

    def depth(self) -> int:
        """Calls that wait."""
        with self._transaction() as db:
            return self._count(db, "waiting")

    def dead(self) -> tuple[tuple[str, str], ...]:
        """Keys and last errors of the calls that ran out of attempts."""
        with self._transaction() as db:
            rows = db.execute("SELECT key, error FROM job WHERE state = 'dead' ORDER BY put_at")
            return tuple((key, error) for key, error in rows)

    def oldest_age(self) -> float:
        """Seconds that the oldest waiting call has waited; 0 when none does."""
        with self._transaction() as db:
            (since,) = db.execute("SELECT min(put_at) FROM job WHERE state = 'waiting'").fetchone()
        return 0.0 if since is None else max(0.0, self._now() - since)

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
            self._db = None

    def after_fork(self) -> None:
        """The parent's connection must be neither used nor closed here, nor its lock waited for."""
        self._lock, self._inherited, self._db = threading.Lock(), self._db, None

    # -- inside

    def _claim(self) -> tuple[Job, str] | None:
        now, lease = self._now(), secrets.token_hex(8)
        with self._transaction() as db:
            terms = {"now": now, "until": now + self._lease, "lease": lease}
            row = db.execute(_CLAIM, terms).fetchone()
        if row is None:
            return None
        key, payload, attempts, put_at = row
        job = Job(
            key=key, payload=json.loads(payload), attempts=attempts, age=max(0.0, now - put_at)
        )
        return job, lease

    def _done(self, job: Job, lease: str, sums: Drained) -> Drained:
        # The key is remembered for a while, so that a caller's repetition is not made again.
        self._settle(job, lease, "state = 'done', payload = NULL, settled_at = :now", {})
        return Drained(done=sums.done + 1, failed=sums.failed, dead=sums.dead)

    def _failed(self, job: Job, lease: str, error: Exception, sums: Drained) -> Drained:
        if isinstance(error, CircuitOpen):
            due = self._now() + (error.retry_after or self._backoff)
            self._settle(job, lease, "attempts = attempts - 1, due = :due", {"due": due})
            return Drained(done=sums.done, failed=sums.failed, dead=sums.dead, refused=True)
        said = {"error": f"{type(error).__name__}: {error}"[:200]}
        if job.attempts >= self._max_attempts:
            self._settle(job, lease, "state = 'dead', settled_at = :now, error = :error", said)
            return Drained(done=sums.done, failed=sums.failed, dead=sums.dead + 1)
        wait = min(self._backoff * 2 ** min(job.attempts - 1, 40), self._cap)
        self._settle(job, lease, "due = :due, error = :error", {**said, "due": self._now() + wait})
        return Drained(done=sums.done, failed=sums.failed + 1, dead=sums.dead)

    def _settle(self, job: Job, lease: str, change: str, terms: Mapping[str, object]) -> None:
        # `change` is one of the constants above; the lease keeps a slow worker from settling for another.
        sql = f"UPDATE job SET leased_until = 0, lease = NULL, {change} WHERE key = :key AND lease = :lease"  # noqa: S608
        with self._transaction() as db:
            db.execute(sql, {**terms, "key": job.key, "lease": lease, "now": self._now()})

    @staticmethod
    def _count(db: sqlite3.Connection, state: str) -> int:
        (count,) = db.execute("SELECT count(*) FROM job WHERE state = ?", (state,)).fetchone()
        return int(count)

    def _now(self) -> float:
        return self._clock().timestamp()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            db = self._connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = _connect(self._path)
        return self._db


def _connect(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit that was answered must survive a power cut, not only the process.
        db.execute("PRAGMA synchronous = FULL")
        db.executescript(_SCHEMA)
    except BaseException:
        db.close()
        raise
    return db


_living: weakref.WeakSet[RetryQueue] = weakref.WeakSet()


def _after_fork() -> None:
    for one in list(_living):
        one.after_fork()


os.register_at_fork(after_in_child=_after_fork)

"""Group commit for SQLite: one thread writes, many works share a transaction, each in a savepoint.

SQLite rolls back the whole transaction by itself on some errors (a full disk among them), and the
savepoints with it; a loop that went on would answer "kept" for works that are gone. So the batch is
looked at again after each work and before its commit, and fails whole where the transaction is gone.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from standfast.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")
Work = Callable[["Connection"], Any]
_BATCH = 256
_WAITING = 10_000  # works that may wait; more than that is an answer of "busy"


@dataclass(frozen=True, slots=True)
class _Waiting:
    work: Work
    answer: Future[Any]


class _BatchLost(Exception):
    """The transaction of the batch is gone; none of its works was kept."""


class GroupWriter:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(writes=True)
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue()
        self._places = threading.Semaphore(_WAITING)
        self._door = threading.Lock()  # nobody comes in behind the one who closes it
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="standfast-writer", daemon=True)
        self._thread.start()

    def commit(self, work: Callable[[Connection], T], *, patience: float = 30.0) -> T:
        """Run `work` on the writer's thread; returns after the commit that holds it."""
        if threading.current_thread() is self._thread:
            raise AssertionError("a write inside a write")
        waiting = _Waiting(work, Future())
        # For a place everybody waits by themselves: at the door one would wait for the other's patience.
        if not self._places.acquire(timeout=patience):
            raise StoreError("the database is too busy to take more", fix="try again shortly")
        with self._door:
            if self._closed:
                self._places.release()
                raise StoreError("the database is closed")
            self._waiting.put(waiting)
        result: T = waiting.answer.result()
        return result

    def close(self) -> None:
        """Finish what waits, then stop."""
        with self._door:
            if self._closed:
                return
            self._closed = True
            self._waiting.put(None)
        self._thread.join()
        self._places.release(_WAITING)  # whoever waits for one waits no longer, and is refused

    def _run(self) -> None:
        while (batch := self._batch()) is not None:
            self._commit(batch)

    def _batch(self) -> list[_Waiting] | None:
        first = self._waiting.get()
        if first is None:
            return None
        self._places.release()
        batch = [first]
        while len(batch) < _BATCH:
            try:
                more = self._waiting.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._waiting.put(None)
                break
            self._places.release()
            batch.append(more)
        return batch

    def _commit(self, batch: list[_Waiting]) -> None:
        done: list[tuple[_Waiting, Any]] = []
        failed: list[tuple[_Waiting, BaseException]] = []
        try:
            with self._engine.connect() as connection, connection.begin():
                for waiting in batch:
                    _try(connection, waiting, done, failed)
                _still_open(connection)
        except BaseException as error:  # noqa: BLE001 - each caller gets it; the thread must live on
            cause = error.__cause__ if isinstance(error, _BatchLost) and error.__cause__ else error
            gone = {id(waiting) for waiting, _ in failed}
            failed += [(waiting, cause) for waiting in batch if id(waiting) not in gone]
            done = []
        for waiting, result in done:
            waiting.answer.set_result(result)
        for waiting, reason in failed:
            waiting.answer.set_exception(reason)


def _try(
    connection: Connection,
    waiting: _Waiting,
    done: list[tuple[_Waiting, Any]],
    failed: list[tuple[_Waiting, BaseException]],
) -> None:
    savepoint = connection.begin_nested()
    try:
        result = waiting.work(connection)
    except BaseException as error:
        if not _in_transaction(connection):
            raise _BatchLost from error
        savepoint.rollback()
        failed.append((waiting, error))
    else:
        _still_open(connection)
        savepoint.commit()
        done.append((waiting, result))


def _still_open(connection: Connection) -> None:
    if not _in_transaction(connection):
        raise _BatchLost from StoreError("the database rolled the transaction back")


def _in_transaction(connection: Connection) -> bool:
    raw = connection.connection.driver_connection
    return bool(raw is not None and raw.in_transaction)

"""The one module that owns writing.

Everything that is written goes through `Database.write` or `Database.keep`. On SQLite one thread
writes, commits works in groups, and answers each caller after the commit; on PostgreSQL each
work is a transaction of its own, repeated where the database asks for it.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from standfast.errors import StandfastError, StoreError
from standfast.store.group import GroupWriter
from standfast.store.tx import Tx
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy import Engine
    from sqlalchemy.engine import URL

    from standfast.audit.event import Event
    from standfast.engine.ports import Change

T = TypeVar("T")
_SERIALIZATION_FAILURE, _DEADLOCK = "40001", "40P01"
_TRIES = 8
_LATELY = timedelta(seconds=15)


class Append(Protocol):
    """Appends a work's events to the log of the system, inside the work's own transaction."""

    def __call__(self, tx: Tx, events: tuple[Event, ...]) -> None: ...


class Database:
    """SQLite or PostgreSQL behind `engine.ports.Store`."""

    def __init__(self, url: str, *, append: Append, clock: Clock = utc_now) -> None:
        self.url = make_url(url)
        self._append, self._clock = append, clock
        self.engine = _sqlite(self.url) if self._is_sqlite else _postgresql(self.url)
        # One consistent picture: SQLite gives it to every reader, PostgreSQL to those who ask.
        picture = (
            {}
            if self._is_sqlite
            else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        self._reader = self.engine.execution_options(**picture)
        self._writer = GroupWriter(self.engine) if self._is_sqlite else None
        self._refused: tuple[datetime, str] | None = None

    @property
    def _is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def write(self, work: Callable[[Tx], Change[T]]) -> T:
        def audited(connection: Connection) -> T:
            tx = Tx(connection, self._clock)
            before = connection.info.get("changed", 0)
            change = work(tx)
            if not change.events and connection.info.get("changed", 0) != before:
                raise AssertionError(
                    "a change of state without an event: use `keep` or say what happened"
                )
            if change.events:
                self._append(tx, change.events)  # last, so that the log's head is locked briefly
            return change.result

        return self._commit(audited)

    def keep(self, work: Callable[[Tx], T]) -> T:
        return self._commit(lambda connection: work(Tx(connection, self._clock)))

    def read(self, work: Callable[[Tx], T]) -> T:
        with translated(), self._reader.connect() as connection, connection.begin():
            return work(Tx(connection, self._clock))

    def refusal(self) -> str:
        """Why a write was not taken lately (a full disk, no connection); empty where all were.

        Lately, not lastly: on a disk that is nearly full small writes go on while big ones fail.
        """
        if self._refused is None or self._clock() - self._refused[0] > _LATELY:
            return ""
        return self._refused[1]

    def close(self) -> None:
        if self._writer:
            self._writer.close()
        self.engine.dispose()

    def _commit(self, work: Callable[[Connection], T]) -> T:
        with translated():
            try:
                return self._writer.commit(work) if self._writer else self._repeat(work)
            except (OperationalError, sqlite3.OperationalError) as error:
                self._refused = (self._clock(), _said(error))
                raise

    def _repeat(self, work: Callable[[Connection], T]) -> T:
        for left in reversed(range(_TRIES)):
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except OperationalError as error:
                if not left or _sqlstate(error) not in {_SERIALIZATION_FAILURE, _DEADLOCK}:
                    raise
        raise AssertionError("unreachable")


@contextmanager
def translated() -> Iterator[None]:
    """Turns what the engine complains of into one sentence of ours; nothing was accepted."""
    try:
        yield
    except StandfastError:
        raise
    except (SQLAlchemyError, sqlite3.Error) as error:  # the second while a connection is set up
        cause = _said(error)
        raise StoreError(f"the database did not take it: {cause}", fix=_mend(cause)) from error


def _said(error: Exception) -> str:
    return str(error.orig if isinstance(error, DBAPIError) else error).strip()


def _mend(cause: str) -> str:
    if "full" in cause or "No space" in cause:
        return "free space on the volume of the database; nothing was accepted meanwhile"
    if "disk I/O" in cause:  # among others: no room for the small file that readers share
        return "see whether the volume of the database is full, or failing"
    if "unable to open" in cause:
        return "let this user write to the folder of the database, or give another --database"
    if "not a database" in cause:
        return "give another --database: this file is something else"
    if "locked" in cause:
        return "another program holds the database; stop it, or use PostgreSQL for several servers"
    return "see `standfast doctor`"


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 10})

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: object) -> None:
        connection.isolation_level = (
            None  # we say BEGIN ourselves; the driver's way begins DEFERRED
        )
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",  # or INSERT OR REPLACE slips past the triggers of the log
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    _count_changes(engine)
    return engine


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            "prepare_threshold": None,
            "connect_timeout": 10,
        },  # pgbouncer keeps no statements
    )
    _count_changes(engine)
    return engine


def _count_changes(engine: Engine) -> None:
    @event.listens_for(engine, "after_cursor_execute")
    def count(
        connection: Connection,
        cursor: Any,
        _s: str,
        _p: object,
        context: Any,
        _m: bool,
    ) -> None:
        if context.isinsert or context.isupdate or context.isdelete:
            connection.info["changed"] = connection.info.get("changed", 0) + max(cursor.rowcount, 0)

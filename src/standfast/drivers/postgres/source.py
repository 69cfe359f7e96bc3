"""The server that is backed up: its facts, its slot, its canaries, and marks of its content.

Everything here ends by a wall-clock deadline of our own: a commit that waits for a synchronous standby is
not bounded by `statement_timeout`, so canaries commit locally and a timer cuts the connection.
"""

from __future__ import annotations

import re
import socket
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from standfast.errors import SourceError
from standfast.recovery.catalogue import Canary, TableFacts
from standfast.recovery.wal import parse_lsn

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEADLINE = 15.0  # seconds for a short talk
_COUNTING = 30.0  # seconds for a mark, all of it
_DATABASES, _TABLES = 32, 500  # more than that is left uncounted, and said
_CANARIES_KEPT = "7 days"

# The same text of the same row on both servers, whatever their settings are.
_PLAIN = (
    "SET synchronous_commit = local",
    "SET statement_timeout = '10s'",
    "SET lock_timeout = '250ms'",
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'iso_8601'",
    "SET extra_float_digits = 1",
    "SET bytea_output = 'hex'",
    "SET search_path = pg_catalog",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    major: int
    system_identifier: str
    timeline: int
    segment_size: int
    summarizes_wal: bool
    tablespaces: tuple[str, ...]
    synchronous_names: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The content at the position of a restore point."""

    lsn: int
    canary: Canary
    tables: dict[str, TableFacts]
    uncounted: tuple[str, ...]


class Source:
    """A PostgreSQL server by its connection string, which is never shown."""

    def __init__(self, dsn: str) -> None:
        try:
            self._parts: dict[str, Any] = conninfo_to_dict(dsn)
        except psycopg.Error as error:
            raise SourceError(
                "the connection string cannot be read", fix="postgresql://user@host:port/database"
            ) from error

    @property
    def user(self) -> str:
        return str(self._parts.get("user") or "postgres")

    @property
    def database(self) -> str:
        return str(self._parts.get("dbname") or self.user)

    @property
    def password(self) -> dict[str, str]:
        """For the environment of a program: arguments can be read by everybody on the machine."""
        secret = self._parts.get("password")
        return {"PGPASSWORD": str(secret)} if secret else {}

    def conninfo(self, **extra: str) -> str:
        """Without the password, for an argument list."""
        parts = {name: value for name, value in self._parts.items() if name != "password"}
        return make_conninfo(**{**parts, **extra})

    @contextmanager
    def talk(self, database: str | None = None, deadline: float = _DEADLINE) -> Iterator[Any]:
        parts = {**self._parts, "application_name": "standfast", "connect_timeout": "5"}
        with connected({**parts, "dbname": database or self.database}, deadline) as connection:
            yield connection

    def facts(self) -> Facts:
        with self.talk() as db:
            number = int(_one(db, "SHOW server_version_num"))
            summarizes = number >= 170000 and _one(db, "SHOW summarize_wal") == "on"
            return Facts(
                major=number // 10000,
                system_identifier=str(
                    _one(db, "SELECT system_identifier FROM pg_control_system()")
                ),
                timeline=int(_one(db, "SELECT timeline_id FROM pg_control_checkpoint()")),
                segment_size=int(_one(db, _SEGMENT_SIZE)),
                summarizes_wal=summarizes,
                tablespaces=tuple(row[0] for row in db.execute(_TABLESPACES)),
                synchronous_names=str(_one(db, "SHOW synchronous_standby_names")),
            )

    # ------------------------------------------------------------------ the slot

    def slot(self, name: str) -> tuple[bool, str] | None:
        """(active, wal_status), or None where there is no such slot."""
        query = (
            "SELECT active, coalesce(wal_status, '') FROM pg_replication_slots WHERE slot_name = %s"
        )
        with self.talk() as db:
            row = db.execute(query, [name]).fetchone()
            return (bool(row[0]), str(row[1])) if row else None

    def make_slot(self, name: str) -> None:
        with self.talk() as db:
            db.execute("SELECT pg_create_physical_replication_slot(%s, true)", [name])

    def drop_slot(self, name: str) -> None:
        with self.talk() as db:
            db.execute(_DROP_SLOT, [name])

    def is_synchronous(self, application: str) -> bool:
        """Do commits wait for the receiver of that name right now?"""
        query = "SELECT sync_state IN ('sync', 'quorum') FROM pg_stat_replication WHERE application_name = %s"
        with self.talk() as db:
            return any(row[0] for row in db.execute(query, [application]))

    # ------------------------------------------------------------------ canaries and marks

    def beat(self) -> Canary:
        with self.talk() as db:
            return _beat(db)

    def count(self, restore_point: str, bound: int) -> Counted:
        """Write a canary, hold the small tables still, sum them up, name the position, and close the segment.

        SHARE locks keep writers out for the milliseconds that the counting takes; a table that cannot be
        had within a quarter of a second is left uncounted rather than waited for.
        """
        with ExitStack() as stack:
            home = stack.enter_context(self.talk(deadline=_COUNTING))
            beat = _beat(home)
            databases = [str(row[0]) for row in home.execute(_ALL_DATABASES)][:_DATABASES]
            open_ = {
                name: stack.enter_context(self.talk(name, _COUNTING))
                for name in databases
                if name != self.database
            } | {self.database: home}
            home.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            home.execute("LOCK TABLE standfast_canary.beat IN SHARE MODE")
            newest = newest_canary(home) or beat
            tables: dict[str, TableFacts] = {}
            uncounted: list[str] = []
            for name, db in open_.items():
                if db is not home:
                    db.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
                _count_database(db, name, bound, tables, uncounted)
            lsn = parse_lsn(str(_one(home, "SELECT pg_create_restore_point(%s)", restore_point)))
            for db in open_.values():
                db.execute("ROLLBACK")
            home.execute("SELECT pg_switch_wal()")
        return Counted(lsn=lsn, canary=newest, tables=tables, uncounted=tuple(uncounted))


@contextmanager
def connected(parts: dict[str, Any], deadline: float) -> Iterator[Any]:
    """A connection in plain settings that is cut when its time is over, whatever it waits for."""
    try:
        connection = psycopg.connect(
            make_conninfo(**parts), autocommit=True, prepare_threshold=None
        )
    except psycopg.Error as error:
        raise SourceError(
            f"PostgreSQL does not answer: {_first_line(error)}", where=_where(parts)
        ) from error
    cut = threading.Timer(deadline, _cut, [connection])
    cut.daemon = True
    cut.start()
    try:
        with connection:
            for setting in _PLAIN:
                connection.execute(setting.encode())
            yield connection
    except psycopg.Error as error:
        raise SourceError(
            f"PostgreSQL did not do it: {_first_line(error)}", where=_where(parts)
        ) from error
    finally:
        cut.cancel()


def _cut(connection: psycopg.Connection[Any]) -> None:
    try:
        with socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as raw:
            raw.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg.Error):
        return  # it has ended by itself meanwhile


def content(db: Any, database: str, wanted: set[str]) -> dict[str, TableFacts]:
    """The same sums in a restored server, of the tables that the mark counted."""
    found: dict[str, TableFacts] = {}
    for schema, table, _size in db.execute(_TABLE_NAMES).fetchall():
        if (name := f"{database}.{schema}.{table}") in wanted:
            found[name] = _sum(db, schema, table)
    return found


def newest_canary(db: Any) -> Canary | None:
    """The newest canary row; None where the schema is not there at all."""
    if _one(db, "SELECT to_regclass('standfast_canary.beat')") is None:
        return None
    row = db.execute(
        "SELECT sequence, at FROM standfast_canary.beat ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return Canary(sequence=int(row[0]), at=row[1].astimezone(UTC)) if row else None


def databases(db: Any) -> list[str]:
    return [str(row[0]) for row in db.execute(_ALL_DATABASES)]


def _beat(db: Any) -> Canary:
    if _one(db, "SELECT to_regclass('standfast_canary.beat')") is None:
        for statement in _CANARY_SCHEMA:
            db.execute(statement)
    db.execute(_FORGET_CANARIES)
    row = db.execute(
        "INSERT INTO standfast_canary.beat DEFAULT VALUES RETURNING sequence, at"
    ).fetchone()
    return Canary(sequence=int(row[0]), at=row[1].astimezone(UTC))


def _count_database(
    db: Any, database: str, bound: int, tables: dict[str, TableFacts], uncounted: list[str]
) -> None:
    rows = db.execute(_TABLE_NAMES).fetchall()
    for index, (schema, table, size) in enumerate(rows):
        name = f"{database}.{schema}.{table}"
        if size > bound or index >= _TABLES:
            uncounted.append(name)
            continue
        db.execute("SAVEPOINT one")
        try:
            db.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(sql.Identifier(schema, table)))
            tables[name] = _sum(db, schema, table)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.InsufficientPrivilege,
                psycopg.errors.QueryCanceled, psycopg.errors.DeadlockDetected,
                psycopg.errors.UndefinedTable):  # fmt: skip
            db.execute("ROLLBACK TO SAVEPOINT one")
            uncounted.append(name)


def _sum(db: Any, schema: str, table: str) -> TableFacts:
    query = sql.SQL(
        "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {} AS t"
    )
    row = db.execute(query.format(sql.Identifier(schema, table))).fetchone()
    return TableFacts(rows=int(row[0]), digest=str(row[1]))


def _one(db: Any, query: str, *values: object) -> Any:
    row = db.execute(query, values or None).fetchone()
    return row[0] if row else None


def _first_line(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error)).strip()[:300] or type(error).__name__


def _where(parts: dict[str, Any]) -> str:
    return f"{parts.get('host') or 'local'}:{parts.get('port') or 5432}"


_SEGMENT_SIZE = "SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'"
_TABLESPACES = "SELECT spcname FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')"
_DROP_SLOT = (
    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s"
)
_ALL_DATABASES = (
    "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
)
# Unlogged tables come back empty by design; the canaries are compared by themselves.
_TABLE_NAMES = """
    SELECT n.nspname, c.relname, pg_table_size(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname <> 'standfast_canary'
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    ORDER BY 1, 2"""
_CANARY_SCHEMA = (
    "CREATE SCHEMA IF NOT EXISTS standfast_canary",
    """CREATE TABLE IF NOT EXISTS standfast_canary.beat (
        sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT clock_timestamp())""",
)
_FORGET_CANARIES = (
    f"DELETE FROM standfast_canary.beat WHERE at < clock_timestamp() - interval '{_CANARIES_KEPT}'"  # noqa: S608 - a constant of ours
)

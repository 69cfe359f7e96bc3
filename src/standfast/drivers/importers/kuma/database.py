"""Uptime Kuma's SQLite database, read and never written: its rows as trees whose lines are their ids.

Nothing of a column that may hold a secret leaves the database but whether there is something in it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from standfast.errors import StandfastError
from standfast.spec.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_ROWS = 10_000  # of one table
_LARGEST = 1_000_000  # bytes of one value
_STEPS = 100_000  # of SQLite's machine, between two looks at whether it is enough
_MOST_STEPS = 2_000  # looks
_LONGEST = 20_000  # signs of a value
PLAIN = {
    "monitor": (
        "id", "name", "active", "interval", "url", "type", "hostname", "port", "keyword", "invert_keyword",
        "maxretries", "retry_interval", "ignore_tls", "upside_down", "maxredirects", "timeout",
        "accepted_statuscodes_json", "dns_resolve_type", "dns_resolve_server", "method", "docker_container",
        "expiry_notification", "json_path", "json_path_operator", "expected_value", "parent", "grpc_url",
        "proxy_id", "auth_method", "conditions", "smtp_security",
    ),
    "maintenance": ("id", "title", "active", "strategy", "start_date", "end_date", "start_time", "end_time",
                    "weekdays", "cron", "timezone"),
    "status_page": ("id", "title", "slug"),
    "group": ("id", "name", "status_page_id"),
    "tag": ("id", "name"),
    "monitor_notification": ("id", "monitor_id", "notification_id"),
    "monitor_maintenance": ("id", "monitor_id", "maintenance_id"),
}  # fmt: skip
# Of these it is told whether they are empty.
HIDDEN = {
    "monitor": (
        "body", "headers", "basic_auth_user", "basic_auth_pass", "push_token", "database_connection_string",
        "bearer_token", "oauth_client_secret", "tls_key",
    ),
}  # fmt: skip
# Of the JSON of a channel nothing but what kind it is.
_ASKED = {
    "notification": "SELECT id, name, active, CASE WHEN json_valid(config)"
    " THEN json_extract(config, '$.type') END AS type FROM notification",
    "setting": "SELECT id, key, value FROM setting WHERE key = 'tlsExpiryNotifyDays'",
}  # fmt: skip
_MARKS = frozenset({"id", "name", "type", "interval", "accepted_statuscodes_json"})


def is_kuma(path: Path) -> bool:
    """Has it Uptime Kuma's table of monitors? What cannot be read is told when it is read, by its name."""
    try:
        with closing(_opened(path)) as connection:
            return _columns(connection, "monitor") >= _MARKS
    except sqlite3.Error:
        return False


def tables(path: Path, told: str) -> dict[str, list[Node]]:
    """Every row of the tables that matter; raises StandfastError where it cannot be read."""
    waiting = Path(f"{path}-wal")
    if waiting.exists() and waiting.stat().st_size:
        raise StandfastError(
            f"Uptime Kuma has it open, and what it last wrote waits in {waiting.name}",
            where=told,
            fix=f"stop Uptime Kuma, or import a copy: sqlite3 {path.name} '.backup copy.db'",
        )
    try:
        with closing(_opened(path)) as connection:
            return {table: list(_rows(connection, table, told)) for table in (*PLAIN, *_ASKED)}
    except sqlite3.Error as error:
        raise StandfastError(
            f"cannot be read as Uptime Kuma's database: {error}",
            where=told,
            fix="check it by `sqlite3 FILE 'PRAGMA integrity_check'`, or take it from a backup",
        ) from error


def _opened(path: Path) -> sqlite3.Connection:
    """Immutable: no lock is taken and no file is made beside it."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    looks = iter(range(_MOST_STEPS))
    connection.set_progress_handler(lambda: next(looks, None) is None, _STEPS)
    # A view or trigger of somebody else's runs no function that could do harm.
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {str(row[1]) for row in connection.execute(f'PRAGMA table_info("{table}")')}


def _rows(connection: sqlite3.Connection, table: str, told: str) -> Iterator[Node]:
    known = _columns(connection, table)
    if not known:
        return
    asked = _ASKED.get(table) or _asked(table, known)
    cursor = connection.execute(f"{asked} ORDER BY id LIMIT {MOST_ROWS}")
    names = [str(one[0]) for one in cursor.description]
    for row in cursor:
        yield _tree(f"{told}#{table}", dict(zip(names, row, strict=True)))


def _asked(table: str, known: set[str]) -> str:
    plain = [f'"{one}"' for one in PLAIN[table] if one in known]
    hidden = [
        f"(\"{one}\" IS NOT NULL AND \"{one}\" NOT IN ('', '{{}}', 'null')) AS \"{one}\""
        for one in HIDDEN.get(table, ())
        if one in known
    ]
    return f'SELECT {", ".join([*plain, *hidden])} FROM "{table}"'  # noqa: S608 - names of our own


def _tree(file: str, row: dict[str, object]) -> Node:
    number = row.get("id")
    line = number if isinstance(number, int) else 0
    entries = {}
    for key, value in row.items():
        if isinstance(value, str | int | float):
            said = value[:_LONGEST] if isinstance(value, str) else value
            entries[key] = (Node(file, line, 1), Node(file, line, 1, scalar=said))
    return Node(file, line, 1, entries=entries)

"""A log with its database, keys and anchor, for the tests of the audit room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text

from standfast.audit.event import Actor, Event, Target
from standfast.audit.keys import Keys
from standfast.drivers.anchor_file import AnchorFile
from standfast.engine.ports import Change
from standfast.engine.record import Ledger, Record
from standfast.store.audit_tables import REFUSED
from standfast.store.columns import metadata
from standfast.store.database import Database

if TYPE_CHECKING:
    from pathlib import Path

KEYS = Keys(name="standfast.test/log", seed=bytes(range(32)), secret=b"s" * 32)
DEE = Actor(type="user", id="dee@example.com", ip_address="192.0.2.7")
SEEN = Event(
    type="page.acknowledged",
    category="operations",
    actor=DEE,
    description="Dee took the page",
    target=Target(type="page", id="p1"),
)


def sign_in(number: int = 1, **told: Any) -> dict[str, Any]:
    """An event as an application sends it."""
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "timestamp": "2026-11-20T11:59:00Z",
        "actor": {"type": "user", "id": "sam", "ip_address": "198.51.100.4"},
        "action": {
            "type": "user.login",
            "category": "authentication",
            "description": "Sam came in",
        },
        "outcome": {"status": "success"},
        "context": {"device": "phone"},
        "counter": number,
    } | told


@dataclass
class Log:
    url: str
    database: Database
    record: Record
    anchor: AnchorFile
    clock: Any

    def write(self, count: int, event: Event = SEEN) -> None:
        self.database.write(lambda tx: Change(None, (event,) * count))

    def checkpoint(self) -> int:
        return self.record.checkpoint(self.clock())

    def kinds(self) -> set[tuple[str, int | None]]:
        return {(found.kind, found.seq) for found in self.record.verify().findings}

    def tamper(self, *statements: str, **values: Any) -> None:
        """As somebody who owns the database: the triggers are gone first."""
        with create_engine(self.url).begin() as connection:
            for table in REFUSED:
                for deed in REFUSED[table]:
                    trigger = f"{table.name}_no_{deed.lower()}"
                    on = "" if connection.dialect.name == "sqlite" else f" ON {table.name}"
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}{on}"))
            for statement in statements:
                connection.execute(text(statement), values if ":" in statement else {})
        connection.engine.dispose()


def open_log(url: str, folder: Path, clock: Any, keys: Keys = KEYS) -> Log:
    ledger = Ledger(keys, clock=clock)
    database = Database(url, append=ledger.append, clock=clock)
    metadata.create_all(database.engine.execution_options(writes=True))
    anchor = AnchorFile(folder / "anchor" / "checkpoints")
    record = Record(database, ledger, anchors=[anchor], clock=clock)
    return Log(url, database, record, anchor, clock)

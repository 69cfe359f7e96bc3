from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from standfast.audit.event import Actor, Event, Target
from standfast.audit.keys import Keys
from standfast.engine.ports import Change
from standfast.engine.record import Ledger
from standfast.store import audit_tables as audit
from standfast.store.columns import metadata
from standfast.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = Keys(name="standfast.test/log", seed=bytes(range(32)), secret=b"s" * 32)
DEE = Actor(type="user", id="dee@example.com", ip_address="192.0.2.7")


@pytest.fixture
def audited(database_url, clock) -> Iterator[Database]:
    database = Database(database_url, append=Ledger(KEYS, clock=clock).append, clock=clock)
    metadata.create_all(database.engine.execution_options(writes=True))
    yield database
    database.close()


def test_events_are_numbered_without_holes_over_many_writes(audited: Database) -> None:
    said = Event(
        type="page.acknowledged",
        category="operations",
        actor=DEE,
        target=Target(type="page", id="p1"),
    )
    for size in (1, 300, 2, 700):
        audited.write(lambda tx, size=size: Change(None, (said,) * size))

    with audited.engine.connect() as connection:
        seqs = [row.seq for row in connection.execute(audit.records.select().order_by("seq"))]
        head = connection.execute(audit.heads.select()).one()
        nodes = connection.execute(audit.nodes.select()).all()
    assert seqs == list(range(1003))
    assert head.size == 1003
    assert len(nodes) == 3

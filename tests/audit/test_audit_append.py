from __future__ import annotations

import pytest
from audit_log import DEE, SEEN, Log
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from standfast.audit.event import Event, Target
from standfast.audit.query import Query
from standfast.store.audit_tables import heads, nodes, records


def test_events_are_numbered_without_holes_over_many_writes(audited: Log) -> None:
    for size in (1, 300, 2, 700):
        audited.write(size)

    with audited.database.engine.connect() as connection:
        seqs = [row.seq for row in connection.execute(records.select().order_by("seq"))]
        assert connection.execute(heads.select()).one().size == 1003
        assert len(connection.execute(nodes.select()).all()) == 3
    assert seqs == list(range(1003))
    assert audited.record.verify().clean


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET status = 'failure' WHERE seq = 1",
        "DELETE FROM audit_records WHERE seq = 1",
        "UPDATE audit_payloads SET nonce = sealed",
        "DELETE FROM audit_payloads",
        "DELETE FROM audit_nodes",
        "UPDATE audit_checkpoints SET size = 1",
    ],
)
def test_the_tables_refuse_to_be_changed(audited: Log, statement: str) -> None:
    audited.write(300)
    audited.checkpoint()

    with (
        pytest.raises(DBAPIError, match="only grows"),
        audited.database.engine.begin() as connection,
    ):
        connection.execute(text(statement))


def test_a_row_is_not_replaced_behind_the_triggers_on_sqlite(small: Log) -> None:
    small.write(3)

    with (
        pytest.raises(DBAPIError, match="only grows"),
        small.database.engine.begin() as connection,
    ):
        connection.execute(text("INSERT OR REPLACE INTO audit_records SELECT * FROM audit_records"))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has no TRUNCATE
def test_postgresql_refuses_truncate_even_to_a_superuser_that_replays_as_a_replica(
    audited: Log,
) -> None:
    audited.write(3)

    with (
        pytest.raises(DBAPIError, match="only grows"),
        audited.database.engine.begin() as connection,
    ):
        connection.execute(text("SET session_replication_role = replica; TRUNCATE audit_records"))


def test_names_and_addresses_stand_nowhere_in_the_database_in_clear(small: Log, tmp_path) -> None:
    quill = Target(type="user", id="Mx Quill")
    small.write(1, Event(type="user.erased", category="data", actor=DEE, target=quill,
                         reason="asked for it by letter"))  # fmt: skip
    small.database.close()

    written = b"".join(path.read_bytes() for path in tmp_path.glob("standfast.db*"))
    assert b"user.erased" in written
    for secret in (b"dee@example", b"192.0.2.7", b"Quill", b"letter"):
        assert secret not in written


def test_text_that_neither_json_nor_postgresql_can_carry_does_not_fail_the_write(
    audited: Log,
) -> None:
    odd = Event(type="alert.received", category="operations", target=Target(type="alert", id="a\x00b\ud800"),
                description="half a sign: \ud800")  # fmt: skip
    audited.write(1, odd)

    found = audited.record.search(Query(), DEE).entries[0].event
    assert found.description == "half a sign: ?"
    assert found.target == Target(type="alert", id="a\x00b?")
    assert audited.record.verify().clean


def test_a_head_that_was_moved_does_not_stop_the_log_but_stays_on_record(audited: Log) -> None:
    audited.write(3)
    audited.tamper("UPDATE audit_heads SET seal = :seal", seal=b"x" * 32)

    audited.write(1, SEEN)

    assert audited.kinds() == {("head", 3)}

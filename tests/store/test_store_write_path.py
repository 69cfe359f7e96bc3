from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, func, insert, select, text, update

from standfast.audit.event import Event
from standfast.engine.ports import Change
from standfast.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from conftest import FakeClock
    from standfast.store.database import Database
    from standfast.store.tx import Tx

tables = MetaData()
counters = Table(
    "counters",
    tables,
    Column("name", Text, primary_key=True),
    Column("value", Integer, nullable=False),
)
SAID = Event(type="counter.raised", category="operations")


@pytest.fixture
def counting(database: Database) -> Database:
    tables.create_all(database.engine.execution_options(writes=True))
    database.keep(lambda tx: _of(tx).execute(insert(counters).values(name="hits", value=0)))
    return database


def _of(tx: Tx) -> Connection:
    return tx._connection


def _raise(tx: Tx) -> None:
    value = _of(tx).execute(select(counters.c.value).with_for_update()).scalar_one()
    _of(tx).execute(update(counters).values(value=value + 1))


def _add(tx: Tx, **row: object) -> None:
    _of(tx).execute(insert(counters).values(**row))


def _value(tx: Tx) -> int:
    return int(_of(tx).execute(select(func.max(counters.c.value))).scalar_one())


def test_no_update_is_lost_between_threads_that_read_and_then_write(counting: Database) -> None:
    def work() -> None:
        for _ in range(25):
            counting.keep(_raise)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counting.read(_value) == 200


def test_a_change_of_rows_without_an_event_is_refused_and_undone(counting: Database) -> None:
    def silent(tx: Tx) -> Change[None]:
        _raise(tx)
        return Change(None)

    with pytest.raises(AssertionError, match="without an event"):
        counting.write(silent)

    assert counting.read(_value) == 0


def test_a_change_and_its_events_are_kept_together(counting: Database, log) -> None:
    counting.write(lambda tx: Change(_raise(tx), (SAID,)))

    assert counting.read(_value) == 1
    assert log.types == ["counter.raised"]


def test_a_work_that_fails_takes_nobody_of_its_batch_with_it(counting: Database) -> None:
    gate = threading.Event()

    def slow(tx: Tx) -> None:
        gate.wait(60)

    def bad(tx: Tx) -> None:
        _raise(tx)
        raise ValueError("changed my mind")

    results: list[object] = []

    def attempt(work) -> None:
        try:
            results.append(counting.keep(work))
        except ValueError as error:
            results.append(error)

    threads = [
        threading.Thread(target=attempt, args=(work,)) for work in (slow, _raise, bad, _raise)
    ]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()

    assert counting.read(_value) == 2
    assert sum(isinstance(result, ValueError) for result in results) == 1


def test_a_reader_cannot_change_anything_on_sqlite_while_a_writer_works(sqlite: Database) -> None:
    def nested(tx: Tx) -> None:
        sqlite.keep(lambda _: None)

    with pytest.raises(AssertionError, match="write inside a write"):
        sqlite.keep(nested)


def test_a_full_database_answers_with_one_sentence_and_keeps_what_it_had(
    sqlite: Database, clock: FakeClock
) -> None:
    tables.create_all(sqlite.engine.execution_options(writes=True))
    pages = sqlite.read(lambda tx: _of(tx).execute(text("PRAGMA page_count")).scalar_one())
    sqlite.keep(
        lambda tx: _of(tx).execute(text(f"PRAGMA max_page_count={pages + 60}")).scalar_one()
    )
    kept = 0

    def fill() -> None:
        nonlocal kept
        while kept < 100:
            sqlite.keep(partial(_add, name=f"{kept}" + "x" * 50_000, value=kept))
            kept += 1

    with pytest.raises(StoreError, match="full") as caught:
        fill()

    count = select(func.count()).select_from(counters)
    assert "free space" in caught.value.fix
    assert 0 < sqlite.read(lambda tx: _of(tx).execute(count).scalar_one()) == kept
    assert "full" in sqlite.refusal()
    clock.pass_by(seconds=16)
    assert sqlite.refusal() == ""


def test_a_work_that_comes_while_the_database_is_closed_is_done_or_refused_and_never_left_waiting(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = sqlite._writer
    assert writer
    closing, put = threading.Thread(target=sqlite.close), writer._waiting.put

    def slow(one: object, **terms: float) -> None:
        if one is not None:
            closing.start()
            closing.join(0.2)  # it may not be through yet: this work has passed the door before it
        put(one, **terms)

    monkeypatch.setattr(writer._waiting, "put", slow)
    done: list[str] = []
    work = threading.Thread(target=lambda: done.append(sqlite.keep(lambda tx: "done")), daemon=True)
    work.start()
    work.join(60)
    assert done == ["done"]
    closing.join(60)
    assert not closing.is_alive()


def test_closing_finishes_what_waits_and_then_refuses(sqlite: Database) -> None:
    sqlite.close()

    with pytest.raises(StoreError, match="closed"):
        sqlite.keep(lambda tx: None)

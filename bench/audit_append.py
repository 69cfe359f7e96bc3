"""What tamper evidence costs: `uv run python bench/audit_append.py [events]`.

Appends events in batches of 1,000 through the log, then inserts the very same rows into the same tables with
nothing around them, each batch durable. Prints both rates, their ratio, and the rate of a full verification.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from postgres_server import postgres_server
from standfast.audit.event import Actor, Event, FieldChange, Target
from standfast.audit.keys import Keys
from standfast.engine.ports import Change
from standfast.engine.record import Ledger, Record
from standfast.store.audit_tables import payloads, records
from standfast.store.columns import metadata
from standfast.store.database import Database

BATCH, ROUNDS = 1_000, 2
KEYS = Keys(name="bench/log", seed=os.urandom(32), secret=os.urandom(32))


def events(start: int) -> tuple[Event, ...]:
    return tuple(
        Event(
            type="order.updated", category="data", description="The address of an order was changed",
            actor=Actor(type="user", id=f"user-{number % 50}", ip_address="198.51.100.4"),
            target=Target(type="order", id=f"order-{number}"),
            changes=(FieldChange(field="city", old_value="Bonn", new_value="Kiel"),),
            context={"request": f"{number:032x}"},
        )
        for number in range(start, start + BATCH)
    )  # fmt: skip


@contextmanager
def opened(url: str):
    database = Database(url, append=Ledger(KEYS).append)
    metadata.create_all(database.engine.execution_options(writes=True))
    yield database
    database.close()


def append(url: str, count: int) -> tuple[float, float, dict[str, list[tuple]]]:
    """Events a second of appending and of verifying, and the rows that came of it."""
    with opened(url) as database:
        told = [events(start) for start in range(0, count, BATCH)]
        start = time.perf_counter()
        for batch in told:
            database.write(lambda tx, batch=batch: Change(None, batch))
        appended = count / (time.perf_counter() - start)
        start = time.perf_counter()
        assert Record(database, Ledger(KEYS)).verify().clean
        verified = count / (time.perf_counter() - start)
        with database.engine.connect() as connection:
            kept = {
                table.name: [
                    tuple(row) for row in connection.execute(table.select().order_by("seq"))
                ]
                for table in (records, payloads)
            }
    return appended, verified, kept


def bare(url: str, kept: dict[str, list[tuple]]) -> float:
    with opened(url) as database:
        mark = "?" if url.startswith("sqlite") else "%s"
        count = len(kept["audit_records"])

        def insert(tx, start: int) -> None:
            for name, values in kept.items():
                marks = ", ".join([mark] * len(values[0]))
                tx._connection.exec_driver_sql(
                    f"INSERT INTO {name} VALUES ({marks})", values[start : start + BATCH]
                )

        began = time.perf_counter()
        for start in range(0, count, BATCH):
            database.keep(lambda tx, start=start: insert(tx, start))
        return count / (time.perf_counter() - began)


def measured(fresh, count: int) -> tuple[float, float, float]:
    """Events a second of appending, of bare inserts and of verifying: medians over rounds that take turns."""
    seen = []
    for _ in range(ROUNDS):
        appended, verified, told = append(fresh(), count)
        seen.append((appended, bare(fresh(), told), verified))
    appended, raw, verified = (median(each) for each in zip(*seen, strict=True))
    return appended, raw, verified


@contextmanager
def engines():
    """(name, a function that makes an empty database and answers its URL), one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        names = iter(range(100))
        with postgres_server() as server, opened(server.url()) as admin:

            def fresh() -> str:
                name = f"bench_{next(names)}"
                with admin.engine.connect().execution_options(
                    isolation_level="AUTOCOMMIT"
                ) as connection:
                    connection.execute(text(f"CREATE DATABASE {name}"))
                return server.url(name)

            yield (
                ("SQLite", lambda: f"sqlite:///{folder}/{next(names)}.db"),
                ("PostgreSQL (fsync off)", fresh),
            )


def rows(count: int = 10_000) -> list[tuple[str, str, str]]:
    """(what, figure, beside what)"""
    made = []
    with engines() as found:
        for name, fresh in found:
            appended, raw, verified = measured(fresh, count)
            made += [
                (
                    f"audit append, {name}",
                    f"{appended:,.0f}/s",
                    f"{appended / raw:.2f} x bare inserts of the same rows",
                ),
                (
                    f"audit verify, {name}",
                    f"{verified:,.0f}/s",
                    f"{verified / appended:.1f} x appending",
                ),
            ]
    return made


def main(count: int) -> None:
    print(f"{count:,} events, batches of {BATCH:,}, 4 secondary indexes and a unique one")
    for what, figure, beside in rows(count):
        print(f"{what:42} {figure:>10}  {beside}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30_000)

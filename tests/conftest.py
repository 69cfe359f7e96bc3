"""What every room's tests share: real databases, and a clock that waits for nobody."""

from __future__ import annotations

import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import psycopg
import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

from postgres_server import PostgresServer, postgres_server
from standfast.store.columns import metadata
from standfast.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.audit.event import Event
    from standfast.store.tx import Tx

# A client of a test waits a minute where the test names no time: five seconds are few on a machine that stalls.
for _of in ("connect", "read", "write", "pool"):
    setattr(httpx2._config.DEFAULT_TIMEOUT_CONFIG, _of, 60.0)

# A deadline would be a timed assertion: the first example of a test pays for its imports.
# So is the check that examples are made fast enough: one stall of a second would fail it.
settings.register_profile("standfast", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("standfast")

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class FakeClock:
    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


class MemoryLog:
    """Keeps the events of writes in a list, in the place of the audit log."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, tx: Tx, events: tuple[Event, ...]) -> None:
        self.events.extend(events)

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A database of its own for one test."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield postgres.url(name)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'standfast.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def database(database_url: str, clock: FakeClock, log: MemoryLog) -> Iterator[Database]:
    """An empty database with every table, on SQLite and then on PostgreSQL."""
    database = Database(database_url, append=log, clock=clock)
    metadata.create_all(database.engine.execution_options(writes=True))
    yield database
    database.close()


@pytest.fixture
def sqlite(tmp_path: Path, clock: FakeClock, log: MemoryLog) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'standfast.db'}", append=log, clock=clock)
    metadata.create_all(database.engine.execution_options(writes=True))
    yield database
    database.close()

"""Two servers that see something for the first time, the one in the middle of the other's transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from standfast.store import asked, monitoring
from standfast.store.columns import metadata
from standfast.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import FakeClock, MemoryLog

MINUTE = timedelta(minutes=1)


@pytest.fixture
def two(postgres_url: str, clock: FakeClock, log: MemoryLog) -> Iterator[tuple[Database, Database]]:
    servers = tuple(Database(postgres_url, append=log, clock=clock) for _ in range(2))
    metadata.create_all(servers[0].engine.execution_options(writes=True))
    yield servers
    for one in servers:
        one.close()


def first(meanwhile: Callable[[], object], deed: Callable) -> Callable:
    """`deed`, in front of whose first time `meanwhile` happens."""
    waiting = [meanwhile]

    def done(*terms: object) -> object:
        if waiting:
            waiting.pop()()
        return deed(*terms)

    return done


def test_a_level_that_the_other_has_read_meanwhile_is_not_begun_again(
    two, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or its minutes would be counted twice."""
    mine, other = two
    now, newest = clock.now, clock.now - MINUTE

    def claims(store: Database):
        return store.keep(lambda tx: tx.asked.claim(["level"], now, newest, 60 * MINUTE))

    def reads() -> None:
        (before,) = claims(other)
        after = replace(before, read_to=newest)
        assert other.keep(lambda tx: tx.asked.move(before, after, now + MINUTE))

    monkeypatch.setattr(asked, "begun", first(reads, asked.begun))
    assert claims(mine) == ()
    assert mine.read(lambda tx: tx.asked.progress())["level"].read_to == newest


def test_a_target_is_looked_at_by_one_of_them(
    two, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = two
    target = SimpleNamespace(key="web/http", every=MINUTE)

    def claims(store: Database):
        return store.keep(lambda tx: tx.monitoring.claim_due([target], clock.now))

    found: list[object] = []
    row = first(lambda: found.extend(claims(other)), monitoring._due_row)
    monkeypatch.setattr(monitoring, "_due_row", row)

    assert claims(mine) == ()
    assert found == [target]

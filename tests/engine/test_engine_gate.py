from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from standfast.audit.event import Actor
from standfast.engine.gate import Gate
from standfast.errors import Conflict, NotFound, StandfastError
from standfast.spec import read_text

if TYPE_CHECKING:
    from standfast.store.database import Database

ADA = Actor(type="user", id="ada")
BLOG = read_text(
    """
system: {name: blog, criticality: critical, timezone: UTC}
components: {web: {type: http, owner: web, url: "http://127.0.0.1:1"}}
people: {ada: {name: Ada Ito, email: ada@blog.test}}
teams: {web: {members: [ada], lead: ada}}
"""
)


@pytest.fixture
def gate(database: Database, clock) -> Gate:
    return Gate(database, lambda: BLOG, clock)


def test_an_override_is_kept_audited_and_ends_by_itself(
    database: Database, gate: Gate, clock, log
) -> None:
    made = gate.override("web", "  the\nfix ", "web", clock.now + timedelta(hours=4), ADA)

    def holding():
        return database.read(lambda tx: tx.gate.holding("web", clock.now))

    assert (made.id, made.because, made.by, made.made_by) == ("GO-1", "the fix", "web", "ada")
    assert holding() == made
    with pytest.raises(Conflict, match="GO-1 holds for web already"):
        gate.override("web", "more", "ada", clock.now + timedelta(hours=4), ADA)

    clock.pass_by(hours=4)
    assert holding() is None
    with pytest.raises(Conflict, match="has ended already"):
        gate.revoke("GO-1", ADA)
    assert gate.override("web", "more", "ada", clock.now + timedelta(days=7), ADA).id == "GO-2"
    revoked = gate.revoke("GO-2", ADA)
    assert database.read(lambda tx: tx.gate.recent()) == (revoked, made)
    assert log.types == ["gate.overridden", "gate.overridden", "gate.override-revoked"]


def test_a_bad_override_keeps_nothing(database: Database, gate: Gate, clock, log) -> None:
    soon = clock.now + timedelta(hours=1)
    for service, because, owner, until in (
        ("wbe", "why", "ada", soon),
        ("web", "", "ada", soon),
        ("web", "x" * 501, "ada", soon),
        ("web", "w\x1bhy", "ada", soon),
        ("web", "why", "eve", soon),
        ("web", "why", "ada", clock.now),
        ("web", "why", "ada", clock.now + timedelta(days=8)),
    ):
        with pytest.raises(StandfastError):
            gate.override(service, because, owner, until, ADA)
    for unknown in ("GO-1", "GO-", "GO--1", "GO-99999999999999999999", "x"):
        with pytest.raises(NotFound):
            gate.revoke(unknown, ADA)
    assert database.read(lambda tx: tx.gate.recent()) == ()
    assert log.events == []

from __future__ import annotations

import pytest
from incidents_system import BLOG

from standfast.audit.event import Actor
from standfast.engine.respond import Respond
from standfast.errors import Conflict, NotFound, StandfastError
from standfast.incidents.incident import IncidentState
from standfast.spec.values import Sev, Severity

ADA = Actor(type="user", id="ada")


@pytest.fixture
def respond(database, clock) -> Respond:
    return Respond(database, lambda: BLOG, clock)


def test_an_incident_is_declared_worked_on_and_closed_and_every_deed_is_told_twice(
    respond, clock, log
) -> None:
    """Once in its timeline for those who work on it, once in the audit log for those who ask later."""
    one = respond.declare("shop is slow", Sev.SEV2, "web", ADA)
    respond.assign(one.id, "scribe", "bo", ADA)
    respond.note(one.id, "the database is busy", ADA)
    respond.tick(one.id, "blast-radius", ADA)
    clock.pass_by(minutes=5)
    respond.turn(one.id, IncidentState.MITIGATED, ADA, words="more replicas")
    respond.act(one.id, "alert on the queue", Severity.P2, "bo", ADA)
    respond.resolve(one.id, ADA)
    respond.turn(one.id, IncidentState.CLOSED, ADA)

    kept, timeline = respond.incident(one.id)
    assert kept.state is IncidentState.CLOSED
    assert kept.roles == {"scribe": "bo"}
    assert [entry.kind for entry in timeline] == [
        "status", "role", "note", "task", "status", "action", "status", "status",
    ]  # fmt: skip
    assert [event.split(".")[1] for event in log.types] == [
        "declared", "role-assigned", "noted", "task-done", "status-changed", "action-added",
        "status-changed", "status-changed",
    ]  # fmt: skip
    assert log.events[4].changes[0].new_value == "mitigated"
    assert all(event.actor == ADA for event in log.events)


def test_numbers_count_up(respond) -> None:
    assert [respond.declare("x", Sev.SEV4, "web", ADA).id for _ in range(3)] == [
        "INC-1", "INC-2", "INC-3",
    ]  # fmt: skip


def test_two_notes_in_the_same_instant_are_two(respond) -> None:
    one = respond.declare("x", Sev.SEV4, "web", ADA)
    respond.note(one.id, "first", ADA)
    respond.note(one.id, "second", ADA)

    assert [entry.text for entry in respond.incident(one.id)[1]][1:] == ["first", "second"]


def test_doing_the_same_again_changes_and_tells_nothing(respond, log) -> None:
    one = respond.declare("x", Sev.SEV4, "web", ADA)
    for _ in range(3):
        respond.assign(one.id, "scribe", "bo", ADA)

    assert log.types == ["incident.declared", "incident.role-assigned"]


def test_a_role_is_renounced_by_giving_it_to_nobody(respond) -> None:
    one = respond.declare("x", Sev.SEV4, "web", ADA)
    respond.assign(one.id, "scribe", "bo", ADA)

    assert respond.assign(one.id, "scribe", "", ADA).roles == {}


def test_what_the_file_does_not_know_is_refused_with_what_is_near(respond, log) -> None:
    with pytest.raises(NotFound, match=r"no component is called 'wep'\n  fix: did you mean 'web'"):
        respond.declare("x", Sev.SEV4, "wep", ADA)
    with pytest.raises(NotFound, match=r"'zzz'\n  fix: one of db, web$"):
        respond.declare("x", Sev.SEV4, "zzz", ADA)
    one = respond.declare("x", Sev.SEV4, "web", ADA)
    with pytest.raises(NotFound, match=r"no person is called 'ade'\n  fix: did you mean 'ada'"):
        respond.assign(one.id, "scribe", "ade", ADA)
    with pytest.raises(NotFound, match=r"no person is called 'nobody'\n  fix: one of ada, bo$"):
        respond.act(one.id, "look at it", Severity.P2, "nobody", ADA)
    with pytest.raises(NotFound) as caught:
        respond.assign(one.id, "scribe", "a" * 100_000, ADA)

    assert len(str(caught.value)) < 200
    assert log.types == ["incident.declared"]
    assert len(respond.incident(one.id)[1]) == 1


def test_what_cannot_be_is_refused_and_keeps_nothing(respond, log) -> None:
    one = respond.declare("x", Sev.SEV4, "web", ADA)
    with pytest.raises(NotFound, match="INC-99"):
        respond.note("INC-99", "hello", ADA)
    with pytest.raises(Conflict):
        respond.turn(one.id, IncidentState.CLOSED, ADA)
    for bad in ("", "x" * 4001, "a\0b", "\ud800"):
        with pytest.raises(StandfastError):
            respond.note(one.id, bad, ADA)
    respond.resolve(one.id, ADA)
    respond.turn(one.id, IncidentState.CLOSED, ADA)
    with pytest.raises(Conflict, match="closed"):
        respond.assign(one.id, "scribe", "bo", ADA)

    assert log.types == ["incident.declared", *["incident.status-changed"] * 2]

"""What people do to an incident, on SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from incidents_system import BLOG

from standfast.audit.event import Actor
from standfast.engine.respond import Respond
from standfast.errors import Conflict, NotFound, StandfastError
from standfast.incidents.incident import IncidentState
from standfast.incidents.post_mortem import Figures
from standfast.spec.calling import Person
from standfast.spec.values import Sev

if TYPE_CHECKING:
    from conftest import FakeClock, MemoryLog
    from standfast.store.database import Database

ADA = Actor(type="user", id="ada", ip_address="10.0.0.7")
BOT = Actor(type="api_key", id="deployer")


@pytest.fixture
def respond(database: Database, clock: FakeClock) -> Respond:
    return Respond(database, lambda: BLOG, clock)


@pytest.fixture
def declared(respond: Respond) -> str:
    return respond.declare("web is down", Sev.SEV1, "web", ADA).id


def test_an_incident_goes_from_declared_to_closed_and_everything_is_told(
    respond: Respond, clock: FakeClock, log: MemoryLog
) -> None:
    id_ = respond.declare("web is down", Sev.SEV1, "web", ADA).id
    clock.pass_by(minutes=2)
    respond.assign(id_, "commander", "bo", ADA)
    respond.note(id_, "rolled back", BOT, via="api")
    respond.tick(id_, "blast-radius", ADA)
    clock.pass_by(minutes=8)
    respond.turn(id_, IncidentState.MITIGATED, ADA, words="old version is live")
    respond.turn(id_, IncidentState.RESOLVED, ADA)
    closed = respond.turn(id_, IncidentState.CLOSED, ADA)

    kept = respond.incident(id_)[0]
    assert replace(kept, version=closed.version) == closed
    assert closed.mitigated_at == clock.now
    assert closed.roles == {"commander": "bo"}
    assert [(one.kind, one.text, one.source, one.by) for one in respond.incident(id_)[1]] == [
        ("status", "SEV1 declared: web is down", "web", "ada"),
        ("role", "bo is commander", "web", "ada"),
        ("note", "rolled back", "api", "deployer"),
        ("task", "done: Assess blast radius", "web", "ada"),
        ("status", "mitigated: old version is live", "web", "ada"),
        ("status", "resolved", "web", "ada"),
        ("status", "closed", "web", "ada"),
    ]
    assert log.types == [
        "incident.declared",
        "incident.role-assigned",
        "incident.noted",
        "incident.task-done",
        *["incident.status-changed"] * 3,
    ]
    assert log.events[0].actor == ADA
    assert (log.events[4].changes[0].old_value, log.events[4].changes[0].new_value) == (
        "open",
        "mitigated",
    )


def test_incidents_are_numbered_one_after_the_other(respond: Respond) -> None:
    ids = [respond.declare("x", Sev.SEV4, "web", ADA).id for _ in range(3)]

    assert ids == ["INC-1", "INC-2", "INC-3"]


def test_a_state_that_cannot_follow_is_a_conflict_and_leaves_no_trace(
    respond: Respond, declared: str, log: MemoryLog
) -> None:
    with pytest.raises(Conflict, match="not closed"):
        respond.turn(declared, IncidentState.CLOSED, ADA)

    assert respond.incident(declared)[0].state is IncidentState.OPEN
    assert log.types == ["incident.declared"]
    assert len(respond.incident(declared)[1]) == 1


def test_saying_the_same_twice_is_told_once(
    respond: Respond, declared: str, log: MemoryLog
) -> None:
    for _ in range(2):
        respond.assign(declared, "scribe", "bo", ADA)
        respond.tick(declared, "initial-assessment", ADA)
        respond.turn(declared, IncidentState.MITIGATED, ADA)

    assert len(log.events) == 4
    assert len(respond.incident(declared)[1]) == 4


def test_two_equal_notes_are_two_notes(respond: Respond, declared: str, clock: FakeClock) -> None:
    for _ in range(2):
        clock.pass_by(seconds=1)
        respond.note(declared, "still slow", ADA)

    assert [one.text for one in respond.incident(declared)[1]][1:] == ["still slow"] * 2


def test_deeds_of_several_people_at_once_all_count(
    database: Database, clock: FakeClock, declared: str
) -> None:
    names = [f"p{number}" for number in range(8)]
    many = replace(BLOG, people={one: Person(id=one, name=one) for one in names})
    respond = Respond(database, lambda: many, clock)
    with ThreadPoolExecutor(4) as people:
        list(people.map(lambda who: respond.assign(declared, "scribe", who, ADA), names))

    kept = respond.incident(declared)[0]
    assert {one.person for one in kept.holdings} == set(names)
    assert len(kept.roles) == 1
    assert kept.version == 8


def test_a_note_counts_as_progress(respond: Respond, declared: str, clock: FakeClock) -> None:
    clock.pass_by(minutes=20)
    respond.note(declared, "restarting the pool", ADA)

    assert respond.incident(declared)[0].progressed_at == clock.now


def test_a_role_that_does_not_exist_is_not_found(respond: Respond, declared: str) -> None:
    with pytest.raises(NotFound, match="king"):
        respond.assign(declared, "king", "bo", ADA)


def test_a_role_can_be_given_back(respond: Respond, declared: str) -> None:
    respond.assign(declared, "scribe", "bo", ADA)

    assert respond.assign(declared, "scribe", "", ADA).roles == {}


def test_an_incident_that_does_not_exist_is_not_found(respond: Respond) -> None:
    for deed in (
        lambda: respond.incident("INC-9"),
        lambda: respond.note("INC-9", "x", ADA),
        lambda: respond.post_mortem("INC-9", Figures(), BLOG),
    ):
        with pytest.raises(NotFound, match="INC-9"):
            deed()


@pytest.mark.parametrize("text", ["", "  \n", "x" * 4001, "a\0b", "a\ud800b"])
def test_a_note_is_text_of_a_bounded_length(respond: Respond, declared: str, text: str) -> None:
    with pytest.raises(StandfastError):
        respond.note(declared, text, ADA)


def test_a_title_has_200_characters_at_most(respond: Respond) -> None:
    assert len(respond.declare("t" * 200, Sev.SEV1, "web", ADA).title) == 200
    with pytest.raises(StandfastError, match="between 1 and 200"):
        respond.declare("t" * 201, Sev.SEV1, "web", ADA)


def test_the_post_mortem_tells_what_was_written_down(
    respond: Respond, declared: str, clock: FakeClock
) -> None:
    clock.pass_by(minutes=1)
    respond.note(declared, "rolled back to 41", ADA)

    text = respond.post_mortem(declared, Figures(), BLOG)
    assert "# Post-Mortem: web is down" in text
    assert "| rolled back to 41 (ada) | web |" in text

"""What people do to an incident, on SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from incidents_system import BLOG

from standfast.audit.event import Actor
from standfast.engine.respond import LONGEST_NOTE, LONGEST_TITLE, Respond
from standfast.errors import Conflict, NotFound, StandfastError
from standfast.incidents.incident import IncidentState
from standfast.incidents.post_mortem import Figures

if TYPE_CHECKING:
    from conftest import FakeClock, MemoryLog
    from standfast.store.database import Database

ADA = Actor(type="user", id="ada", ip_address="10.0.0.7")
BOT = Actor(type="api_key", id="deployer")


@pytest.fixture
def respond(database: Database, clock: FakeClock) -> Respond:
    return Respond(database, clock)


@pytest.fixture
def declared(respond: Respond) -> str:
    return respond.declare("web is down", "sev1", "web", ADA, system=BLOG).id


def test_an_incident_goes_from_declared_to_closed_and_everything_is_told(
    respond: Respond, clock: FakeClock, log: MemoryLog
) -> None:
    id_ = respond.declare("web is down", "SEV1", "web", ADA, system=BLOG).id
    clock.pass_by(minutes=2)
    respond.assign(id_, "commander", "bo", ADA, system=BLOG)
    respond.note(id_, "rolled back", BOT, kind="deploy")
    respond.tick_task(id_, "blast-radius", ADA)
    clock.pass_by(minutes=8)
    respond.turn(id_, "mitigated", "old version is live", ADA)
    respond.turn(id_, "resolved", "", ADA)
    closed = respond.turn(id_, "closed", "", ADA)

    assert respond.incident(id_) == closed
    assert closed.mitigated_at == clock.now
    assert closed.roles == {"commander": "bo"}
    assert [(one.kind, one.text, one.source, one.by) for one in respond.timeline(id_)] == [
        ("status", "SEV1 declared by ada: web is down", "web", "ada"),
        ("role", "bo is Incident Commander", "web", "ada"),
        ("deploy", "rolled back", "api", "deployer"),
        ("task", "done: blast-radius", "web", "ada"),
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
    ids = [respond.declare("x", "SEV4", "web", ADA).id for _ in range(3)]

    assert ids == ["INC-1", "INC-2", "INC-3"]


def test_a_state_that_cannot_follow_is_a_conflict_and_leaves_no_trace(
    respond: Respond, declared: str, log: MemoryLog
) -> None:
    with pytest.raises(Conflict, match="not closed"):
        respond.turn(declared, "closed", "", ADA)

    assert respond.incident(declared).state is IncidentState.OPEN
    assert log.types == ["incident.declared"]
    assert len(respond.timeline(declared)) == 1


def test_saying_the_same_twice_is_told_once(
    respond: Respond, declared: str, log: MemoryLog
) -> None:
    for _ in range(2):
        respond.assign(declared, "scribe", "bo", ADA)
        respond.tick_task(declared, "initial-assessment", ADA)
        respond.turn(declared, "mitigated", "", ADA)

    assert len(log.events) == 4
    assert len(respond.timeline(declared)) == 4


def test_two_equal_notes_at_one_instant_are_two_notes(respond: Respond, declared: str) -> None:
    respond.note(declared, "still slow", ADA)
    respond.note(declared, "still slow", ADA)

    assert [one.text for one in respond.timeline(declared)][1:] == ["still slow"] * 2


def test_deeds_of_several_people_at_once_all_count(respond: Respond, declared: str) -> None:
    names = [f"p{number}" for number in range(8)]
    with ThreadPoolExecutor(4) as people:
        list(people.map(lambda who: respond.assign(declared, "scribe", who, ADA), names))

    kept = respond.incident(declared)
    assert {one.person for one in kept.holdings} == set(names)
    assert len(kept.roles) == 1
    assert kept.version == 8


def test_a_note_counts_as_progress(respond: Respond, declared: str, clock: FakeClock) -> None:
    clock.pass_by(minutes=20)
    respond.note(declared, "restarting the pool", ADA)

    assert respond.incident(declared).progressed_at == clock.now


def test_a_name_that_the_file_has_not_is_refused_with_the_nearest(
    respond: Respond, declared: str
) -> None:
    with pytest.raises(NotFound, match="no person 'adda'; did you mean 'ada'"):
        respond.assign(declared, "scribe", "adda", ADA, system=BLOG)
    with pytest.raises(NotFound, match="no component 'webb'; did you mean 'web'"):
        respond.declare("x", "SEV1", "webb", ADA, system=BLOG)


@pytest.mark.parametrize(
    ("role", "state", "sev", "kind"),
    [("king", "open", "SEV1", "note"), ("scribe", "gone", "SEV9", "page")],
)
def test_words_that_mean_nothing_are_not_found(
    respond: Respond, declared: str, role: str, state: str, sev: str, kind: str
) -> None:
    tries = {
        "king": lambda: respond.assign(declared, role, "bo", ADA),
        "gone": lambda: respond.turn(declared, state, "", ADA),
        "SEV9": lambda: respond.declare("x", sev, "web", ADA),
        "page": lambda: respond.note(declared, "forged", ADA, kind=kind),
    }
    for word in {role, state, sev, kind} & set(tries):
        with pytest.raises(NotFound, match=word):
            tries[word]()


def test_an_incident_that_does_not_exist_is_not_found(respond: Respond) -> None:
    for deed in (
        lambda: respond.incident("INC-9"),
        lambda: respond.note("INC-9", "x", ADA),
        lambda: respond.post_mortem("INC-9", Figures(), BLOG),
    ):
        with pytest.raises(NotFound, match="INC-9"):
            deed()


@pytest.mark.parametrize("text", ["", "  \n", "x" * (LONGEST_NOTE + 1), "a\0b", "a\ud800b"])
def test_a_note_is_text_of_a_bounded_length(respond: Respond, declared: str, text: str) -> None:
    with pytest.raises(StandfastError):
        respond.note(declared, text, ADA)


def test_the_longest_note_and_title_are_kept_whole(respond: Respond) -> None:
    id_ = respond.declare("t" * LONGEST_TITLE, "SEV1", "web", ADA).id
    respond.note(id_, "n" * LONGEST_NOTE, ADA)

    assert len(respond.timeline(id_)[-1].text) == LONGEST_NOTE
    with pytest.raises(StandfastError, match="201 characters"):
        respond.declare("t" * (LONGEST_TITLE + 1), "SEV1", "web", ADA)


def test_nobody_is_assigned_to_a_closed_incident_but_notes_go_on(
    respond: Respond, declared: str
) -> None:
    respond.turn(declared, "resolved", "", ADA)
    respond.turn(declared, "closed", "", ADA)

    with pytest.raises(Conflict, match="is closed"):
        respond.assign(declared, "scribe", "bo", ADA)
    respond.note(declared, "the vendor wrote", ADA)
    assert respond.timeline(declared)[-1].text == "the vendor wrote"


def test_the_post_mortem_tells_what_was_written_down(respond: Respond, declared: str) -> None:
    respond.note(declared, "rolled back to 41", ADA)

    text = respond.post_mortem(declared, Figures(), BLOG)
    assert "# Post-Mortem: web is down" in text
    assert "note: rolled back to 41 (ada)" in text

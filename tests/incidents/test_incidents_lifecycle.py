from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paging_system import NOON, team_system

from standfast.errors import Conflict, NotFound, StandfastError
from standfast.incidents.checklist import WORKFLOW, lines, tick
from standfast.incidents.incident import (
    SEV_OF,
    Incident,
    IncidentState,
    Role,
    acknowledged,
    assume,
    declare,
    join,
    post_mortem_due,
    role_of,
    turn,
)
from standfast.incidents.measures import measures
from standfast.spec.values import Sev, Severity

MINUTE = timedelta(minutes=1)


def incident(sev: Sev = Sev.SEV1, **more) -> Incident:
    made = declare(
        "INC-1", "web is down", sev, "web", NOON, alert="web-down/web", began_at=NOON - MINUTE
    )
    return replace(made, **more)


def test_each_severity_of_alerts_has_its_severity_of_incidents() -> None:
    assert [SEV_OF[one].value for one in Severity] == ["SEV1", "SEV2", "SEV3", "SEV4"]


def test_the_first_to_answer_commands_until_somebody_takes_over() -> None:
    one = acknowledged(acknowledged(incident(), "ada", NOON + MINUTE), "bo", NOON + 2 * MINUTE)
    assert one.roles == {"commander": "ada"}
    assert one.to_acknowledge == 2 * MINUTE

    later = assume(one, Role.COMMANDER, "dee", NOON + 9 * MINUTE)
    assert later.roles == {"commander": "dee"}
    assert [(h.person, h.renounced_at) for h in later.holdings] == [
        ("ada", NOON + 9 * MINUTE),
        ("dee", None),
    ]


def test_states_follow_each_other_and_their_times_are_kept() -> None:
    over = turn(incident(), IncidentState.MITIGATED, NOON + 10 * MINUTE)
    ended = turn(over, IncidentState.RESOLVED, NOON + 20 * MINUTE, by="ada")

    assert ended.to_mitigate == 11 * MINUTE
    assert ended.lasted(NOON + 90 * MINUTE) == 21 * MINUTE
    assert not ended.open
    with pytest.raises(Conflict, match="it can become open, closed"):
        turn(ended, IncidentState.MITIGATED, NOON)


@given(st.lists(st.sampled_from(IncidentState), max_size=12))
def test_whatever_is_asked_for_the_times_fit_the_state(wanted) -> None:
    one, now = incident(), NOON
    for state in wanted:
        now += MINUTE
        if state in (*one.next_states, one.state):
            one = turn(one, state, now)
        else:
            with pytest.raises(Conflict):
                turn(one, state, now)

    ended = one.state in {IncidentState.RESOLVED, IncidentState.CLOSED}
    assert (one.resolved_at is not None) == ended
    assert (one.mitigated_at is None) == (one.state is IncidentState.OPEN)
    assert (one.closed_at is not None) == (one.state is IncidentState.CLOSED)


def test_a_graver_alert_makes_the_incident_graver_and_reopens_what_seemed_over() -> None:
    calm = turn(incident(Sev.SEV2), IncidentState.MITIGATED, NOON)
    joined = join(calm, "db-down/db", Sev.SEV1)

    assert (joined.sev, joined.state) == (Sev.SEV1, IncidentState.OPEN)
    assert joined.alerts == ("web-down/web", "db-down/db")
    assert join(joined, "db-down/db", Sev.SEV4).sev is Sev.SEV1


def test_a_title_and_a_role_must_mean_something() -> None:
    with pytest.raises(StandfastError, match="title"):
        declare("INC-1", "  ", Sev.SEV1, "web", NOON)
    with pytest.raises(NotFound, match="one of commander, technical, communications, scribe"):
        role_of("boss")


def test_the_checklist_ticks_itself_where_the_incident_shows_it() -> None:
    one = acknowledged(incident(), "ada", NOON)
    done = {line.id: line.by for line in lines(one) if line.done}

    assert done == {
        "alert-received": "standfast",
        "assign-severity": "standfast",
        "acknowledge-alert": "ada",
        "role-commander": "ada",
    }
    assert {line.id for line in lines(tick(one, "blast-radius", "bo", NOON)) if line.done} == {
        *done,
        "blast-radius",
    }
    with pytest.raises(NotFound):
        tick(one, "make-coffee", "bo", NOON)


def test_a_mild_incident_asks_for_less() -> None:
    every = sum(len(phase.tasks) for phase in WORKFLOW)

    assert len(lines(incident(Sev.SEV1))) == every
    assert not {"open-channel", "role-scribe"} & {line.id for line in lines(incident(Sev.SEV3))}


def test_a_post_mortem_is_due_48_hours_after_a_grave_incident_and_not_after_a_mild_one() -> None:
    policy = team_system().incidents
    ended = incident(resolved_at=NOON)

    assert post_mortem_due(ended, policy) == NOON + timedelta(hours=48)
    assert post_mortem_due(replace(ended, sev=Sev.SEV3), policy) is None
    assert post_mortem_due(incident(), policy) is None


def test_means_are_over_what_was_answered_and_ended() -> None:
    fast = replace(incident(), acknowledged_at=NOON, mitigated_at=NOON + 9 * MINUTE)
    slow = replace(incident(), acknowledged_at=NOON + 2 * MINUTE)
    found = measures([fast, slow, incident()])

    assert (found.count, found.acknowledged, found.restored) == (3, 2, 1)
    assert found.to_acknowledge == 2 * MINUTE
    assert found.to_restore == 10 * MINUTE
    assert measures([]).to_acknowledge is None

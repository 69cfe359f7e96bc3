"""The pure parts: states and their times, roles, the checklist, when a post-mortem is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.errors import Conflict, NotFound
from standfast.incidents.checklist import lines, tick, untick
from standfast.incidents.incident import (
    Incident,
    IncidentState,
    Role,
    acknowledged,
    assume,
    declare,
    post_mortem_due,
    turn,
)
from standfast.spec.calling import IncidentPolicy
from standfast.spec.values import Sev

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLICY = IncidentPolicy(
    rules={}, post_mortem_for=(Sev.SEV1, Sev.SEV2), post_mortem_within=timedelta(hours=48)
)


def after(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def incident(sev: Sev = Sev.SEV1) -> Incident:
    return declare("INC-1", "checkout is down", sev, "api", NOON, by="ada")


def done(one: Incident) -> set[str]:
    return {task.id for task in lines(one) if task.done}


def test_times_are_kept_as_the_states_follow_one_another() -> None:
    mended = turn(incident(), IncidentState.MITIGATED, after(20))
    over = turn(mended, IncidentState.RESOLVED, after(50))
    closed = turn(over, IncidentState.CLOSED, after(90))

    assert (over.mitigated_at, over.resolved_at) == (after(20), after(50))
    assert closed.closed_at == after(90)
    assert closed.next_states == ()


def test_an_incident_cannot_be_closed_before_it_is_resolved() -> None:
    with pytest.raises(Conflict, match="can become mitigated, resolved, not closed"):
        turn(incident(), IncidentState.CLOSED, after(5))


def test_an_incident_that_comes_back_has_no_end_any_more() -> None:
    again = turn(turn(incident(), IncidentState.RESOLVED, after(5)), IncidentState.OPEN, after(9))

    assert again.open
    assert (again.mitigated_at, again.resolved_at) == (None, None)


@given(st.lists(st.sampled_from(IncidentState), max_size=8))
def test_no_way_through_the_states_loses_the_times_that_its_state_needs(
    ways: list[IncidentState],
) -> None:
    one = incident()
    for minute, state in enumerate(ways):
        if state in one.next_states:
            one = turn(one, state, after(minute))

    ended = one.state in {IncidentState.RESOLVED, IncidentState.CLOSED}
    assert (one.resolved_at is not None) is ended
    assert (one.closed_at is not None) is (one.state is IncidentState.CLOSED)
    assert (one.mitigated_at is not None) is (one.state is not IncidentState.OPEN)


def test_a_role_has_one_holder_and_remembers_those_before() -> None:
    first = assume(incident(), Role.COMMANDER, "ada", after(1))
    second = assume(first, Role.COMMANDER, "bo", after(10))

    assert second.roles == {"commander": "bo"}
    assert [(one.person, one.assumed_at, one.renounced_at) for one in second.holdings] == [
        ("ada", after(1), after(10)),
        ("bo", after(10), None),
    ]


def test_the_first_to_answer_commands_and_sets_the_time_to_acknowledge() -> None:
    answered = acknowledged(incident(), "bo", after(4))
    again = acknowledged(answered, "cy", after(9))

    assert again.to_acknowledge == timedelta(minutes=4)
    assert again.roles["commander"] == "bo"


def test_the_trouble_counts_from_when_it_began_not_from_the_alert() -> None:
    early = replace(incident(), began_at=after(-6), acknowledged_at=after(4))
    mended = turn(early, IncidentState.MITIGATED, after(14))

    assert early.to_acknowledge == timedelta(minutes=10)
    assert mended.to_mitigate == timedelta(minutes=20)


def test_the_checklist_has_the_five_phases_of_the_workflow_in_order() -> None:
    phases = list(dict.fromkeys(line.phase for line in lines(incident())))

    assert phases == [
        "Detection and alert",
        "Triage",
        "Response team",
        "Resolution",
        "Post-incident",
    ]
    assert len({line.id for line in lines(incident())}) == len(lines(incident()))


def test_a_slight_incident_asks_for_no_channel_no_team_and_no_post_mortem() -> None:
    slight = {task.id for task in lines(incident(Sev.SEV3))}
    grave = {task.id for task in lines(incident(Sev.SEV2))}

    team = {f"role-{role}" for role in Role}
    assert grave - slight == {"open-channel", "schedule-post-mortem", *team}


def test_what_was_done_by_declaring_and_answering_is_ticked() -> None:
    assert done(incident()) == {"assign-severity"}
    assert done(acknowledged(incident(), "bo", after(4))) == {
        "assign-severity",
        "acknowledge-alert",
        "role-commander",
    }


def test_every_id_that_an_incident_ticks_itself_is_on_the_checklist() -> None:
    known = {line.id for line in lines(incident())}
    alerted = declare("INC-2", "x", Sev.SEV1, "api", NOON, alert="a/b")

    assert set(acknowledged(alerted, "bo", after(1)).done) <= known


def test_mitigated_and_resolved_tick_their_tasks_and_coming_back_unticks_them() -> None:
    over = turn(incident(), IncidentState.RESOLVED, after(5))

    assert {"implement-mitigation", "clear-status"} <= done(over)
    again = turn(over, IncidentState.OPEN, after(6))
    assert not {"implement-mitigation", "clear-status"} & done(again)


def test_a_task_stays_with_who_did_it_first() -> None:
    ticked = tick(tick(incident(), "blast-radius", "bo", after(1)), "blast-radius", "cy", after(2))

    assert next(task.by for task in lines(ticked) if task.id == "blast-radius") == "bo"
    assert ticked.progressed_at == after(1)


def test_a_task_that_no_checklist_has_cannot_be_ticked() -> None:
    with pytest.raises(NotFound, match="no task is called 'dance'"):
        tick(incident(), "dance", "bo", after(1))


def test_a_tick_that_was_a_mistake_is_taken_back_and_what_is_evident_is_not() -> None:
    ticked = tick(incident(), "blast-radius", "bo", after(1))
    assert done(untick(ticked, "blast-radius", after(2))) == done(incident())
    assert untick(incident(), "blast-radius", after(2)) == incident()
    answered = acknowledged(incident(), "bo", after(4))
    for evident in ("assign-severity", "acknowledge-alert", "role-commander"):
        with pytest.raises(Conflict, match="shows it"):
            untick(answered, evident, after(5))


@pytest.mark.parametrize("role", Role)
def test_a_role_is_named_by_giving_it_to_somebody_and_never_by_a_tick(role: Role) -> None:
    task = f"role-{role}"
    with pytest.raises(Conflict, match=f"standfast incident assign INCIDENT {role} PERSON"):
        tick(incident(), task, "bo", after(1))
    assumed = assume(incident(), role, "cy", after(1))
    assert tick(assumed, task, "bo", after(2)) == assumed
    (before,) = (line for line in lines(incident()) if line.id == task)
    (named,) = (line for line in lines(assumed) if line.id == task)

    assert (before.done, before.by, before.evident) == (False, "", True)
    assert (named.done, named.by, named.evident) == (True, "cy", True)


def test_a_task_of_graver_incidents_is_none_of_a_slight_one() -> None:
    with pytest.raises(NotFound, match="SEV3 has no task 'open-channel'"):
        tick(incident(Sev.SEV3), "open-channel", "bo", after(1))
    with pytest.raises(NotFound, match="did you mean 'blast-radius'"):
        tick(incident(), "blast-radios", "bo", after(1))


def test_a_post_mortem_is_due_48_hours_after_the_end_of_a_grave_incident() -> None:
    over = turn(incident(), IncidentState.RESOLVED, after(60))

    assert post_mortem_due(incident(), POLICY) is None
    assert post_mortem_due(over, POLICY) == after(60) + timedelta(hours=48)
    assert post_mortem_due(replace(over, sev=Sev.SEV3), POLICY) is None

"""Action items: promised to somebody until a day, handed over, done, and told of while they are overdue."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incidents_system import BLOG
from paging_system import NOON

from standfast.audit.event import Actor
from standfast.dashboards.incident import owed
from standfast.engine.respond import Respond
from standfast.errors import Conflict, NotFound, StandfastError
from standfast.incidents.actions import add, end_of, finish, hand_over, item_of
from standfast.incidents.incident import ActionItem, Incident, IncidentState, declare
from standfast.incidents.overdue import LOOKED_BACK
from standfast.incidents.post_mortem import Figures
from standfast.spec.values import Sev, Severity

ADA = Actor(type="user", id="ada")
DAY = timedelta(days=1)


def incident() -> Incident:
    return declare("INC-1", "shop is slow", Sev.SEV2, "web", NOON, by="ada")


def item(text: str = "alert on the queue", due: date | None = None) -> ActionItem:
    end = end_of(due) if due else None
    return ActionItem(text=text, priority=Severity.P2, owner="bo", due=end)


DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(["a", "b", "c"])),
        st.tuples(st.just("hand over"), st.integers(-1, 4), st.sampled_from(["ada", "bo"])),
        st.tuples(st.just("finish"), st.integers(-1, 4), st.booleans()),
    ),
    max_size=20,
)


@given(DEEDS)
def test_items_keep_their_numbers_and_their_words_whatever_is_done(deeds) -> None:
    one, texts = incident(), []
    for deed, *given_ in deeds:
        before = one
        try:
            if deed == "add":
                one = add(one, item(given_[0]), NOON)
            elif deed == "hand over":
                one = hand_over(one, given_[0], NOON, owner=given_[1])
            else:
                one = finish(one, given_[0], done=given_[1])
        except NotFound:
            assert not 1 <= given_[0] <= len(texts)
        except Conflict:
            assert before.actions[given_[0] - 1].done
        else:
            texts += [given_[0]] if len(one.actions) > len(texts) else []
            if deed == "finish":
                assert item_of(one, given_[0]).done is given_[1]
        assert [each.text for each in one.actions] == texts
        assert replace(one, actions=()) == incident()


def test_what_is_due_on_a_day_is_overdue_only_when_that_day_has_ended() -> None:
    due = item(due=NOON.date())

    assert due.due is not None
    assert not due.overdue(due.due)
    assert due.overdue(due.due + timedelta(microseconds=1))
    assert not replace(due, done=True).overdue(due.due + DAY)


def test_a_day_that_is_over_and_more_items_than_anybody_does_are_refused() -> None:
    full = replace(incident(), actions=tuple(item(str(number)) for number in range(100)))

    with pytest.raises(StandfastError, match="is over\n  fix: name a day that is still to come"):
        add(incident(), item(due=(NOON - DAY).date()), NOON)
    with pytest.raises(StandfastError, match="is over"):
        hand_over(add(incident(), item(), NOON), 1, NOON, due=NOON - DAY)
    with pytest.raises(Conflict, match="100 action items"):
        add(full, item(), NOON)


def test_an_overdue_item_can_be_handed_over_without_naming_another_day() -> None:
    late = add(incident(), item(due=NOON.date()), NOON)

    assert hand_over(late, 1, NOON + 9 * DAY, owner="ada").actions[0].owner == "ada"


# ------------------------------------------------------------------ kept, audited, told


@pytest.fixture
def respond(database, clock) -> Respond:
    return Respond(database, lambda: BLOG, clock)


def test_every_step_is_told_in_timeline_and_log_and_the_same_once_more_is_not(
    respond, clock, log
) -> None:
    one, due = respond.declare("x", Sev.SEV2, "web", ADA), clock.now.date() + DAY
    deeds = (
        lambda: respond.act(one.id, "alert on the queue", Severity.P2, "bo", ADA, due=due),
        lambda: respond.hand_over(one.id, 1, ADA, owner="ada", due=due + DAY),
        lambda: respond.finish(one.id, 1, ADA),
        lambda: respond.finish(one.id, 1, ADA, done=False),
    )
    for deed in deeds:
        deed()
        deed()

    kept, timeline = respond.incident(one.id)
    assert len(kept.actions) == 1
    assert [entry.text for entry in timeline if entry.kind == "action"] == [
        f"P2 for bo, due {due}: alert on the queue",
        f"action item 1 is for ada, due {due + DAY}: alert on the queue",
        "action item 1 is done: alert on the queue",
        "action item 1 is not done after all: alert on the queue",
    ]
    assert [event.split("-")[1] for event in log.types[1:]] == [
        "added",
        "changed",
        "done",
        "undone",
    ]
    assert all(event.actor == ADA for event in log.events)


def test_what_is_not_known_is_refused_and_keeps_nothing(respond, log) -> None:
    one = respond.declare("x", Sev.SEV2, "web", ADA)
    respond.act(one.id, "look at it", Severity.P3, "bo", ADA)

    with pytest.raises(NotFound, match="INC-1 has no action item 2"):
        respond.finish(one.id, 2, ADA)
    with pytest.raises(NotFound, match="no person is called 'zed'"):
        respond.hand_over(one.id, 1, ADA, owner="zed")
    with pytest.raises(StandfastError, match="nothing would change"):
        respond.hand_over(one.id, 1, ADA)
    with pytest.raises(StandfastError, match="between 1 and 500"):
        respond.act(one.id, "x" * 501, Severity.P3, "bo", ADA)

    assert log.types == ["incident.declared", "incident.action-added"]


def test_a_closed_incident_still_gets_items_and_its_draft_lists_them(respond, clock) -> None:
    one = respond.declare("x", Sev.SEV2, "web", ADA)
    respond.resolve(one.id, ADA)
    respond.turn(one.id, IncidentState.CLOSED, ADA)
    due = clock.now.date()
    respond.act(one.id, "probe the queue", Severity.P1, "bo", ADA, due=due)
    respond.finish(one.id, 1, ADA)

    draft = respond.post_mortem(one.id, Figures(), BLOG)
    assert f"| probe the queue | P1 | bo | {due}, done |" in draft


def test_what_may_owe_something_is_found_among_all_that_is_over(respond, clock, database) -> None:
    def owing() -> list[str]:
        return database.read(
            lambda tx: [each.id for each in tx.incidents.owing(clock.now - LOOKED_BACK)]
        )

    def late() -> list[tuple[str, str]]:
        found = database.read(lambda tx: tx.incidents.owing(clock.now - LOOKED_BACK))
        return [(each.incident, each.owner) for each in owed(BLOG, found, clock.now)]

    nothing, asked, item_left = (respond.declare("x", Sev.SEV2, "web", ADA).id for _ in range(3))
    for each in (nothing, asked, item_left):
        respond.resolve(each, ADA)
    for each in (nothing, item_left):
        respond.turn(each, IncidentState.CLOSED, ADA)
    respond.act(
        item_left, "probe the queue", Severity.P2, "bo", ADA, due=clock.now.date() + 5 * DAY
    )

    assert sorted(owing()) == [asked, item_left]
    assert late() == []

    clock.pass_by(days=3)
    assert late() == [(asked, "")]

    clock.pass_by(days=4)
    assert late() == [(asked, ""), (item_left, "Bo Lind")]

    respond.finish(item_left, 1, ADA)
    respond.turn(asked, IncidentState.CLOSED, ADA)
    assert late() == []

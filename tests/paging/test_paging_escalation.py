from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from paging_system import MINUTE, NOON, ROTA, alert, ladder, person, team_system

from standfast.errors import Conflict
from standfast.paging.escalation import due, failed, steps_of
from standfast.paging.notification import BACKOFF, Delivery, Outcome, wait
from standfast.paging.page import (
    ACK_TIMEOUT,
    PageState,
    acknowledge,
    close_page,
    open_page,
    page_id,
    reopen_page,
)
from standfast.spec.server import ServerSettings
from standfast.spec.values import Severity

SYSTEM = team_system()


def opened(severity: Severity = Severity.P1, system=SYSTEM, **more):
    one = alert(severity=severity, **more)
    return open_page(page_id(one.fingerprint, one.episode), one, system, NOON)


def told(step) -> list[tuple[str, str]]:
    return [(one.person, one.channel) for one in step.posts]


def test_the_primary_is_told_at_once_and_the_others_when_their_time_has_come() -> None:
    first = due(opened(), SYSTEM, NOON)
    assert told(first) == [("ada", "page")]
    assert due(first.page, SYSTEM, NOON + 5 * MINUTE - timedelta(seconds=1)).posts == ()

    second = due(first.page, SYSTEM, NOON + 5 * MINUTE)
    third = due(second.page, SYSTEM, NOON + 10 * MINUTE)
    assert (told(second), told(third)) == ([("bo", "page")], [("dee", "page")])


def test_after_the_last_step_the_catch_all_is_told_and_then_it_begins_again() -> None:
    system = replace(SYSTEM, server=ServerSettings(catch_all="cy"))
    page, at, heard = opened(system=system), NOON, []
    for _ in range(6):
        step = due(page, system, at)
        heard += [one.person for one in step.posts]
        page, at = step.page, step.page.next_action_at

    assert heard == ["ada", "bo", "dee", "cy", "ada", "bo"]
    assert page.state is PageState.EXHAUSTED
    assert page.loop == 1


def test_a_step_with_nobody_gives_way_at_once_and_says_so() -> None:
    system = replace(SYSTEM, on_call={"storefront": replace(ROTA, hours="Mon-Mon 01:00-02:00")})

    step = due(opened(system=system), system, NOON)

    assert told(step) == [("dee", "page")]
    assert "primary is nobody; secondary is nobody" in step.why


def test_a_person_without_an_address_is_passed_over() -> None:
    people = {**SYSTEM.people, "ada": person("ada", email=None)}
    system = replace(SYSTEM, people=people)

    step = due(opened(), system, NOON)

    assert told(step) == [("bo", "page")]
    assert "primary is out of reach" in step.why


def test_without_a_rota_the_catch_all_hears_of_it_at_once() -> None:
    system = replace(SYSTEM, on_call={})

    assert told(due(opened(system=system), system, NOON)) == [("dee", "page")]


def test_without_people_a_channel_with_its_own_receiver_is_used_and_it_never_stops() -> None:
    system = replace(SYSTEM, on_call={}, people={}, teams={})
    step = due(opened(system=system), system, NOON)

    assert told(step) == [("", "chat")]
    assert due(step.page, system, step.page.next_action_at).posts


def test_where_nothing_can_reach_anybody_the_page_says_so_and_goes_on_trying() -> None:
    system = replace(SYSTEM, on_call={}, people={}, teams={}, channels={})
    step = due(opened(system=system), system, NOON)

    assert step.posts == ()
    assert "nobody can be reached" in step.page.why
    assert step.page.next_action_at is not None


def test_an_unknown_component_is_paged_for_all_the_same() -> None:
    one = alert(component="never-heard-of")

    assert told(due(open_page("P-1", one, SYSTEM, NOON), SYSTEM, NOON)) == [("ada", "page")]


def test_mild_alerts_go_where_their_severity_says_and_wake_nobody() -> None:
    third = due(opened(Severity.P3), SYSTEM, NOON)
    fourth = due(opened(Severity.P4), SYSTEM, NOON)

    assert told(third) == [("ada", "chat")]
    assert told(fourth) == [("ada", "email")]
    assert fourth.page.next_action_at is None


def test_a_quiet_page_ends_with_its_ladder() -> None:
    page = opened(Severity.P3)
    for _ in range(10):
        if page.next_action_at is None:
            break
        page = due(page, SYSTEM, page.next_action_at).page

    assert page.next_action_at is None
    assert page.state is PageState.EXHAUSTED


def test_acknowledging_stops_it_and_silence_for_half_an_hour_starts_it_again() -> None:
    page = acknowledge(due(opened(), SYSTEM, NOON).page, "ada", NOON + MINUTE)

    assert due(page, SYSTEM, NOON + 30 * MINUTE).page == page
    again = due(page, SYSTEM, NOON + 31 * MINUTE)
    assert told(again) == [("ada", "page")]
    assert again.page.state is PageState.OPEN
    assert "ada acknowledged" in again.why


def test_an_incident_that_progresses_keeps_an_acknowledged_page_quiet() -> None:
    page = acknowledge(due(opened(), SYSTEM, NOON).page, "ada", NOON)
    progress = NOON + 20 * MINUTE

    step = due(page, SYSTEM, NOON + ACK_TIMEOUT, progressed_at=progress)

    assert step.posts == ()
    assert step.page.next_action_at == progress + ACK_TIMEOUT


def test_the_first_answer_counts() -> None:
    page = acknowledge(opened(), "ada", NOON)

    assert acknowledge(page, "bo", NOON + MINUTE).acknowledged_by == "ada"
    with pytest.raises(Conflict, match="closed"):
        acknowledge(close_page(page, NOON), "bo", NOON)


def test_an_alert_that_comes_back_in_its_episode_goes_on_where_it_was() -> None:
    page = due(opened(), SYSTEM, NOON).page
    back = reopen_page(close_page(page, NOON + MINUTE), NOON + 2 * MINUTE)
    answered = reopen_page(close_page(acknowledge(page, "ada", NOON), NOON), NOON + MINUTE)

    assert told(due(back, SYSTEM, NOON + 2 * MINUTE)) == [("bo", "page")]
    assert answered.state is PageState.ACKNOWLEDGED


def test_when_every_channel_has_failed_another_channel_and_then_the_next_person_come_at_once() -> (
    None
):
    step = due(opened(), SYSTEM, NOON)
    lost = tuple(replace(one, state=Delivery.FAILED, reason="550") for one in step.posts)

    other = failed(step.page, SYSTEM, lost, NOON + timedelta(seconds=3))
    assert told(other) == [("ada", "chat"), ("ada", "email")]

    gone = tuple(replace(one, state=Delivery.FAILED, reason="410") for one in other.posts)
    moved = failed(other.page, SYSTEM, (*lost, *gone), NOON + timedelta(seconds=4))
    assert moved.page.next_action_at == NOON + timedelta(seconds=4)
    assert "reached nobody" in moved.why
    assert told(due(moved.page, SYSTEM, NOON + timedelta(seconds=4))) == [("bo", "page")]


def test_a_failure_after_the_page_was_answered_moves_nothing() -> None:
    step = due(opened(), SYSTEM, NOON)
    lost = tuple(replace(one, state=Delivery.FAILED) for one in step.posts)
    page = acknowledge(step.page, "ada", NOON)

    assert failed(page, SYSTEM, lost, NOON).posts == ()


def test_a_channel_that_refuses_again_and_again_counts_as_failed_while_it_is_still_tried() -> None:
    step = due(opened(), SYSTEM, NOON)
    tired = tuple(
        replace(one, attempts=len(BACKOFF[Severity.P1]) + 1, last_outcome=Outcome.RETRYABLE)
        for one in step.posts
    )

    assert told(failed(step.page, SYSTEM, tired, NOON)) == [("ada", "chat"), ("ada", "email")]


def test_the_waits_of_a_p1_are_one_two_five_and_fifteen_seconds() -> None:
    assert [wait(Severity.P1, n).total_seconds() for n in (1, 2, 3, 4, 5, 99)] == [
        1,
        2,
        5,
        15,
        15,
        15,
    ]
    assert wait(Severity.P1, 1, timedelta(seconds=40)).total_seconds() == 40
    assert wait(Severity.P1, 1, timedelta(days=2)) == timedelta(minutes=15)


def test_steps_may_be_for_some_severities_only() -> None:
    steps = (*ladder(("primary", 5)), replace(ladder(("dee", 9))[0], only=(Severity.P1,)))
    rota = replace(ROTA, escalate=dict.fromkeys(Severity, steps))
    system = replace(SYSTEM, on_call={"storefront": rota})

    assert len(steps_of(opened(Severity.P1), system)) == 2
    assert len(steps_of(opened(Severity.P2), system)) == 1


class Escalating(RuleBasedStateMachine):
    """Whatever happens, a page that wakes people has something to come until it is answered or over."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.page = opened()
        self.sent: dict[str, object] = {}
        self.taken: list[tuple[int, int]] = []

    def take(self, step) -> None:
        for one in step.posts:
            assert one.key not in self.sent, "the same message twice"
            self.sent[one.key] = one
        if step.page.step != self.page.step or step.page.loop != self.page.loop:
            self.taken.append((step.page.loop, step.page.step - 1))
        self.page = step.page

    @rule(seconds=st.integers(0, 2000))
    def pass_time(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def tick(self) -> None:
        step = due(self.page, SYSTEM, self.now)
        assert due(self.page, SYSTEM, self.now) == step
        self.take(step)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), state=st.sampled_from([Delivery.FAILED, Delivery.ARRIVED]))
    def settle(self, data, state) -> None:
        key = data.draw(st.sampled_from(sorted(self.sent)))
        self.sent[key] = replace(self.sent[key], state=state, reason="said so")
        before = self.page.step
        step = failed(self.page, SYSTEM, tuple(self.sent.values()), self.now)
        assert step.page.step == before
        self.take(step)

    @precondition(lambda self: self.page.active)
    @rule()
    def answer(self) -> None:
        self.page = acknowledge(self.page, "ada", self.now)

    @rule()
    def alert_ends(self) -> None:
        self.page = close_page(self.page, self.now)
        assert due(self.page, SYSTEM, self.now + timedelta(days=9)).posts == ()

    @rule()
    def alert_returns(self) -> None:
        self.page = reopen_page(self.page, self.now)

    @invariant()
    def it_never_stops(self) -> None:
        assert (self.page.next_action_at is not None) == self.page.active

    @invariant()
    def it_skips_no_step(self) -> None:
        for (loop, step), (next_loop, next_step) in zip(self.taken, self.taken[1:], strict=False):
            went_on = (next_loop, next_step) == (loop, step + 1)
            began_again = (next_loop, next_step) == (loop + 1, 0)
            assert went_on or began_again, self.taken


TestEscalating = Escalating.TestCase
TestEscalating.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from standfast.alerting.alert import Alert, AlertState
from standfast.alerting.facts import Verdict
from standfast.alerting.machine import Turn, abandoned, step
from standfast.alerting.rules import Rule
from standfast.spec.condition import Threshold
from standfast.spec.values import Severity

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
YES, NO, BLIND = (Verdict(holds=one, because=f"said {one}") for one in (True, False, None))
RULE = Rule(
    name="high-error-rate",
    component="api",
    when=Threshold(
        signal="error rate", above=True, limit=0, unit="%", lasting=2 * MINUTE, text="x"
    ),
    severity=Severity.P2,
    summary="errors",
    lasting=2 * MINUTE,
    clears=MINUTE,
    reopens=15 * MINUTE,
)


def live(verdicts, *, every=30 * SECOND, rule=RULE, before: Alert | None = None, start=START):
    """Every step of an alert that is evaluated again and again."""
    steps = []
    for number, verdict in enumerate(verdicts):
        one = step(before, rule, verdict, start + number * every)
        steps.append(one)
        before = one.alert
    return steps


def turns(steps) -> list[Turn]:
    return [one.turn for one in steps if one.turn is not Turn.NONE]


def test_it_fires_once_the_condition_has_lasted() -> None:
    steps = live([YES] * 6)

    assert turns(steps) == [Turn.PENDING, Turn.FIRED]
    assert steps[4].turn is Turn.FIRED
    assert steps[4].alert.fired_at - steps[4].alert.since == RULE.lasting


def test_a_condition_that_does_not_last_is_dropped_and_tells_nobody() -> None:
    steps = live([YES, YES, NO])

    assert turns(steps) == [Turn.PENDING, Turn.DROPPED]
    assert not any(turn.matters for turn in turns(steps))


def test_it_ends_only_after_it_was_over_for_a_while() -> None:
    fired = live([YES] * 5)[-1].alert

    assert turns(live([NO, YES, NO, NO], before=fired, start=START + 3 * MINUTE)) == []
    assert turns(live([NO, NO, NO], before=fired, start=START + 3 * MINUTE)) == [Turn.RESOLVED]


def test_not_knowing_never_ends_it_and_says_so() -> None:
    fired = live([YES] * 5)[-1].alert

    steps = live([BLIND] * 500, before=fired, start=START + 3 * MINUTE)

    assert turns(steps) == []
    assert steps[-1].alert.firing
    assert steps[-1].alert.because == (
        "not seen since 12:03:00 UTC (said None); before that: said True"
    )


def test_time_in_which_nothing_was_seen_is_no_evidence_that_it_lasted() -> None:
    steps = live([YES, BLIND, BLIND, BLIND, BLIND, YES, YES, YES, YES, YES])

    assert steps[5].turn is Turn.NONE
    assert steps[8].turn is Turn.FIRED


def test_back_within_the_reopen_window_is_the_same_episode_and_later_the_next() -> None:
    over = live([NO] * 3, before=live([YES] * 5)[-1].alert, start=START + 3 * MINUTE)[-1].alert

    soon = live([YES] * 5, before=over, start=START + 10 * MINUTE)[-1]
    late = live([YES] * 5, before=over, start=START + 60 * MINUTE)[-1]

    assert (soon.turn, soon.alert.episode) == (Turn.REOPENED, 1)
    assert (late.turn, late.alert.episode) == (Turn.FIRED, 2)
    assert soon.alert.fingerprint == late.alert.fingerprint == "high-error-rate/api"


def test_graver_than_before_is_a_new_episode_and_milder_changes_nothing() -> None:
    fired = live([YES] * 5)[-1].alert
    later = START + 5 * MINUTE

    raised = step(fired, RULE, YES, later, severity=Severity.P1)
    lowered = step(raised.alert, RULE, YES, later + MINUTE, severity=Severity.P3)

    assert (raised.turn, raised.alert.episode) == (Turn.RAISED, 2)
    assert lowered.alert.severity is Severity.P1


def test_a_rule_that_left_the_file_ends_its_alert_and_gives_the_reason() -> None:
    fired = live([YES] * 5)[-1].alert

    ended = abandoned(fired, START + 5 * MINUTE)

    assert ended.turn is Turn.RESOLVED
    assert "no longer in the file" in ended.alert.because


def test_an_evaluation_that_comes_late_does_not_undo_a_newer_one() -> None:
    fired = live([YES] * 5)[-1].alert

    assert step(fired, RULE, NO, START) == step(fired, RULE, YES, START)


verdicts = st.lists(st.tuples(st.sampled_from([YES, NO, BLIND]), st.integers(1, 300)), max_size=80)
spans = st.integers(0, 300).map(lambda seconds: seconds * SECOND)


@given(verdicts, spans, spans)
def test_whatever_is_seen_and_when_the_life_of_an_alert_keeps_its_rules(
    seen, lasting, clears
) -> None:
    rule = Rule(
        name="r",
        component="c",
        when=RULE.when,
        severity=Severity.P2,
        summary="s",
        lasting=lasting,
        clears=clears,
    )
    now, before, told = START, None, []
    held_since = gone_since = None
    for verdict, seconds in seen:
        now += seconds * SECOND
        if verdict.holds is not False:
            gone_since = None
        elif gone_since is None:
            gone_since = now
        held_since = (
            None if verdict.holds is False else held_since or (now if verdict.holds else None)
        )
        one = step(before, rule, verdict, now)
        if one.turn in {Turn.FIRED, Turn.REOPENED}:
            assert verdict.holds
            assert now - held_since >= lasting
        if one.turn is Turn.RESOLVED:
            assert verdict.holds is False
            assert now - gone_since >= clears
        if verdict.holds is None and before is not None:
            assert one.alert.state is before.state
        if one.turn.matters:
            told.append(one.turn)
        if before is not None and one.alert is not None:
            assert one.alert.episode >= before.episode
        # The same instant judged again changes nothing that anybody hears of.
        assert not step(one.alert, rule, verdict, now).turn.matters
        before = one.alert

    ends = [turn is Turn.RESOLVED for turn in told]
    assert ends == [number % 2 == 1 for number in range(len(ends))], (
        "firing and resolving take turns"
    )
    assert before is None or before.state in AlertState

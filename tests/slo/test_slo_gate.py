from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.errors import Conflict, NotFound, StandfastError
from standfast.slo.budget import budget
from standfast.slo.exclusion import Exclusion, Kind
from standfast.slo.gate import Answer, Standing, Trouble, decide, subject_of
from standfast.slo.override import Override, ends, revoked
from standfast.slo.policy import PolicyState, policy_state
from standfast.slo.status import LevelStatus
from standfast.slo.tally import Tally
from standfast.slo.window import Span
from standfast.spec import read_text

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SYSTEM = read_text(
    """
system: {name: shop, criticality: critical, timezone: UTC}
components:
  web: {type: http, owner: shop, url: "http://127.0.0.1:1", needs: {api: {strength: hard}}}
  api: {type: http, owner: shop, url: "http://127.0.0.1:2"}
  adverts: {type: http, owner: shop}
journeys:
  buy: {path: [web, api], slo: 99%}
service_levels:
  api-up: {of: api, sli: probe, slo: 99%}
  web-up: {of: web, sli: probe, slo: 99%}
people: {ada: {name: Ada Ito, email: ada@shop.test}}
teams: {shop: {members: [ada], lead: ada}}
"""
)
API = subject_of(SYSTEM, "api")
OVERRIDE = Override(
    id="GO-1", service="api", because="the fix of INC-1", by="ada", until=NOW + DAY,
    made_at=NOW - DAY, made_by="ada",
)  # fmt: skip
INCIDENT = Trouble(
    id="INC-1", sev="SEV1", state="mitigated", title="no orders", component="api", since=NOW
)


def standing(left: Fraction | None, *, covered: Fraction = Fraction(1), judged=NOW) -> Standing:
    """The first objective of the api with this share of its budget left."""
    one = API.objectives[0]
    bad = 0 if left is None else (1 - left) * 10_000 * one.allowed
    tally = Tally(bad=bad, total=10_000, covered=30 * DAY * float(covered))
    if left is None:
        tally = Tally()
    span = Span(start=NOW - 30 * DAY, end=NOW)
    found = budget(one, tally, span=span, now=NOW, first_seen=span.start)
    state = policy_state(SYSTEM.budget_policy, one.name, found.left, None, NOW - DAY)
    status = LevelStatus(objective=one.name, at=judged, budget=found, burns=())
    return Standing(objective=one, status=status, policy=state)


def asked(*standings: Standing, troubles=(), override=None):
    return decide(API, standings, troubles, override, NOW)


def test_a_component_is_asked_of_with_each_journey_that_cannot_do_without_it() -> None:
    assert {one.name for one in API.objectives} == {"api-up", "buy"}
    assert subject_of(SYSTEM, "buy").components == ("web", "api")
    assert [one.name for one in subject_of(SYSTEM, "web-up").objectives] == ["web-up"]
    with pytest.raises(NotFound, match=r"no component, journey or objective is called 'apo'"):
        subject_of(SYSTEM, "apo")


def test_a_journey_and_a_level_of_one_name_are_asked_together_and_excluded_together() -> None:
    level = replace(SYSTEM.service_levels["web-up"], name="buy")
    system = replace(SYSTEM, service_levels={"buy": level})

    found = subject_of(system, "buy").objectives

    assert [one.name for one in found] == ["buy", "buy-journey"]
    one = Exclusion(
        id="EX-1", of="buy", kind=Kind.UPSTREAM, starts=NOW, ends=NOW + DAY, because="x", by="ada",
        made_at=NOW, made_by="ada",
    )  # fmt: skip
    assert all(one.covers(each) for each in found)


def test_enough_of_the_budget_is_a_yes_with_the_figures() -> None:
    found = asked(standing(Fraction(7, 10)), standing(Fraction(6, 10)))

    assert found.answer is Answer.YES
    assert found.sentence == (
        "api: yes. of 2 objectives api-up has 60.0% of its budget left (in the band > 50% since"
        " 2026-11-19 12:00 UTC: continue feature work), the least."
    )


def test_the_band_that_freezes_is_a_no_with_what_it_asks_for_and_since_when() -> None:
    found = asked(standing(Fraction(2, 10)))

    assert found.answer is Answer.NO
    assert "api-up has 20.0% of its budget left (in the band < 25% since" in found.sentence
    assert "freeze features, fix reliability" in found.sentence
    (reason,) = found.reasons
    assert (reason.left, reason.band, reason.since) == (Fraction(2, 10), "< 25%", NOW - DAY)


def test_an_exhausted_budget_is_a_no_though_its_band_speaks_of_no_freeze() -> None:
    spent = standing(Fraction(-1, 2))

    assert spent.policy is not None
    assert "freeze" not in spent.policy.action
    assert "api-up has spent its budget 1.5 times over" in asked(spent).sentence
    assert asked(spent).answer is Answer.NO


def test_what_is_not_known_is_unknown_and_never_a_yes() -> None:
    blind, thin = standing(None), standing(Fraction(1), covered=Fraction(1, 10))
    old = standing(Fraction(1), judged=NOW - timedelta(minutes=6))
    new = Standing(objective=API.objectives[0], status=None, policy=None)

    for one in (blind, thin, old, new):
        assert asked(one, standing(Fraction(1))).answer is Answer.UNKNOWN
    assert "too long ago" in asked(old).sentence
    assert decide(subject_of(SYSTEM, "adverts"), (), (), None, NOW).answer is Answer.UNKNOWN


def test_a_freeze_outlives_the_sight_of_its_budget() -> None:
    frozen = PolicyState(objective="api-up", band="< 25%", action="freeze", freezes=True, since=NOW)

    found = asked(replace(standing(None), policy=frozen))

    assert found.answer is Answer.NO
    assert "it was frozen when it was last known" in found.sentence


def test_a_grave_incident_is_a_no_until_it_is_resolved() -> None:
    found = asked(standing(Fraction(1)), troubles=(INCIDENT,))

    assert found.answer is Answer.NO
    assert found.sentence == "api: no. INC-1 (SEV1, mitigated) goes on on api: no orders."


def test_an_override_is_a_yes_that_says_who_answers_for_what() -> None:
    found = asked(standing(Fraction(0)), troubles=(INCIDENT,), override=OVERRIDE)

    assert (found.answer, found.without_override) == (Answer.YES, Answer.NO)
    assert found.sentence.startswith(
        "api: yes. ada answers for it until 2026-11-21 12:00 UTC by GO-1: the fix of INC-1."
        " Without it no: INC-1"
    )
    assert "and is not needed" in asked(standing(Fraction(1)), override=OVERRIDE).sentence


@given(st.timedeltas(min_value=-3 * DAY, max_value=3 * DAY))
def test_an_override_holds_from_its_making_to_its_end_and_not_a_moment_longer(past) -> None:
    now = NOW + past
    old = Standing(objective=API.objectives[0], status=None, policy=None)
    found = decide(API, (old,), (), OVERRIDE, now)

    assert (found.answer is Answer.YES) == (OVERRIDE.made_at <= now < OVERRIDE.until)


def test_an_override_ends_within_a_week_and_is_revoked_once() -> None:
    assert ends(NOW + 7 * DAY, NOW) == NOW + 7 * DAY
    for wrong in (NOW, NOW + 7 * DAY + timedelta(seconds=1)):
        with pytest.raises(StandfastError, match="within 7 days"):
            ends(wrong, NOW)
    over = revoked(OVERRIDE, NOW, "bo")
    assert not over.holds(NOW)
    with pytest.raises(Conflict, match="was revoked already"):
        revoked(over, NOW, "bo")


shares = st.one_of(st.none(), st.fractions(min_value=-2, max_value=1, max_denominator=100))


@given(st.lists(shares, min_size=1, max_size=4), st.booleans())
def test_one_no_outweighs_everything_and_one_unknown_every_yes(lefts, trouble) -> None:
    found = asked(*map(standing, lefts), troubles=(INCIDENT,) if trouble else ())

    frozen = any(left is not None and left < Fraction(1, 4) for left in lefts)
    if trouble or frozen:
        assert found.answer is Answer.NO
    else:
        assert found.answer is (Answer.UNKNOWN if None in lefts else Answer.YES)


def test_a_consequence_that_the_file_changes_holds_from_then_on() -> None:
    before = standing(Fraction(2, 10)).policy
    assert before is not None
    bands = tuple(replace(one, freezes=False) for one in SYSTEM.budget_policy.bands)
    changed = replace(SYSTEM.budget_policy, bands=bands)

    after = policy_state(changed, "api-up", Fraction(2, 10), before, NOW)

    assert after is not None
    assert (after.freezes, after.since) == (False, NOW)

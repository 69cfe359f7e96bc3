from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from incidents_system import BLOG

from standfast.incidents.incident import (
    ActionItem,
    IncidentState,
    TimelineEntry,
    acknowledged,
    declare,
    turn,
)
from standfast.incidents.post_mortem import Figures, cost, draft
from standfast.spec.values import Money, Sev, Severity

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
GOLDEN = """\
# Post-Mortem: web: readers see errors

**Date**: 2026-11-20 | **Severity**: SEV1 | **Duration**: 1.5 hours

Due 2026-11-22 13:28 UTC.

## Executive Summary

web was in trouble from 2026-11-20 11:58 UTC; SEV1 was declared at 12:00 by an alert. 1,204 of 9,400 \
requests failed (12.8%); the error budget burned was 41.0% of web-probes. It was first answered after \
12 min, mitigated after 42 min, resolved after 1 h 30 min.

## Timeline (UTC)

| Time | Event |
| --- | --- |
| 12:00 | alert: P1 readers see errors: 12.8% of requests failed in 5m (standfast) |
| 12:10 | acknowledgement: bo acknowledged it (bo) |
| 2026-11-21 00:05 | note: evidence kept (ada) |

## Impact

- Users affected: not measured
- Transactions: 1,204 of 9,400 requests failed (12.8%)
- Error budget burned: 41.0% of web-probes
- Estimated revenue impact: at most 1,800.00 EUR

## Root Cause (5 Whys)

1. Why? P1 readers see errors: 12.8% of requests failed in 5m
2. Why? (to be found)
3. Why? (to be found)
4. Why? (to be found)
5. Why? (root cause, to be found)

## Action Items

| Action | Priority | Owner | Due Date |
| --- | --- | --- | --- |
| Proposed: remove the root cause in web | P1 | Ada Ito | to be set |
| Proposed: answer sooner: it took 12 min, 5 min is promised | P2 | Ada Ito | to be set |
"""


def after(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def entry(minutes: int, kind: str, text: str, by: str = "") -> TimelineEntry:
    return TimelineEntry(at=after(minutes), kind=kind, text=text, source="standfast", by=by)


def test_the_draft_is_the_template_filled_in_from_the_timeline() -> None:
    title = "web: readers see errors"
    one = declare("INC-1", title, Sev.SEV1, "web", NOON, alert="errors/web", began_at=after(-2))
    one = turn(acknowledged(one, "bo", after(10)), IncidentState.MITIGATED, after(40))
    one = turn(one, IncidentState.RESOLVED, after(88))
    timeline = (
        entry(0, "alert", "P1 readers see errors: 12.8% of requests failed in 5m"),
        entry(10, "acknowledgement", "bo acknowledged it", "bo"),
        entry(12 * 60 + 5, "note", "evidence kept", "ada"),
    )
    figures = Figures(
        failed_requests=1204,
        total_requests=9400,
        budget_burned=Fraction(41, 100),
        objective="web-probes",
        cost=cost(BLOG, "web", one.lasted(after(500))),
    )

    assert draft(one, timeline, figures, BLOG) == GOLDEN


def test_what_was_not_measured_is_said_so_and_not_nought() -> None:
    one = declare("INC-1", "slow", Sev.SEV3, "web", NOON, by="ada")
    text = draft(one, (), Figures(), BLOG)

    assert "**Duration**: still going on" in text
    assert "- Transactions: failed requests were not measured" in text
    assert "- Estimated revenue impact: not measured" in text
    assert "It was not yet resolved." in text
    assert "| – | nothing was written down |" in text
    assert "Due " not in text.split("## Executive")[0]
    assert "let an alert find this before a person does" in text


def test_a_component_whose_alerts_have_no_runbook_is_owed_one() -> None:
    one = declare("INC-1", "slow", Sev.SEV1, "web", NOON, by="ada")

    assert "write a runbook for web" in draft(one, (), Figures(), replace(BLOG, alerts={}))
    assert "write a runbook" not in draft(one, (), Figures(), BLOG)


def test_action_items_take_the_place_of_proposals() -> None:
    one = declare("INC-1", "slow", Sev.SEV1, "web", NOON, by="ada")
    item = ActionItem(text="add an index", priority=Severity.P2, owner="bo", due=after(0))
    text = draft(replace(one, actions=(item,)), (), Figures(), BLOG)

    assert "| add an index | P2 | bo | 2026-11-20 |" in text
    assert "Proposed" not in text


def test_other_peoples_words_cannot_become_markup() -> None:
    hostile = "a | b\n# big <script> [x](http://y) `c` \x1b[31m&lt;"
    one = declare("INC-1", hostile, Sev.SEV1, "web", NOON, by="ada")
    text = draft(one, (entry(0, "note", hostile, "mal|lory"),), Figures(), BLOG)

    shown = r"a \| b \# big \<script\> \[x\](http://y) \`c\` " + "\ufffd" + r"\[31m&amp;lt;"
    assert f"# Post-Mortem: {shown}\n" in text
    assert f"| 12:00 | note: {shown} (mal\\|lory) |" in text


def test_cost_counts_the_journeys_through_the_component_that_state_their_revenue() -> None:
    half = timedelta(minutes=30)

    assert cost(BLOG, "db", half) == Money(amount=Decimal("600.00"), currency="EUR")
    assert cost(BLOG, "elsewhere", half) is None


def test_revenues_in_two_currencies_are_not_added() -> None:
    dollars = Money(amount=Decimal(10), currency="USD")
    both = {**BLOG.journeys, "write": replace(BLOG.journeys["write"], revenue_per_hour=dollars)}

    assert cost(replace(BLOG, journeys=both), "web", timedelta(hours=1)) is None

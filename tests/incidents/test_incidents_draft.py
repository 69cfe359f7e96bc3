from __future__ import annotations

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from paging_system import NOON, team_system

from standfast.incidents.incident import (
    ActionItem,
    IncidentState,
    TimelineEntry,
    acknowledged,
    declare,
    turn,
)
from standfast.incidents.post_mortem import Figures, draft
from standfast.spec.values import Sev, Severity

MINUTE = timedelta(minutes=1)


def story():
    one = declare("INC-1", "web is down", Sev.SEV1, "web", NOON, alert="web-down/web")
    one = acknowledged(one, "ada", NOON + 3 * MINUTE)
    return turn(one, IncidentState.RESOLVED, NOON + 90 * MINUTE, by="ada")


def entry(text: str, minutes: float = 0, kind: str = "note", by: str = "") -> TimelineEntry:
    return TimelineEntry(at=NOON + minutes * MINUTE, kind=kind, text=text, source="web", by=by)


def test_the_draft_has_every_part_of_the_template_filled_from_what_is_known() -> None:
    timeline = [
        entry("P1 web is down: 0 of 40 requests succeeded", kind="alert"),
        entry("ada acknowledged", 3, by="ada"),
    ]
    figures = Figures(
        users=120, failed_requests=4210, budget_burned=(("web-availability", "31.2%"),), revenue="90 EUR"
    )  # fmt: skip
    text = draft(story(), timeline, figures, team_system())

    for part in (
        "# Post-Mortem: web is down",
        "**Date**: 2026-11-20 | **Severity**: SEV1 | **Duration**: 1.5 hours",
        "## Executive Summary", "## Timeline (UTC)", "## Impact", "## Root Cause (5 Whys)", "## Action Items",
        "| 12:00:00 | P1 web is down: 0 of 40 requests succeeded | web |",
        "| 12:03:00 | ada acknowledged (ada) | web |",
        "- 120 users affected", "- 4,210 requests or transactions failed", "revenue impact: 90 EUR",
        "- Error budget of web-availability: 31.2%",
        "- Time to acknowledge: 3 min", "- Incident Commander: Ada from 12:03", "- Scribe: nobody",
        "1. Why? P1 web is down", "5. Why?",
    ):  # fmt: skip
        assert part in text


def test_what_is_not_known_is_said_and_not_made_up() -> None:
    text = draft(story(), [], Figures(), team_system())

    assert "_unknown number of_ users affected" in text
    assert "_not estimated_" in text
    assert "- Error budget: _not measured_" in text


def test_actions_stand_in_their_table() -> None:
    from dataclasses import replace

    item = ActionItem(text="Add a probe", priority=Severity.P2, owner="bo", due=NOON)
    text = draft(replace(story(), actions=(item,)), [], Figures(), team_system())

    assert "| Add a probe | P2 | bo | 2026-11-20 |" in text


@given(st.text(max_size=80))
def test_no_text_of_anybody_breaks_the_table(said: str) -> None:
    before = draft(story(), [entry("plain")], Figures(), team_system())
    text = draft(story(), [entry(said)], Figures(), team_system())

    assert len(text.split("\n")) == len(before.split("\n"))
    (row,) = [line for line in text.split("\n") if line.startswith("| 12:00:00")]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 4

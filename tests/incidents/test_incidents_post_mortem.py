from __future__ import annotations

from datetime import UTC, datetime, timedelta

from incidents_system import BLOG

from standfast.incidents.incident import (
    IncidentState,
    TimelineEntry,
    acknowledged,
    declare,
    turn,
)
from standfast.incidents.post_mortem import Figures, draft
from standfast.spec.values import Sev

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def after(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def entry(minutes: int, kind: str, text: str, by: str = "") -> TimelineEntry:
    return TimelineEntry(at=after(minutes), kind=kind, text=text, source="standfast", by=by)


def test_the_draft_is_the_template_filled_in_from_the_timeline() -> None:
    one = declare("INC-1", "errors", Sev.SEV1, "web", NOON, alert="errors/web", began_at=after(-2))
    one = turn(acknowledged(one, "bo", after(10)), IncidentState.MITIGATED, after(40))
    one = turn(one, IncidentState.RESOLVED, after(88))
    timeline = (entry(0, "alert", "P1 12.8% failed"), entry(725, "note", "evidence kept", "ada"))
    text = draft(one, timeline, Figures(failed_requests=1204, revenue="1,800 EUR"), BLOG)

    assert text.startswith("# Post-Mortem: errors\n\n**Date**: 2026-11-20 | **Severity**: SEV1 |")
    for line in (
        "| 12:00:00 | P1 12.8% failed | standfast |",
        "| 2026-11-21 00:05:00 | evidence kept (ada) | standfast |",
        "- 1,204 requests or transactions failed",
        "- Estimated revenue impact: 1,800 EUR",
        "- Time to acknowledge: 12 min",
        "- Time to restore: 42 min",
        "- Incident Commander: Bo Lind from 12:10",
        "- Post-mortem due: 2026-11-22 13:28 UTC",
        "1. Why? P1 12.8% failed - _and why was that?_",
    ):
        assert line in text.splitlines()


def test_what_was_not_measured_is_said_so_and_not_nought() -> None:
    text = draft(declare("INC-1", "slow", Sev.SEV3, "web", NOON, by="ada"), (), Figures(), BLOG)

    assert "- _unknown number of_ requests or transactions failed" in text
    assert "- Estimated revenue impact: _not estimated_" in text
    assert "- Error budget: _not measured_" in text


def test_other_peoples_words_cannot_break_the_table() -> None:
    one = declare("INC-1", "x", Sev.SEV1, "web", NOON, by="ada")
    text = draft(one, (entry(0, "note", "a | b\n<i>", "mal|lory"),), Figures(), BLOG)

    assert r"| 12:00:00 | a \| b \<i\> (mal\|lory) | standfast |" in text

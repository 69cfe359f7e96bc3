from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.dashboards import measurements as m
from standfast.paging.page import Page, PageState
from standfast.publish.edition import Edition
from standfast.publish.figures import body
from standfast.spec.values import Severity
from standfast.web.api.encode import plain

NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def found(edition: Edition) -> m.Measurements:
    return m.Measurements(
        at=NOW,
        system="shop",
        file=edition.system.digest,
        levels=(
            m.LevelFigures(
                name="api-availability", promise="99.9%", state="burning", achieved=0.9991,
                left=0.1, left_time=timedelta(minutes=4.32), burn=2.5,
                runs_out=NOW + timedelta(days=2), attained=0.9995,
                seen_since=NOW - timedelta(days=40), band="< 25%", action="freeze features",
            ),
        ),
        targets=(
            m.TargetFigures(
                key="api/http", address="https://api", ok=False, at=NOW, since=NOW - MINUTE,
                because="timed out | <b>",
            ),
        ),
        unseen=("db/exporter",),
        silent=("cache",),
        alerts=(),
        episodes=(),
        load=(),
        channels=(
            m.ChannelFigures(
                person="ada", channel="page", wakes=True, proof="failed",
                words="the test of 2026-11-19 failed: 550 no such user", until=None,
            ),
        ),
        acknowledged_p50=None,
        acknowledged_p90=None,
        copies=(
            m.CopyFigures(
                store="db", kind="full", at=NOW - timedelta(hours=12), size=110, before=100,
                failed_at=NOW - timedelta(hours=1), reason="no room",
            ),
        ),
        restores=(),
        recovery=(
            m.RecoveryFigures(
                data="orders", store="db", rpo_promised=timedelta(minutes=5),
                rpo_measured=timedelta(seconds=40.4), rpo="met", rto_promised=timedelta(hours=1),
                rto_measured=timedelta(hours=2), rto="missed", because="restored",
            ),
        ),
        incidents=(),
        overdue=(),
        audit=m.AuditFigures(
            size=7, recent=3, oldest=NOW - timedelta(days=9), sealed=True, seal="all", signed_at=NOW,
            seen=(("auth.login", NOW), ("admin.erased", None)), searched=2, exported=1,
        ),
    )  # fmt: skip


def test_the_answer_to_may_we_deploy_stands_in_the_region(edition: Edition, found) -> None:
    text = body(edition, "docs/operations/SLOs.md", found)
    assert text.startswith("## Measured, 2026-11-20 14:00 UTC\n")
    assert "| api-availability, 99.9% | burning | 99.910% | 10.000%, 4m19s of total outage" in text
    assert "2026-11-22 14:00 UTC | 99.950% (since 2026-10-11) |" in text
    assert "- api-availability: &lt; 25% left, so freeze features" in text


def test_a_promise_that_was_just_broken_is_not_rounded_to_kept(edition: Edition, found) -> None:
    (level,) = found.levels
    broken = replace(found, levels=(replace(level, attained=0.9999999),))
    assert "| 99.999% (since" in body(edition, "docs/operations/SLOs.md", broken)


def test_time_that_was_excluded_is_told_beside_the_figure(edition: Edition, found) -> None:
    (level,) = found.levels
    shown = replace(found, levels=(replace(level, excluded=timedelta(hours=3)),))
    text = body(edition, "docs/operations/SLOs.md", shown)
    assert "(since 2026-10-" in text
    assert ", without 3h that are excluded |" in text


def test_what_fails_and_what_is_missing_is_named(edition: Edition, found) -> None:
    text = body(edition, "docs/operations/monitoring.md", found)
    assert "**fails since 2026-11-20 13:59 UTC**: timed out \\| &lt;b>" in text
    assert "- db/exporter: never looked at" in text
    assert "- cache: no signal is read any more" in text


def test_copies_show_their_trend_and_a_failure_since(edition: Edition, found) -> None:
    text = body(edition, "docs/operations/backup-strategy.md", found)
    assert "| 12h | 110 B | +10.0%; **failed since, 2026-11-20 13:00 UTC**: no room |" in text
    assert "No copy was ever restored." in text


def test_a_missed_promise_is_loud(edition: Edition, found) -> None:
    text = body(edition, "docs/operations/recovery-objectives.md", found)
    assert "| orders | 5m | 40s, met | 1h | 2h, **missed** | restored |" in text


def test_a_channel_that_failed_its_test_is_told_with_the_reason(edition: Edition, found) -> None:
    text = body(edition, "docs/operations/on-call.md", found)
    assert "| page (wakes) | **failed** | the test of 2026-11-19 failed: 550 no such user |" in text


def test_events_that_were_never_seen_are_named(edition: Edition, found) -> None:
    text = body(edition, "docs/compliance/audit-events.md", found)
    assert "| `admin.erased` | **never seen** |" in text


def test_figures_of_another_file_say_so(edition: Edition, found) -> None:
    text = body(edition, "docs/operations/SLOs.md", replace(found, file="0" * 64))
    assert "> The server runs on another file (`sha256:0000000000000000`)" in text


def test_a_document_about_nothing_measurable_has_no_region(edition: Edition, found) -> None:
    assert body(edition, "docs/operations/post-mortem-template.md", found) == ""


def test_the_value_survives_its_way_as_json(found) -> None:
    sent = msgspec.json.decode(msgspec.json.encode(plain(found)))
    assert msgspec.convert(sent, m.Measurements, strict=False) == found


@given(st.lists(st.integers(0, 10_000), max_size=60))
def test_answer_times_are_ones_that_were_taken_and_in_order(seconds: list[int]) -> None:
    pages = [
        Page(
            id=str(i), alert="a", episode=i, severity=Severity.P1, component="c", rota=None, title="t",
            body="", state=PageState.CLOSED, opened_at=NOW,
            acknowledged_at=NOW + timedelta(seconds=one),
        )
        for i, one in enumerate(seconds)
    ]  # fmt: skip
    quick, slow = m.answer_times(pages)
    if not seconds:
        assert (quick, slow) == (None, None)
        return
    assert quick is not None
    assert slow is not None
    taken = [timedelta(seconds=one) for one in seconds]
    assert quick <= slow
    assert 2 * sum(one <= quick for one in taken) >= len(taken)
    assert 10 * sum(one <= slow for one in taken) >= 9 * len(taken)
    assert 10 * sum(one < slow for one in taken) < 9 * len(taken)

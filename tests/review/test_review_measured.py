"""What was measured takes the place of what was written, and says so with its date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from standfast.monitoring.edges import Edge
from standfast.review import Evidence, Measured, Verdict, examine
from standfast.review.case import open_case
from standfast.spec.values import Grade, Strength

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.review import Finding
    from standfast.spec import system as s

    Spoil = Callable[..., s.System]

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
THEN = datetime(2026, 11, 20, 3, tzinfo=UTC)
PAY = "components/api/needs/payments"


def known(of: str = "", grade: Grade = Grade.MEASURED) -> Evidence:
    return Evidence(grade=grade, at=THEN, of=of)


def found(system: s.System, now: datetime, rule: str, **measured: Any) -> list[Finding]:
    review = examine(system, Measured(**measured), now)
    return [one for one in review.findings if one.rule == rule]


def edge(caller: str = "api", to: str = "payments", **more: Any) -> dict[tuple[str, str], Edge]:
    base = {"watched_from": THEN - 30 * DAY, "called_at": THEN, "calls": 1000}
    return {(caller, to): Edge(**{"component": caller, "to": to, **base, **more})}


def test_a_finding_says_how_its_figure_is_known(sound: s.System, now: datetime) -> None:
    (slow,) = found(
        sound, now, "RTO-01",
        restore={"db": timedelta(hours=2)},
        evidence={"restore.db": known("p95 of 7 restores")},
    )  # fmt: skip
    assert "takes 2 h (measured 2026-11-20, p95 of 7 restores)" in slow.problem
    assert slow.evidence == ("restore of db: measured 2026-11-20, p95 of 7 restores",)
    assert slow.verdict is Verdict.BLOCK


@pytest.mark.parametrize(
    ("rule", "key", "measured"),
    [
        ("AVL-07", "availability.checkout", {"availability": {"checkout": Fraction("0.99")}}),
        ("BAS-03", "availability.api-latency-p95-250ms",
         {"availability": {"api-latency-p95-250ms": Fraction("0.94")}}),
        ("ONC-07", "acknowledgement.P1", {"acknowledge_p90": {"P1": 6 * MINUTE}}),
        ("RPO-01", "data_loss.db", {"data_loss": {"db": 6 * MINUTE}}),
        ("RTO-09", "failover.home -> away", {"failover": {"home -> away": 61 * MINUTE}}),
    ],
)  # fmt: skip
def test_each_measured_rule_names_grade_and_date(
    rule: str, key: str, measured: dict[str, Any], sound: s.System, now: datetime
) -> None:
    (finding,) = found(sound, now, rule, **measured, evidence={key: known()})
    assert "(measured 2026-11-20)" in finding.problem
    assert finding.evidence[0].endswith(": measured 2026-11-20")


def test_a_drilled_failover_stands_in_for_the_sum_of_its_steps(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    tight = spoil(sound, {"failovers/home -> away/last_drill/rto": 90 * MINUTE})
    (finding,) = found(tight, now, "AVL-08")
    assert "takes 90 min (drilled 2026-11-02)" in finding.problem

    case = open_case(tight, Measured(), now)
    assert case.grade("failover.home -> away.rto", "failover.home -> away") is Grade.DRILLED
    assert case.grade("failover.home -> away.rto") is Grade.STATED


def test_latency_is_judged_by_what_is_counted_now(sound: s.System, now: datetime) -> None:
    kept = {"api-latency-p95-250ms": Fraction("0.95")}
    assert found(sound, now, "BAS-03", availability=kept) == []
    (worse,) = found(
        sound, now, "BAS-03", availability={"api-latency-p95-250ms": Fraction("0.9499")}
    )
    assert "94.99% are within 250 ms, 95% promised" in worse.problem


def test_fourteen_days_of_metrics_are_a_baseline(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    bare = spoil(sound, {"components/api/baseline": None})
    assert found(bare, now, "BAS-01", metrics_for={"api": 14 * DAY - MINUTE})
    assert not found(bare, now, "BAS-01", metrics_for={"api": 14 * DAY})


def test_a_restore_that_outgrows_its_promise_within_a_quarter_is_told_with_the_day(
    sound: s.System, now: datetime
) -> None:
    takes = {"db": 50 * MINUTE}
    slowly = {"db": timedelta(seconds=6)}  # 9 min in 90 days, of 10 left
    assert not found(sound, now, "RTO-01", restore=takes, restore_growth=slowly)
    (soon,) = found(sound, now, "RTO-01", restore=takes, restore_growth={"db": MINUTE})
    assert "too long from 2026-12-04" in soon.problem
    assert soon.verdict is Verdict.CLARIFY


def test_a_failed_restore_is_told_though_an_older_one_passed(
    sound: s.System, now: datetime
) -> None:
    fresh = {"db": now - DAY}
    assert not found(sound, now, "BKP-04", last_restore=fresh)
    (failed,) = found(
        sound, now, "BKP-04", last_restore=fresh, failed_restore={"db": "2026-11-24: table gone"}
    )
    assert "the newest restore of db failed (2026-11-24: table gone)" in failed.problem


def test_an_archive_timeout_read_from_the_server_settles_the_question(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    archive = spoil(
        sound,
        {"backups/db/copies/wal/streaming": False, "backups/db/copies/wal/archive_timeout": MINUTE},
    )
    assert not found(archive, now, "RPO-05", archive_timeout={"db": 5 * MINUTE})
    (off,) = found(archive, now, "RPO-05", archive_timeout={"db": timedelta()})
    assert (off.verdict, "no archive_timeout" in off.problem) == (Verdict.BLOCK, True)
    (late,) = found(archive, now, "RPO-05", archive_timeout={"db": 6 * MINUTE})
    assert "archive_timeout 6 min" in late.problem


def test_an_alert_that_nobody_ever_acknowledges_is_named(sound: s.System, now: datetime) -> None:
    (loud,) = found(sound, now, "ALR-12", ignored={"errors": 4, "of-another-file": 9})
    assert (loud.at, "4 pages" in loud.problem) == ("alerts.errors", True)


# ------------------------------------------------------------------ calls that were counted


def test_a_fallback_that_answered_is_exercised(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    undrilled = spoil(sound, {f"{PAY}/effectiveness": None})
    assert found(undrilled, now, "DEG-04", edges=edge())
    assert not found(undrilled, now, "DEG-04", edges=edge(degraded=1, degraded_at=THEN))


def test_a_ceiling_takes_the_fallbacks_measured_effect(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    weak = spoil(sound, {"components/payments/sla": Fraction("0.99")})
    assert not found(weak, now, "AVL-02")  # the file says that the fallback works in 99%
    (seen,) = found(weak, now, "AVL-02", edges=edge(failed=100, degraded=50, degraded_at=THEN))
    assert "payments 99% (soft, fallback works 50%, measured)" in seen.problem
    few = edge(failed=19, degraded=1, degraded_at=THEN)
    assert not found(weak, now, "AVL-02", edges=few)


@pytest.mark.parametrize(
    ("edges", "says"),
    [
        (edge("db", "payments"), "needs it nowhere"),
        (edge("api", "paymnts"), "no component is called so"),
        (edge("api", "payments", called_at=None, calls=0), "has seen no call in 34"),
        (edge("api", "db"), "shows breakers, and none for payments"),
    ],
)
def test_traffic_that_the_graph_does_not_know_is_told(
    edges: dict[tuple[str, str], Edge], says: str, sound: s.System, now: datetime
) -> None:
    assert any(says in one.problem for one in found(sound, now, "DEP-10", edges=edges))


def test_a_breaker_may_rest_for_a_week(sound: s.System, now: datetime) -> None:
    young = edge(called_at=None, calls=0, watched_from=now - 7 * DAY)
    assert not found(sound, now, "DEP-10", edges=young)


# ------------------------------------------------------------------ grades


def test_a_value_that_nobody_measured_keeps_the_files_grade(sound: s.System, now: datetime) -> None:
    case = open_case(sound, Measured(evidence={"restore.db": known()}), now)
    assert case.grade("backups.db.restore_speed", "restore.db") is Grade.MEASURED
    assert case.grade("backups.db.restore_speed", "restore.cache") is Grade.STATED


def test_an_undated_drill_is_no_evidence(sound: s.System, spoil: Spoil, now: datetime) -> None:
    failed = spoil(sound, {"failovers/home -> away/last_drill/passed": False})
    assert open_case(failed, Measured(), now).measured.evidence == {}
    assert open_case(sound, Measured(), now).measured.evidence["failover.home -> away"].at == date(
        2026, 11, 2
    )


def test_a_hard_need_has_no_use_for_a_fallback(
    sound: s.System, spoil: Spoil, now: datetime
) -> None:
    hard = spoil(sound, {f"{PAY}/strength": Strength.HARD, f"{PAY}/effectiveness": None})
    assert not found(hard, now, "DEG-04", edges=edge())

"""The arithmetic is shown, not only its result; and each role is asked in the words it needs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from standfast.review import Measured, examine
from standfast.review.finding import Role
from standfast.spec import protection
from standfast.spec import system as s
from standfast.spec.values import Promise, Strength

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.review import Finding

    Spoil = Callable[..., s.System]

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
HOURLY = protection.CopyPlan(
    kind="full", keep=30 * DAY, to=("near", "far"), every=HOUR, takes=25 * MINUTE
)
ARCHIVE = "backups/db/copies/wal"


def promise(percent: str) -> Promise:
    return Promise(text=f"{percent}%", target=Fraction(percent) / 100)


def one(system: s.System, now: datetime, rule: str, at: str) -> Finding:
    findings = examine(system, Measured(), now).findings
    return next(finding for finding in findings if finding.id == f"{rule}@{at}")


@pytest.mark.parametrize(
    ("rule", "at", "changes", "shown"),
    [
        ("AVL-02", "journeys.checkout.slo", {"components/db/availability": Fraction("0.9989")},
         ("api 99.95% x db 99.89% x payments 99.9% (soft, fallback works 99%) = 99.8391%: "
         "69.5 min down per 30 d, 64.8 min allowed by 99.85% (failures taken to be independent)")),
        ("AVL-04", "journeys.checkout.sla", {"components/db/availability": Fraction("0.9951")},
         ("api 99.95% x db 99.51% x payments 99.9% (soft, fallback works 99%) = 99.4593%, "
         "234 min down per 30 d with 216 min allowed")),
        ("AVL-08", "journeys.checkout.slo", {"journeys/checkout/slo": promise("99.93")},
         "99.93% of 30 d allows 30.2 min; the failover home -> away takes 31 min (drilled 2026-11-02)"),
        ("ALR-03", "alerts.burn",
         {"service_levels/api-availability/slos": (promise("80"),),
          "service_levels/api-availability/slas": ()},
         "6 x budget 20% of api-availability = 120% of requests would have to fail"),
        ("ALR-05", "alerts.errors", {"alerts/burn": ...},
         "just under 5% errors spend the budget of api-availability (0.05% of 30 d) in 432 min"),
        ("ALR-07", "alerts.errors",
         {"service_levels/api-availability/slos": (promise("99.975"),)},
         "5 min + 15 s to see it + 15 min to respond = 20.2 min; api-availability allows 10.8 min"),
        ("BAS-04", "components.api.baseline.capacity",
         {"components/api/baseline/capacity": Fraction(249)},
         "peak 400 rps grown to 500 exceeds 249 x (4 - 2) = 498 rps with one zone lost"),
        ("BKP-03", "data.accounts.rpo", {"backups/db/copies": {"full": HOURLY}},
         "full of db: every 1 h + 25 min to copy = 85 min"),
        ("RPO-05", "backups.db.wal",
         {f"{ARCHIVE}/streaming": False, f"{ARCHIVE}/archive_timeout": 6 * MINUTE},
         "archive_timeout 6 min, RPO 5 min of db: 6 min + upload may be lost"),
        ("RTO-01", "data.accounts.rto", {"components/db/size": 400 * 10**9},
         "400 GB at 90 MB/s is 74.1 min for the copy alone"),
        ("RTO-03", "failover.home -> away", {"failovers/home -> away/wait_before": 44 * MINUTE},
         "detection by api-down 1.2 min + response 5 min"),
        ("RTO-02", "data.accounts.rto",
         {"components/files": s.Component(name="files", type="volume", address="f:1"),
          "components/db/needs": {"files": s.Need(to="files", strength=Strength.HARD)},
          "data/files": protection.DataType(name="files", store="files", classification="normal",
                                   rpo=DAY, rto=2 * HOUR)},
         "db needs files, whose files is back in 2 h"),
        ("SLO-07", "service_levels.api-availability.slo",
         {"components/api/baseline/rps": Fraction(1, 100)},
         "0.01 rps x 30 d x 0.05% = 12.96 failures allowed; one spends 7.716%"),
    ],
)  # fmt: skip
def test_a_finding_shows_its_terms(
    rule: str, at: str, changes: dict[str, object], shown: str, sound: s.System, spoil: Spoil,
    now: datetime,
) -> None:  # fmt: skip
    assert shown in one(spoil(sound, changes), now, rule, at).problem


def test_a_failover_chain_prints_every_term(sound: s.System, spoil: Spoil, now: datetime) -> None:
    late = spoil(sound, {"failovers/home -> away/wait_before": 44 * MINUTE})
    problem = one(late, now, "RTO-03", "failover.home -> away").problem
    for term in ("detection by ", "response 5 min", "wait 44 min", "steps 11 min", "DNS TTL 1 min"):
        assert term in problem
    assert problem.endswith(" = 62.2 min; its RTO is 1 h")


@pytest.mark.parametrize(
    ("to", "rule", "at", "changes", "asks"),
    [
        (Role.ARCHITECT, "MON-06", "journeys.checkout.path",
         {"components/a": s.Component(name="a", type="grpc"),
          "components/b": s.Component(name="b", type="grpc"),
          "journeys/checkout/path": ("api", "a", "b", "db")},
         "need distributed tracing"),
        (Role.QA, "BAS-01", "components.api.baseline", {"components/api/baseline": None},
         "need load test results"),
        (Role.ANALYST, "BKP-03", "data.accounts.rpo",
         {"backups/db/copies": {"full": HOURLY}, "data/accounts/rpo": MINUTE},
         "a short RPO needs a budget"),
        (Role.DEV, "HLT-02", "components.api.health", {"components/api/health/deep": ...},
         "add /health/deep"),
        (Role.LEGAL, "CMP-03", "data.accounts.keep",
         {"compliance/regimes": ("gdpr", "sox"), "data/accounts/keep": 4 * 365 * DAY},
         "split by event class"),
    ],
)  # fmt: skip
def test_upstream_is_asked_for_what_it_owes(
    to: Role, rule: str, at: str, changes: dict[str, object], asks: str, sound: s.System,
    spoil: Spoil, now: datetime,
) -> None:  # fmt: skip
    finding = one(spoil(sound, changes), now, rule, at)
    assert finding.to[0] is to
    assert asks in finding.suggestion


def test_a_name_that_is_near_is_offered(sound: s.System, spoil: Spoil, now: datetime) -> None:
    typo = spoil(sound, {"alerts/errors/runbook": "api-dwon"})
    finding = one(typo, now, "INP-05", "alerts.errors.runbook")
    assert finding.suggestion.startswith("did you mean 'api-down'?")


def test_a_drill_that_is_too_old_says_how_old(sound: s.System, spoil: Spoil, now: datetime) -> None:
    old = spoil(sound, {"failovers/home -> away/last_drill/date": date(2026, 8, 1)})
    finding = one(old, now, "RTO-05", "failover.home -> away.last_drill")
    assert finding.problem == "last drilled 115 d ago; 90 d are the most"
    assert finding.evidence == ("failover of home -> away: drilled 2026-08-01",)

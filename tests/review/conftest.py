"""A small system without fault, and the means to spoil one thing of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from standfast.spec import calling, protection
from standfast.spec import system as s
from standfast.spec.condition import Absence, Age, Burn, Expiry, Expr, Threshold
from standfast.spec.server import ServerSettings
from standfast.spec.values import (
    Assumption,
    Criticality,
    Money,
    Promise,
    Sev,
    Severity,
    Strength,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
Spoil = Callable[[s.System, Mapping[str, object]], s.System]


class AllBut(frozenset[str]):
    """Every path counts as stated, save those in the set and what lies beneath them."""

    def __contains__(self, path: object) -> bool:
        return not any(
            path == one or str(path).startswith(f"{one}.") for one in frozenset.__iter__(self)
        )


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def share(text: str) -> Fraction:
    return Fraction(Decimal(text)) / 100


def promise(text: str) -> Promise:
    return Promise(text=f"{text}%", target=share(text))


def latency(percentile: int, ms: int) -> Promise:
    return Promise(
        text=f"p{percentile} < {ms}ms",
        target=Fraction(percentile, 100),
        threshold=timedelta(milliseconds=ms),
    )


def _health() -> dict[str, s.Check]:
    return {
        "live": s.Check(
            path="/health/live", every=timedelta(seconds=10), timeout=timedelta(seconds=1)
        ),
        "ready": s.Check(
            path="/health/ready", every=timedelta(seconds=5), timeout=timedelta(seconds=2)
        ),
        "deep": s.Check(
            path="/health/deep",
            every=timedelta(seconds=60),
            timeout=timedelta(seconds=30),
            touches=("db",),
        ),
    }


def _components() -> dict[str, s.Component]:
    baseline = s.Baseline(
        rps=Fraction(220),
        p95=timedelta(milliseconds=140),
        errors=share("0.04"),
        peak=Fraction(400),
        growth=Fraction(1, 4),
        capacity=Fraction(250),
        measured=date(2026, 10, 14),
        by="qa",
    )
    api = s.Component(
        name="api",
        type="http",
        owner="storefront",
        url="https://api.shop.test",
        probed_from="outside",
        replicas={"home": 4, "away": 1},
        health=_health(),
        baseline=baseline,
        needs={
            "db": s.Need(to="db", strength=Strength.HARD, timeout=timedelta(milliseconds=150)),
            "payments": s.Need(
                to="payments",
                strength=Strength.SOFT,
                users_see="delayed confirmation",
                fallback="queue",
                effectiveness=Fraction(99, 100),
                breaker=s.Breaker(
                    rate=Fraction(1, 2), window=timedelta(seconds=10), reset=timedelta(seconds=30)
                ),
                timeout=timedelta(seconds=2),
                idempotency_key="order id",
                queue_limit=10_000,
            ),
        },
    )
    db = s.Component(
        name="db",
        type="postgresql",
        owner="platform",
        size=120 * 10**9,
        exporter="http://db-exporter:9187/metrics",
        replicas={"home": 2, "away": 1},
        replication={"home": "sync", "away": "async"},
        availability=share("99.95"),
    )
    payments = s.Component(
        name="payments",
        type="external",
        vendor="PayCo",
        sla=share("99.9"),
        status_page="https://status.payco.test",
    )
    return {one.name: one for one in (api, db, payments)}


def _levels() -> dict[str, s.ServiceLevel]:
    levels = (
        s.ServiceLevel(
            name="api-availability",
            of="api",
            sli="availability",
            slos=(promise("99.95"),),
            slas=(promise("99.5"),),
        ),
        s.ServiceLevel(
            name="api-latency",
            of="api",
            sli="latency",
            slos=(latency(95, 250), latency(99, 500)),
            slas=(latency(99, 750),),
        ),
    )
    return {level.name: level for level in levels}


def _alerts() -> dict[str, calling.AlertRule]:
    def rule(name: str, of: str, when: Any, severity: Severity) -> calling.AlertRule:
        return calling.AlertRule(name=name, of=of, when=when, severity=severity, runbook="api-down")

    p2 = Severity.P2
    alerts = (
        rule(
            "api-down",
            "api",
            Absence(
                signal="successful requests", lasting=minutes(1), text="no successes", guarded=True
            ),
            Severity.P1,
        ),
        rule("burn", "api", Burn(objective="api-availability", text="burn rate"), p2),
        rule("slow-burn", "api", Burn(objective="api-latency", text="burn rate"), p2),
        rule(
            "errors",
            "api",
            Threshold(
                signal="error rate",
                above=True,
                limit=share("5"),
                unit="%",
                lasting=minutes(5),
                text="error rate > 5% for 5m",
            ),
            p2,
        ),
        rule(
            "latency",
            "api",
            Threshold(
                signal="p99 latency",
                above=True,
                limit=Fraction(3, 4),
                unit="s",
                lasting=minutes(5),
                text="p99 latency > 750ms for 5m",
            ),
            p2,
        ),
        rule(
            "certificate",
            "api",
            Expiry(what="certificate", within=timedelta(days=14), text="certificate"),
            Severity.P3,
        ),
        rule(
            "disk",
            "db",
            Threshold(
                signal="disk used",
                above=True,
                limit=share("80"),
                unit="%",
                lasting=minutes(10),
                text="disk used > 80% for 10m",
            ),
            Severity.P3,
        ),
        rule(
            "disk-soon",
            "db",
            Expr(
                promql="predict_linear(free[6h], 86400) < 0", lasting=minutes(10), text="soon full"
            ),
            Severity.P3,
        ),
        rule("queue", "api", Age(what="queue", limit=minutes(10), text="queue"), Severity.P3),
    )
    return {alert.name: alert for alert in alerts}


def _on_call() -> calling.OnCall:
    steps = {
        Severity.P1: (
            calling.EscalationStep(to="primary", within=minutes(5)),
            calling.EscalationStep(to="secondary", within=minutes(10)),
            calling.EscalationStep(to="dee", within=None),
        ),
        Severity.P2: (
            calling.EscalationStep(to="primary", within=minutes(15)),
            calling.EscalationStep(to="secondary", within=minutes(30)),
        ),
    }
    return calling.OnCall(
        name="shop",
        covers=("storefront", "platform"),
        shift=calling.Shift(
            length=timedelta(weeks=1),
            handover_day=0,
            handover_time=time(9),
            order=("ada", "bo", "cy", "dee"),
        ),
        timezone="UTC",
        escalate=steps,
    )


def _incidents() -> calling.IncidentPolicy:
    roles = ("commander", "technical", "communications", "scribe")
    respond = (minutes(5), minutes(15), minutes(60), None)
    rules = {
        sev: calling.IncidentRule(sev=sev, respond=span, when=sev, roles=roles, channel=f"#{sev}")
        for sev, span in zip(Sev, respond, strict=True)
    }
    return calling.IncidentPolicy(
        rules=rules,
        post_mortem_for=(Sev.SEV1, Sev.SEV2),
        post_mortem_within=timedelta(hours=48),
        legal_contact="dee",
        breach_clock=timedelta(hours=72),
    )


def _severities() -> dict[Severity, calling.SeverityRule]:
    respond = (minutes(5), minutes(15), minutes(60), None)
    notify = (("page", "call"), ("page",), ("chat",), ("email",))
    return {
        severity: calling.SeverityRule(severity=severity, respond=span, notify=ways)
        for severity, span, ways in zip(Severity, respond, notify, strict=True)
    }


def _backup() -> protection.Backup:
    day = timedelta(days=1)
    return protection.Backup(
        store="db",
        copies={
            "full": protection.CopyPlan(kind="full", keep=30 * day, to=("near", "far"), at=time(2)),
            "wal": protection.CopyPlan(
                kind="wal", keep=30 * day, to=("near", "far"), continuous=True, streaming=True
            ),
        },
        verify=(protection.Verification(every=7 * day, what=("restore",)),),
        restore_speed=90 * 10**6,
    )


def _failover() -> protection.Failover:
    steps = (
        protection.FailoverStep(do="fence the old primary", takes=minutes(2)),
        protection.FailoverStep(do="promote the replica", takes=minutes(3)),
        protection.FailoverStep(do="scale api to 4", takes=minutes(6), parallel="a"),
        protection.FailoverStep(do="point DNS away", takes=minutes(5), parallel="a"),
    )
    return protection.Failover(
        source="home",
        target="away",
        rto=minutes(60),
        rpo=minutes(5),
        wait_before=minutes(5),
        steps=steps,
        failback=(protection.FailoverStep(do="resync", takes=minutes(60)),),
        fence="stop the old primary",
        dns_ttl=minutes(1),
        last_drill=protection.Drill(date=date(2026, 11, 2), rto=minutes(31)),
    )


def _compliance() -> s.Compliance:
    day = timedelta(days=1)
    kinds = (
        s.AuditEventKind(
            type="user.login", category="authentication", priority="high", capture=("ip",)
        ),
        s.AuditEventKind(
            type="permission.granted", category="administration", priority="high", capture=("who",)
        ),
    )
    return s.Compliance(
        regimes=("gdpr", "pci-dss"),
        retention={"": s.Retention(hot=365 * day), "pci-dss": s.Retention(hot=365 * day)},
        events=kinds,
        patterns=("auth.*", "admin.*", "accounts.*"),
        readers=("security", "dpo"),
        mask=("email",),
        anchors=("far",),
        spool="/var/spool/audit",
        evidence={"gdpr": "records of processing", "pci-dss": "the assessor's report"},
    )


def sound_system() -> s.System:
    """Nothing to find: each test spoils one thing of it."""
    accounts = protection.DataType(
        name="accounts",
        store="db",
        classification="critical",
        kinds=("personal",),
        sensitive=("email",),
        rpo=minutes(5),
        rto=minutes(60),
    )
    people = {
        one: calling.Person(
            id=one, name=one.title(), email=f"{one}@shop.test", phone=f"+49 30 {number}"
        )
        for number, one in enumerate(("ada", "bo", "cy", "dee"))
    }
    runbook = calling.Runbook(
        name="api-down",
        title="API down",
        diagnose=("curl -I https://api.shop.test/health/live",),
        fixes=(("Restart", "kubectl rollout restart deployment/api"),),
        verify=("the alert has cleared",),
        escalate="dee",
        reviewed=date(2026, 9, 1),
    )
    return s.System(
        name="shop",
        digest="0" * 64,
        criticality=Criticality.CRITICAL,
        timezone="UTC",
        budget_window=timedelta(days=30),
        regions={
            "home": s.Region(name="home", zones=3),
            "away": s.Region(name="away", role="standby", mode="warm"),
        },
        components=_components(),
        journeys={
            "checkout": s.Journey(
                name="checkout",
                path=("api", "db", "payments"),
                slo=promise("99.85"),
                sla=promise("99.5"),
                revenue_per_hour=Money(amount=Decimal(4200), currency="EUR"),
            )
        },
        service_levels=_levels(),
        budget_policy=s.BudgetPolicy(
            bands=(
                s.PolicyBand(low=Fraction(1, 2), high=Fraction(1), action="go on", text="> 50%"),
                s.PolicyBand(low=Fraction(0), high=Fraction(1, 2), action="care", text="0-50%"),
                s.PolicyBand(low=None, high=Fraction(0), action="stop", text="0%", freezes=True),
            ),
            owner="dee",
        ),
        alerts=_alerts(),
        severities=_severities(),
        people=people,
        teams={
            "storefront": calling.Team(name="storefront", members=("ada", "bo")),
            "platform": calling.Team(name="platform", members=("cy", "dee")),
        },
        on_call={"shop": _on_call()},
        channels={},
        incidents=_incidents(),
        runbooks={"api-down": runbook},
        data={"accounts": accounts},
        backups={"db": _backup()},
        locations={
            "near": protection.Location(name="near", bucket="near", region="home"),
            "far": protection.Location(name="far", bucket="far", region="away"),
        },
        failovers={"home -> away": _failover()},
        degradations=(),
        compliance=_compliance(),
        waivers=(),
        server=ServerSettings(dead_man="https://watch.test/ping"),
        places={},
        assumptions=(
            Assumption(
                id="A-01", path="data.accounts.rto", assumed="RTO 1 h", because="x", change="y"
            ),
        ),
        stated=AllBut(),
    )


def spoil(system: s.System, changes: Mapping[str, object]) -> s.System:
    """Set dotted paths of a System; `...` takes an entry of a mapping out."""
    for path, value in changes.items():
        system = _set(system, path.split("/"), value)
    return system


def _set(value: Any, path: list[str], new: object) -> Any:
    if not path:
        return new
    head, rest = path[0], path[1:]
    if is_dataclass(value) and not isinstance(value, type):
        assert head in {one.name for one in fields(value)}, f"{value} has no {head}"
        return replace(value, **{head: _set(getattr(value, head), rest, new)})
    if isinstance(value, Mapping):
        changed = {
            **value,
            head: None if not rest and new is ... else _set(value.get(head), rest, new),
        }
        if new is ... and not rest:
            del changed[head]
        return changed
    items = list(value)
    items[int(head)] = _set(items[int(head)], rest, new)
    return tuple(items)


@pytest.fixture
def sound() -> s.System:
    return sound_system()


@pytest.fixture(name="spoil")
def spoiling() -> Spoil:
    return spoil


@pytest.fixture
def now() -> datetime:
    return NOW

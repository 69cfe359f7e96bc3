from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from standfast import spec
from standfast.publish import Output, render
from standfast.publish.edition import Edition
from standfast.review.finding import Finding, Review, Role, Verdict
from standfast.spec import calling, protection
from standfast.spec import system as s
from standfast.spec.condition import Absence, Age, Expiry, Threshold
from standfast.spec.server import ServerSettings
from standfast.spec.values import (
    Assumption,
    Criticality,
    Money,
    Promise,
    SecretRef,
    Sev,
    Severity,
    Strength,
)

sys.path.insert(0, str(Path(__file__).parent))

AS_OF = date(2026, 11, 24)


def m(count: float) -> timedelta:
    return timedelta(minutes=count)


def pct(text: str) -> Promise:
    return Promise(text=text, target=Fraction(text.rstrip("%")) / 100)


def p(share: int, milliseconds: int) -> Promise:
    return Promise(
        text=f"p{share} < {milliseconds}ms",
        target=Fraction(share, 100),
        threshold=timedelta(milliseconds=milliseconds),
    )


def need(to: str, strength: Strength = Strength.HARD, **more) -> s.Need:
    return s.Need(to=to, strength=strength, **more)


def components() -> dict[str, s.Component]:
    def check(path: str, every: int, timeout: float, touches: tuple[str, ...] = ()) -> s.Check:
        return s.Check(
            path=path,
            every=timedelta(seconds=every),
            timeout=timedelta(seconds=timeout),
            touches=touches,
        )

    web = s.Component(
        name="web",
        type="web",
        owner="storefront",
        url="https://shop.example.org",
        scrape="http://web:8000/metrics",
        replicas={"eu-central-1": 3, "eu-west-1": 1},
        needs={"api": need("api")},
        probed_from="outside",
    )
    api = s.Component(
        name="api",
        type="http",
        owner="storefront",
        url="https://api.shop.example.org",
        scrape="http://api:8000/metrics",
        replicas={"eu-central-1": 4, "eu-west-1": 1},
        health={
            "live": check("/health/live", 10, 1),
            "ready": check("/health/ready", 5, 2),
            "deep": check("/health/deep", 60, 30, ("db", "cache")),
        },
        needs={
            "db": need("db"),
            "cache": need("cache", Strength.SOFT, users_see="slower pages", fallback="none"),
            "payments": need(
                "payments",
                Strength.SOFT,
                users_see="delayed confirmation",
                fallback="queue",
                breaker=s.Breaker(
                    rate=Fraction(1, 2),
                    window=timedelta(seconds=10),
                    reset=timedelta(seconds=30),
                ),
            ),
        },
    )
    db = s.Component(
        name="db",
        type="postgresql",
        owner="platform",
        size=120 * 10**9,
        replicas={"eu-central-1": 2, "eu-west-1": 1},
        replication={"eu-central-1": "sync", "eu-west-1": "async"},
        availability=Fraction("0.9995"),
        exporter="http://db-exporter:9187/metrics",
        address="db:5432",
    )
    cache = s.Component(
        name="cache",
        type="redis",
        owner="platform",
        replicas={"eu-central-1": 2},
        availability=Fraction("0.999"),
        address="cache:6379",
    )
    payments = s.Component(
        name="payments",
        type="external",
        vendor="PayCo",
        sla=Fraction("0.999"),
        status_page="https://status.payco.example",
    )
    return {one.name: one for one in (web, api, db, cache, payments)}


def threshold(signal: str, limit: str, unit: str, lasting: float, text: str) -> Threshold:
    return Threshold(
        signal=signal, above=True, limit=Fraction(limit), unit=unit, lasting=m(lasting), text=text
    )


def alerts() -> dict[str, calling.AlertRule]:
    rows = [
        (
            "api-down",
            "api",
            Absence(
                signal="successful requests",
                lasting=m(1),
                text="no successful requests for 1m",
                guarded=True,
            ),
            Severity.P1,
            "api-down",
        ),
        (
            "high-error-rate",
            "api",
            threshold("error rate", "0.05", "%", 5, "error rate > 5% for 5m"),
            Severity.P2,
            "api-down",
        ),
        (
            "high-latency",
            "api",
            threshold("p95 latency", "1", "s", 10, "p95 latency > 1s for 10m"),
            Severity.P2,
            "high-cpu",
        ),
        (
            "database-slow",
            "db",
            threshold("query time", "0.5", "s", 5, "query time > 500ms for 5m"),
            Severity.P3,
            "database-issues",
        ),
        (
            "disk-full",
            "db",
            threshold("disk used", "0.8", "%", 10, "disk used > 80% for 10m"),
            Severity.P3,
            "database-issues",
        ),
        (
            "cert-expiry",
            "web",
            Expiry(
                what="certificate",
                within=timedelta(days=14),
                text="certificate expires within 14d",
            ),
            Severity.P3,
            "cert-expiry",
        ),
        (
            "backup-old",
            "db",
            Age(what="backup", limit=timedelta(hours=26), text="last backup older than 26h"),
            Severity.P2,
            None,
        ),
    ]
    return {
        name: calling.AlertRule(name=name, of=of, when=when, severity=severity, runbook=runbook)
        for name, of, when, severity, runbook in rows
    }


def on_call() -> calling.OnCall:
    def steps(first: int, second: int, third: int | None) -> tuple[calling.EscalationStep, ...]:
        last = (calling.EscalationStep(to="dee", within=m(third) if third else None),)
        return (
            calling.EscalationStep(to="primary", within=m(first)),
            calling.EscalationStep(to="secondary", within=m(second)),
            *(last if third else ()),
        )

    return calling.OnCall(
        name="storefront",
        covers=("storefront", "platform"),
        shift=calling.Shift(
            length=timedelta(weeks=1),
            handover_day=0,
            handover_time=time(9),
            order=("ada", "bo", "cy"),
        ),
        timezone="Europe/Berlin",
        escalate={
            Severity.P1: steps(5, 10, 15),
            Severity.P2: steps(15, 30, 60),
            Severity.P3: steps(60, 120, None),
            Severity.P4: steps(480, 960, None),
        },
    )


def failover() -> protection.Failover:
    def step(do: str, takes: float, **more) -> protection.FailoverStep:
        return protection.FailoverStep(do=do, takes=m(takes), **more)

    return protection.Failover(
        source="eu-central-1",
        target="eu-west-1",
        rto=m(60),
        rpo=m(5),
        wait_before=m(5),
        steps=(
            step("point DNS at eu-west-1", 5, run="./ops/dns.sh eu-west-1", owner="platform"),
            step("promote the replica", 3, run="./ops/promote.sh"),
            step("scale api and web to 4", 6, run="./ops/scale.sh 4"),
            step("verify health", 2, check="api.deep"),
            step("tell stakeholders", 5, manual=True),
        ),
        failback=(step("rewind the old primary", 20, run="./ops/rewind.sh"),),
        fence="./ops/fence.sh eu-central-1",
        dns_ttl=m(1),
        last_drill=protection.Drill(date=date(2026, 9, 2), rto=m(31), rpo=timedelta(seconds=40)),
    )


def data() -> dict[str, protection.DataType]:
    rows = [
        protection.DataType(
            name="user-accounts",
            store="db",
            classification="critical",
            kinds=("personal",),
            sensitive=("email", "address"),
            rpo=timedelta(0),
            rto=m(60),
            rpo_region=m(5),
            backup="real-time replication",
            purpose="to let people sign in",
            keep=timedelta(days=730),
        ),
        protection.DataType(
            name="transactions",
            store="db",
            classification="critical",
            kinds=("card",),
            sensitive=("card-token",),
            rpo=m(5),
            rto=m(60),
            backup="continuous",
        ),
        protection.DataType(
            name="sessions",
            store="cache",
            classification="normal",
            rpo=timedelta(days=1),
            rto=m(60),
        ),
    ]
    return {one.name: one for one in rows}


def backup() -> protection.Backup:
    def copy(kind: str, keep: int, *to: str, **more) -> protection.CopyPlan:
        return protection.CopyPlan(kind=kind, keep=timedelta(days=keep), to=to, **more)

    return protection.Backup(
        store="db",
        copies={
            "full": copy("full", 30, "local", "s3", "s3-dr", at=time(2), takes=m(20)),
            "incremental": copy(
                "incremental", 7, "local", "s3", every=timedelta(hours=6), takes=m(5)
            ),
            "wal": copy("wal", 7, "s3", "s3-dr", continuous=True, streaming=True),
        },
        verify=(
            protection.Verification(every=timedelta(days=1), what=("finished", "size", "checksum")),
            protection.Verification(every=timedelta(weeks=1), what=("restore",)),
            protection.Verification(every=timedelta(days=91), what=("dr-drill",), automatic=False),
        ),
        restore_speed=90 * 10**6,
        key=SecretRef(kind="file", name="/etc/standfast/backup.key"),
        key_kept_at=("safe",),
        timezone="Europe/Berlin",
    )


def compliance() -> s.Compliance:
    def event(type_: str, category: str, priority: str, *capture: str) -> s.AuditEventKind:
        return s.AuditEventKind(type=type_, category=category, priority=priority, capture=capture)

    return s.Compliance(
        regimes=("gdpr", "pci-dss"),
        retention={
            "": s.Retention(hot=timedelta(days=365), archive=timedelta(days=730)),
            "gdpr": s.Retention(hot=timedelta(days=365)),
            "pci-dss": s.Retention(hot=timedelta(days=365), archive=timedelta(days=730)),
        },
        events=(
            event("auth.login", "authentication", "high", "user", "ip", "device"),
            event("auth.password_change", "authentication", "high", "user", "outcome"),
            event("admin.permission_granted", "administration", "high", "by", "to", "what"),
            event("user-accounts.view", "data", "high", "user", "what data"),
            event("user-accounts.export", "data", "high", "user", "scope", "format"),
            event("transactions.update", "data", "medium", "entity", "id", "who", "changes"),
        ),
        patterns=("auth.*", "admin.*", "user-accounts.*", "transactions.*"),
        readers=("security", "dpo"),
        mask=("card-token",),
        anchors=("s3-dr",),
    )


def make_shop() -> s.System:
    people = {
        key: calling.Person(
            id=key, name=name, email=f"{key}@shop.example.org", phone=f"+49 30 100000{n}"
        )
        for n, (key, name) in enumerate(
            [("ada", "Ada Ito"), ("bo", "Bo Lind"), ("cy", "Cy Park"), ("dee", "Dee Roy")], 1
        )
    }
    levels = [
        s.ServiceLevel(
            name="api-availability",
            of="api",
            sli="availability",
            slos=(pct("99.9%"),),
            slas=(pct("99.5%"),),
            bad_codes=("5xx", "499"),
        ),
        s.ServiceLevel(
            name="api-latency",
            of="api",
            sli="latency",
            slos=(p(95, 200), p(99, 400)),
            slas=(p(99, 500),),
        ),
        s.ServiceLevel(name="web-availability", of="web", sli="availability", slos=(pct("99.5%"),)),
        s.ServiceLevel(name="db-reachable", of="db", sli="probe", slos=(pct("99.9%"),)),
    ]
    roles = ("commander", "technical", "communications", "scribe")
    sevs = {
        Sev.SEV1: calling.IncidentRule(
            sev=Sev.SEV1, respond=m(5), when="site down or data lost", roles=roles
        ),
        Sev.SEV2: calling.IncidentRule(
            sev=Sev.SEV2, respond=m(15), when="core feature broken", roles=roles
        ),
        Sev.SEV3: calling.IncidentRule(sev=Sev.SEV3, respond=m(60), when="limited impact"),
        Sev.SEV4: calling.IncidentRule(sev=Sev.SEV4, respond=None, when="cosmetic"),
    }
    return s.System(
        name="shop",
        digest="5f" * 32,
        criticality=Criticality.CRITICAL,
        timezone="Europe/Berlin",
        budget_window=timedelta(days=30),
        regions={
            "eu-central-1": s.Region(name="eu-central-1", zones=3),
            "eu-west-1": s.Region(name="eu-west-1", role="standby", mode="warm"),
        },
        components=components(),
        journeys={
            "browse": s.Journey(name="browse", path=("web", "api", "db"), slo=pct("99.4%")),
            "checkout": s.Journey(
                name="checkout",
                path=("web", "api", "db", "payments"),
                slo=pct("99.2%"),
                sla=pct("99%"),
                revenue_per_hour=Money(amount=Decimal(4200), currency="EUR"),
            ),
        },
        service_levels={one.name: one for one in levels},
        budget_policy=s.BudgetPolicy(
            bands=(
                s.PolicyBand(
                    low=Fraction(1, 2),
                    high=Fraction(1),
                    action="continue feature work",
                    text="> 50%",
                ),
                s.PolicyBand(
                    low=Fraction(1, 4),
                    high=Fraction(1, 2),
                    action="prioritise reliability",
                    text="25-50%",
                ),
                s.PolicyBand(
                    low=Fraction(0),
                    high=Fraction(1, 4),
                    action="freeze features",
                    text="< 25%",
                    freezes=True,
                ),
                s.PolicyBand(
                    low=None, high=Fraction(0), action="incident review", text="0%", freezes=True
                ),
            ),
            owner="dee",
        ),
        alerts=alerts(),
        severities={
            Severity.P1: calling.SeverityRule(
                severity=Severity.P1, respond=m(5), notify=("page", "call")
            ),
            Severity.P2: calling.SeverityRule(
                severity=Severity.P2, respond=m(15), notify=("page",)
            ),
            Severity.P3: calling.SeverityRule(
                severity=Severity.P3, respond=m(60), notify=("chat",)
            ),
            Severity.P4: calling.SeverityRule(
                severity=Severity.P4, respond=None, notify=("email",)
            ),
        },
        people=people,
        teams={
            "storefront": calling.Team(
                name="storefront", members=("ada", "bo"), chat="#storefront", lead="dee"
            ),
            "platform": calling.Team(
                name="platform", members=("bo", "cy"), chat="#platform", lead="dee"
            ),
        },
        on_call={"storefront": on_call()},
        channels={
            "page": calling.Channel(
                name="page",
                kind="smtp",
                wakes=True,
                host="smtp.shop.example.org",
                port=587,
                sender="standfast@shop.example.org",
                tls=True,
                username=SecretRef(kind="env", name="SMTP_USER"),
                password=SecretRef(kind="file", name="/run/secrets/smtp"),
            )
        },
        incidents=calling.IncidentPolicy(
            rules=sevs,
            post_mortem_for=(Sev.SEV1, Sev.SEV2),
            post_mortem_within=timedelta(hours=48),
        ),
        runbooks={
            "api-down": calling.Runbook(
                name="api-down",
                title="The API does not answer",
                symptoms=("the shop shows its error page",),
                diagnose=("kubectl -n shop get pods -l app=api",),
                causes=(
                    ("bad release", "kubectl -n shop rollout history deployment/api", "roll back"),
                ),
                fixes=(("Roll back", "kubectl -n shop rollout undo deployment/api"),),
                verify=("curl -fsS https://api.shop.example.org/health/deep",),
                escalate="call dee after 15 minutes",
                reviewed=date(2026, 10, 1),
            )
        },
        data=data(),
        backups={"db": backup()},
        locations={
            "local": protection.Location(name="local", path="/var/backups/shop"),
            "s3": protection.Location(
                name="s3",
                bucket="shop-backup",
                region="eu-central-1",
                object_lock=timedelta(days=30),
            ),
            "s3-dr": protection.Location(
                name="s3-dr",
                bucket="shop-backup-dr",
                region="eu-west-1",
                object_lock=timedelta(days=30),
            ),
        },
        failovers={"eu-central-1 -> eu-west-1": failover()},
        degradations=(
            s.Degradation(
                scenario="database slow",
                of="db",
                do="enable the read cache",
                users_see="stale data",
                stale_at_most=m(5),
            ),
            s.Degradation(
                scenario="payment API down",
                of="payments",
                do="queue for retry",
                users_see="delayed confirmation",
            ),
        ),
        compliance=compliance(),
        waivers=(
            s.Waiver(
                rule="DEP-07",
                at="components.cache",
                because="the cache is rebuilt in 2 min",
                by="dee",
                until=date(2027, 3, 1),
            ),
        ),
        server=ServerSettings(public_url="https://standfast.shop.example.org", catch_all="dee"),
        places={},
        assumptions=(
            Assumption(
                id="A-01",
                path="service_levels.db-reachable",
                assumed="SLO for db assumed 99.9% over 30d",
                because="criticality is critical",
                change="write `service_levels:` to change",
            ),
        ),
        stated=frozenset(),
    )


def make_bare() -> s.System:
    """The smallest file there is: two components, nothing promised, nobody named."""
    return replace(
        make_shop(),
        name="blog",
        regions={},
        components={
            "web": s.Component(
                name="web",
                type="http",
                url="https://blog.example.org",
                needs={"db": need("db")},
            ),
            "db": s.Component(name="db", type="postgresql"),
        },
        journeys={},
        service_levels={},
        budget_policy=s.BudgetPolicy(bands=()),
        alerts={},
        people={},
        teams={},
        on_call={},
        channels={},
        runbooks={},
        data={},
        backups={},
        locations={},
        failovers={},
        degradations=(),
        compliance=s.Compliance(
            regimes=None, retention={}, events=(), patterns=(), readers=(), mask=()
        ),
        waivers=(),
        server=ServerSettings(),
        assumptions=(),
    )


def make_minimal() -> s.System:
    """The example of that name, as its reader means it."""
    # The digest takes in the file's name, which must not be that of this checkout.
    from examples import Beside

    return spec.read("examples/minimal.yaml", Beside())


def make_review(of: s.System) -> Review:
    return Review(
        system=of.name,
        as_of=datetime(2026, 11, 24, tzinfo=UTC),
        verdict=Verdict.CLARIFY,
        findings=(
            Finding(
                rule="MON-05",
                at="server.runs_in",
                where="standfast.yaml:1:1",
                verdict=Verdict.WARN,
                to=(Role.OPS,),
                problem="standfast watches from the region that it watches",
                why="both fall together",
                suggestion="run it elsewhere",
                if_rejected="nobody is told",
            ),
            Finding(
                rule="BAS-01",
                at="components.api",
                where="standfast.yaml:9:3",
                verdict=Verdict.CLARIFY,
                to=(Role.QA,),
                problem="api has no baseline",
                why="nobody knows what is normal",
                suggestion="need load test results",
                if_rejected="thresholds are guesses",
            ),
        ),
        waived=(),
        waivers=of.waivers,
        assumptions=of.assumptions,
        checks=(),
        inputs=(),
    )


@pytest.fixture(scope="session")
def shop() -> s.System:
    return make_shop()


@pytest.fixture(scope="session")
def bare() -> s.System:
    return make_bare()


@pytest.fixture(scope="session")
def minimal() -> s.System:
    return make_minimal()


@pytest.fixture(scope="session")
def edition(shop: s.System) -> Edition:
    return Edition(system=shop, review=make_review(shop), as_of=AS_OF, version="0.1.0")


@pytest.fixture(scope="session")
def bare_edition(bare: s.System) -> Edition:
    return Edition(system=bare, review=make_review(bare), as_of=AS_OF, version="0.1.0")


@pytest.fixture(scope="session")
def outputs_of():
    """Everything published for a System, by path."""

    def publish(system: s.System, **more) -> dict[str, Output]:
        return render(system, make_review(system), AS_OF, version="0.1.0", **more)

    return publish


@pytest.fixture(scope="session")
def texts(outputs_of):
    def publish(system: s.System, **more) -> dict[str, str]:
        return {path: output.text for path, output in outputs_of(system, **more).items()}

    return publish

"""Each rule with the fault that it finds, and a near miss that it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from standfast.incidents.overdue import Overdue
from standfast.monitoring.edges import Edge
from standfast.monitoring.flood import Flood
from standfast.review import Measured, examine
from standfast.review.catalogue import RULES
from standfast.spec import calling, protection
from standfast.spec import system as s
from standfast.spec.condition import Burn, Threshold
from standfast.spec.contract import Contract
from standfast.spec.values import Criticality, Promise, SecretRef, Severity, Strength

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
HARD, SOFT = Strength.HARD, Strength.SOFT


def need(to: str, strength: Strength = HARD, **more: Any) -> s.Need:
    return s.Need(to=to, strength=strength, **more)


def part(name: str, kind: str = "worker", **more: Any) -> s.Component:
    return s.Component(name=name, type=kind, owner="storefront", address="x:1", **more)


def promise(percent: str) -> Promise:
    return Promise(text=f"{percent}%", target=Fraction(percent) / 100)


def composite(percent: str) -> s.Composite:
    slow = s.CompositePart(of="api-latency", level="api-latency", promise=latency(95, 250))
    parts = (s.CompositePart(of="checkout"), slow)
    return s.Composite(name="all", parts=parts, weighted=False, slo=promise(percent))


def latency(percentile: int, ms: int) -> Promise:
    share, limit = Fraction(percentile, 100), timedelta(milliseconds=ms)
    return Promise(text=f"p{percentile} < {ms}ms", target=share, threshold=limit)


def above(signal: str, limit: str, unit: str = "%", lasting: timedelta = 5 * MINUTE) -> Threshold:
    return Threshold(
        signal=signal,
        above=True,
        limit=Fraction(limit),
        unit=unit,
        lasting=lasting,
        text=f"{signal} > {limit}{unit}",
    )


def alert(
    when: Any, of: str = "api", severity: Severity = Severity.P2, **more: Any
) -> calling.AlertRule:
    return calling.AlertRule(
        name="new", of=of, when=when, severity=severity, runbook="api-down", **more
    )


def kept(hot: int, archive: int = 0) -> s.Retention:
    return s.Retention(hot=hot * DAY, archive=archive * DAY)


def without(name: str) -> dict[str, object]:
    return {name: ...}


API = "components/api"
PAY = f"{API}/needs/payments"
LATENCY = "service_levels/api-latency"
UP = "service_levels/api-availability"
SHOP = "on_call/shop"
FULL, WAL = "backups/db/copies/full", "backups/db/copies/wal"
OVER = "failovers/home -> away"
LOG = "compliance"
SLOW = timedelta(milliseconds=400)

EMPTY: dict[str, object] = {
    name: {} for name in ("journeys", "service_levels", "alerts", "data", "backups")
}
STRICT: dict[str, object] = {"journeys/checkout/slo": promise("99.9")}
THREE: dict[str, object] = {
    "components/a": part("a", "grpc"),
    "journeys/checkout/path": ("api", "a", "b", "db"),
}
BELOW: dict[str, object] = {
    "components/files": part("files", "volume", rebuild_from="source"),
    "components/shelf": part("shelf", "worker", needs={"files": need("files")}),
    "components/db/needs": {"shelf": need("shelf")},
}
OTHER = calling.OnCall(
    name="other",
    covers=(),
    shift=calling.Shift(length=7 * DAY, handover_day=0, handover_time=time(9), order=("ada", "bo")),
    timezone="UTC",
    escalate={},
)
BURN = Burn(objective="api-availability", text="burn rate")


def files(rto: timedelta) -> protection.DataType:
    return protection.DataType(
        name="files", store="files", classification="normal", rpo=DAY, rto=rto
    )


def increments(every: timedelta) -> protection.CopyPlan:
    return protection.CopyPlan(kind="incremental", keep=7 * DAY, to=("near", "far"), every=every)


def siren(*, wakes: bool) -> calling.Channel:
    return calling.Channel(name="siren", kind="webhook", wakes=wakes, url="https://siren.test")


# rule: (what makes it speak, at which path, the near miss that leaves it silent)
CASES: Mapping[str, tuple[dict[str, object], str, dict[str, object]]] = {
    "INP-01": (
        {**EMPTY, "components": {}},
        "components",
        {**EMPTY, "components": {"db": part("db")}},
    ),
    "INP-02": (
        {f"{API}/owner": None},
        "components.api",
        {f"{API}/owner": None, f"{API}/type": "external"},
    ),
    "INP-03": (
        {"journeys/checkout/critical": False},
        "journeys",
        {
            "journeys/checkout/critical": False,
            "journeys/more": s.Journey(name="more", path=("db",)),
        },
    ),
    "INP-05": (
        {"alerts/api-down/runbook": "api-dwon"},
        "alerts.api-down.runbook",
        {"alerts/api-down/runbook": None},
    ),
    "INP-06": (
        {"people/ada/phone": "TBD"},
        "people.ada.phone",
        {"people/ada/phone": "+49 30 1"},
    ),
    "INP-08": (
        {f"{API}/needs": {}},
        "components",
        {f"{API}/needs": {"db": need("db")}},
    ),
    "INP-10": (
        {"journeys/checkout/sla": None, f"{UP}/slas": (), f"{LATENCY}/slas": ()},
        "service_levels",
        {"journeys/checkout/sla": None, f"{UP}/slas": ()},
    ),
    "INP-12": (
        {"data/accounts/classification": None},
        "data.accounts.class",
        {"data/accounts/classification": "normal"},
    ),
    "BAS-01": (
        {f"{API}/baseline": None},
        "components.api.baseline",
        {f"{API}/baseline": None, f"{API}/type": "worker"},
    ),
    "BAS-02": (
        {f"{API}/baseline/measured": date(2026, 5, 27)},
        "components.api.baseline",
        {f"{API}/baseline/measured": date(2026, 5, 28)},
    ),
    "BAS-03": (
        {f"{API}/baseline/p95": timedelta(milliseconds=260)},
        "service_levels.api-latency.slo",
        {f"{API}/baseline/p95": timedelta(milliseconds=250)},
    ),
    "BAS-04": (
        {f"{API}/baseline/capacity": Fraction(249)},
        "components.api.baseline.capacity",
        {f"{API}/baseline/capacity": Fraction(250)},
    ),
    "DEP-01": (
        {"components/db/needs": {"api": need("api")}},
        "components.db.needs.api",
        {"components/db/needs": {"api": need("api", SOFT)}},
    ),
    "DEP-02": (
        {f"{API}/needs/db/stated": False},
        "components.api.needs.db",
        {f"{API}/needs/db/stated": True},
    ),
    "DEP-03": (
        {f"{PAY}/users_see": ""},
        "components.api.needs.payments",
        {f"{PAY}/users_see": "", f"{PAY}/strength": HARD},
    ),
    "DEP-04": (
        {f"{PAY}/strength": HARD, f"{PAY}/breaker": None},
        "components.api.needs.payments",
        {f"{PAY}/strength": HARD},
    ),
    "DEP-05": (
        {"components/db/replicas/home": 1, "journeys/checkout/slo": promise("99.9")},
        "components.db.replicas",
        {"components/db/replicas/home": 1},
    ),
    "DEP-06": (
        {"regions/home/zones": 1, f"{API}/replicas": {"home": 4}, **STRICT},
        "components.api.replicas",
        {"regions/home/zones": 1, f"{API}/replicas": {"home": 4, "away": 1}, **STRICT},
    ),
    "DEP-07": (
        {"components/cache": part("cache", "redis")},
        "components.cache",
        {"components/cache": part("cache", "redis", rebuild_from="source")},
    ),
    "DEP-08": (
        {f"{PAY}/timeout": None},
        "components.api.needs.payments.timeout",
        {f"{PAY}/timeout": MINUTE},
    ),
    "DEP-09": (
        {
            f"{API}/needs/db/retries": 2,
            "components/db/needs": {"payments": need("payments", retries=3)},
        },
        "components.api.needs.db.retries",
        {
            f"{API}/needs/db/retries": 2,
            "components/db/needs": {"payments": need("payments", retries=0)},
        },
    ),
    "AVL-01": (
        {"components/db/availability": Fraction("0.998")},
        "journeys.checkout.slo",
        {"components/db/availability": Fraction("0.9985")},
    ),
    "AVL-02": (
        {"components/db/availability": Fraction("0.9989")},
        "journeys.checkout.slo",
        {"components/db/availability": Fraction("0.9991")},
    ),
    "AVL-03": (
        {f"{PAY}/strength": HARD, "components/payments/sla": Fraction("0.998")},
        "journeys.checkout.path.payments",
        {"components/payments/sla": Fraction("0.998")},
    ),
    "AVL-04": (
        {"components/db/availability": Fraction("0.9951")},
        "journeys.checkout.sla",
        {"components/db/availability": Fraction("0.996")},
    ),
    "AVL-05": (
        {"components/db/availability": None},
        "components.db.availability",
        {"components/db/availability": None, "components/db/sla": Fraction("0.9995")},
    ),
    "AVL-06": (
        {f"{UP}/slos": (promise("100"),)},
        "service_levels.api-availability.slo",
        {f"{UP}/slos": (promise("99.999"),)},
    ),
    "AVL-08": (
        {"journeys/checkout/slo": promise("99.93")},
        "journeys.checkout.slo",
        {"journeys/checkout/slo": promise("99.92")},
    ),
    "AVL-09": (
        {"composites/all": composite("94.95")},
        "composites.all.slo",
        {"composites/all": composite("94.9")},
    ),
    "SLO-01": (
        {f"{UP}/of": "db", f"{LATENCY}/of": "db"},
        "components.api",
        {f"{UP}/of": "db"},
    ),
    "SLO-02": (
        {f"{UP}/slas": (promise("99.95"),)},
        "service_levels.api-availability.sla",
        {f"{UP}/slas": (promise("99.94"),)},
    ),
    "SLO-03": (
        {"journeys/checkout/slo": None},
        "journeys.checkout.slo",
        {"journeys/checkout/slo": None, "journeys/checkout/sla": None},
    ),
    "SLO-04": (
        {f"{UP}/bad_codes": ("4xx", "5xx")},
        "service_levels.api-availability",
        {f"{UP}/bad_codes": ("429", "5xx")},
    ),
    "SLO-05": (
        {f"{LATENCY}/slos": (latency(95, 250),)},
        "service_levels.api-latency.sla",
        {f"{LATENCY}/slos": (latency(99, 500),)},
    ),
    "SLO-06": (
        {f"{LATENCY}/slos": (latency(95, 200), latency(99, 500))},
        "service_levels.api-latency",
        {f"{LATENCY}/slos": (latency(95, 100), latency(99, 500))},
    ),
    "SLO-07": (
        {f"{API}/baseline/rps": Fraction(1, 100)},
        "service_levels.api-availability.slo",
        {f"{API}/baseline/rps": Fraction(2, 100)},
    ),
    "SLO-08": (
        {f"{LATENCY}/average": True},
        "service_levels.api-latency",
        {f"{LATENCY}/average": False},
    ),
    "SLO-09": (
        {f"{UP}/sla_window": "month"},
        "service_levels.api-availability",
        {f"{UP}/sla_window": "month", f"{UP}/calendar": "month"},
    ),
    "SLO-11": (
        {"agreements/acme": Contract(name="acme", of=("api-availability",), sla=promise("99.99"))},
        "agreements.acme.sla",
        {"agreements/acme": Contract(name="acme", of=("api-availability",), sla=promise("99"))},
    ),
    "SLO-12": (
        {f"{UP}/slas": (promise("99.94"),)},
        "service_levels.api-availability.sla",
        {f"{UP}/slas": (promise("99.93"),)},
    ),
    "SLO-10": (
        {"budget_policy/bands/1/high": Fraction(2, 5)},
        "budget_policy.0-50%",
        {"budget_policy/bands/1/high": Fraction(1, 2)},
    ),
    "MON-01": (
        {"components/db/exporter": None},
        "components.db",
        {"components/db/exporter": None, "components/db/address": "db:5432"},
    ),
    "MON-02": (
        {"components/db/signals": ("latency", "traffic", "errors")},
        "components.db.signals",
        {"components/db/signals": ("latency", "traffic", "errors", "saturation")},
    ),
    "MON-04": (
        {f"{API}/probed_from": ""},
        "components.api",
        {f"{API}/url": None, f"{API}/probed_from": ""},
    ),
    "MON-05": (
        {"server/dead_man": None, "server/runs_in": "home"},
        "server",
        {"server/dead_man": None, "server/runs_in": "away"},
    ),
    "MON-06": (
        {**THREE, "components/b": part("b", "grpc")},
        "journeys.checkout.path",
        {**THREE, "components/b": part("b", "worker")},
    ),
    "MON-07": (
        {"server/metrics_retention": 15 * DAY},
        "server.metrics_retention",
        {"server/metrics_retention": 30 * DAY},
    ),
    "HLT-01": (
        {f"{API}/health/live/touches": ("db",)},
        "components.api.health.live",
        {f"{API}/health/live/touches": ()},
    ),
    "HLT-02": (
        {f"{API}/health/deep": ...},
        "components.api.health",
        {f"{API}/health/deep": ..., f"{API}/type": "worker"},
    ),
    "HLT-03": (
        {f"{API}/health/ready/path": "/health/live"},
        "components.api.health",
        {f"{API}/health/ready/path": "/health/live/"},
    ),
    "HLT-04": (
        {f"{API}/health/ready/timeout": timedelta(seconds=5)},
        "components.api.health.ready",
        {f"{API}/health/ready/timeout": timedelta(seconds=4)},
    ),
    "HLT-05": (
        {f"{API}/health/deep/public": True},
        "components.api.health.deep",
        {f"{API}/health/deep/public": True, f"{API}/health/deep/authenticated": True},
    ),
    "HLT-06": (
        {f"{API}/health/deep/touches": ("payments",)},
        "components.api.health.deep",
        {f"{API}/health/deep/touches": ("db", "payments")},
    ),
    "ALR-01": (
        without("alerts/burn"),
        "service_levels.api-availability",
        {**without("alerts/burn"), "alerts/new": alert(BURN)},
    ),
    "ALR-02": (
        {"alerts/errors/runbook": None},
        "alerts.errors",
        {"alerts/errors/runbook": "api-down"},
    ),
    "ALR-03": (
        {"alerts/new": alert(above("error rate", "1"))},
        "alerts.new",
        {"alerts/new": alert(above("error rate", "0.99"))},
    ),
    "ALR-04": (
        {"severities/P2/notify": ("siren",), "channels/siren": siren(wakes=False)},
        "severities.P2.notify",
        {"severities/P2/notify": ("siren",), "channels/siren": siren(wakes=True)},
    ),
    "ALR-05": (
        without("alerts/burn"),
        "alerts.errors",
        {**without("alerts/burn"), "alerts/new": alert(BURN)},
    ),
    "ALR-06": (
        {**without("alerts/slow-burn"), "alerts/latency/when": above("p95 latency", "1", "s")},
        "alerts.latency",
        {**without("alerts/slow-burn"), "alerts/latency/when": above("p99 latency", "0.75", "s")},
    ),
    "ALR-07": (
        {f"{UP}/slos": (promise("99.975"),)},
        "alerts.errors",
        {f"{UP}/slos": (promise("99.95"),)},
    ),
    "ALR-08": (
        {"alerts/api-down/when/guarded": False},
        "alerts.api-down",
        {"alerts/api-down/when/guarded": False, "alerts/api-down/when/signal": "heartbeat"},
    ),
    "ALR-09": (
        {"alerts/new": alert(above("cpu used", "0.9"))},
        "alerts.new",
        {"alerts/new": alert(above("cpu used", "0.9"), severity=Severity.P3)},
    ),
    "ALR-10": (
        {"alerts/certificate/when/within": 14 * DAY - MINUTE},
        "components.api.url",
        {"alerts/certificate/when/within": 14 * DAY},
    ),
    "ALR-11": (
        without("alerts/disk-soon"),
        "alerts.disk",
        {**without("alerts/disk"), **without("alerts/disk-soon")},
    ),
    "ALR-13": (
        {"alerts/new": alert(above("query time", "0.5", "s"), of="db")},
        "alerts.new",
        {"alerts/new": alert(above("query time", "0.25", "s"), of="db")},
    ),
    "ONC-01": (
        {f"{SHOP}/hours": "Mon-Fri 09:00-17:00"},
        "on_call.shop.hours",
        {f"{SHOP}/hours": "Mon-Sun 00:00-00:00"},
    ),
    "ONC-02": (
        {"severities/P1/respond": 4 * MINUTE},
        "on_call.shop.escalate.P1",
        {"severities/P1/respond": 6 * MINUTE},
    ),
    "ONC-03": (
        {"people/bo/leave": ((date(2026, 12, 14), date(2026, 12, 20)),)},
        "on_call.shop.shift.order.bo",
        {"people/bo/leave": ((date(2026, 12, 22), date(2026, 12, 27)),)},
    ),
    "ONC-04": (
        {f"{SHOP}/shift/order": ("ada", "bo", "cy")},
        "on_call.shop.shift.order",
        {f"{SHOP}/shift/order": ("ada", "bo", "cy"), f"{SHOP}/hours": "Mon-Fri 09:00-17:00"},
    ),
    "ONC-05": (
        {f"{SHOP}/escalate/P2/1/to": "dee"},
        "on_call.shop.escalate.P2",
        {f"{SHOP}/escalate/P2/1/to": "storefront"},
    ),
    "ONC-06": (
        {"severities/P2/respond": 30 * MINUTE},
        "incidents.SEV2.respond",
        {"severities/P2/respond": 15 * MINUTE},
    ),
    "INC-01": (
        {"incidents/rules/SEV1/channel": ""},
        "incidents.SEV1",
        {"incidents/rules/SEV1/channel": "#big"},
    ),
    "INC-02": (
        {"incidents/breach_clock": None, "data/accounts/kinds": ()},
        "incidents",
        {
            "incidents/breach_clock": None,
            "data/accounts/kinds": (),
            "data/accounts/sensitive": (),
        },
    ),
    "BKP-01": (
        without("backups/db"),
        "data.accounts",
        {**without("backups/db"), "components/db/rebuild_from": "source"},
    ),
    "BKP-02": (
        {"locations/far/region": "home"},
        "backups.db",
        {"locations/far/region": "home", "locations/far/account": "other"},
    ),
    "BKP-03": (
        {
            "backups/db/copies": {
                "full": protection.CopyPlan(
                    kind="full", keep=30 * DAY, to=("near", "far"), every=HOUR, takes=25 * MINUTE
                )
            },
            "data/accounts/rpo": HOUR,
        },
        "data.accounts.rpo",
        {
            "backups/db/copies": {
                "full": protection.CopyPlan(
                    kind="full", keep=30 * DAY, to=("near", "far"), every=HOUR, takes=25 * MINUTE
                )
            },
            "data/accounts/rpo": 85 * MINUTE,
        },
    ),
    "BKP-04": (
        {"backups/db/verify/0/what": ("size", "checksum")},
        "backups.db.verify",
        {"backups/db/verify/0/what": ("size", "restore")},
    ),
    "BKP-05": ({f"{WAL}/keep": 31 * DAY}, "backups.db.wal.keep", {f"{WAL}/keep": 30 * DAY}),
    "BKP-06": (
        {f"{WAL}/keep": 7 * DAY},
        "backups.db.wal.keep",
        {f"{WAL}/keep": 7 * DAY, f"{FULL}/keep": 7 * DAY},
    ),
    "BKP-07": (
        {f"{FULL}/at": datetime(2026, 1, 1, 12).time()},  # noqa: DTZ001 -- a time of day
        "backups.db.full.at",
        {f"{FULL}/at": datetime(2026, 1, 1, 23).time()},  # noqa: DTZ001 -- a time of day
    ),
    "BKP-08": (
        {f"{WAL}/to": ("near",)},
        "backups.db",
        {f"{WAL}/to": ("far",)},
    ),
    "BKP-09": (
        {"backups/db/key": SecretRef(kind="env", name="K"), "backups/db/key_kept_at": ("near",)},
        "backups.db.key_kept_at",
        {
            "backups/db/key": SecretRef(kind="env", name="K"),
            "backups/db/key_kept_at": ("near", "safe"),
        },
    ),
    "BKP-10": (
        {**without("backups/db"), "data/accounts/backup": "real-time replication"},
        "data.accounts.backup",
        {"data/accounts/backup": "real-time replication"},
    ),
    "RPO-02": (
        {"data/accounts/rpo": timedelta()},
        "data.accounts.rpo",
        {"data/accounts/rpo": timedelta(), "data/accounts/rpo_region": 5 * MINUTE},
    ),
    "RPO-05": (
        {f"{WAL}/streaming": False},
        "backups.db.wal",
        {f"{WAL}/streaming": False, f"{WAL}/archive_timeout": 5 * MINUTE},
    ),
    "RTO-01": (
        {"components/db/size": 400 * 10**9},
        "data.accounts.rto",
        {"components/db/size": 300 * 10**9},
    ),
    "RTO-02": (
        {
            "components/files": part("files", "volume", rebuild_from="source"),
            "components/db/needs": {"files": need("files")},
            "data/files": protection.DataType(
                name="files", store="files", classification="normal", rpo=DAY, rto=2 * HOUR
            ),
        },
        "data.accounts.rto",
        {
            "components/files": part("files", "volume", rebuild_from="source"),
            "components/db/needs": {"files": need("files")},
            "data/files": protection.DataType(
                name="files", store="files", classification="normal", rpo=DAY, rto=HOUR
            ),
        },
    ),
    "RTO-03": (
        {f"{OVER}/wait_before": 42 * MINUTE},
        "failover.home -> away",
        {f"{OVER}/wait_before": 41 * MINUTE},
    ),
    "RTO-04": (
        {"regions": {"home": s.Region(name="home", zones=3)}, "data/accounts/rto": 59 * MINUTE},
        "data.accounts.rto",
        {"regions": {"home": s.Region(name="home", zones=3)}},
    ),
    "RTO-05": (
        {f"{OVER}/last_drill/date": date(2026, 8, 25)},
        "failover.home -> away.last_drill",
        {f"{OVER}/last_drill/date": date(2026, 8, 26)},
    ),
    "RTO-06": (
        {f"{OVER}/steps/2/do": "wait"},
        "failover.home -> away.steps",
        {f"{OVER}/steps/2/do": "wait", f"{API}/replicas/away": 4},
    ),
    "RTO-07": (
        {f"{OVER}/dns_ttl": 16 * MINUTE},
        "failover.home -> away.dns_ttl",
        {f"{OVER}/dns_ttl": 15 * MINUTE},
    ),
    "RTO-08": ({f"{OVER}/fence": ""}, "failover.home -> away", {f"{OVER}/fence": "STONITH"}),
    "DAT-00": (
        {"data/accounts/rpo": None},
        "data.accounts",
        {"data/accounts/rpo": timedelta()},
    ),
    "DAT-01": (
        {"components/cache": part("cache", "redis", rebuild_from="source")},
        "components.cache",
        {"components/cache": part("cache", "worker")},
    ),
    "DAT-02": (
        {"data/accounts/kinds": ()},
        "data.accounts",
        {"data/accounts/kinds": (), "data/accounts/sensitive": ()},
    ),
    "DAT-03": (
        {"data/accounts/residency": ("home",)},
        "data.accounts.residency",
        {"data/accounts/residency": ("home", "away")},
    ),
    "AUD-01": (
        {f"{LOG}/patterns": ("auth.*", "accounts.view")},
        "data.accounts",
        {f"{LOG}/patterns": ("auth.*", "accounts.view", "accounts.export")},
    ),
    "AUD-02": (
        {f"{LOG}/events": (), f"{LOG}/patterns": ("auth.*", "accounts.*")},
        "compliance.audit.events",
        {f"{LOG}/events": (), f"{LOG}/patterns": ("auth.*", "admin.*", "accounts.*")},
    ),
    "AUD-03": (
        {f"{LOG}/mask": ("card-token",)},
        "data.accounts.sensitive",
        {f"{LOG}/mask": ("accounts.email",)},
    ),
    "AUD-04": (
        {f"{LOG}/readers": ("admin",)},
        "compliance.audit.readers",
        {f"{LOG}/readers": ("admin", "dpo")},
    ),
    "AUD-05": ({f"{LOG}/anchors": ()}, "compliance.audit.anchors", {f"{LOG}/anchors": ("near",)}),
    "AUD-06": ({f"{LOG}/spool": None}, "compliance.audit.spool", {f"{LOG}/spool": "/tmp/x"}),
    "CMP-00": ({f"{LOG}/regimes": None}, "compliance.regimes", {f"{LOG}/regimes": ()}),
    "CMP-01": (
        {f"{LOG}/regimes": ("sox",), f"{LOG}/retention/sox": kept(365, 4 * 365 - 1)},
        "compliance.audit.retention.sox",
        {f"{LOG}/regimes": ("sox",), f"{LOG}/retention/sox": kept(365, 6 * 365)},
    ),
    "CMP-02": (
        {f"{LOG}/retention/gdpr": kept(2 * 365, 5 * 365)},
        "compliance.audit.retention.gdpr",
        {f"{LOG}/retention/gdpr": kept(2 * 365, 5 * 365), f"{LOG}/basis": {"gdpr": "art. 6(1)(c)"}},
    ),
    "CMP-03": (
        {f"{LOG}/regimes": ("gdpr", "sox"), "data/accounts/keep": 4 * 365 * DAY},
        "data.accounts.keep",
        {f"{LOG}/regimes": ("gdpr", "sox"), "data/accounts/keep": 7 * 365 * DAY},
    ),
    "CMP-04": (
        {f"{FULL}/keep": 31 * DAY},
        "backups.db",
        {f"{LOG}/regimes": ("pci-dss",), f"{FULL}/keep": 31 * DAY},
    ),
    "CMP-05": (
        {f"{LOG}/retention/pci-dss": kept(89, 365)},
        "compliance.audit.retention.pci-dss",
        {f"{LOG}/retention/pci-dss": kept(90, 275)},
    ),
    "CMP-06": (
        {f"{LOG}/evidence": {"gdpr": "x"}},
        "compliance.evidence.pci-dss",
        {f"{LOG}/evidence": {"gdpr": "x"}, f"{LOG}/regimes": ("gdpr",)},
    ),
    "DEG-01": (
        {f"{PAY}/breaker/min_calls": None},
        "components.api.needs.payments.breaker",
        {f"{PAY}/breaker/min_calls": 2200},
    ),
    "DEG-02": (
        without("alerts/queue"),
        "components.api.needs.payments",
        {**without("alerts/queue"), f"{PAY}/fallback": "none"},
    ),
    "DEG-03": (
        {f"{PAY}/fallback": "cache"},
        "components.api.needs.payments",
        {f"{PAY}/fallback": "cache", f"{PAY}/stale_at_most": 5 * MINUTE},
    ),
    "DEG-04": (
        {f"{PAY}/effectiveness": None},
        "components.api.needs.payments",
        {f"{PAY}/effectiveness": None, f"{PAY}/fallback": "none"},
    ),
    "RUN-01": (
        {"runbooks/api-down/reviewed": date(2026, 5, 27)},
        "runbooks.api-down",
        {"runbooks/api-down/reviewed": date(2026, 5, 28)},
    ),
    "RUN-02": (
        {"runbooks/api-down/verify": ("kubectl rollout status deployment/apj",)},
        "runbooks.api-down",
        {"runbooks/api-down/verify": ("kubectl rollout status deployment/db",)},
    ),
    "WVR-01": (
        {
            "waivers": (
                s.Waiver(rule="XXX-01", at="a", because="b", by="dee", until=date(2027, 1, 1)),
            )
        },
        "waivers.0",
        {"waivers": ()},
    ),
}

# Rules with more than one condition: the others. The words after the rule only tell them apart.
HALVES: Mapping[str, tuple[dict[str, object], str, dict[str, object]]] = {
    "BAS-03 errors": (
        {f"{API}/baseline/errors": Fraction("0.00051")},
        "service_levels.api-availability.slo",
        {f"{API}/baseline/errors": Fraction("0.0005")},
    ),
    "BAS-04 without zones": (
        {"regions/home/zones": 1, f"{API}/baseline/capacity": Fraction(166)},
        "components.api.baseline.capacity",
        {"regions/home/zones": 1, f"{API}/baseline/capacity": Fraction(500, 3)},
    ),
    "DEP-06 left behind by a failover": (
        {f"{API}/replicas": {"home": 4}, **STRICT},
        "components.api.replicas.away",
        {f"{API}/replicas": {"home": 4, "away": 1}, **STRICT},
    ),
    "DEP-06 one vendor": (
        {**STRICT, "components/db/vendor": "PayCo"},
        "journeys.checkout.path.PayCo",
        {**STRICT, "components/db/vendor": "DataCo"},
    ),
    "DEP-06 one host": (
        {
            **STRICT,
            "components/iron": part("iron", "host"),
            f"{API}/needs/iron": need("iron"),
            "components/db/needs": {"iron": need("iron")},
        },
        "journeys.checkout.path.iron",
        {
            **STRICT,
            "components/iron": part("iron", "host"),
            f"{API}/needs/iron": need("iron"),
            "components/db/needs": {"iron": need("iron", SOFT)},
        },
    ),
    "DEP-08 the sum of the time-outs": (
        {f"{API}/needs/db/timeout": timedelta(milliseconds=751)},
        "components.api.needs",
        {f"{API}/needs/db/timeout": timedelta(milliseconds=750)},
    ),
    "SLO-02 a journey": (
        {"journeys/checkout/sla": promise("99.85")},
        "journeys.checkout.sla",
        {"journeys/checkout/sla": promise("99.84")},
    ),
    "SLO-10 no owner": (
        {"budget_policy/owner": None},
        "budget_policy.owner",
        {"budget_policy/owner": "dee"},
    ),
    "ALR-03 a burn that no outage reaches": (
        {f"{UP}/slos": (promise("80"),), f"{UP}/slas": ()},
        "alerts.burn",
        {f"{UP}/slos": (promise("90"),), f"{UP}/slas": ()},
    ),
    "ALR-03 below nothing": (
        {"alerts/new": alert(replace(above("hit rate", "0"), above=False))},
        "alerts.new",
        {"alerts/new": alert(replace(above("hit rate", "0.1"), above=False))},
    ),
    "ONC-01 no rotation": (
        {f"{SHOP}/covers": ("platform",), "on_call/other": OTHER},
        "components.api",
        {f"{SHOP}/covers": ("platform", "storefront"), "on_call/other": OTHER},
    ),
    "ONC-01 no step": (
        {f"{SHOP}/escalate/P2": ()},
        "on_call.shop.escalate",
        {f"{SHOP}/escalate/P2": (calling.EscalationStep(to="primary", within=None),)},
    ),
    "ONC-03 no telephone": (
        {"people/bo/phone": None},
        "people.bo",
        {"people/bo/phone": None, "severities/P1/notify": ("page",)},
    ),
    "ONC-04 nobody after the first": (
        {f"{SHOP}/escalate/P1": (calling.EscalationStep(to="primary", within=MINUTE),)},
        "on_call.shop.escalate",
        {f"{SHOP}/escalate/P1": (calling.EscalationStep(to="primary", within=MINUTE),) * 2},
    ),
    "BKP-04 by hand": (
        {"backups/db/verify/0/automatic": False},
        "backups.db.verify",
        {"backups/db/verify/0/automatic": True},
    ),
    "BKP-05 a long chain": (
        {"backups/db/copies/incremental": increments(46 * MINUTE)},
        "backups.db.incremental.every",
        {"backups/db/copies/incremental": increments(48 * MINUTE)},
    ),
    "BKP-09 nowhere": (
        {"backups/db/key": SecretRef(kind="env", name="K")},
        "backups.db.key_kept_at",
        {"backups/db/key": SecretRef(kind="env", name="K"), "backups/db/key_kept_at": ("safe",)},
    ),
    "RPO-02 no replica": (
        {"data/accounts/rpo": timedelta(), "components/db/replication": {}},
        "data.accounts.rpo",
        {"data/accounts/rpo": timedelta(), "components/db/replication": {"home": "sync"}},
    ),
    "RTO-02 by way of another": (
        {**BELOW, "data/files": files(2 * HOUR)},
        "data.accounts.rto",
        {**BELOW, "data/files": files(HOUR)},
    ),
    "RTO-05 slower than promised": (
        {f"{OVER}/last_drill/rto": 61 * MINUTE},
        "failover.home -> away.last_drill",
        {f"{OVER}/last_drill/rto": 60 * MINUTE},
    ),
    "RTO-08 no way back": (
        {f"{OVER}/failback": ()},
        "failover.home -> away",
        {f"{OVER}/failback": (protection.FailoverStep(do="back", takes=MINUTE),)},
    ),
    "CMP-02 beyond its purpose": (
        {"data/accounts/keep": 364 * DAY},
        "data.accounts.keep",
        {"data/accounts/keep": 365 * DAY},
    ),
    "DEG-01 too few calls": (
        {f"{PAY}/breaker/min_calls": 2201},
        "components.api.needs.payments.breaker",
        {f"{PAY}/breaker/min_calls": 2200},
    ),
    "RUN-01 no escalation": (
        {"runbooks/api-down/escalate": ""},
        "runbooks.api-down",
        {"runbooks/api-down/escalate": "dee"},
    ),
    "RUN-02 a strange host": (
        {"runbooks/api-down/diagnose": ("curl -sI https://api.shop.example/health",)},
        "runbooks.api-down",
        {"runbooks/api-down/diagnose": ("curl -sI https://api.shop.test/health",)},
    ),
}

SUNDAY = datetime(2026, 11, 22, tzinfo=UTC)
LATE = Overdue(
    at="incidents.INC-7.post_mortem",
    incident="INC-7",
    what="post-mortem of 'shop down'",
    owner="dee",
    due=SUNDAY,
)


def seen(caller: str, to: str, **more: Any) -> dict[tuple[str, str], Edge]:
    edge = Edge(component=caller, to=to, watched_from=datetime(2026, 11, 1, tzinfo=UTC), **more)
    return {(caller, to): edge}


def flood(component: str) -> Flood:
    return Flood(source="", component=component, at=SUNDAY, because="gives too much")


# rule: (what was measured, at which path, a near miss)
MEASURED: Mapping[str, tuple[Measured, str, Measured]] = {
    "AVL-07": (
        Measured(availability={"checkout": Fraction("0.998")}),
        "journeys.checkout.slo",
        Measured(availability={"checkout": Fraction("0.9985")}),
    ),
    "MON-03": (
        Measured(silent={"api-latency": DAY}),
        "service_levels.api-latency",
        Measured(silent={"api-latency": DAY - MINUTE}),
    ),
    "MON-08": (
        Measured(floods={"api/remote-write": flood("api")}),
        "components.api",
        Measured(floods={"gone/scrape": flood("gone")}),
    ),
    "ALR-12": (
        Measured(pages_a_shift={"shop": Fraction(5, 2)}),
        "on_call.shop",
        Measured(pages_a_shift={"shop": Fraction(2)}),
    ),
    "DEP-10": (
        Measured(edges=seen("db", "payments", called_at=SUNDAY)),
        "components.db.needs.payments",
        Measured(edges=seen("api", "payments", called_at=SUNDAY)),
    ),
    "INC-03": (
        Measured(overdue=(LATE,)),
        "incidents.INC-7.post_mortem",
        Measured(overdue=()),
    ),
    "ONC-07": (
        Measured(acknowledge_p90={Severity.P1: 6 * MINUTE}),
        "severities.P1.respond",
        Measured(acknowledge_p90={Severity.P1: 5 * MINUTE}),
    ),
    "RPO-01": (
        Measured(data_loss={"db": 6 * MINUTE}),
        "data.accounts.rpo",
        Measured(data_loss={"db": 5 * MINUTE}),
    ),
    "RTO-09": (
        Measured(failover={"home -> away": 61 * MINUTE}),
        "failover.home -> away.rto",
        Measured(failover={"home -> away": 60 * MINUTE}),
    ),
}

# rule: (paths that the file does not state, at which path, changes made beside)
UNSTATED: Mapping[str, tuple[str, str, dict[str, object]]] = {
    "INP-04": ("system.criticality", "system.criticality", {"criticality": Criticality.MEDIUM}),
    "INP-11": (
        "regions",
        "regions",
        {f"{API}/replicas": {}, "components/db/replicas": {}},
    ),
}


def found(system: s.System, now: datetime, rule: str, measured: Measured | None = None) -> set[str]:
    review = examine(system, measured or Measured(), now)
    return {finding.at for finding in review.findings if finding.rule == rule}


def test_a_sound_system_is_accepted_without_a_word(sound: s.System, now: datetime) -> None:
    review = examine(sound, Measured(), now)
    assert [f"{one.id}: {one.problem}" for one in review.findings] == []
    assert review.verdict.name == "ACCEPT"


@pytest.mark.parametrize("name", [*CASES, *HALVES])
def test_a_rule_finds_its_fault_and_leaves_the_near_miss_alone(
    name: str, sound: s.System, spoil: Callable[..., s.System], now: datetime
) -> None:
    fault, at, near_miss = {**CASES, **HALVES}[name]
    rule = name.partition(" ")[0]
    assert at in found(spoil(sound, fault), now, rule)
    left = found(spoil(sound, near_miss), now, rule)
    # A half's near miss may meet another condition of its rule.
    assert not left if name in CASES else at not in left


@pytest.mark.parametrize("name", [*CASES, *HALVES])
def test_a_near_miss_is_near(name: str) -> None:
    """One thing parts it from the fault: another value at one path, or one excuse more."""
    fault, _, near_miss = {**CASES, **HALVES}[name]
    apart = [
        path
        for path in {**fault, **near_miss}
        if path not in fault or path not in near_miss or fault[path] != near_miss[path]
    ]
    assert len(apart) == 1, apart


@pytest.mark.parametrize("rule", MEASURED)
def test_a_measured_fault_is_found_and_a_measured_near_miss_is_not(
    rule: str, sound: s.System, now: datetime
) -> None:
    fault, at, near_miss = MEASURED[rule]
    assert found(sound, now, rule, fault) == {at}
    assert not found(sound, now, rule, near_miss)


@pytest.mark.parametrize("rule", UNSTATED)
def test_what_is_not_stated_is_asked_for(
    rule: str, sound: s.System, spoil: Callable[..., s.System], now: datetime
) -> None:
    path, at, beside = UNSTATED[rule]
    system = spoil(sound, beside)
    unstated = replace(system, stated=type(sound.stated)({path}))
    assert found(unstated, now, rule) == {at}
    assert not found(system if rule == "INP-04" else sound, now, rule)


@pytest.mark.parametrize(
    ("now_is", "said"),
    [
        ({"compose.yaml": "bbb"}, "compose.yaml is changed since it was imported"),
        ({"compose.yaml": ""}, "compose.yaml is gone since it was imported"),
        ({"compose.yaml": "aaa"}, ""),
        ({}, ""),  # nobody could look: nothing is known to have changed
        ({"other.yaml": "bbb"}, ""),
    ],
)
def test_a_source_that_changed_after_its_import_is_told(
    now_is: dict[str, str], said: str, sound: s.System, now: datetime
) -> None:
    imported = replace(sound, sources={"compose.yaml": "aaa"})
    review = examine(imported, Measured(sources=now_is), now)
    assert [one.problem for one in review.findings if one.rule == "INP-07"] == (
        [said] if said else []
    )


@pytest.mark.parametrize(("stated", "verdict"), [(True, "BLOCK"), (False, "CLARIFY")])
def test_a_circle_of_needs_that_nobody_called_hard_is_asked_about(
    stated: bool, verdict: str, sound: s.System, spoil: Callable[..., s.System], now: datetime
) -> None:
    system = spoil(sound, {"components/db/needs": {"api": need("api", stated=stated)}})
    if not stated:
        unstated = type(sound.stated)({"components.db.needs.api.strength"})
        system = replace(system, stated=unstated)
    circles = [one for one in examine(system, Measured(), now).findings if one.rule == "DEP-01"]

    assert [one.verdict.name for one in circles] == [verdict]


def test_every_rule_has_a_fault_and_a_near_miss() -> None:
    elsewhere = {"INP-07", "INP-09", "ONC-08"}  # each has tests of its own
    covered = {*CASES, *MEASURED, *UNSTATED, *elsewhere}
    assert covered == {rule.id for rule in RULES}


def test_rule_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)

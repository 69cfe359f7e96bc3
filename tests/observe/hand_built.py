"""A small shop, built by hand: what a file would mean, without a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from standfast.spec.calling import IncidentPolicy, IncidentRule, SeverityRule
from standfast.spec.server import ServerSettings
from standfast.spec.system import (
    BudgetPolicy,
    Check,
    Compliance,
    Component,
    Journey,
    Need,
    PolicyBand,
    ServiceLevel,
    System,
)
from standfast.spec.values import Criticality, Promise, Sev, Severity, Strength

THREE_NINES = Promise(text="99.9%", target=Fraction(999, 1000))
FAST = Promise(text="p95 < 200ms", target=Fraction(95, 100), threshold=timedelta(milliseconds=200))
POLICY = BudgetPolicy(
    bands=(
        PolicyBand(low=Fraction(1, 2), high=Fraction(1), action="continue", text="> 50%"),
        PolicyBand(low=Fraction(1, 4), high=Fraction(1, 2), action="prioritise", text="25-50%"),
        PolicyBand(
            low=Fraction(0), high=Fraction(1, 4), action="freeze", text="< 25%", freezes=True
        ),
        PolicyBand(low=None, high=Fraction(0), action="incident review", text="0%", freezes=True),
    )
)


def level(name: str, of: str, sli: str = "availability", **more: object) -> ServiceLevel:
    slos = (FAST,) if sli == "latency" else (THREE_NINES,)
    return ServiceLevel(**{"name": name, "of": of, "sli": sli, "slos": slos, **more})


def api(base_url: str, /, **more: object) -> Component:
    base = Component(
        name="api",
        type="http",
        owner="storefront",
        url=f"{base_url}/",
        scrape=f"{base_url}/metrics",
        health={
            "deep": Check(
                path="/health/deep", every=timedelta(minutes=1), timeout=timedelta(seconds=5)
            )
        },
        needs={"db": Need(to="db", strength=Strength.HARD)},
    )
    return replace(base, **more)


def shop_system(url: str = "http://127.0.0.1:1", **more: object) -> System:
    base = System(
        name="shop",
        digest="0" * 64,
        criticality=Criticality.CRITICAL,
        timezone="Europe/Berlin",
        budget_window=timedelta(days=30),
        regions={},
        components={
            "api": api(url),
            "db": Component(name="db", type="postgresql", owner="platform"),
        },
        journeys={"browse": Journey(name="browse", path=("api", "db"), slo=THREE_NINES)},
        service_levels={
            "api-availability": level("api-availability", "api"),
            "api-latency": level("api-latency", "api", "latency"),
        },
        budget_policy=POLICY,
        alerts={},
        severities={
            one: SeverityRule(severity=one, respond=timedelta(minutes=5), notify=("page",))
            for one in Severity
        },
        people={},
        teams={},
        on_call={},
        channels={},
        incidents=IncidentPolicy(
            rules={one: IncidentRule(sev=one, respond=None, when="") for one in Sev},
            post_mortem_for=(Sev.SEV1, Sev.SEV2),
            post_mortem_within=timedelta(days=2),
        ),
        runbooks={},
        data={},
        backups={},
        locations={},
        failovers={},
        degradations=(),
        compliance=Compliance(
            regimes=None, retention={}, events=(), patterns=(), readers=(), mask=()
        ),
        waivers=(),
        server=ServerSettings(),
        places={},
        assumptions=(),
        stated=frozenset(),
    )
    return replace(base, **more)

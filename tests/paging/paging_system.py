"""A small team, built by hand: a rota of three, a lead, mail and chat."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from standfast.alerting.alert import Alert, AlertState
from standfast.spec.calling import (
    Channel,
    EscalationStep,
    IncidentPolicy,
    IncidentRule,
    OnCall,
    Person,
    SeverityRule,
    Shift,
    Team,
)
from standfast.spec.server import ServerSettings
from standfast.spec.system import (
    BudgetPolicy,
    Compliance,
    Component,
    System,
)
from standfast.spec.values import Criticality, Sev, Severity

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MAIL = Channel(
    name="page", kind="smtp", wakes=True, host="127.0.0.1", port=1, sender="sf@shop.test"
)
CHAT = Channel(name="chat", kind="webhook", wakes=False, url="http://127.0.0.1:1/hook")


def ladder(*steps: tuple[str, float | None]) -> tuple[EscalationStep, ...]:
    return tuple(
        EscalationStep(to=to, within=None if minutes is None else minutes * MINUTE)
        for to, minutes in steps
    )


ESCALATE = {
    Severity.P1: ladder(("primary", 5), ("secondary", 10), ("dee", 15)),
    Severity.P2: ladder(("primary", 15), ("secondary", 30), ("dee", 60)),
    Severity.P3: ladder(("primary", 60), ("secondary", 120)),
    Severity.P4: ladder(("primary", None)),
}
ROTA = OnCall(
    name="storefront",
    covers=("storefront",),
    shift=Shift(
        length=timedelta(weeks=5200),  # ada, whatever day it is
        handover_day=0,
        handover_time=time(9),
        order=("ada", "bo", "cy"),
        start=date(2026, 11, 16),
    ),
    timezone="Europe/Berlin",
    escalate=ESCALATE,
)


def person(id: str, **more: object) -> Person:  # noqa: A002 - its id is called that
    return Person(**{"id": id, "name": id.title(), "email": f"{id}@shop.test", **more})


def team_system(**more: object) -> System:
    base = System(
        name="shop",
        digest="abc0" * 16,
        criticality=Criticality.CRITICAL,
        timezone="Europe/Berlin",
        budget_window=timedelta(days=30),
        regions={},
        components={"web": Component(name="web", type="web", owner="storefront")},
        journeys={},
        service_levels={},
        budget_policy=BudgetPolicy(bands=()),
        alerts={},
        severities={
            Severity.P1: SeverityRule(
                severity=Severity.P1, respond=5 * MINUTE, notify=("page", "call")
            ),
            Severity.P2: SeverityRule(severity=Severity.P2, respond=15 * MINUTE, notify=("page",)),
            Severity.P3: SeverityRule(severity=Severity.P3, respond=60 * MINUTE, notify=("chat",)),
            Severity.P4: SeverityRule(severity=Severity.P4, respond=None, notify=("email",)),
        },
        people={one: person(one) for one in ("ada", "bo", "cy", "dee")},
        teams={"storefront": Team(name="storefront", members=("ada", "bo", "cy"), lead="dee")},
        on_call={"storefront": ROTA},
        channels={
            "page": MAIL,
            "chat": CHAT,
            "email": replace(MAIL, name="email", wakes=False),
        },
        incidents=IncidentPolicy(
            rules={one: IncidentRule(sev=one, respond=None, when="") for one in Sev},
            post_mortem_for=(Sev.SEV1, Sev.SEV2),
            post_mortem_within=timedelta(hours=48),
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
        server=ServerSettings(public_url="https://ops.shop.test"),
        places={},
        assumptions=(),
        stated=frozenset(),
    )
    return replace(base, **more)


def alert(**more: object) -> Alert:
    base = Alert(
        fingerprint="web-down/web",
        rule="web-down",
        component="web",
        severity=Severity.P1,
        state=AlertState.FIRING,
        summary="web is down",
        because="0 of 40 requests succeeded in the last minute",
        since=NOON,
        fired_at=NOON,
        runbook="api-down",
        labels={"source": "standfast"},
    )
    return replace(base, **more)

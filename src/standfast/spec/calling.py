"""Who is called, when and how: alerts, people and their rotations, channels, incidents, runbooks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import time

    from standfast.spec.condition import Condition
    from standfast.spec.values import SecretRef, Sev, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    name: str
    of: str
    when: Condition
    severity: Severity
    runbook: str | None = None
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityRule:
    """What one of P1-P4 promises and how it reaches people."""

    severity: Severity
    respond: timedelta | None  # None: next business day
    notify: tuple[str, ...]  # page | call | sms | push | chat | email | webhook name


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: str
    name: str
    email: str | None = None
    phone: str | None = None
    chat: str | None = None
    leave: tuple[tuple[date, date], ...] = ()  # first and last day away


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    name: str
    members: tuple[str, ...]
    chat: str | None = None
    lead: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    length: timedelta
    handover_day: int | None  # 0 is Monday; None: every `length` from the start
    handover_time: time
    order: tuple[str, ...]
    start: date = date(2026, 1, 5)  # the Monday at which the first of `order` begins


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationStep:
    to: str  # primary | secondary | a person | a team (its lead)
    within: timedelta | None  # answered by then or the next step; None: as needed
    only: tuple[Severity, ...] = ()  # empty: all


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    name: str
    covers: tuple[str, ...]  # teams
    shift: Shift
    timezone: str
    escalate: Mapping[Severity, tuple[EscalationStep, ...]]  # resolved per severity
    hours: str = "24x7"  # or "Mon-Fri 09:00-17:00"
    overrides: tuple[tuple[date, date, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How a kind of notification (`page`, `chat` ...) leaves the house."""

    name: str
    kind: str  # smtp | webhook
    wakes: bool
    url: SecretRef | str | None = None  # webhook
    host: str = ""  # smtp
    port: int = 25
    sender: str = ""
    to: str = ""  # fixed address instead of the person's own
    tls: bool = False
    username: SecretRef | None = None
    password: SecretRef | None = None
    secret: SecretRef | None = None  # signs webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRule:
    sev: Sev
    respond: timedelta | None
    when: str
    roles: tuple[str, ...] = ()
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPolicy:
    rules: Mapping[Sev, IncidentRule]
    post_mortem_for: tuple[Sev, ...]
    post_mortem_within: timedelta
    legal_contact: str | None = None
    breach_clock: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    name: str
    title: str
    symptoms: tuple[str, ...] = ()
    diagnose: tuple[str, ...] = ()
    causes: tuple[tuple[str, str, str], ...] = ()  # cause, how to check, fix
    fixes: tuple[tuple[str, str], ...] = ()  # title, command
    verify: tuple[str, ...] = ()
    escalate: str = ""
    reviewed: date | None = None

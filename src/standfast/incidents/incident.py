"""An incident: from the first alert to the last follow-up, with who does what."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.errors import Conflict, NotFound, StandfastError
from standfast.spec.values import Sev, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from standfast.spec.calling import IncidentPolicy

SEV_OF: Mapping[Severity, Sev] = {
    Severity.P1: Sev.SEV1,
    Severity.P2: Sev.SEV2,
    Severity.P3: Sev.SEV3,
    Severity.P4: Sev.SEV4,
}
DECLARES = frozenset({Severity.P1, Severity.P2})
"""An alert this grave declares an incident by itself."""


class Role(StrEnum):
    COMMANDER = "commander"
    TECHNICAL = "technical"
    COMMUNICATIONS = "communications"
    SCRIBE = "scribe"


DUTIES: Mapping[Role, tuple[str, str]] = {
    Role.COMMANDER: ("Incident Commander", "Coordinates, makes decisions"),
    Role.TECHNICAL: ("Technical Lead", "Diagnoses and fixes"),
    Role.COMMUNICATIONS: ("Communications Lead", "Updates stakeholders"),
    Role.SCRIBE: ("Scribe", "Documents timeline"),
}


class IncidentState(StrEnum):
    OPEN = "open"
    MITIGATED = "mitigated"  # users are well again; the cause may remain
    RESOLVED = "resolved"
    CLOSED = "closed"  # the post-mortem is done


_FROM: Mapping[IncidentState, tuple[IncidentState, ...]] = {
    IncidentState.OPEN: (IncidentState.MITIGATED, IncidentState.RESOLVED),
    IncidentState.MITIGATED: (IncidentState.OPEN, IncidentState.RESOLVED),
    IncidentState.RESOLVED: (IncidentState.OPEN, IncidentState.CLOSED),
    IncidentState.CLOSED: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Somebody in a role, from when to when."""

    role: Role
    person: str
    assumed_at: datetime
    renounced_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionItem:
    text: str
    priority: Severity
    owner: str
    due: datetime | None = None
    done: bool = False

    def overdue(self, now: datetime) -> bool:
        return self.due is not None and self.due < now and not self.done


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    at: datetime
    kind: str  # alert | page | acknowledgement | role | status | note | task | deploy ...
    text: str
    source: str  # where we have it from: "evaluation", "alertmanager", "web", "cli", "delivery"
    by: str = ""  # a person, where one did it


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    id: str  # "INC-7"
    title: str
    sev: Sev
    component: str
    declared_at: datetime
    declared_by: str = ""  # "" is standfast itself
    state: IncidentState = IncidentState.OPEN
    began_at: datetime | None = None  # when the trouble began, as far as is known
    detected_at: datetime | None = None  # when an alert fired
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    progressed_at: datetime | None = None  # when a person last did something for it
    alerts: tuple[str, ...] = ()
    holdings: tuple[Holding, ...] = ()
    done: Mapping[str, str] = field(default_factory=dict)  # task of the checklist -> by whom
    actions: tuple[ActionItem, ...] = ()
    version: int = 0

    @property
    def roles(self) -> Mapping[str, str]:
        """Role -> the person who has it now."""
        return {one.role.value: one.person for one in self.holdings if one.renounced_at is None}

    @property
    def open(self) -> bool:
        """Is it still going on for those who work on it?"""
        return self.state in {IncidentState.OPEN, IncidentState.MITIGATED}

    @property
    def next_states(self) -> tuple[IncidentState, ...]:
        return _FROM[self.state]

    @property
    def started_at(self) -> datetime:
        return self.began_at or self.detected_at or self.declared_at

    def lasted(self, now: datetime) -> timedelta:
        return (self.resolved_at or now) - self.started_at

    @property
    def to_acknowledge(self) -> timedelta | None:
        return self.acknowledged_at - self.started_at if self.acknowledged_at else None

    @property
    def to_mitigate(self) -> timedelta | None:
        over = self.mitigated_at or self.resolved_at
        return over - self.started_at if over else None


def declare(
    id: str,  # noqa: A002 - an incident's id is called that
    title: str,
    sev: Sev,
    component: str,
    now: datetime,
    *,
    by: str = "",
    alert: str | None = None,
    began_at: datetime | None = None,
) -> Incident:
    """By an alert (`alert` is its fingerprint) or by a person. If unsure, take the higher severity."""
    if not title.strip():
        raise StandfastError("an incident needs a title", fix="say in a line what is wrong")
    return Incident(
        id=id,
        title=title.strip(),
        sev=sev,
        component=component,
        declared_at=now,
        declared_by=by,
        began_at=began_at,
        detected_at=now if alert else None,
        progressed_at=now if by else None,
        alerts=(alert,) if alert else (),
        done={"assign-severity": by or "standfast"} | ({"alert-received": "standfast"} if alert else {}),
    )  # fmt: skip


def join(incident: Incident, alert: str, sev: Sev) -> Incident:
    """Another alert of the same trouble; a graver one makes the incident graver."""
    alerts = incident.alerts if alert in incident.alerts else (*incident.alerts, alert)
    state = IncidentState.OPEN if incident.state is IncidentState.MITIGATED else incident.state
    return replace(incident, alerts=alerts, sev=min(incident.sev, sev), state=state)


def assume(incident: Incident, role: Role, person: str, now: datetime) -> Incident:
    """Whoever had the role until now renounces it."""
    if incident.roles.get(role) == person:
        return incident
    holdings = (
        *renounce(incident, role, now).holdings,
        Holding(role=role, person=person, assumed_at=now),
    )
    return replace(incident, holdings=holdings, progressed_at=now)


def renounce(incident: Incident, role: Role, now: datetime) -> Incident:
    holdings = tuple(
        replace(one, renounced_at=now) if one.role is role and one.renounced_at is None else one
        for one in incident.holdings
    )
    return replace(incident, holdings=holdings)


def acknowledged(incident: Incident, by: str, now: datetime) -> Incident:
    """The first to answer commands until somebody else takes over."""
    answered = replace(
        incident,
        acknowledged_at=incident.acknowledged_at or now,
        progressed_at=now,
        done={**incident.done, "acknowledge-alert": incident.done.get("acknowledge-alert", by)},
    )
    if Role.COMMANDER in answered.roles:
        return answered
    return assume(answered, Role.COMMANDER, by, now)


def turn(incident: Incident, state: IncidentState, now: datetime, *, by: str = "") -> Incident:
    """Raises Conflict where the state cannot follow."""
    if state is incident.state:
        return incident
    if state not in incident.next_states:
        ways = ", ".join(incident.next_states) or "nothing more"
        raise Conflict(f"{incident.id} is {incident.state}, it can become {ways}, not {state}")
    times: dict[IncidentState, dict[str, datetime | None]] = {
        IncidentState.OPEN: {"mitigated_at": None, "resolved_at": None},
        IncidentState.MITIGATED: {"mitigated_at": now},
        IncidentState.RESOLVED: {
            "mitigated_at": incident.mitigated_at or now,
            "resolved_at": now,
        },
        IncidentState.CLOSED: {"closed_at": now},
    }
    progressed = now if by else incident.progressed_at
    return replace(incident, state=state, progressed_at=progressed, **times[state])  # type: ignore[arg-type]


def role_of(word: str) -> Role:
    try:
        return Role(word)
    except ValueError:
        raise NotFound(f"no role is called {word!r}", fix=f"one of {', '.join(Role)}") from None


def post_mortem_due(incident: Incident, policy: IncidentPolicy) -> datetime | None:
    """48 hours after the end of a SEV1 or SEV2, unless the file says otherwise; None: none is owed."""
    if incident.sev not in policy.post_mortem_for or incident.resolved_at is None:
        return None
    return incident.resolved_at + policy.post_mortem_within

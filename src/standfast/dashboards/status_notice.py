"""Incidents and maintenance as the public sees them: no name, no cause, no word of the timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the page is read back from JSON by its annotations
from typing import TYPE_CHECKING

from standfast.incidents.incident import IncidentState
from standfast.spec.values import Sev

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from standfast.incidents.incident import Incident

_IMPACT: Mapping[Sev, str] = {
    Sev.SEV1: "Major outage",
    Sev.SEV2: "Partial outage",
    Sev.SEV3: "Reduced service",
    Sev.SEV4: "Minor trouble",
}
_STATES: Mapping[IncidentState, tuple[str, str]] = {
    IncidentState.OPEN: ("open", "Being worked on"),
    IncidentState.MITIGATED: ("recovering", "Over for users as far as we know; being watched"),
    IncidentState.RESOLVED: ("resolved", "Resolved"),
    IncidentState.CLOSED: ("resolved", "Resolved"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    id: str
    title: str
    weight: str  # "SEV1"
    impact: str  # the same in users' words
    state: str  # open | recovering | resolved
    words: str
    affects: tuple[str, ...]
    started: datetime
    resolved: datetime | None
    updated: datetime
    updates: tuple[Update, ...]  # the newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """Planned work, by its times: why it is done is for those who do it."""

    id: str
    affects: tuple[str, ...]
    starts: datetime
    ends: datetime


def notice(one: Incident, affects: Sequence[str]) -> Notice:
    state, words = _STATES[one.state]
    updates = _updates(one)
    return Notice(
        id=one.id,
        title=_title(one, affects),
        weight=one.sev.value,
        impact=_IMPACT[one.sev],
        state=state,
        words=words,
        affects=tuple(affects),
        started=one.started_at,
        resolved=None if one.open else one.resolved_at or one.closed_at,
        updated=updates[0].at,
        updates=updates,
    )


def _title(one: Incident, affects: Sequence[str]) -> str:
    """A title that an alert wrote speaks of causes and hosts; only one by a person is shown."""
    return one.title if one.declared_by else f"Trouble with {', '.join(affects)}"


def _updates(one: Incident) -> tuple[Update, ...]:
    mitigated = one.mitigated_at if one.mitigated_at != one.resolved_at else None
    told = (
        (one.resolved_at, "Resolved."),
        (mitigated, "Users should be well again; we keep watching."),
        (one.acknowledged_at, "We are working on it."),
        (one.declared_at, "We know of the trouble."),
    )
    found = [Update(at=at, words=words) for at, words in told if at is not None]
    return tuple(sorted(found, key=lambda update: update.at, reverse=True))

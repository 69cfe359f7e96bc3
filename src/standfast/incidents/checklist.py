"""The workflow of an incident as a list to tick off: five phases, from the first alert to the follow-ups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.errors import Conflict, NotFound
from standfast.incidents.incident import DUTIES, Role
from standfast.spec.values import Sev

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.incidents.incident import Incident

GRAVE = frozenset({Sev.SEV1, Sev.SEV2})
"""These get a channel and a whole response team."""


class Phase(StrEnum):
    DETECTION = "detection"
    TRIAGE = "triage"
    TEAM = "response team"
    RESOLUTION = "resolution"
    AFTER = "post-incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the workflow, before anybody has done it."""

    id: str
    phase: Phase
    text: str
    grave_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    id: str
    phase: Phase
    text: str
    done: bool
    by: str  # "" where nobody has, or nobody is known


def _step(id: str, phase: Phase, text: str, *, grave_only: bool = False) -> Step:  # noqa: A002 - a step's id is called that
    return Step(id=id, phase=phase, text=text, grave_only=grave_only)


_ROLE_STEPS = {f"role-{role}": role for role in Role}
STEPS: tuple[Step, ...] = (
    _step("alert-received", Phase.DETECTION, "Alert received"),
    _step("acknowledge-alert", Phase.DETECTION, "Acknowledge alert"),
    _step("initial-assessment", Phase.DETECTION, "Initial assessment"),
    _step("assign-severity", Phase.DETECTION, "Assign severity"),
    _step("identify-systems", Phase.TRIAGE, "Identify affected systems"),
    _step("blast-radius", Phase.TRIAGE, "Assess blast radius"),
    _step("escalation-need", Phase.TRIAGE, "Determine escalation need"),
    _step("open-channel", Phase.TRIAGE, "Open incident channel", grave_only=True),
    *(
        _step(id, Phase.TEAM, f"{DUTIES[role][0]}: {DUTIES[role][1]}", grave_only=True)
        for id, role in _ROLE_STEPS.items()  # noqa: A001 - a step's id is called that
    ),
    _step("implement-mitigation", Phase.RESOLUTION, "Implement mitigation"),
    _step("verify-restored", Phase.RESOLUTION, "Verify service restored"),
    _step("clear-status", Phase.RESOLUTION, "Clear incident status"),
    _step("notify-stakeholders", Phase.RESOLUTION, "Notify stakeholders"),
    _step("schedule-post-mortem", Phase.AFTER, "Schedule post-mortem", grave_only=True),
    _step("preserve-evidence", Phase.AFTER, "Preserve evidence"),
    _step("incident-report", Phase.AFTER, "Create incident report"),
    _step("track-actions", Phase.AFTER, "Track follow-up actions"),
)


def tasks(incident: Incident) -> tuple[Task, ...]:
    """What this incident asks for, in order; a graver one asks for more."""
    return tuple(_task(step, incident) for step in STEPS if _applies(step, incident))


def tick(incident: Incident, task: str, by: str, now: datetime) -> Incident:
    """Raises NotFound for a task the incident has not; what is done stays the first one's."""
    if task in _ROLE_STEPS:
        role = _ROLE_STEPS[task]
        raise Conflict(f"{task} is done by somebody who has the role", fix=f"assign the {role}")
    found = next((one for one in tasks(incident) if one.id == task), None)
    if found is None:
        names = ", ".join(one.id for one in tasks(incident))
        raise NotFound(f"{incident.id} has no task {task!r}", fix=f"one of {names}")
    if found.done:
        return incident
    return replace(incident, done={**incident.done, task: by}, progressed_at=now)


def _applies(step: Step, incident: Incident) -> bool:
    return incident.sev in GRAVE or not step.grave_only


def _task(step: Step, incident: Incident) -> Task:
    by = incident.done.get(step.id, "")
    role = _ROLE_STEPS.get(step.id)
    if role is not None:
        by = incident.roles.get(role, "")
    done = bool(by) or _seen(step.id, incident)
    return Task(id=step.id, phase=step.phase, text=step.text, done=done, by=by)


def _seen(id: str, incident: Incident) -> bool:  # noqa: A002 - a step's id is called that
    """What the incident's own times already say needs no tick."""
    times = {
        "implement-mitigation": incident.mitigated_at,
        "clear-status": incident.resolved_at,
    }
    return times.get(id) is not None

"""The workflow of an incident, phase by phase, as a list that is worked off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from standfast.errors import NotFound
from standfast.spec.values import Sev

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.incidents.incident import Incident

MAJOR = frozenset({Sev.SEV1, Sev.SEV2})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    id: str
    text: str
    only: frozenset[Sev] = frozenset(Sev)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    name: str
    within: str  # of the first alert, "" where no clock runs
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A task of one incident, as it stands."""

    phase: str
    id: str
    text: str
    done: bool
    by: str


WORKFLOW = (
    Phase(
        name="Detection and alert",
        within="0-5 min",
        tasks=(
            Task(id="alert-received", text="Alert received"),
            Task(id="acknowledge-alert", text="Acknowledge alert"),
            Task(id="initial-assessment", text="Initial assessment"),
            Task(id="assign-severity", text="Assign severity"),
        ),
    ),
    Phase(
        name="Triage",
        within="5-15 min",
        tasks=(
            Task(id="identify-systems", text="Identify affected systems"),
            Task(id="blast-radius", text="Assess blast radius"),
            Task(id="escalation-need", text="Determine escalation need"),
            Task(id="open-channel", text="Open incident channel", only=MAJOR),
        ),
    ),
    Phase(
        name="Response team",
        within="",
        tasks=(
            Task(id="role-commander", text="Incident Commander named", only=MAJOR),
            Task(id="role-technical", text="Technical Lead named", only=MAJOR),
            Task(id="role-communications", text="Communications Lead named", only=MAJOR),
            Task(id="role-scribe", text="Scribe named", only=MAJOR),
        ),
    ),
    Phase(
        name="Resolution",
        within="",
        tasks=(
            Task(id="implement-mitigation", text="Implement mitigation"),
            Task(id="verify-restored", text="Verify service restored"),
            Task(id="clear-status", text="Clear incident status"),
            Task(id="notify-stakeholders", text="Notify stakeholders"),
        ),
    ),
    Phase(
        name="Post-incident",
        within="",
        tasks=(
            Task(id="schedule-post-mortem", text="Schedule post-mortem (within 48 h)", only=MAJOR),
            Task(id="preserve-evidence", text="Preserve evidence"),
            Task(id="create-report", text="Create incident report"),
            Task(id="track-actions", text="Track follow-up actions"),
        ),
    ),
)
_KNOWN = {task.id for phase in WORKFLOW for task in phase.tasks}


def lines(incident: Incident) -> tuple[Line, ...]:
    """The tasks of an incident this grave; what the incident itself shows is done without a hand."""
    shown = _shown(incident)
    return tuple(
        Line(
            phase=phase.name,
            id=task.id,
            text=task.text,
            done=task.id in incident.done or task.id in shown,
            by=incident.done.get(task.id) or shown.get(task.id, ""),
        )
        for phase in WORKFLOW
        for task in phase.tasks
        if incident.sev in task.only
    )


def tick(incident: Incident, task: str, by: str, now: datetime) -> Incident:
    if task not in _KNOWN:
        raise NotFound(f"no task is called {task!r}", fix=f"one of {', '.join(sorted(_KNOWN))}")
    if task in incident.done:
        return incident
    return replace(incident, done={**incident.done, task: by}, progressed_at=now)


def _shown(incident: Incident) -> dict[str, str]:
    """Task -> by whom, as far as roles, times and actions say it."""
    found = {f"role-{role}": person for role, person in incident.roles.items()}
    if incident.mitigated_at:
        found["implement-mitigation"] = "standfast"
    if incident.resolved_at:
        found["clear-status"] = "standfast"
    if incident.actions:
        found["track-actions"] = incident.actions[0].owner
    return found

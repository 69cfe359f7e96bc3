"""The workflow of an incident, phase by phase, as a list that is worked off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from standfast.errors import Conflict, NotFound
from standfast.spec.named import known
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
    shown_by: str = ""  # the command that alone does it, where a tick could claim what is not so


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    name: str
    within: str  # of the first alert, "" where no clock runs
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A task of one incident, as it stands."""

    phase: str
    within: str
    id: str
    text: str
    done: bool
    by: str
    evident: bool = False  # what the incident itself shows: nobody ticks it, or takes it back


def _named(role: str, title: str) -> Task:
    return Task(
        id=f"role-{role}",
        text=f"{title} named",
        only=MAJOR,
        shown_by=f"standfast incident assign INCIDENT {role} PERSON",
    )


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
            _named("commander", "Incident Commander"),
            _named("technical", "Technical Lead"),
            _named("communications", "Communications Lead"),
            _named("scribe", "Scribe"),
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
_TASKS = {task.id: task for phase in WORKFLOW for task in phase.tasks}


def lines(incident: Incident) -> tuple[Line, ...]:
    """The tasks of an incident this grave; what the incident itself shows is done without a hand."""
    shown = _shown(incident)
    return tuple(
        Line(
            phase=phase.name,
            within=phase.within,
            id=task.id,
            text=task.text,
            done=task.id in incident.done or task.id in shown,
            by=incident.done.get(task.id) or shown.get(task.id, ""),
            evident=bool(task.shown_by) or task.id in shown,
        )
        for phase in WORKFLOW
        for task in phase.tasks
        if incident.sev in task.only
    )


def text_of(task: str) -> str:
    """What the task by this id says. Raises NotFound."""
    return _TASKS[known("task", task, _TASKS)].text


def tick(incident: Incident, task: str, by: str, now: datetime) -> Incident:
    """Raises NotFound where an incident this grave has no such task, Conflict where only a deed does it."""
    _belongs(incident, task)
    deed, shown = _TASKS[task].shown_by, task in _shown(incident)
    if deed and not shown:
        raise Conflict(f"{text_of(task)!r} is not ticked by hand", fix=deed)
    if task in incident.done or deed:
        return incident
    return replace(incident, done={**incident.done, task: by}, progressed_at=now)


def untick(incident: Incident, task: str, now: datetime) -> Incident:
    """Take back what was ticked by mistake. Raises Conflict for what the incident itself shows."""
    _belongs(incident, task)
    if task in _shown(incident):
        raise Conflict(
            f"{text_of(task)!r} is done: the incident itself shows it",
            fix="change the role or the state instead",
        )
    if task not in incident.done:
        return incident
    left = {id_: by for id_, by in incident.done.items() if id_ != task}
    return replace(incident, done=left, progressed_at=now)


def _belongs(incident: Incident, task: str) -> None:
    text_of(task)
    if incident.sev not in _TASKS[task].only:
        raise NotFound(
            f"a {incident.sev} has no task {task!r}", fix="`standfast incident show` lists them"
        )


def _shown(incident: Incident) -> dict[str, str]:
    """Task -> by whom, as far as roles, times and actions say it."""
    found = {f"role-{role}": person for role, person in incident.roles.items()}
    found["assign-severity"] = incident.declared_by or "standfast"
    if incident.detected_at:
        found["alert-received"] = "standfast"
    if incident.acknowledged_at:
        found["acknowledge-alert"] = incident.done.get("acknowledge-alert", "")
    if incident.mitigated_at:
        found["implement-mitigation"] = "standfast"
    if incident.resolved_at:
        found["clear-status"] = "standfast"
    if incident.actions:
        found["track-actions"] = incident.actions[0].owner
    return found

"""Incidents: the list, and the room of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.mark import Mark, mark
from standfast.incidents.incident import Role
from standfast.incidents.overdue import overdue
from standfast.spec.platform import told_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from standfast.incidents.checklist import Line
    from standfast.incidents.incident import ActionItem, Incident, TimelineEntry
    from standfast.spec.calling import Runbook
    from standfast.spec.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    id: str
    title: str
    sev: str
    mark: Mark
    since: datetime
    lasted: timedelta
    commander: str
    component: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentsScreen:
    words: str
    incidents: tuple[IncidentLine, ...]
    overdue: tuple[Owed, ...]
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What was promised after an incident and is not done in time."""

    incident: str
    what: str
    owner: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    at: datetime
    kind: str
    text: str
    source: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    id: str
    phase: str
    within: str
    text: str
    done: bool
    by: str
    evident: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    number: int
    text: str
    priority: str
    owner: str
    due: datetime | None
    done: bool
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookPart:
    name: str
    title: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentScreen:
    id: str
    title: str
    sev: str
    component: str
    mark: Mark
    open: bool
    since: datetime
    lasted: timedelta
    words: str
    timeline: tuple[Entry, ...]
    roles: tuple[tuple[str, str], ...]
    people: tuple[str, ...]
    checklist: tuple[Task, ...]
    actions: tuple[Action, ...]
    steps: tuple[str, ...]  # the states it can go to from here
    cost: tuple[str, ...]
    runbook: RunbookPart | None
    post_mortem: str
    post_mortem_words: str


def line(system: System, one: Incident, now: datetime) -> IncidentLine:
    commander = one.roles.get(Role.COMMANDER.value, "")
    return IncidentLine(
        id=one.id,
        title=one.title,
        sev=one.sev.value,
        mark=mark(one.state.value),
        since=one.started_at,
        lasted=one.lasted(now),
        commander=_name(system, commander),
        component=one.component,
    )


def listing(
    system: System, incidents: Sequence[Incident], owing: Sequence[Incident], now: datetime
) -> IncidentsScreen:
    going_on = sum(one.open for one in incidents)
    return IncidentsScreen(
        words=f"{going_on} going on." if going_on else "None is going on.",
        incidents=tuple(line(system, one, now) for one in incidents),
        overdue=owed(system, owing, now),
        components=tuple(system.components),
    )


def owed(system: System, owing: Sequence[Incident], now: datetime) -> tuple[Owed, ...]:
    """The longest overdue first."""
    late = sorted(overdue(owing, system.incidents, now), key=lambda one: one.due)
    return tuple(
        Owed(incident=one.incident, what=one.what, owner=_name(system, one.owner), due=one.due)
        for one in late
    )


def screen(
    system: System,
    one: Incident,
    timeline: Sequence[TimelineEntry],
    tasks: Sequence[Line],
    cost: Sequence[str],
    draft: str,
    due: datetime | None,
    now: datetime,
) -> IncidentScreen:
    rule = system.incidents.rules.get(one.sev)
    roles = [role.value for role in Role]
    return IncidentScreen(
        id=one.id,
        title=one.title,
        sev=one.sev.value,
        component=one.component,
        mark=mark(one.state.value),
        open=one.open,
        since=one.started_at,
        lasted=one.lasted(now),
        words=f"{rule.when[:1].upper()}{rule.when[1:]}." if rule and rule.when else "",
        timeline=tuple(
            Entry(at=e.at, kind=e.kind, text=e.text, source=e.source, by=e.by) for e in timeline
        ),
        roles=tuple((role, _name(system, one.roles.get(role, ""))) for role in roles),
        people=tuple(system.people),
        checklist=tuple(_task(system, task) for task in tasks),
        actions=tuple(
            _action(system, number, item, now) for number, item in enumerate(one.actions, 1)
        ),
        steps=tuple(state.value for state in one.next_states),
        cost=tuple(cost),
        runbook=_runbook(system, one),
        post_mortem=draft,
        post_mortem_words=f"Due {due:%Y-%m-%d %H:%M} UTC."
        if due
        else "None is asked for at this severity.",
    )


def _task(system: System, line: Line) -> Task:
    return Task(
        id=line.id,
        phase=line.phase,
        within=line.within,
        text=line.text,
        done=line.done,
        by=_name(system, line.by),
        evident=line.evident,
    )


_DONE, _LATE, _AHEAD = Mark("good", "done"), Mark("bad", "overdue"), Mark("quiet", "to do")


def _action(system: System, number: int, item: ActionItem, now: datetime) -> Action:
    return Action(
        number=number,
        text=item.text,
        priority=item.priority.value,
        owner=_name(system, item.owner),
        due=item.due,
        done=item.done,
        mark=_DONE if item.done else _LATE if item.overdue(now) else _AHEAD,
    )


def _name(system: System, person: str) -> str:
    found = system.people.get(person)
    return found.name if found else person


def _runbook(system: System, one: Incident) -> RunbookPart | None:
    """The runbook of the first of its alerts that has one."""
    rules = [fingerprint.partition("/")[0] for fingerprint in one.alerts]
    named = [system.alerts[rule].runbook for rule in rules if rule in system.alerts]
    named += [rule.runbook for rule in system.alerts.values() if rule.of == one.component]
    found = next(
        (system.runbooks[name] for name in named if name and name in system.runbooks), None
    )
    return _parts(found, one.component) if found else None


def _parts(book: Runbook, component: str) -> RunbookPart:
    parts = (
        ("Diagnose", book.diagnose),
        ("Causes", tuple(f"{cause}: {check}; {fix}" for cause, check, fix in book.causes)),
        (
            "Fixes",
            tuple(f"{title}: {told_of(command, component)}" for title, command in book.fixes),
        ),
        ("Verify", book.verify),
        ("Escalate", (book.escalate,) if book.escalate else ()),
    )
    return RunbookPart(
        name=book.name, title=book.title, parts=tuple(part for part in parts if part[1])
    )

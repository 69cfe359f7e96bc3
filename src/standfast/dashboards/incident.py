"""Incidents: the list, and the room of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from standfast.dashboards.mark import Mark


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
    components: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    at: datetime
    kind: str
    text: str
    source: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    text: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunbookPart:
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
    steps: tuple[str, ...]  # the states it can go to from here
    cost: tuple[str, ...]
    runbook: RunbookPart | None
    post_mortem: str
    post_mortem_words: str

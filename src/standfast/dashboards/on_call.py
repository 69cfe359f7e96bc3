"""Who is on call, what waits for them, and whether pages leave the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.dashboards.mark import Mark, mark
from standfast.paging.rotation import on_duty, shifts, until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.dashboards.incident import IncidentLine
    from standfast.dashboards.service import RecentAlert
    from standfast.paging.page import Page
    from standfast.spec.system import EscalationStep, OnCall, System


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    rota: str
    primary: str
    secondary: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The outbox: how much waits, and whether anything of it is late."""

    waiting: int
    mark: Mark
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    id: str
    severity: str
    title: str
    component: str
    mark: Mark
    open: bool
    words: str
    attempts: tuple[str, ...]
    runbook: str  # its name; "" where none is known


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftLine:
    begin: datetime
    end: datetime
    primary: str
    secondary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    name: str
    primary: str
    secondary: str
    until: datetime | None
    timezone: str
    shifts: tuple[ShiftLine, ...]
    escalation: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallScreen:
    words: str
    incidents: tuple[IncidentLine, ...]  # that are open
    alerts: tuple[RecentAlert, ...]  # of the last day, those that fire first
    pages: tuple[PageLine, ...]
    rotas: tuple[Rota, ...]
    delivery: Delivery


_AHEAD = timedelta(weeks=8)
_SHOWN = 8


def duties(system: System, now: datetime) -> tuple[Duty, ...]:
    """Who answers at this moment, by rotation."""
    return tuple(_duty(system, rota, now) for rota in system.on_call.values())


def delivery(waiting: int, late: Sequence[str]) -> Delivery:
    """`late` says why pages that are due have not left; empty while all is well."""
    if late:
        return Delivery(waiting=waiting, mark=mark("stuck"), words="; ".join(late))
    words = "every page that was due has left" if not waiting else "on their way"
    return Delivery(waiting=waiting, mark=mark("delivering"), words=words)


def screen(
    system: System,
    pages: Sequence[tuple[Page, Sequence[str]]],
    own: Delivery,
    incidents: Sequence[IncidentLine],
    alerts: Sequence[RecentAlert],
    now: datetime,
) -> OnCallScreen:
    """Each page comes with what was tried for it, in sentences."""
    lines = [_page(page, attempts) for page, attempts in pages]
    unanswered = sum(line.open for line in lines)
    return OnCallScreen(
        words=" ".join((_waiting(unanswered), _going_on(incidents))),
        incidents=tuple(incidents),
        alerts=tuple(sorted(alerts, key=lambda one: one.mark.word != "firing")),
        pages=tuple(lines),
        rotas=tuple(_rota(system, rota, now) for rota in system.on_call.values()),
        delivery=own,
    )


def _waiting(unanswered: int) -> str:
    if not unanswered:
        return "No page waits for an answer."
    return f"{unanswered} page{' waits' if unanswered == 1 else 's wait'} for an answer."


def _going_on(incidents: Sequence[IncidentLine]) -> str:
    if not incidents:
        return "No incident is open."
    return f"Open: {', '.join(f'{one.id} ({one.sev})' for one in incidents)}."


def name_of(system: System, person: str | None) -> str:
    found = system.people.get(person or "")
    return found.name if found else person or ""


def _duty(system: System, rota: OnCall, now: datetime) -> Duty:
    found = on_duty(rota, now)
    return Duty(
        rota=rota.name,
        primary=name_of(system, found.primary),
        secondary=name_of(system, found.secondary),
        until=until(rota, now),
    )


def _page(page: Page, attempts: Sequence[str]) -> PageLine:
    return PageLine(
        id=page.id,
        severity=page.severity.value,
        title=page.title.removeprefix(f"{page.severity.value} "),
        component=page.component,
        mark=mark("open") if page.unanswered else mark(page.state.value),
        open=page.can_acknowledge,
        words=_page_words(page),
        attempts=tuple(attempts),
        runbook=page.runbook or "",
    )


def _page_words(page: Page) -> str:
    """How it stands and why, nothing said twice."""
    said, why = page.state_words, page.why
    if not why or said.startswith(why):
        return said
    head, _, rest = said.partition(": ")
    return f"{head}: {why}" if rest and why.startswith(rest) else f"{said}; {why}"


def _rota(system: System, rota: OnCall, now: datetime) -> Rota:
    own = _duty(system, rota, now)
    return Rota(
        name=rota.name,
        primary=own.primary,
        secondary=own.secondary,
        until=own.until,
        timezone=rota.timezone,
        shifts=tuple(
            ShiftLine(
                begin=one.begin,
                end=one.end,
                primary=name_of(system, one.primary),
                secondary=name_of(system, one.secondary),
            )
            for one in shifts(rota, now, now + _AHEAD)[:_SHOWN]
        ),
        escalation=tuple(
            f"{severity.value}: " + ", then ".join(_step(system, step) for step in steps)
            for severity, steps in rota.escalate.items()
        ),
    )


def _step(system: System, step: EscalationStep) -> str:
    who = name_of(system, step.to)
    return f"{who} within {int(step.within.total_seconds() // 60)} min" if step.within else who

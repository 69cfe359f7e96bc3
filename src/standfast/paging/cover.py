"""Cover: for every instant of a stretch of time, who is woken first and who stands behind them.

It asks what the escalation asks, `reach`, and cuts time where the answer can change: handoffs,
hours, overrides, leave. Within a piece nothing changes, so that one question settles all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from standfast.paging.page import Page
from standfast.paging.reach import persons, wakens
from standfast.paging.rotation import resolve, shifts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.spec.calling import EscalationStep, OnCall
    from standfast.spec.system import System
    from standfast.spec.values import Severity

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The answer at one instant; persons by id."""

    first: tuple[str, ...]  # whom the first step means
    away: tuple[str, ...] = ()  # of those, on leave
    deaf: tuple[str, ...] = ()  # of those, with no way that wakes them
    behind: tuple[str, ...] = ()  # others whom later steps wake

    @property
    def answers(self) -> bool:
        """Is at least one of the first there and awake?"""
        return bool(set(self.first) - set(self.away) - set(self.deaf))


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of time with one answer."""

    begin: datetime
    end: datetime
    standing: Standing

    @property
    def lasts(self) -> timedelta:
        return self.end - self.begin


def cover(
    rota: OnCall, severity: Severity, system: System, begin: datetime, end: datetime
) -> tuple[Piece, ...]:
    """Pieces from `begin` to `end`, one after another without a hole, neighbours different."""
    edges = sorted({begin, end, *_edges(rota, system, begin, end)})
    pieces: list[Piece] = []
    for start, stop in pairwise(edges):
        now = standing(rota, severity, system, start)
        if pieces and pieces[-1].standing == now:
            pieces[-1] = replace(pieces[-1], end=stop)
        else:
            pieces.append(Piece(begin=start, end=stop, standing=now))
    return tuple(pieces)


def standing(rota: OnCall, severity: Severity, system: System, at: datetime) -> Standing:
    """Whom a page of that severity, opened at that instant, would find."""
    page = _page(rota, severity, at)
    steps = _steps(rota, severity)
    first = _meant(steps[:1], page, system, at)
    later = [one for one in _meant(steps[1:], page, system, at) if one not in first]
    away = {one for one in (*first, *later) if _on_leave(system, one, rota.timezone, at)}
    deaf = {one for one in (*first, *later) if not wakens(one, page, system)}
    return Standing(
        first=first,
        away=tuple(one for one in first if one in away),
        deaf=tuple(one for one in first if one in deaf),
        behind=tuple(one for one in later if one not in away | deaf),
    )


def _steps(rota: OnCall, severity: Severity) -> tuple[EscalationStep, ...]:
    steps = rota.escalate.get(severity, ())
    return tuple(step for step in steps if not step.only or severity in step.only)


def _meant(
    steps: tuple[EscalationStep, ...], page: Page, system: System, at: datetime
) -> tuple[str, ...]:
    found = (one for step in steps for one in persons(step, page, system, at))
    return tuple(dict.fromkeys(found))


def _page(rota: OnCall, severity: Severity, at: datetime) -> Page:
    return Page(
        id="",
        alert="",
        episode=0,
        severity=severity,
        component="",
        rota=rota.name,
        title="",
        body="",
        opened_at=at,
    )


def _on_leave(system: System, person: str, timezone: str, at: datetime) -> bool:
    known = system.people.get(person)
    if known is None or not known.leave:
        return False
    day = at.astimezone(ZoneInfo(timezone)).date()
    return any(first <= day <= last for first, last in known.leave)


def _edges(rota: OnCall, system: System, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Every instant at which the answer can change; some change nothing."""
    yield from (watch.begin for watch in shifts(rota, begin, end))
    for person in _asked(rota, system):
        for first, last in system.people[person].leave:
            for day in (first, last + _DAY):
                at = resolve(datetime.combine(day, time()), rota.timezone)
                if begin < at < end:
                    yield at.astimezone(UTC)


def _asked(rota: OnCall, system: System) -> Iterator[str]:
    """Everybody whom a step can mean, sooner or later."""
    named = {step.to for steps in rota.escalate.values() for step in steps}
    teams = [team for name, team in system.teams.items() if name in named]
    people = {*rota.shift.order, *named, *(who for *_, who in rota.overrides)}
    people |= {one for team in teams for one in (*team.members, team.lead or "")}
    return (one for one in system.people if one in people)

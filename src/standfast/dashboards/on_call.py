"""Who is on call, what waits for them, and whether pages leave the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.dashboards.mark import UNKNOWN, Mark, mark
from standfast.paging.cover import cover
from standfast.paging.reachable import Proof, proved, waking
from standfast.paging.rotation import on_duty, shifts, until
from standfast.review.wording import listed
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from standfast.dashboards.incident import IncidentLine
    from standfast.dashboards.service import RecentAlert
    from standfast.dashboards.why import Why
    from standfast.paging.page import Page
    from standfast.paging.reachable import Way
    from standfast.spec.calling import EscalationStep, OnCall
    from standfast.spec.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    rota: str
    primary: str
    secondary: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Would a page arrive? What waits or is late, and whether whoever is on call ever answered a test."""

    waiting: int
    mark: Mark
    words: str
    proven_at: datetime | None  # the oldest answer among those who are on call now
    why: Why


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
    reached: tuple[str, ...]  # by severity: of the weeks ahead, how much is proved


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """One way to one person, and how its last test went."""

    person: str  # an id; "" where the channel has a receiver of its own
    name: str
    channel: str
    wakes: bool
    mark: Mark
    words: str
    until: datetime | None  # the end of its verification
    took: timedelta | None  # from the asking to the answer of the test that verified it
    testing: bool  # a test is on its way or waits for its answer
    due: bool  # is it time for a test?


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallScreen:
    words: str
    incidents: tuple[IncidentLine, ...]  # that are open
    alerts: tuple[RecentAlert, ...]  # of the last day, those that fire first
    pages: tuple[PageLine, ...]
    rotas: tuple[Rota, ...]
    delivery: Delivery
    channels: tuple[ChannelLine, ...]


_AHEAD = timedelta(weeks=8)
_SHOWN = 8


def duties(system: System, now: datetime) -> tuple[Duty, ...]:
    """Who answers at this moment, by rotation."""
    return tuple(_duty(system, rota, now) for rota in system.on_call.values())


def delivery(
    system: System,
    waiting: int,
    late: Sequence[str],
    found: Mapping[tuple[str, str], Way],
    now: datetime,
) -> Delivery:
    """`late` says why pages that are due have not left, `found` are the ways to people.

    That pages leave the house is half of it: who is called must have answered one that woke them.
    """
    heard = {one: _heard(system, one, found) for one in _first_called(system, now)}
    deaf = [name_of(system, one) for one, at in heard.items() if at is None]
    answered = [at for at in heard.values() if at is not None]
    proven_at = min(answered) if answered and not deaf else None
    if late:
        state, said = mark("stuck"), "; ".join(late)
    elif not heard:
        state, said = UNKNOWN, "nobody is on call"
    elif deaf:
        left = "every page that was due has left" if not waiting else "they are on their way"
        state, said = mark("unproven"), f"{left}, but {listed(deaf)} never answered a test page"
    else:
        state = mark("delivering")
        said = f"{listed([name_of(system, one) for one in heard])} answered a test page"
    return Delivery(
        waiting=waiting,
        mark=state,
        words=said,
        proven_at=proven_at,
        why=_why_delivery(system, waiting, late, heard),
    )


def _first_called(system: System, now: datetime) -> tuple[str, ...]:
    """Who is on call at this moment, by id."""
    named = [on_duty(rota, now).primary for rota in system.on_call.values()]
    return tuple(dict.fromkeys(one for one in named if one))


def _heard(system: System, person: str, found: Mapping[tuple[str, str], Way]) -> datetime | None:
    """When they last answered a test page of a channel that wakes them and whose proof still holds."""
    mine = waking(person, Severity.P1, system, found)
    return max(
        (one.answered_at for one in mine if one.proof is Proof.VERIFIED and one.answered_at),
        default=None,
    )


def _why_delivery(
    system: System, waiting: int, late: Sequence[str], heard: Mapping[str, datetime | None]
) -> Why:
    answers = [
        f"{name_of(system, one)} {f'{at:%Y-%m-%d %H:%M} UTC' if at else 'never'}"
        for one, at in heard.items()
    ]
    return (
        ("Counted", f"pages, and news of them, in the outbox: {waiting}"),
        ("Late", "; ".join(late) or "none"),
        ("Answered a test page by a channel that wakes", ", ".join(answers) or "nobody is on call"),
        ("How to prove it", "the page On call sends a test page; an answer counts for a while"),
    )


def screen(
    system: System,
    pages: Sequence[tuple[Page, Sequence[str]]],
    own: Delivery,
    found: Mapping[tuple[str, str], Way],
    incidents: Sequence[IncidentLine],
    alerts: Sequence[RecentAlert],
    now: datetime,
) -> OnCallScreen:
    """Each page comes with what was tried for it, in sentences; `found` are the ways to people."""
    lines = [_page(page, attempts) for page, attempts in pages]
    unanswered = sum(line.open for line in lines)
    return OnCallScreen(
        words=" ".join((_waiting(unanswered), _going_on(incidents))),
        incidents=tuple(incidents),
        alerts=tuple(sorted(alerts, key=lambda one: one.mark.word != "firing")),
        pages=tuple(lines),
        rotas=tuple(_rota(system, rota, found, now) for rota in system.on_call.values()),
        delivery=own,
        channels=channels(system, found, now),
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


def _rota(
    system: System, rota: OnCall, found: Mapping[tuple[str, str], Way], now: datetime
) -> Rota:
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
        reached=tuple(_reached(system, rota, found, now)),
    )


def _reached(
    system: System, rota: OnCall, found: Mapping[tuple[str, str], Way], now: datetime
) -> Iterator[str]:
    for severity in (Severity.P1, Severity.P2):
        pieces = cover(rota, severity, system, now, now + _AHEAD)
        if found and rota.escalate.get(severity):
            known = proved(pieces, severity, system, found)
            first, both, whole = (_hours(one) for one in (known.first, known.both, known.whole))
            yield (
                f"{severity.value}: a verified channel wakes the first for {first} of {whole} h, "
                f"and somebody behind them for {both} h"
            )


def _hours(span: timedelta) -> int:
    return span // timedelta(hours=1)


# ------------------------------------------------------------------ channels


def channels(
    system: System, found: Mapping[tuple[str, str], Way], now: datetime
) -> tuple[ChannelLine, ...]:
    """By person, those that wake first; rooms and shared mailboxes last."""
    order = {person: place for place, person in enumerate(system.people)}
    some = sorted(
        found.values(), key=lambda way: (order.get(way.person, len(order)), not way.wakes)
    )
    return tuple(
        ChannelLine(
            person=way.person,
            name=name_of(system, way.person) or "its own receiver",
            channel=way.channel,
            wakes=way.wakes,
            mark=mark(way.proof.value),
            words=_way_words(way, now),
            until=way.until,
            took=way.took,
            testing=way.testing,
            due=way.proof not in {Proof.VERIFIED, Proof.TESTING} or way.due(now),
        )
        for way in some
    )


def _way_words(way: Way, now: datetime) -> str:
    last = f"{way.asked_at:%Y-%m-%d}" if way.asked_at else ""
    until = f"{way.until:%Y-%m-%d}" if way.until else ""
    match way.proof:
        case Proof.DECLARED:
            return f"never tested: {way.reason}" if way.reason else "never tested"
        case Proof.TESTING:
            return f"tested just now: {way.reason}" if way.reason else "the test is on its way"
        case Proof.FAILED:
            return f"the test of {last} failed: {way.reason}"
        case Proof.EXPIRED:
            return f"the verification ended {until}; test it again"
        case Proof.VERIFIED:
            took = f", answered after {_took(way.took)}" if way.took is not None else ""
            return f"until {until}{took}" + ("; test it again soon" if way.due(now) else "")


def _took(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def _step(system: System, step: EscalationStep) -> str:
    who = name_of(system, step.to)
    return f"{who} within {int(step.within.total_seconds() // 60)} min" if step.within else who

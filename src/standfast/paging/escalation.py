"""Escalation: what a page does next, until somebody answers it.

The steps of a severity are taken one after another. A step that reaches nobody, or whose every
channel has failed, gives way at once. After the last step the catch-all is told, and the ladder
begins again: a page that wakes people never stops before it is acknowledged or closed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.paging.notification import Kind, Notification, key_of
from standfast.paging.page import ACK_TIMEOUT, Page, PageState
from standfast.paging.reach import Reach, catch_all, fixed, persons, quiet, reaches, spares

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.spec.calling import EscalationStep
    from standfast.spec.system import System

_PATIENCE = timedelta(minutes=15)  # for a step without a time of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The page afterwards, what is to be sent, and why."""

    page: Page
    posts: tuple[Notification, ...] = ()
    why: str = ""


def steps_of(page: Page, system: System) -> tuple[EscalationStep, ...]:
    rota = system.on_call.get(page.rota or "")
    steps = rota.escalate.get(page.severity, ()) if rota else ()
    return tuple(one for one in steps if not one.only or page.severity in one.only)


def due(
    page: Page, system: System, now: datetime, *, progressed_at: datetime | None = None
) -> Step:
    """What is to be done now; nothing before `next_action_at`, nothing once the page is closed.

    `progressed_at` is when a person last did something for the page's incident.
    """
    if not page.active or page.next_action_at is None or now < page.next_action_at:
        return Step(page=page)
    if page.state is PageState.ACKNOWLEDGED:
        return _stuck(page, system, now, progressed_at)
    return _climb(page, system, now)


def failed(page: Page, system: System, sent: Sequence[Notification], now: datetime) -> Step:
    """After a failure: once every channel of the last step is hopeless, other channels and the next step.

    `sent` are all notifications of the page's last step in this loop.
    """
    last = page.step - 1
    mine = [
        one for one in sent if one.kind is Kind.PAGE and (one.loop, one.step) == (page.loop, last)
    ]
    if not page.unanswered or not mine or not all(one.hopeless for one in mine):
        return Step(page=page)
    reasons = "; ".join(sorted({f"{one.channel}: {one.reason}" for one in mine}))
    why = f"step {last + 1} reached nobody ({reasons})"
    posts: list[Notification] = []
    for person in dict.fromkeys(one.person for one in mine):
        tried = tuple(one.channel for one in mine if one.person == person)
        others = spares(Reach(person=person, channels=tried), system)
        posts += _posts(page, system, last, (Reach(person=person, channels=others),), now)
    if posts:
        # Other ways to the same people first; they too get their chance to fail.
        return Step(page=replace(page, why=why), posts=tuple(posts), why=f"{why}: other channels")
    if page.next_action_at is None or page.next_action_at <= now:
        return Step(page=page)
    if page.step > len(steps_of(page, system)):
        return Step(
            page=page
        )  # the catch-all itself: beginning again at once would only be a storm
    return Step(
        page=replace(page, next_action_at=now, why=why), why=f"{why}: the next step at once"
    )


def _climb(page: Page, system: System, now: datetime) -> Step:
    """Take the first step from here on that reaches somebody."""
    steps, skipped = steps_of(page, system), list[str]()
    for index in range(page.step, len(steps)):
        people = persons(steps[index], page, system, now)
        found = reaches(people, page, system)
        if found:
            return _taken(page, system, now, index, found, (*skipped, _told(steps[index], found)))
        skipped.append(f"{steps[index].to} is {'out of reach' if people else 'nobody'}")
    if page.step > len(steps):
        again = replace(page, loop=page.loop + 1, step=0)
        return _climb(again, system, now) if steps else _last(again, system, now, skipped)
    return _last(page, system, now, skipped)


def _last(page: Page, system: System, now: datetime, skipped: Sequence[str]) -> Step:
    people = catch_all(page, system)
    found = reaches(people, page, system) or fixed(page, system)
    index = len(steps_of(page, system))
    if found:
        said = f"no step is left: the catch-all {_names(found)} is told"
    else:
        said = (
            "no step is left, and nobody can be reached: no person has an address for any channel"
        )
    done = _taken(page, system, now, index, found, (*skipped, said))
    return replace(done, page=replace(done.page, state=PageState.EXHAUSTED))


def _taken(
    page: Page,
    system: System,
    now: datetime,
    index: int,
    found: tuple[Reach, ...],
    said: Sequence[str],
) -> Step:
    why = "; ".join(said)
    wait = _window(page, system, index)
    moved = replace(
        page, step=index + 1, next_action_at=now + wait if wait is not None else None, why=why
    )
    return Step(page=moved, posts=_posts(page, system, index, found, now), why=why)


def _window(page: Page, system: System, index: int) -> timedelta | None:
    """How long this step has: "answered by then" counts from the opening, so a step's own time is the rest."""
    steps, silent = steps_of(page, system), quiet(page, system)
    if index >= len(steps):
        first = steps[0].within if steps else None
        return None if silent else first or _PATIENCE
    within, before = steps[index].within, steps[index - 1].within if index else timedelta(0)
    if within is None:
        return None if silent else _PATIENCE
    own = within - (before or timedelta(0))
    return own if own > timedelta(0) else max(within, timedelta(seconds=1))


def _stuck(page: Page, system: System, now: datetime, progressed_at: datetime | None) -> Step:
    """An acknowledged page: while its incident progresses all is well, else it goes out again."""
    if quiet(page, system):
        return Step(page=replace(page, next_action_at=None))
    since = max(filter(None, (page.acknowledged_at, progressed_at)), default=now)
    if now < since + ACK_TIMEOUT:
        return Step(page=replace(page, next_action_at=since + ACK_TIMEOUT))
    minutes = ACK_TIMEOUT // timedelta(minutes=1)
    why = f"{page.acknowledged_by} acknowledged, and nothing was heard for {minutes} minutes"
    again = replace(
        page,
        state=PageState.OPEN,
        loop=page.loop + 1,
        step=0,
        acknowledged_by=None,
        acknowledged_at=None,
    )
    taken = _climb(again, system, now)
    return replace(
        taken, page=replace(taken.page, why=f"{why}; {taken.why}"), why=f"{why}; {taken.why}"
    )


def _posts(
    page: Page, system: System, step: int, found: Sequence[Reach], now: datetime
) -> tuple[Notification, ...]:
    return tuple(
        Notification(
            key=key_of(page, system, step, one.person, channel),
            page=page.id,
            loop=page.loop,
            step=step,
            person=one.person,
            channel=channel,
            severity=page.severity,
            due_at=now,
            created_at=now,
        )
        for one in found
        for channel in one.channels
    )


def _told(step: EscalationStep, found: Sequence[Reach]) -> str:
    names = _names(found)
    ways = ", ".join(dict.fromkeys(way for one in found for way in one.channels))
    who = names if step.to in {one.person for one in found} else f"{step.to} {names}"
    return f"{who} is told by {ways}"


def _names(found: Sequence[Reach]) -> str:
    return ", ".join(one.person or "the channels' own receivers" for one in found)

"""A page: one episode of one alert on its way to a person, until somebody says "mine"."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.errors import Conflict

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.alerting.alert import Alert
    from standfast.spec.calling import OnCall
    from standfast.spec.system import System
    from standfast.spec.values import Severity

ACK_TIMEOUT = timedelta(minutes=30)
"""An acknowledged page whose incident does not progress for so long goes out again."""


class PageState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"  # every step went unanswered: the catch-all knows, and it goes on
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is to be done next, and when, stands in it: nothing of an escalation lives in memory."""

    id: str
    alert: str  # fingerprint
    episode: int
    severity: Severity
    component: str
    rota: str | None
    title: str
    body: str
    state: PageState = PageState.OPEN
    step: int = 0  # the next step to take; steps before it were taken in this loop
    loop: int = 0
    next_action_at: datetime | None = None
    opened_at: datetime
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    runbook: str | None = None
    incident: str | None = None
    why: str = ""  # what happened last, in words
    version: int = 0  # of the row: counts its changes

    @property
    def active(self) -> bool:
        return self.state is not PageState.CLOSED

    @property
    def unanswered(self) -> bool:
        return self.state in {PageState.OPEN, PageState.EXHAUSTED}

    @property
    def can_acknowledge(self) -> bool:
        return self.unanswered

    @property
    def body_line(self) -> str:
        return self.body.splitlines()[0] if self.body else self.title

    @property
    def state_words(self) -> str:
        match self.state:
            case PageState.OPEN:
                return "nobody has answered yet"
            case PageState.EXHAUSTED:
                return "nobody answered on any step; everyone is told again and again"
            case PageState.ACKNOWLEDGED:
                at = f" at {self.acknowledged_at:%H:%M} UTC" if self.acknowledged_at else ""
                return f"acknowledged by {self.acknowledged_by}{at}"
            case PageState.CLOSED:
                return "closed: the alert is over"


def page_id(alert: str, episode: int) -> str:
    """The same episode always has the same page, so opening it twice opens one."""
    return "P-" + hashlib.sha256(f"{alert}\n{episode}".encode()).hexdigest()[:12]


def rota_for(system: System, component: str) -> OnCall | None:
    """Of a component that the file does not know, too: an alert from outside may name anything."""
    found = system.rota_of(component) if component in system.components else None
    return found or next(iter(system.on_call.values()), None)


def open_page(id: str, alert: Alert, system: System, now: datetime) -> Page:  # noqa: A002 - a page's id is called that
    """A new page for a firing alert; its first step is due at once."""
    rota = rota_for(system, alert.component)
    return Page(
        id=id,
        alert=alert.fingerprint,
        episode=alert.episode,
        severity=alert.severity,
        component=alert.component,
        rota=rota.name if rota else None,
        title=f"{alert.severity} {alert.component}: {alert.summary or alert.rule}",
        body=alert.because,
        next_action_at=now,
        opened_at=now,
        runbook=alert.runbook,
    )


def close_page(page: Page, now: datetime, why: str = "the alert is over") -> Page:
    if not page.active:
        return page
    return replace(page, state=PageState.CLOSED, next_action_at=None, closed_at=now, why=why)


def reopen_page(page: Page, now: datetime, *, end_was_told: bool = False) -> Page:
    """The alert came back within the same episode: no fresh page, the old one goes on where it was.

    Unless people have been told that it was over: whoever had answered has laid it aside, so it goes out again.
    """
    if page.active:
        return page
    why = "the alert came back"
    if end_was_told:
        return replace(
            page, state=PageState.OPEN, loop=page.loop + 1, step=0, next_action_at=now,
            acknowledged_by=None, acknowledged_at=None, closed_at=None,
            why=f"{why} after its end was told",
        )  # fmt: skip
    if page.acknowledged_at is not None:
        state, at = PageState.ACKNOWLEDGED, now + ACK_TIMEOUT
    else:
        state, at = PageState.OPEN, now
    return replace(page, state=state, next_action_at=at, closed_at=None, why=why)


def acknowledge(page: Page, by: str, now: datetime) -> Page:
    """Raises Conflict where the page is closed; a second word of the same or another is the first one's."""
    if not page.active:
        raise Conflict(f"the page {page.id} is closed", fix="nothing is left to do for it")
    if page.state is PageState.ACKNOWLEDGED:
        return page
    return replace(
        page,
        state=PageState.ACKNOWLEDGED,
        acknowledged_by=by,
        acknowledged_at=now,
        next_action_at=now + ACK_TIMEOUT,
        why=f"acknowledged by {by}",
    )

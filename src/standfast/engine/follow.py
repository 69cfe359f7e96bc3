"""What comes of an alert: page, incident, first notifications; all inside the transaction of the alert."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import Event, Target
from standfast.incidents.incident import (
    DECLARES,
    SEV_OF,
    Incident,
    IncidentState,
    TimelineEntry,
    declare,
    join,
    turn,
)
from standfast.paging.ending import end_was_told, ends
from standfast.paging.escalation import Step, due
from standfast.paging.page import Page, close_page, open_page, page_id, reopen_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from standfast.alerting.alert import Alert
    from standfast.paging.notification import Attempt, Notification
    from standfast.spec.system import System


class PagePort(Protocol):
    def add(self, page: Page) -> None: ...
    def save(self, page: Page) -> bool: ...
    def of_alert(self, alert: str, episode: int, *, lock: bool = False) -> Page | None: ...
    def active_of_alert(self, alert: str) -> tuple[Page, ...]: ...
    def of_incident(self, incident: str) -> tuple[Page, ...]: ...


class OutboxPort(Protocol):
    def post(self, posts: Iterable[Notification]) -> None: ...
    def cancel(self, page: str, now: datetime, why: str) -> int: ...
    def of_page(self, page: str) -> tuple[Notification, ...]: ...
    def attempts_of(self, page: str) -> tuple[Attempt, ...]: ...


class IncidentPort(Protocol):
    def next_id(self) -> str: ...
    def add(self, incident: Incident) -> None: ...
    def save(self, incident: Incident) -> bool: ...
    def incident(self, id: str, *, lock: bool = False) -> Incident | None: ...  # noqa: A002 - its id is called that
    def open_on(self, component: str) -> Incident | None: ...
    def note(self, incident: str, entry: TimelineEntry) -> None: ...


class FollowTx(Protocol):
    @property
    def paging(self) -> PagePort: ...
    @property
    def outbox(self) -> OutboxPort: ...
    @property
    def incidents(self) -> IncidentPort: ...


class Follow:
    """The hands of whatever finds alerts. Every method may be repeated: the same alert has one page."""

    def fired(self, tx: FollowTx, alert: Alert, system: System, now: datetime) -> tuple[Event, ...]:
        events: list[Event] = []
        for old in tx.paging.active_of_alert(alert.fingerprint):
            if old.episode != alert.episode:
                events += _close(
                    tx, old, now, f"the alert is {alert.severity} now, with a new page"
                )
        page = tx.paging.of_alert(alert.fingerprint, alert.episode, lock=True)
        if page is not None and page.active:
            return tuple(events)
        incident, told = _incident(tx, alert, now)
        events += told
        if page is None:
            fresh = open_page(page_id(alert.fingerprint, alert.episode), alert, system, now)
            step = due(_in(fresh, incident), system, now)
            tx.paging.add(step.page)
        else:
            told_over = end_was_told(tx.outbox.of_page(page.id), tx.outbox.attempts_of(page.id))
            tx.outbox.cancel(page.id, now, "the alert came back")
            back = reopen_page(page, now, end_was_told=told_over)
            step = due(_in(back, incident), system, now)
            tx.paging.save(step.page)
        tx.outbox.post(step.posts)
        return (*events, *tell_step(tx, step, now, kind="page.opened"))

    def resolved(
        self,
        tx: FollowTx,
        alert: Alert,
        system: System,  # noqa: ARG002 - the port of the flows that call
        now: datetime,
    ) -> tuple[Event, ...]:
        events: list[Event] = []
        for page in tx.paging.active_of_alert(alert.fingerprint):
            posts = _ends(tx, page, now)
            events += _close(tx, page, now, _why_over(alert), posts)
            events += _over(tx, page, alert, now)
        return tuple(events)


def tell_step(tx: FollowTx, step: Step, now: datetime, *, kind: str) -> tuple[Event, ...]:
    """Into the incident's timeline, and for the audit log: who is told, how, and why."""
    page = step.page
    if page.incident:
        entry = TimelineEntry(at=now, kind="page", text=step.why or page.why, source="paging")
        tx.incidents.note(page.incident, entry)
    return (
        Event(
            type=kind,
            category="operations",
            description=f"{page.title}: {step.why or page.why}",
            target=Target(type="page", id=page.id),
            context={
                "alert": page.alert,
                "severity": page.severity.value,
                "step": page.step,
                "loop": page.loop,
                "told": [
                    f"{one.person or 'fixed receiver'} by {one.channel}" for one in step.posts
                ],
            },
        ),
    )


def _in(page: Page, incident: Incident | None) -> Page:
    return page if incident is None else replace(page, incident=incident.id)


def _incident(
    tx: FollowTx, alert: Alert, now: datetime
) -> tuple[Incident | None, tuple[Event, ...]]:
    """The incident that the alert belongs to: the one going on there, or for a grave alert a new one."""
    entry = TimelineEntry(
        at=alert.fired_at or now,
        kind="alert",
        text=f"{alert.severity} {alert.summary or alert.rule}: {alert.because}",
        source=alert.labels.get("source", "standfast"),
    )
    found = tx.incidents.open_on(alert.component)
    if found is not None:
        joined = join(found, alert.fingerprint, SEV_OF[alert.severity])
        if joined != found:
            tx.incidents.save(joined)
        tx.incidents.note(found.id, entry)
        return joined, ()
    if alert.severity not in DECLARES:
        return None, ()
    fresh = declare(
        tx.incidents.next_id(),
        f"{alert.component}: {alert.summary or alert.rule}",
        SEV_OF[alert.severity],
        alert.component,
        now,
        alert=alert.fingerprint,
        began_at=alert.since,
    )
    tx.incidents.add(fresh)
    tx.incidents.note(fresh.id, entry)
    declared = f"{fresh.sev} declared by the alert {alert.rule}"
    tx.incidents.note(
        fresh.id, TimelineEntry(at=now, kind="status", text=declared, source="standfast")
    )
    return fresh, (_incident_event("incident.declared", fresh, declared),)


_RAISES = 3  # from P4 to P1: no page has replaced more of them


def _ends(tx: FollowTx, page: Page, now: datetime) -> tuple[Notification, ...]:
    """To whom it is to be told that this is over; whoever knows only the milder page before it, too."""
    before = range(max(1, page.episode - _RAISES), page.episode)
    pages = [page.id, *(page_id(page.alert, episode) for episode in before)]
    sent = [one for each in pages for one in tx.outbox.of_page(each)]
    tries = [one for each in pages for one in tx.outbox.attempts_of(each)]
    return ends(sent, tries, now)


def _why_over(alert: Alert) -> str:
    """What standfast judged says what is well again; other tools only say that it is."""
    before, over, reason = alert.because.partition("over: ")
    return f"the alert is over: {reason}" if over and not before else "the alert is over"


def _close(
    tx: FollowTx, page: Page, now: datetime, why: str, posts: Sequence[Notification] = ()
) -> tuple[Event, ...]:
    """Nothing more of it is sent; `posts` tell of its end."""
    closed = close_page(page, now, why)
    tx.paging.save(closed)
    taken_back = tx.outbox.cancel(page.id, now, why)
    tx.outbox.post(posts)
    return (
        Event(
            type="page.closed",
            category="operations",
            description=f"{page.title}: {why}",
            target=Target(type="page", id=page.id),
            context={
                "taken_back": taken_back,
                "told": [f"{one.person or 'fixed receiver'} by {one.channel}" for one in posts],
            },
        ),
    )


def _over(tx: FollowTx, page: Page, alert: Alert, now: datetime) -> tuple[Event, ...]:
    """The incident hears of it; with its last alert over, users are well again: mitigated."""
    incident = tx.incidents.incident(page.incident, lock=True) if page.incident else None
    if incident is None or not incident.open:
        return ()
    source = alert.labels.get("source", "standfast")
    because = alert.because.removeprefix("over: ")
    text = f"{alert.summary or alert.rule} is over: {because}"
    tx.incidents.note(incident.id, TimelineEntry(at=now, kind="alert", text=text, source=source))
    others = [one for one in tx.paging.of_incident(incident.id) if one.active and one.id != page.id]
    if others or incident.state is not IncidentState.OPEN:
        return ()
    tx.incidents.save(turn(incident, IncidentState.MITIGATED, now))
    said = "mitigated: every alert of it is over; verify, then resolve"
    tx.incidents.note(
        incident.id, TimelineEntry(at=now, kind="status", text=said, source="standfast")
    )
    return (_incident_event("incident.status-changed", incident, said),)


def _incident_event(kind: str, incident: Incident, text: str) -> Event:
    return Event(
        type=kind,
        category="operations",
        description=f"{incident.id} {incident.title}: {text}",
        target=Target(type="incident", id=incident.id),
    )

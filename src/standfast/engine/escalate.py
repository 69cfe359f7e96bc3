"""Escalating: every page whose time has come takes its next step; acknowledging ends that."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import Actor, Event, Target
from standfast.engine.ports import Change, Store
from standfast.errors import Conflict, NotAllowed, NotFound, StandfastError
from standfast.incidents.incident import Incident, TimelineEntry, acknowledged
from standfast.paging.escalation import Step, due
from standfast.paging.page import Page, acknowledge
from standfast.paging.token import AckToken, digest
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from standfast.paging.notification import Notification
    from standfast.spec.system import System

log = logging.getLogger(__name__)


class PagePort(Protocol):
    def page(self, id: str, *, lock: bool = False) -> Page | None: ...  # noqa: A002 - a page's id is called that
    def save(self, page: Page) -> bool: ...
    def due(self, now: datetime, limit: int = 100) -> tuple[str, ...]: ...
    def active(self) -> tuple[Page, ...]: ...
    def token(self, digest: str) -> AckToken | None: ...


class OutboxPort(Protocol):
    def post(self, posts: Iterable[Notification]) -> None: ...
    def cancel(self, page: str, now: datetime, why: str) -> int: ...


class IncidentPort(Protocol):
    def incident(self, id: str, *, lock: bool = False) -> Incident | None: ...  # noqa: A002 - its id is called that
    def save(self, incident: Incident) -> bool: ...
    def note(self, incident: str, entry: TimelineEntry) -> None: ...


class EscalateTx(Protocol):
    @property
    def paging(self) -> PagePort: ...
    @property
    def outbox(self) -> OutboxPort: ...
    @property
    def incidents(self) -> IncidentPort: ...


class Pages:
    def __init__(self, store: Store[EscalateTx], clock: Clock = utc_now) -> None:
        self._store, self._clock = store, clock

    def tick(self, system: System, now: datetime) -> int:
        """Answers how many pages moved. One that cannot move keeps none of the others."""
        ids = self._store.read(lambda tx: tx.paging.due(now))
        moved, bad = 0, list[str]()
        for id in ids:  # noqa: A001 - a page's id is called that
            try:
                moved += self._move(id, system, now)
            except (
                Exception
            ) as error:  # one bad page must not silence the rest; the tick says it below
                log.warning("the page %s did not escalate: %s", id, error, exc_info=True)
                bad.append(f"{id}: {error}")
        if bad:
            raise StandfastError(f"{len(bad)} pages did not escalate: {bad[0]}")
        return moved

    def _move(self, id: str, system: System, now: datetime) -> bool:  # noqa: A002 - a page's id is called that
        return self._store.write(lambda tx: _escalated(tx, id, system, now))

    # ------------------------------------------------------------------ answering

    def acknowledge(self, id: str, by: Actor, *, person: str = "", via: str = "web") -> Page:  # noqa: A002 - a page's id is called that
        """`person` is who answers, where it is not `by` who says so. Nobody else is told from here on.

        Raises NotFound, and Conflict where the page is closed.
        """
        now = self._clock()
        return self._store.write(lambda tx: _acknowledged(tx, id, by, person or by.id, via, now))

    def by_token(self, token: str) -> Page:
        """What a link shows; changes nothing. Raises NotFound, or NotAllowed for an expired link."""
        return self._store.read(lambda tx: _shown(tx, token, self._clock())[1])

    def acknowledge_by_token(self, token: str, ip_address: str | None = None) -> Page:
        now = self._clock()

        def work(tx: EscalateTx) -> Change[Page]:
            link, page = _shown(tx, token, now)
            if not page.active:
                return Change(page)
            who = link.person or "whoever has the link"
            by = Actor(type="user", id=who, ip_address=ip_address)
            return _acknowledged(tx, page.id, by, who, "link", now)

        return self._store.write(work)

    def active(self) -> tuple[Page, ...]:
        return self._store.read(lambda tx: tx.paging.active())


def _escalated(tx: EscalateTx, id: str, system: System, now: datetime) -> Change[bool]:  # noqa: A002 - a page's id is called that
    page = tx.paging.page(id, lock=True)
    if page is None:
        return Change(False)
    incident = tx.incidents.incident(page.incident) if page.incident else None
    step = due(page, system, now, progressed_at=incident.progressed_at if incident else None)
    if step.page == page:
        return Change(False)
    return Change(True, kept(tx, step, now))


def kept(tx: EscalateTx, step: Step, now: datetime) -> tuple[Event, ...]:
    """Keep a step: the page, its notifications, the incident's timeline."""
    page = step.page
    if not tx.paging.save(page):
        raise Conflict(f"the page {page.id} has moved on")
    tx.outbox.post(step.posts)
    why = step.why or "it is acknowledged and its incident progresses: looked at again later"
    if page.incident and step.why:
        entry = TimelineEntry(at=now, kind="page", text=why, source="paging")
        tx.incidents.note(page.incident, entry)
    told = [f"{one.person or 'fixed receiver'} by {one.channel}" for one in step.posts]
    return (
        Event(
            type="page.escalated" if step.why else "page.watched",
            category="operations",
            description=f"{page.title}: {why}",
            target=Target(type="page", id=page.id),
            context={"step": page.step, "loop": page.loop, "told": [*told]},
        ),
    )


def _shown(tx: EscalateTx, token: str, now: datetime) -> tuple[AckToken, Page]:
    link = tx.paging.token(digest(token))
    page = tx.paging.page(link.page) if link else None
    if link is None or page is None:
        raise NotFound("no page has this link", fix="open the newest message about it")
    if not link.valid(token, now):
        raise NotAllowed("the link has expired", fix="open the newest message, or sign in")
    return link, page


def _acknowledged(
    tx: EscalateTx,
    id: str,  # noqa: A002 - a page's id is called that
    by: Actor,
    who: str,
    via: str,
    now: datetime,
) -> Change[Page]:
    page = tx.paging.page(id, lock=True)
    if page is None:
        raise NotFound(f"no page has the id {id!r}", fix="`standfast page list` shows them")
    answered = acknowledge(page, who, now)
    if answered == page:
        return Change(page)
    tx.paging.save(answered)
    taken_back = tx.outbox.cancel(page.id, now, f"acknowledged by {who}")
    incident = tx.incidents.incident(page.incident, lock=True) if page.incident else None
    if incident is not None and incident.open:
        tx.incidents.save(acknowledged(incident, who, now))
        text = f"{who} acknowledged {page.title}"
        tx.incidents.note(
            incident.id,
            TimelineEntry(at=now, kind="acknowledgement", text=text, source=via, by=who),
        )
    said_by = "" if who == by.id else f", as {by.id} says"
    event = Event(
        type="page.acknowledged",
        category="operations",
        actor=by,
        description=f"{who} acknowledged {page.title}{said_by}",
        target=Target(type="page", id=page.id),
        context={"via": via, "taken_back": taken_back, "person": who},
    )
    return Change(answered, (event,))

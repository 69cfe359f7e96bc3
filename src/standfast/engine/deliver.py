"""Delivering: rows of the outbox are claimed, sent, and settled where the claim still holds.

Each channel has lanes of its own, so that a receiver that hangs delays nobody else's pages. A crash
at any point leaves a lease that runs out, and the row is sent again under the same key: a page may
arrive twice, it is never lost.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import Event, Target
from standfast.engine.ports import Change, Store
from standfast.incidents.incident import Incident, TimelineEntry
from standfast.paging.ending import reached
from standfast.paging.escalation import due, failed
from standfast.paging.message import Message, compose, compose_test
from standfast.paging.notification import (
    BACKOFF,
    LEASE,
    OVER_PATIENCE,
    Delivery,
    Kind,
    Notification,
    Outcome,
    Result,
)
from standfast.paging.notification import wait as backoff
from standfast.paging.outlook import undelivered
from standfast.paging.token import AckToken, mint
from standfast.paging.trial import PATIENCE, Trial, address_of, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from standfast.paging.notification import Attempt
    from standfast.paging.page import Page
    from standfast.spec.calling import Channel
    from standfast.spec.system import System

log = logging.getLogger(__name__)
SEND_TIMEOUT = timedelta(seconds=5)
_LANES = 2  # per channel
_THREADS = 16
_SHIFT = 100  # messages after which a lane ends, so that it learns of a new file
_LATE = timedelta(seconds=15)


class Send(Protocol):
    """A channel's driver. Answers what came back; raises nothing that it could have put into words."""

    def __call__(self, channel: Channel, message: Message, timeout: timedelta) -> Result: ...


class OutboxPort(Protocol):
    def channels(self, now: datetime) -> tuple[str, ...]: ...
    def claim(
        self, now: datetime, lease_until: datetime, owner: str, channel: str
    ) -> Notification | None: ...
    def held(self, one: Notification) -> bool: ...
    def settle(
        self, one: Notification, result: Result, after: Notification, now: datetime
    ) -> bool: ...
    def withdraw_end(self, key: str, now: datetime, why: str) -> int: ...
    def post(self, posts: Iterable[Notification]) -> None: ...
    def of_page(self, page: str) -> tuple[Notification, ...]: ...
    def attempts_of(self, page: str) -> tuple[Attempt, ...]: ...
    def late(self, before: datetime) -> tuple[Notification, ...]: ...


class PagePort(Protocol):
    def page(self, id: str, *, lock: bool = False) -> Page | None: ...  # noqa: A002 - a page's id is called that
    def save(self, page: Page) -> bool: ...
    def add_token(self, token: AckToken) -> None: ...


class IncidentPort(Protocol):
    def incident(self, id: str, *, lock: bool = False) -> Incident | None: ...  # noqa: A002 - its id is called that
    def note(self, incident: str, entry: TimelineEntry) -> None: ...


class TrialPort(Protocol):
    def trial(self, id: str, *, lock: bool = False) -> Trial | None: ...  # noqa: A002 - its id is called that
    def save(self, trial: Trial) -> None: ...


class DeliverTx(Protocol):
    @property
    def outbox(self) -> OutboxPort: ...
    @property
    def paging(self) -> PagePort: ...
    @property
    def incidents(self) -> IncidentPort: ...
    @property
    def trials(self) -> TrialPort: ...
    def now(self) -> datetime: ...


class Deliver:
    def __init__(
        self,
        store: Store[DeliverTx],
        senders: Mapping[str, Send],
        *,
        chance: Callable[[], str],
        owner: str,
        lease: timedelta = LEASE,
        send_timeout: timedelta = SEND_TIMEOUT,
    ) -> None:
        """`senders` by kind of channel; `chance` makes unguessable text; `owner` names this process."""
        self._store, self._senders, self._chance, self._owner = store, senders, chance, owner
        self._lease, self._send_timeout = lease, send_timeout
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="standfast-send")
        self._lanes: dict[tuple[str, int], Future[int]] = {}
        self._ending = threading.Event()

    def tick(self, system: System, now: datetime) -> None:  # noqa: ARG002 - leases go by the transaction's clock
        """Start the lanes of every channel with something due; does not wait for them."""
        self._reap()
        for channel in self._store.read(lambda tx: tx.outbox.channels(tx.now())):
            for lane in range(_LANES):
                if (channel, lane) not in self._lanes and not self._ending.is_set():
                    started = self._pool.submit(self._run, channel, system)
                    self._lanes[channel, lane] = started

    def finish(self, timeout: float | None = None) -> None:
        """Wait for the lanes that are running."""
        wait(self._lanes.values(), timeout=timeout)
        self._reap()

    def close(self) -> None:
        self._ending.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def undelivered(self, now: datetime) -> tuple[str, ...]:
        """Why pages are not leaving the house, in sentences; empty while they are."""
        rows = self._store.read(lambda tx: tx.outbox.late(now - _LATE))
        return undelivered(rows, now)

    def _reap(self) -> None:
        """Forget lanes that ended; what broke one is raised, for the ticking to count."""
        ended = {key: lane for key, lane in self._lanes.items() if lane.done()}
        for key in ended:
            del self._lanes[key]
        for lane in ended.values():
            lane.result()

    def _run(self, channel: str, system: System) -> int:
        sent = 0
        while sent < _SHIFT and not self._ending.is_set():
            claimed = self._store.keep(
                lambda tx: tx.outbox.claim(tx.now(), tx.now() + self._lease, self._owner, channel)
            )
            if claimed is None:
                break
            self._deliver(claimed, system)
            sent += 1
        return sent

    def _deliver(self, one: Notification, system: System) -> None:
        secret = self._chance()
        message = self._store.keep(lambda tx: _prepared(tx, one, system, secret))
        if message is None:
            return
        result = self._sent(one, message, system)
        news = _is_news(one, result)
        if news:
            self._store.write(lambda tx: _settled(tx, one, result, system))
        else:
            self._store.keep(lambda tx: _noted(tx, one, result))

    def _sent(self, one: Notification, message: Message, system: System) -> Result:
        channel = system.channels[one.channel]
        send = self._senders.get(channel.kind)
        if send is None:
            return Result(
                outcome=Outcome.PERMANENT, reason=f"nothing sends the kind {channel.kind!r}"
            )
        try:
            return send(channel, message, self._send_timeout)
        except (
            Exception
        ) as error:  # a driver's fault must not cost the page: it is tried again, and said
            log.warning("the channel %s failed", one.channel, exc_info=True)
            return Result(outcome=Outcome.UNKNOWN, reason=f"{type(error).__name__} while sending")


def _prepared(tx: DeliverTx, one: Notification, system: System, secret: str) -> Message | None:
    """The message, if it is still to be sent at this moment; otherwise the row is put away."""
    now = tx.now()
    if not tx.outbox.held(one):
        return None
    if one.kind is Kind.TEST:
        return _prepared_test(tx, one, system, secret, now)
    page = tx.paging.page(one.page)
    if page is None or not _wanted(one, page):
        _put_away(tx, one, Delivery.CANCELLED, _UNWANTED[one.kind], now)
        return None
    if one.channel not in system.channels:
        _put_away(tx, one, Delivery.FAILED, "the channel is no longer in the file", now)
        return None
    if one.kind is Kind.PAGE:  # of an end there is nothing to acknowledge
        tx.paging.add_token(mint(secret, one.page, one.person, now))
    others = tx.outbox.of_page(one.page)
    return compose(page, one, system, others=others, token=secret, now=now)


def _prepared_test(
    tx: DeliverTx, one: Notification, system: System, secret: str, now: datetime
) -> Message | None:
    trial = tx.trials.trial(one.page, lock=True)
    if trial is None or trial.answered_at is not None:
        _put_away(tx, one, Delivery.CANCELLED, _UNWANTED[one.kind], now)
        return None
    if one.channel not in system.channels:
        why = "the channel is no longer in the file"
        tx.trials.save(told(trial, Outcome.PERMANENT, why, now, final=True))
        _put_away(tx, one, Delivery.FAILED, why, now)
        return None
    if trial.address != address_of(trial.person, trial.channel, system):
        why = "the address in the file has changed since it was asked for"
        tx.trials.save(told(trial, Outcome.PERMANENT, why, now, final=True))
        _put_away(tx, one, Delivery.FAILED, why, now)
        return None
    tx.paging.add_token(mint(secret, trial.id, trial.person, now))
    return compose_test(one, trial, system, token=secret, now=now)


def _put_away(tx: DeliverTx, one: Notification, state: Delivery, why: str, now: datetime) -> None:
    gone = replace(one, state=state, reason=why, settled_at=now)
    tx.outbox.settle(one, Result(outcome=Outcome.PERMANENT, reason=why), gone, now)


_UNWANTED = {
    Kind.TEST: "answered before it was sent",
    Kind.PAGE: "answered or over before it was sent",
    Kind.OVER: "the alert came back before its end was told",
}


def _wanted(one: Notification, page: Page) -> bool:
    """A page goes to people until one of them answers; its end is told only while it is over."""
    return page.unanswered if one.kind is Kind.PAGE else not page.active


def _is_news(one: Notification, result: Result) -> bool:
    """The twentieth refusal in the same words is no event for the audit log."""
    first_tries = one.attempts <= len(BACKOFF[one.severity]) + 1
    return first_tries or result.outcome.arrived or result.reason != one.reason


def _after(one: Notification, result: Result, now: datetime) -> Notification:
    said = replace(
        one,
        last_outcome=result.outcome,
        reason=result.reason,
        provider_id=result.provider_id,
    )
    if result.outcome.arrived:
        return replace(said, state=Delivery.ARRIVED, settled_at=now)
    if result.outcome is Outcome.PERMANENT:
        return replace(said, state=Delivery.FAILED, settled_at=now)
    patience = _PATIENCE.get(one.kind)
    if patience is not None and now - one.created_at > patience:
        why = f"given up after {_PATIENCE_WORDS[one.kind]}: {result.reason}"
        return replace(said, state=Delivery.FAILED, settled_at=now, reason=why)
    return replace(said, due_at=now + backoff(one.severity, one.attempts, result.retry_after))


_PATIENCE = {Kind.OVER: OVER_PATIENCE, Kind.TEST: PATIENCE}
_PATIENCE_WORDS = {Kind.OVER: "1 day", Kind.TEST: "10 minutes"}
"""Pages are tried until they are answered or over."""


def _noted(tx: DeliverTx, one: Notification, result: Result) -> None:
    _kept(tx, one, result, tx.now())


def _kept(tx: DeliverTx, one: Notification, result: Result, now: datetime) -> bool:
    after = _after(one, result, now)
    ours = tx.outbox.settle(one, result, after, now)
    trial = tx.trials.trial(one.page, lock=True) if one.kind is Kind.TEST else None
    if trial is not None and (ours or result.outcome.arrived):
        final = after.state is Delivery.FAILED
        tx.trials.save(told(trial, result.outcome, after.reason, now, final=final))
    if not ours and one.kind is Kind.PAGE and not reached(one, tx.outbox.attempts_of(one.page)):
        # It was on its way when the alert ended, and has not arrived: there is no end to tell.
        tx.outbox.withdraw_end(one.key, now, "the page itself never arrived")
    return ours


def _settled(tx: DeliverTx, one: Notification, result: Result, system: System) -> Change[None]:
    now = tx.now()
    page = tx.paging.page(
        one.page, lock=True
    )  # before the row: whoever acknowledges locks in this order
    ours = _kept(tx, one, result, now)
    events = [_told(one, result, system, ours=ours)]
    if page is not None and page.incident:
        tx.incidents.note(page.incident, _entry(one, result, system, now))
    if page is not None and ours and one.kind is Kind.PAGE and not result.outcome.arrived:
        events += _moved_on(tx, page, system, now)
    return Change(None, tuple(events))


def _moved_on(tx: DeliverTx, page: Page, system: System, now: datetime) -> tuple[Event, ...]:
    """Where every channel of the step has failed: other channels, or the next step, at once."""
    step = failed(page, system, tx.outbox.of_page(page.id), now)
    if step.page == page and not step.posts:
        return ()
    further = due(step.page, system, now)
    posts = (*step.posts, *further.posts)
    tx.paging.save(further.page)
    tx.outbox.post(posts)
    why = "; ".join(filter(None, (step.why, further.why)))
    if page.incident:
        entry = TimelineEntry(at=now, kind="page", text=why, source="delivery")
        tx.incidents.note(page.incident, entry)
    return (
        Event(
            type="page.escalated",
            category="operations",
            description=f"{page.title}: {why}",
            target=Target(type="page", id=page.id),
            context={
                "step": further.page.step,
                "loop": further.page.loop,
                "told": [f"{one.person or 'fixed receiver'} by {one.channel}" for one in posts],
            },
        ),
    )


def _who(one: Notification, system: System) -> str:
    known = system.people.get(one.person)
    return known.name if known else one.person or "the channel's own receiver"


def _entry(one: Notification, result: Result, system: System, now: datetime) -> TimelineEntry:
    verb = "told" if result.outcome.arrived else "could not be told"
    what = " that it is over" if one.kind is Kind.OVER else ""
    text = f"{_who(one, system)} {verb}{what} by {one.channel}"
    if not result.outcome.arrived:
        text += f" ({result.outcome}: {result.reason})"
    return TimelineEntry(at=now, kind="page", text=text, source="delivery")


_TOLD = {
    Kind.PAGE: {True: "page.sent", False: "page.not-sent"},
    Kind.OVER: {True: "page.end-sent", False: "page.end-not-sent"},
    Kind.TEST: {True: "channel.test-sent", False: "channel.test-not-sent"},
}


def _told(one: Notification, result: Result, system: System, *, ours: bool) -> Event:
    late = "" if ours else "; meanwhile it was answered, over, or claimed again"
    arrived = result.outcome.arrived
    return Event(
        type=_TOLD[one.kind][arrived],
        category="operations",
        description=f"{_who(one, system)} by {one.channel}: {result.outcome}{late}",
        target=Target(type="channel test" if one.kind is Kind.TEST else "page", id=one.page),
        status="success" if arrived else "failure",
        reason=result.reason,
        context={
            "key": one.key,
            "person": one.person,
            "channel": one.channel,
            "attempt": one.attempts,
            "outcome": result.outcome.value,
            "provider_id": result.provider_id,
        },
    )

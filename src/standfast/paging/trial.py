"""A test page: sent the way that a page goes, to learn whether it arrives and whether somebody answers it.

That an address stands in a file proves nothing about it. Only whoever got the message has the code in it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.paging.notification import Kind, Notification
from standfast.paging.reach import address
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.paging.notification import Outcome
    from standfast.spec.calling import Channel
    from standfast.spec.system import System

PATIENCE = timedelta(minutes=10)
"""So long a test is tried; a way that needs longer is no way to wake anybody."""
ANSWERED_WITHIN = timedelta(hours=24)
"""As long as its link holds. Whoever slept through a test may still answer it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    id: str
    person: str  # "" where the channel has a receiver of its own
    channel: str
    address: str  # SHA-256 of where it went: a test of another address proves nothing
    asked_by: str
    asked_at: datetime
    sent_at: datetime | None = None  # the channel took it
    failed_at: datetime | None = None  # it was given up
    reason: str = ""  # what the channel said last
    answered_at: datetime | None = None
    answered_by: str = ""
    via: str = ""  # link | api

    @property
    def took(self) -> timedelta | None:
        """From the asking to the answer, sending included: as long as a page would have taken."""
        return None if self.answered_at is None else self.answered_at - self.asked_at

    def waits(self, now: datetime) -> bool:
        """May it still be answered?"""
        if self.answered_at is not None or self.failed_at is not None:
            return False
        return now - self.asked_at < ANSWERED_WITHIN


def one_for_all(channel: Channel) -> bool:
    """Has the channel one receiver, whomever it is to reach?

    A mailbox of its own is one, and a webhook that wakes nobody: a chat room. A webhook that wakes is a
    gateway, which rings the telephone that the message names.
    """
    return bool(channel.to) or (channel.kind == "webhook" and not channel.wakes)


def receiver(person: str, channel: Channel) -> str:
    """As trials name whom a channel reaches: "" where it has one receiver for everybody."""
    return "" if one_for_all(channel) else person


def address_of(person: str, channel: str, system: System) -> str:
    """The digest of where `channel` reaches `person`; "" where it cannot."""
    known, someone = system.channels[channel], system.people.get(person)
    where = address(person, known, system)
    if not where:
        return ""
    parts = [known.kind, where]
    if known.kind == "webhook":
        parts += [str(known.url)]
        parts += [someone.phone or "", someone.chat or ""] if someone else []
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def trial(id: str, person: str, channel: str, system: System, *, by: str, now: datetime) -> Trial:  # noqa: A002 - its id is called that
    return Trial(
        id=id,
        person=person,
        channel=channel,
        address=address_of(person, channel, system),
        asked_by=by,
        asked_at=now,
    )


def posted(one: Trial) -> Notification:
    """Its row of the outbox. Pages that are due go first, whatever is being tested."""
    return Notification(
        key=f"test/{one.id}",
        page=one.id,
        loop=0,
        step=0,
        person=one.person,
        channel=one.channel,
        kind=Kind.TEST,
        severity=Severity.P3,
        due_at=one.asked_at,
        created_at=one.asked_at,
    )


def told(one: Trial, outcome: Outcome, reason: str, now: datetime, *, final: bool) -> Trial:
    """What sending it came to; `final` where it is not tried again."""
    if outcome.arrived:
        return replace(one, sent_at=one.sent_at or now, reason=reason)
    return replace(one, reason=reason, failed_at=now if final and one.sent_at is None else None)


def answered(one: Trial, by: str, via: str, now: datetime) -> Trial:
    """Answered is answered: a second word changes nothing."""
    if one.answered_at is not None:
        return one
    return replace(one, answered_at=now, answered_by=by, via=via, failed_at=None)

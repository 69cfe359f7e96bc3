"""A notification: one page, or its end, to one person by one channel, and what came of sending it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from standfast.paging.page import Page
    from standfast.spec.system import System

_SECOND = timedelta(seconds=1)
BACKOFF: Mapping[Severity, tuple[timedelta, ...]] = {
    Severity.P1: (_SECOND, 2 * _SECOND, 5 * _SECOND, 15 * _SECOND),
    Severity.P2: (2 * _SECOND, 5 * _SECOND, 15 * _SECOND, 30 * _SECOND),
    Severity.P3: (15 * _SECOND, 60 * _SECOND, 300 * _SECOND),
    Severity.P4: (60 * _SECOND, 300 * _SECOND, 900 * _SECOND),
}
"""Waits after failures that may pass; the last of them repeats."""

_LONGEST_WAIT = timedelta(minutes=15)  # whatever Retry-After asks for
LEASE = timedelta(seconds=15)
"""How long a claim holds: longer than a send may take, shorter than anybody waits for a page."""
OVER_PATIENCE = timedelta(days=1)
"""Pages are tried until they are answered or over; that one is over is no news after so long."""


class Outcome(StrEnum):
    DELIVERED = "delivered"  # the receiver itself said that it has it
    ACCEPTED = "accepted"  # a relay took it and will see
    RETRYABLE = "retryable"
    PERMANENT = "permanent"  # trying again cannot help
    UNKNOWN = "unknown"  # we were cut off between sending and writing down what came back

    @property
    def arrived(self) -> bool:
        return self in {Outcome.DELIVERED, Outcome.ACCEPTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a channel answered."""

    outcome: Outcome
    reason: str = ""
    provider_id: str = ""
    retry_after: timedelta | None = None


class Delivery(StrEnum):
    """Where a notification stands."""

    PENDING = "pending"
    ARRIVED = "arrived"
    FAILED = "failed"  # permanently
    CANCELLED = "cancelled"  # answered or over before it was sent


class Kind(StrEnum):
    PAGE = "page"
    OVER = "over"  # the alert has ended: to those who were told that it fired
    TEST = "test"  # of a channel: nothing is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to send one notification, as it went."""

    key: str
    attempt: int
    page: str
    person: str
    channel: str
    kind: Kind
    owner: str
    began_at: datetime
    ended_at: datetime | None
    outcome: Outcome
    reason: str
    provider_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    key: str  # the same key is the same message, however often it arrives
    page: str
    loop: int
    step: int
    person: str  # "" where a channel has a fixed receiver
    channel: str
    kind: Kind = Kind.PAGE
    severity: Severity
    due_at: datetime
    state: Delivery = Delivery.PENDING
    attempts: int = 0  # claims so far; also the fence that a settlement must show
    last_outcome: Outcome | None = None
    reason: str = ""
    provider_id: str = ""
    created_at: datetime
    settled_at: datetime | None = None

    @property
    def hopeless(self) -> bool:
        """Not arrived, and no longer likely to arrive soon."""
        if self.state is Delivery.FAILED:
            return True
        tried_enough = self.attempts > len(BACKOFF[self.severity])
        return self.state is Delivery.PENDING and tried_enough and self.last_outcome is not None


def key_of(page: Page, system: System, step: int, person: str, channel: str) -> str:
    """Alert, episode, version of the policy, loop, step, person, channel: never twice the same message."""
    parts = (page.alert, page.episode, system.digest[:12], page.loop, step, person, channel)
    return "/".join(str(part).replace("/", "~") for part in parts)


def wait(severity: Severity, attempts: int, retry_after: timedelta | None = None) -> timedelta:
    """How long after the n-th failed attempt the next one is due."""
    steps = BACKOFF[severity]
    own = steps[min(attempts, len(steps)) - 1] if attempts else timedelta(0)
    if retry_after is None:
        return own
    return max(own, min(retry_after, _LONGEST_WAIT))

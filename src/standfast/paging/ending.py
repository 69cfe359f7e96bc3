"""The end of a page: whoever was told that the alert fires is told once that it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.paging.notification import (
    LEASE,
    Attempt,
    Delivery,
    Kind,
    Notification,
    Outcome,
)
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_OVER = "/over"


def ends(
    sent: Sequence[Notification], tries: Sequence[Attempt], now: datetime
) -> tuple[Notification, ...]:
    """One message for each person and channel that a page reached and that has not heard of its end.

    `sent` are the notifications of the page, and of milder pages of the same trouble that it replaced;
    `tries` what came of each. A page that reached nobody has nobody to tell of its end. One that is
    being sent at this moment may arrive yet: its end waits until the claim has run out.
    """
    posts: dict[tuple[str, str], Notification] = {}
    for one in sorted(sent, key=lambda one: one.created_at, reverse=True):
        pair = (one.person, one.channel)
        if one.kind is Kind.PAGE and pair not in posts and reached(one, tries):
            posts[pair] = _end_of(one, sent, tries, now)
    known = {one.key for one in sent}
    return tuple(one for one in posts.values() if one.key not in known)


def end_was_told(sent: Sequence[Notification], tries: Sequence[Attempt]) -> bool:
    """Has anybody heard, or may anybody have heard, that it is over?"""
    return any(one.kind is Kind.OVER and reached(one, tries) for one in sent)


def ends_of(key: str) -> str:
    """What the keys of the ends of this page message begin with."""
    return f"{key}{_OVER}"


def page_key(key: str) -> str:
    """The key of the page message whose end this is."""
    return key.rpartition(_OVER)[0]


def _end_of(
    one: Notification, sent: Sequence[Notification], tries: Sequence[Attempt], now: datetime
) -> Notification:
    """Under the same key as before, unless that was taken back because the alert had returned."""
    start = ends_of(one.key)
    earlier = [each for each in sent if each.key.startswith(start)]
    standing = next((each for each in earlier if each.state is not Delivery.CANCELLED), None)
    return Notification(
        key=standing.key if standing else f"{start}{len(earlier) + 1}",
        page=one.page,
        loop=one.loop,
        step=one.step,
        person=one.person,
        channel=one.channel,
        kind=Kind.OVER,
        severity=Severity.P4,  # good news goes after every page, and is not repeated each second
        due_at=max([now, *(_may_go_until(each, tries) for each in _alike(one, sent))]),
        created_at=now,
    )


def _alike(one: Notification, sent: Sequence[Notification]) -> list[Notification]:
    pair = (one.person, one.channel)
    return [each for each in sent if (each.person, each.channel) == pair]


def reached(one: Notification, tries: Sequence[Attempt]) -> bool:
    """It arrived, or of the last try nobody knows: a word too much is better than one too few."""
    mine = _tries_of(one, tries)
    return any(each.outcome.arrived for each in mine) or (
        bool(mine) and mine[-1].outcome is Outcome.UNKNOWN
    )


def _may_go_until(one: Notification, tries: Sequence[Attempt]) -> datetime:
    mine = _tries_of(one, tries)
    if mine and mine[-1].ended_at is None:
        return mine[-1].began_at + LEASE
    return one.created_at


def _tries_of(one: Notification, tries: Sequence[Attempt]) -> list[Attempt]:
    return sorted((each for each in tries if each.key == one.key), key=lambda each: each.attempt)

"""Which ways to people are proved: of each person by each channel, what its last test says today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.paging.reach import waking_ways
from standfast.paging.trial import address_of, one_for_all, receiver

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from standfast.paging.cover import Piece
    from standfast.paging.trial import Trial
    from standfast.spec.system import System
    from standfast.spec.values import Severity

REMINDED = timedelta(days=14)
"""So long before a verification ends it is time for the next test."""


class Proof(StrEnum):
    DECLARED = "declared"  # the file says so, and nobody has tried
    TESTING = "testing"  # a test is on its way or waits for its answer
    VERIFIED = "verified"
    EXPIRED = "expired"  # it was answered once, too long ago
    FAILED = "failed"  # the last test did not arrive, or nobody answered it


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One person by one channel, or a channel whose receiver is the same for everybody."""

    person: str  # "" where the channel has a receiver of its own
    channel: str
    wakes: bool
    proof: Proof
    until: datetime | None = None  # the verification's end; past where it has expired
    answered_at: datetime | None = None
    took: timedelta | None = None
    asked_at: datetime | None = None  # of the last test
    testing: bool = False  # the last test may still be answered; an older one may hold meanwhile
    reason: str = (
        ""  # of a failure; of a test under way what the channel said last; of a new address
    )

    def due(self, now: datetime) -> bool:
        """Does its verification end soon?"""
        return (
            self.proof is Proof.VERIFIED and self.until is not None and self.until - now <= REMINDED
        )


def every_way(system: System) -> tuple[tuple[str, str], ...]:
    """(person, channel) for all that the file declares, rooms and shared mailboxes once."""
    return tuple(
        (person, name)
        for name, channel in system.channels.items()
        for person in (("",) if one_for_all(channel) else system.people)
        if address_of(person, name, system)
    )


def ways(system: System, trials: Iterable[Trial], now: datetime) -> dict[tuple[str, str], Way]:
    """How each way stands. `trials` hold at least the newest and the newest answered one of each address."""
    of: dict[tuple[str, str], list[Trial]] = {}
    for one in sorted(trials, key=lambda one: one.asked_at):
        of.setdefault((one.person, one.channel), []).append(one)
    return {
        (person, channel): _way(system, person, channel, of.get((person, channel), []), now)
        for person, channel in every_way(system)
    }


def _way(system: System, person: str, channel: str, trials: Sequence[Trial], now: datetime) -> Way:
    where = address_of(person, channel, system)
    mine = [one for one in trials if one.address == where]
    answered = max(
        (one for one in mine if one.answered_at), key=lambda one: one.asked_at, default=None
    )
    last = mine[-1] if mine else None
    proof, reason = _proof(last, answered, now, system.server.channels_verified_for)
    if last is None and any(one.answered_at for one in trials):
        reason = "its address is another one than was tested"
    at = answered.answered_at if answered else None
    return Way(
        person=person,
        channel=channel,
        wakes=system.channels[channel].wakes,
        proof=proof,
        until=at + system.server.channels_verified_for if at else None,
        answered_at=at,
        took=answered.took if answered else None,
        asked_at=last.asked_at if last else None,
        testing=last is not None and last.waits(now),
        reason=reason,
    )


def _proof(
    last: Trial | None, answered: Trial | None, now: datetime, holds: timedelta
) -> tuple[Proof, str]:
    if last is None:
        return Proof.DECLARED, ""
    if last.failed_at is not None:
        return Proof.FAILED, last.reason
    if last.answered_at is None and not last.waits(now):
        sent = "it was sent, and nobody answered" if last.sent_at else last.reason
        return Proof.FAILED, sent or "it was not sent"
    if answered is not None and answered.answered_at is not None:
        if now < answered.answered_at + holds:
            return Proof.VERIFIED, ""
        if last is answered:
            return Proof.EXPIRED, ""
    return Proof.TESTING, last.reason if last.sent_at is None else "sent; it waits for an answer"


# ------------------------------------------------------------------ what that means for who is on call


def waking(
    person: str, severity: Severity, system: System, found: Mapping[tuple[str, str], Way]
) -> tuple[Way, ...]:
    """The ways by which a page of that severity wakes this person."""
    names = waking_ways(person, severity, system)
    keys = ((receiver(person, system.channels[name]), name) for name in names)
    return tuple(found[key] for key in keys if key in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """Of some weeks: for how long somebody verified is woken first, and somebody else verified after them."""

    whole: timedelta
    first: timedelta
    both: timedelta


def proved(
    pieces: Iterable[Piece],
    severity: Severity,
    system: System,
    found: Mapping[tuple[str, str], Way],
) -> Proved:
    heard: dict[str, bool] = {}

    def hears(person: str) -> bool:
        if person not in heard:
            mine = waking(person, severity, system, found)
            heard[person] = any(way.proof is Proof.VERIFIED for way in mine)
        return heard[person]

    whole = first = both = timedelta()
    for piece in pieces:
        there = (one for one in piece.standing.first if one not in piece.standing.away)
        one = any(hears(person) for person in there)
        two = one and any(hears(person) for person in piece.standing.behind)
        whole += piece.lasts
        first += piece.lasts if one else timedelta()
        both += piece.lasts if two else timedelta()
    return Proved(whole=whole, first=first, both=both)


def asked(
    system: System, people: Iterable[str], channels: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """The ways that a test of these people by these channels means; no names mean all of them."""
    wanted, by = {*people}, {*channels}
    for person, channel in every_way(system):
        if (not wanted or person in wanted) and (not by or channel in by):
            yield person, channel

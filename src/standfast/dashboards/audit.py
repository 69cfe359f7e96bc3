"""The audit log: what was done by whom, and whether the log is whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from standfast.dashboards.mark import Mark, mark
from standfast.review.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from standfast.audit.query import Found, Page, Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """How the log stands: how long it is, and when it was last signed."""

    size: int
    signed_size: int
    signed_at: datetime | None
    mark: Mark
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    seq: int
    at: str
    actor: str
    action: str
    description: str
    target: str
    outcome: str
    reason: str
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What the file asks for, and when that was last done."""

    words: str
    applied_at: datetime | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditScreen:
    seal: Seal
    query: Mapping[str, str]
    records: tuple[RecordLine, ...]
    words: str
    next: str  # the address of the older page
    findings: tuple[str, ...] | None  # of a verification just made
    retention: Retention


def seal(size: int, signed_size: int, signed_at: datetime | None, overdue: int) -> Seal:
    """`overdue` is how many records wait for their signature longer than they may.

    Of a log that was quiet for an hour the last signature is old, and nothing is wrong with it.
    """
    if not signed_at:
        state, words = "unsealed", "no checkpoint was signed yet"
    elif signed_size >= size:
        state, words = "sealed", f"all {size} records are under a signed checkpoint"
    elif overdue <= 0:
        state, words = (
            "sealed",
            f"{size - signed_size} of {size} records wait for the next checkpoint",
        )
    else:
        state, words = (
            "stale",
            f"{counted(overdue, 'record')} not signed since {signed_at:%H:%M:%S} UTC",
        )
    return Seal(
        size=size, signed_size=signed_size, signed_at=signed_at, mark=mark(state), words=words
    )


def screen(
    own: Seal,
    query: Query,
    page: Page,
    retention: Retention,
    findings: Sequence[str] | None = None,
) -> AuditScreen:
    asked = _asked(query)
    older = (
        urlencode({**{k: v for k, v in asked.items() if v}, "before": page.next})
        if page.next
        else ""
    )
    return AuditScreen(
        seal=own,
        query=asked,
        records=tuple(_line(found) for found in page.entries),
        words=f"{len(page.entries)} records, the newest first",
        next=f"/audit?{older}" if older else "",
        findings=None if findings is None else tuple(findings),
        retention=retention,
    )


def _asked(query: Query) -> dict[str, str]:
    return {
        "stream": query.stream,
        "actor": query.actor or "",
        "action": query.action or "",
        "target": query.target or "",
        "since": query.since.isoformat() if query.since else "",
        "until": query.until.isoformat() if query.until else "",
    }


def _line(found: Found) -> RecordLine:
    event = found.event
    return RecordLine(
        seq=found.seq,
        at=event.timestamp or found.received_at,
        actor=event.actor.id,
        action=event.type,
        description=event.description,
        target=f"{event.target.type}:{event.target.id}" if event.target else "",
        outcome=event.status,
        reason=event.reason,
        checksum=found.checksum,
    )

"""The rows of the outbox: what is to be sent, claimed by lease, settled behind a fence.

Nothing here is ever given up for a crash: a lease that ran out means that the row is tried again.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index, Integer, Table, Text, and_, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from standfast.paging.ending import ends_of
from standfast.paging.notification import (
    Attempt,
    Delivery,
    Kind,
    Notification,
    Outcome,
    Result,
)
from standfast.spec.values import Severity
from standfast.store.columns import Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection, Row

outbox = Table(
    "outbox",
    metadata,
    Column("key", Text, primary_key=True),  # unique, so a tick that is repeated adds nothing
    Column("page", Text, nullable=False),
    Column("loop", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("person", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_outcome", Text),
    Column("reason", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("lease_until", Instant),
    Column("owner", Text),
    Index("ix_outbox_state", "state", "severity", "due_at"),
    Index("ix_outbox_page", "page"),
)
attempts = Table(
    "send_attempts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("page", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column(
        "outcome", Text, nullable=False
    ),  # "unknown" until it is settled, and for ever after a crash
    Column("reason", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Index("ix_send_attempts_page", "page"),
)
_NAMES = tuple(field.name for field in fields(Notification))


class OutboxRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def post(self, posts: Iterable[Notification]) -> None:
        """Add what is not there yet."""
        rows = [_row(one) for one in posts]
        if rows:
            build = postgresql.insert if self._is_postgresql else sqlite.insert
            self._connection.execute(build(outbox).on_conflict_do_nothing(), rows)

    def channels(self, now: datetime) -> tuple[str, ...]:
        """Those with something to claim."""
        mine = select(outbox.c.channel).where(_free(now)).distinct()
        return tuple(self._connection.execute(mine).scalars())

    def claim(
        self, now: datetime, lease_until: datetime, owner: str, channel: str
    ) -> Notification | None:
        """Lease the gravest and oldest due row that nobody holds; each claim is a new attempt."""
        chosen = select(outbox.c.key).where(_free(now), outbox.c.channel == channel)
        chosen = chosen.order_by(outbox.c.severity, outbox.c.due_at, outbox.c.key).limit(1)
        if self._is_postgresql:
            chosen = chosen.with_for_update(skip_locked=True)
        claimed = (
            update(outbox)
            .where(outbox.c.key == chosen.scalar_subquery())
            .values(lease_until=lease_until, owner=owner, attempts=outbox.c.attempts + 1)
            .returning(*(outbox.c[name] for name in _NAMES))
        )
        row = self._connection.execute(claimed).one_or_none()
        if row is None:
            return None
        one = _notification(row)
        self._begin(one, owner, now)
        return one

    def held(self, one: Notification) -> bool:
        """Is the claim still ours, and the row still to be sent?"""
        return self._connection.execute(select(outbox.c.key).where(_fence(one))).first() is not None

    def settle(self, one: Notification, result: Result, after: Notification, now: datetime) -> bool:
        """Write what came back; False where somebody else has claimed the row since."""
        self._connection.execute(
            update(attempts)
            .where(attempts.c.key == one.key, attempts.c.attempt == one.attempts)
            .values(
                ended_at=now,
                outcome=result.outcome.value,
                reason=result.reason,
                provider_id=result.provider_id,
            )
        )
        changes = {**_row(after), "lease_until": None, "owner": None}
        return (
            self._connection.execute(update(outbox).where(_fence(one)).values(**changes)).rowcount
            == 1
        )

    def cancel(self, page: str, now: datetime, why: str) -> int:
        """Take back what has not been sent."""
        mine = (outbox.c.page == page) & (outbox.c.state == Delivery.PENDING.value)
        gone = {"state": Delivery.CANCELLED.value, "reason": why, "settled_at": now}
        return self._connection.execute(update(outbox).where(mine).values(**gone)).rowcount

    def withdraw_end(self, key: str, now: datetime, why: str) -> int:
        """Take back what would tell of the end of the page message by this key."""
        mine = outbox.c.key.startswith(ends_of(key), autoescape=True)
        gone = {"state": Delivery.CANCELLED.value, "reason": why, "settled_at": now}
        pending = outbox.c.state == Delivery.PENDING.value
        return self._connection.execute(update(outbox).where(mine, pending).values(**gone)).rowcount

    def of_page(self, page: str) -> tuple[Notification, ...]:
        mine = select(*(outbox.c[name] for name in _NAMES)).where(outbox.c.page == page)
        rows = self._connection.execute(mine.order_by(outbox.c.created_at, outbox.c.key))
        return tuple(_notification(row) for row in rows)

    def attempts_of(self, page: str) -> tuple[Attempt, ...]:
        mine = select(attempts).where(attempts.c.page == page)
        rows = self._connection.execute(mine.order_by(attempts.c.began_at, attempts.c.attempt))
        return tuple(_attempt(row) for row in rows)

    # ------------------------------------------------------------------ watching the watcher

    def waiting(self) -> int:
        mine = select(func.count()).where(outbox.c.state == Delivery.PENDING.value)
        return int(self._connection.execute(mine).scalar_one())

    def late(self, before: datetime) -> tuple[Notification, ...]:
        """Rows due since before then and not sent, the oldest first; of a test its own state tells."""
        mine = select(*(outbox.c[name] for name in _NAMES)).where(
            outbox.c.state == Delivery.PENDING.value,
            outbox.c.created_at <= before,
            outbox.c.kind != Kind.TEST.value,
        )
        rows = self._connection.execute(mine.order_by(outbox.c.created_at).limit(100))
        return tuple(_notification(row) for row in rows)

    def lost(self, since: datetime) -> tuple[Notification, ...]:
        """Rows that failed for good since then."""
        mine = select(*(outbox.c[name] for name in _NAMES)).where(
            outbox.c.state == Delivery.FAILED.value, outbox.c.settled_at >= since
        )
        rows = self._connection.execute(mine.order_by(outbox.c.settled_at.desc()).limit(100))
        return tuple(_notification(row) for row in rows)

    @property
    def _is_postgresql(self) -> bool:
        return self._connection.dialect.name == "postgresql"

    def _begin(self, one: Notification, owner: str, now: datetime) -> None:
        self._connection.execute(
            insert(attempts).values(
                key=one.key,
                attempt=one.attempts,
                page=one.page,
                person=one.person,
                channel=one.channel,
                kind=one.kind.value,
                owner=owner,
                began_at=now,
                ended_at=None,
                outcome=Outcome.UNKNOWN.value,
                reason="",
                provider_id="",
            )
        )


def _free(now: datetime) -> Any:
    """Due, and held by nobody; a lease that has run out holds nothing."""
    unheld = or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= now)
    return and_(outbox.c.state == Delivery.PENDING.value, outbox.c.due_at <= now, unheld)


def _fence(one: Notification) -> Any:
    return and_(
        outbox.c.key == one.key,
        outbox.c.attempts == one.attempts,
        outbox.c.state == Delivery.PENDING.value,
    )


def _row(one: Notification) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in _NAMES}
    return row | {
        "kind": one.kind.value,
        "severity": one.severity.value,
        "state": one.state.value,
        "last_outcome": one.last_outcome.value if one.last_outcome else None,
    }


def _notification(row: Row[Any]) -> Notification:
    values = row._asdict()
    values["severity"], values["state"] = Severity(row.severity), Delivery(row.state)
    values["kind"] = Kind(row.kind)
    values["last_outcome"] = Outcome(row.last_outcome) if row.last_outcome else None
    return Notification(**values)


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(**{**row._asdict(), "kind": Kind(row.kind), "outcome": Outcome(row.outcome)})

"""The rows of the recovery room: a mirror of the catalogue, the proofs, and what is due when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Boolean, Column, Integer, Table, Text, delete, insert, or_, select, update

from standfast.engine.protect import Due
from standfast.recovery.catalogue import Copy
from standfast.recovery.proof import Proof
from standfast.store.columns import Instant, JsonText, metadata

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_PROOFS = 1_000  # newest; the older ones stay beside the copies

copies = Table(
    "backup_copies",
    metadata,
    Column("store", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("finished_at", Instant, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Column("record", JsonText, nullable=False),
)
proofs = Table(
    "backup_proofs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("store", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("passed", Boolean, nullable=False),
    Column("record", JsonText, nullable=False),
)
dues = Table(
    "backup_dues",
    metadata,
    Column("store", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("next_due", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False),
)


class RecoveryRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def copies(self) -> tuple[Copy, ...]:
        rows = self._connection.execute(select(copies.c.record).order_by(copies.c.finished_at))
        return tuple(msgspec.convert(row[0], Copy) for row in rows)

    def save_copy(self, copy: Copy) -> None:
        self.drop_copy(copy)
        self._connection.execute(
            insert(copies).values(
                store=copy.store,
                id=copy.id,
                finished_at=copy.finished_at,
                state=str(copy.state),
                record=msgspec.to_builtins(copy),
            )
        )

    def drop_copy(self, copy: Copy) -> None:
        self._connection.execute(
            delete(copies).where(copies.c.store == copy.store, copies.c.id == copy.id)
        )

    def proofs(self) -> tuple[Proof, ...]:
        """The newest thousand, the oldest of them first."""
        rows = self._connection.execute(
            select(proofs.c.record).order_by(proofs.c.at.desc()).limit(_PROOFS)
        ).all()
        return tuple(msgspec.convert(row[0], Proof) for row in reversed(rows))

    def save_proof(self, proof: Proof) -> None:
        self._connection.execute(delete(proofs).where(proofs.c.id == proof.id))
        self._connection.execute(
            insert(proofs).values(
                id=proof.id,
                store=proof.store,
                at=proof.at,
                passed=proof.passed,
                record=msgspec.to_builtins(proof),
            )
        )

    # ------------------------------------------------------------------ what is due

    def dues(self) -> tuple[Due, ...]:
        rows = self._connection.execute(select(*_DUE).order_by(dues.c.next_due))
        return tuple(Due(**row._asdict()) for row in rows)

    def plan(self, due: Due) -> None:
        where = (dues.c.store == due.store, dues.c.kind == due.kind)
        if self._connection.execute(select(dues.c.fence).where(*where)).first() is None:
            self._connection.execute(
                insert(dues).values(
                    store=due.store, kind=due.kind, next_due=due.next_due, lease_until=None, fence=0
                )
            )

    def claim(self, now: datetime, until: datetime, limit: int) -> tuple[Due, ...]:
        """Lease what is due and free; each claim raises the fence."""
        free = or_(dues.c.lease_until.is_(None), dues.c.lease_until <= now)
        rows = self._connection.execute(
            select(*_DUE)
            .where(dues.c.next_due <= now, free)
            .order_by(dues.c.next_due)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        claimed = []
        for row in rows:
            due = Due(**{**row._asdict(), "fence": row.fence + 1})
            self._connection.execute(
                update(dues)
                .where(dues.c.store == due.store, dues.c.kind == due.kind)
                .values(lease_until=until, fence=due.fence)
            )
            claimed.append(due)
        return tuple(claimed)

    def renew(self, due: Due, until: datetime) -> bool:
        return bool(self._connection.execute(_where(due).values(lease_until=until)).rowcount)

    def settle(self, due: Due, next_due: datetime) -> bool:
        """False where the lease was lost to somebody else meanwhile; their settling counts."""
        changed = self._connection.execute(
            _where(due).values(next_due=next_due, lease_until=None)
        ).rowcount
        return bool(changed)


_DUE = (dues.c.store, dues.c.kind, dues.c.next_due, dues.c.fence)


def _where(due: Due):  # type: ignore[no-untyped-def]  # noqa: ANN202 - SQLAlchemy's own generic
    return update(dues).where(
        dues.c.store == due.store, dues.c.kind == due.kind, dues.c.fence == due.fence
    )

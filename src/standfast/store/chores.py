"""The rows of chores: what one server does now and then for all of them, and when it was done last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Table, Text, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from standfast.engine.chore import Chore
from standfast.store.columns import Instant, metadata

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

chores = Table(
    "chores",
    metadata,
    Column("name", Text, primary_key=True),
    Column("done_at", Instant),
    Column("said", Text, nullable=False),
    Column("lease_until", Instant),
    Column("fence", BigInteger, nullable=False),
)


class ChoreRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def chore(self, name: str) -> Chore | None:
        row = self._connection.execute(
            select(chores.c.name, chores.c.done_at, chores.c.said, chores.c.fence).where(
                chores.c.name == name
            )
        ).one_or_none()
        return None if row is None else Chore(**row._asdict())

    def claim(self, name: str, due_before: datetime, now: datetime, until: datetime) -> int | None:
        """The fence of a lease on the chore, where it was last done before `due_before` and nobody has it."""
        insert = (
            postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        )
        self._connection.execute(
            insert(chores).values(name=name, said="", fence=0).on_conflict_do_nothing()
        )
        free = or_(chores.c.lease_until.is_(None), chores.c.lease_until <= now)
        due = or_(chores.c.done_at.is_(None), chores.c.done_at < due_before)
        claimed = (
            update(chores)
            .where(chores.c.name == name, free, due)
            .values(lease_until=until, fence=chores.c.fence + 1)
            .returning(chores.c.fence)
        )
        fence: int | None = self._connection.execute(claimed).scalar_one_or_none()
        return fence

    def renew(self, name: str, fence: int, until: datetime) -> bool:
        """False where somebody else has taken the lease since."""
        mine = (chores.c.name == name) & (chores.c.fence == fence)
        renewed = update(chores).where(mine).values(lease_until=until)
        return self._connection.execute(renewed).rowcount == 1

    def done(self, name: str, fence: int, now: datetime, said: str) -> bool:
        mine = (chores.c.name == name) & (chores.c.fence == fence)
        values = {"done_at": now, "said": said, "lease_until": None}
        return self._connection.execute(update(chores).where(mine).values(**values)).rowcount == 1

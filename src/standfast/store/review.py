"""The findings of the standing review, open and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, Integer, Table, Text, delete, insert, select

from standfast.engine.examine import KeptFinding
from standfast.store.columns import Instant, metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

findings = Table(
    "findings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("times", Integer, nullable=False),
)


class ReviewRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def findings(self) -> tuple[KeptFinding, ...]:
        rows = self._connection.execute(select(findings).order_by(findings.c.id))
        return tuple(KeptFinding(**row._asdict()) for row in rows)

    def save(self, finding: KeptFinding) -> None:
        self._connection.execute(delete(findings).where(findings.c.id == finding.id))
        self._connection.execute(
            insert(findings).values(
                id=finding.id,
                verdict=finding.verdict,
                problem=finding.problem,
                opened_at=finding.opened_at,
                closed_at=finding.closed_at,
                times=finding.times,
            )
        )

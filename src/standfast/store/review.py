"""The findings of the standing review, open and closed, and what was answered to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, Integer, Table, Text, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from standfast.engine.examine import KeptFinding
from standfast.review.feedback import Answer, Reply
from standfast.review.finding import Role, Verdict
from standfast.store.columns import Instant, metadata

if TYPE_CHECKING:
    from typing import Any

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


answers = Table(
    "finding_answers",
    metadata,
    # What one person said of one finding at one time is one answer, whichever way it came in.
    Column("finding", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("answer", Text, primary_key=True),  # "" says that the finding was gone
    Column("by", Text, primary_key=True),
    Column("role", Text),
    Column("because", Text, nullable=False),
    Column("instead", Text, nullable=False),
    Column("verdict", Text),  # the finding's own at that time
    Column("live", Integer, nullable=False),  # 1: only what was measured shows the finding
    Column("source", Text, nullable=False),  # web | api | file | review
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

    def replies(self) -> tuple[Reply, ...]:
        order = (answers.c.at, answers.c.finding, answers.c.answer, answers.c.by)
        rows = self._connection.execute(select(answers).order_by(*order))
        return tuple(_reply(row._mapping) for row in rows)  # noqa: SLF001 - SQLAlchemy's public name

    def add_reply(self, reply: Reply, source: str) -> bool:
        """False where just this one is kept already, by another server perhaps."""
        build = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        values = {
            "finding": reply.finding,
            "at": reply.at,
            "answer": reply.answer.value if reply.answer else "",
            "by": reply.by,
            "role": reply.role.value if reply.role else None,
            "because": reply.because,
            "instead": reply.instead,
            "verdict": reply.verdict.name if reply.verdict is not None else None,
            "live": int(reply.live),
            "source": source,
        }
        fresh = build.insert(answers).values(values).on_conflict_do_nothing()
        kept = self._connection.execute(fresh.returning(answers.c.finding)).all()
        return bool(kept)


def _reply(row: Any) -> Reply:
    return Reply(
        finding=row["finding"],
        at=row["at"],
        answer=Answer(row["answer"]) if row["answer"] else None,
        by=row["by"],
        role=Role(row["role"]) if row["role"] else None,
        because=row["because"],
        instead=row["instead"],
        verdict=Verdict[row["verdict"]] if row["verdict"] else None,
        live=bool(row["live"]),
    )

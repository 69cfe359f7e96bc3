"""The rows of the audit log: heads, records, payloads, subjects, tree nodes, checkpoints, producers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from standfast.audit.subject import Subject
from standfast.audit.tree import Frontier
from standfast.store.audit_tables import heads, nodes, payloads, records, subjects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from standfast.audit.entry import Row, SealedPayload
    from standfast.audit.tree import Node

TILE = 8  # levels; only every eighth level of the tree is kept, the rest is hashed again from it
_PAGE = 2_000  # rows that a sweep over a stream holds in memory
_CHUNK = 500  # values in one IN (...)


class AuditRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"

    # -------------------------------------------------------------- writing

    def lock_head(self, stream: str) -> tuple[Frontier, bytes]:
        """The head and its seal, locked until the end of the transaction; an empty seal on a new stream."""
        found = select(heads.c.size, heads.c.frontier, heads.c.seal).where(heads.c.stream == stream)
        row = self._connection.execute(found.with_for_update()).one_or_none()
        if row is None:
            new = {"stream": stream, "size": 0, "frontier": b"", "seal": b""}
            self._connection.execute(self._insert(heads).values(new).on_conflict_do_nothing())
            row = self._connection.execute(found.with_for_update()).one()
        return Frontier.decode(row.size, row.frontier), row.seal

    def append(
        self,
        rows: Sequence[Row],
        sealed: Sequence[SealedPayload],
        runs: Mapping[Node, Sequence[bytes]],
    ) -> None:
        self._many(records, rows)
        self._many(payloads, sealed)
        stream = rows[0].stream
        self._many(
            nodes,
            [
                (stream, level, first + offset, value)
                for (level, first), run in runs.items()
                if level % TILE == 0
                for offset, value in enumerate(run)
            ],
        )

    def move_head(self, stream: str, frontier: Frontier, seal: bytes) -> None:
        moved = {"size": frontier.size, "frontier": frontier.encode(), "seal": seal}
        self._connection.execute(update(heads).where(heads.c.stream == stream).values(moved))

    def subjects(self, lookups: Sequence[bytes]) -> dict[bytes, Subject]:
        found = {}
        for part in _chunks(lookups):
            rows = self._connection.execute(
                select(subjects.c.lookup, subjects.c.pseudonym, subjects.c.sealed).where(
                    subjects.c.lookup.in_(part)
                )
            )
            for row in rows:
                found[row.lookup] = Subject(
                    pseudonym=row.pseudonym, lookup=row.lookup, sealed=row.sealed
                )
        return found

    def add_subjects(self, new: Sequence[Subject]) -> None:
        """Those whom another transaction has added meanwhile stay as they are."""
        for subject in sorted(new, key=lambda subject: subject.lookup):  # one order: no deadlock
            values = {
                "pseudonym": subject.pseudonym,
                "lookup": subject.lookup,
                "sealed": subject.sealed,
            }
            self._connection.execute(self._insert(subjects).values(values).on_conflict_do_nothing())

    def _insert(self, table: Table) -> Any:
        return sqlite.insert(table) if self._sqlite else postgresql.insert(table)

    def _many(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        # By hand: for these rows SQLAlchemy's own way costs as much as the database does.
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        marks = ", ".join(["?" if self._sqlite else "%s"] * len(table.columns))
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 - names of ours
        self._connection.exec_driver_sql(statement, [tuple(row) for row in rows])


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]

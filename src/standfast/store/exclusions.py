"""The rows of exclusions: intervals beside the counts, which they never change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index, Integer, Table, Text, insert, select, update

from standfast.slo.exclusion import Exclusion, Kind
from standfast.store.columns import Instant, metadata
from standfast.store.gate import number_of

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

exclusions = Table(
    "slo_exclusions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("of", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("starts", Instant, nullable=False),
    Column("ends", Instant, nullable=False),
    Column("because", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("revoked_at", Instant),
    Column("revoked_by", Text, nullable=False),
    Index("ix_slo_exclusions_ends", "ends"),
)
_PLAIN = (
    "of", "starts", "ends", "because", "by", "made_at", "made_by", "revoked_at", "revoked_by",
)  # fmt: skip
_PREFIX = "EX-"


class ExclusionRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, exclusion: Exclusion) -> Exclusion:
        added = insert(exclusions).values(**_row(exclusion)).returning(exclusions.c.number)
        return replace(exclusion, id=f"{_PREFIX}{self._connection.execute(added).scalar_one()}")

    def save(self, exclusion: Exclusion) -> None:
        mine = exclusions.c.number == number_of(exclusion.id, _PREFIX)
        self._connection.execute(update(exclusions).where(mine).values(**_row(exclusion)))

    def exclusion(self, id: str, *, lock: bool = False) -> Exclusion | None:  # noqa: A002 - its id is called that
        number = number_of(id, _PREFIX)
        if number is None:
            return None
        query = select(exclusions).where(exclusions.c.number == number)
        row = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else _exclusion(row)

    def standing(self, since: datetime) -> tuple[Exclusion, ...]:
        """Those that end after then and are not revoked, in the order in which they begin."""
        mine = (exclusions.c.ends > since) & exclusions.c.revoked_at.is_(None)
        query = select(exclusions).where(mine).order_by(exclusions.c.starts, exclusions.c.number)
        return tuple(_exclusion(row) for row in self._connection.execute(query))

    def recent(self, limit: int = 200) -> tuple[Exclusion, ...]:
        """The newest first, those that are revoked too."""
        rows = self._connection.execute(
            select(exclusions).order_by(exclusions.c.number.desc()).limit(limit)
        )
        return tuple(_exclusion(row) for row in rows)


def _row(one: Exclusion) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _PLAIN} | {"kind": one.kind.value}


def _exclusion(row: Row[Any]) -> Exclusion:
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Exclusion(id=f"{_PREFIX}{row.number}", kind=Kind(row.kind), **plain)

"""The rows of page loads: a count for each bucket of each hour, and never a load by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, Column, Index, Table, Text, select
from sqlalchemy.dialects import postgresql, sqlite

from standfast.monitoring.vitals import Cell
from standfast.store.columns import Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

web_vitals = Table(
    "web_vitals",
    metadata,
    Column("page", Text, primary_key=True),
    Column("vital", Text, primary_key=True),
    Column("hour", Instant, primary_key=True),
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    Column("loads", BigInteger, nullable=False),
)
Index("ix_web_vitals_hour", web_vitals.c.hour)
_KEY = ("page", "vital", "hour", "bucket")


class VitalRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, found: Mapping[Cell, int]) -> None:
        """To what is there already; several servers may add at once."""
        if not found:
            return
        rows = [
            {**{name: getattr(cell, name) for name in _KEY}, "loads": count}
            for cell, count in sorted(found.items(), key=lambda one: _order(one[0]))
        ]
        on_postgresql = self._connection.dialect.name == "postgresql"
        statement = (postgresql if on_postgresql else sqlite).insert(web_vitals)
        more = {"loads": web_vitals.c.loads + statement.excluded["loads"]}
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=list(_KEY), set_=more), rows
        )

    def since(self, moment: datetime) -> list[tuple[Cell, int]]:
        """Of the hours that begin at that instant or later."""
        rows = self._connection.execute(select(web_vitals).where(web_vitals.c.hour >= moment))
        return [(Cell(row.page, row.vital, row.hour, row.bucket), row.loads) for row in rows]


def _order(cell: Cell) -> tuple[str, str, datetime, int]:
    """The same for every server, so that no two wait for each other in a circle."""
    return cell.page, cell.vital, cell.hour, cell.bucket

"""The rows of remote write: each series' newest sample, and rises whose scrape may not be whole yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, Float, Index, Table, Text, delete, func, select

from standfast.monitoring.written import Last, Rise
from standfast.store.columns import Instant, metadata
from standfast.store.rows import put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

series_rows = Table(
    "written_series",
    metadata,
    Column("component", Text, primary_key=True),
    Column("series", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("value", Float, nullable=False),
    Column("seen", Instant, nullable=False),
)
rises_rows = Table(
    "written_rises",
    metadata,
    Column("component", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("series", Text, primary_key=True),
    Column("by", Float, nullable=False),
    Column("arrived", Instant, nullable=False),
)
Index("ix_written_rises_arrived", rises_rows.c.arrived)
_PART = 500  # names in one statement


class WrittenRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self, component: str, series: Sequence[str]) -> dict[str, Last]:
        found: dict[str, Last] = {}
        for first in range(0, len(series), _PART):
            mine = (
                select(series_rows)
                .where(
                    series_rows.c.component == component,
                    series_rows.c.series.in_(series[first : first + _PART]),
                )
                .order_by(series_rows.c.series)
                .with_for_update()  # a repeated request waits for the first one (no word of SQLite's)
            )
            for row in self._connection.execute(mine):
                found[row.series] = Last(at=row.at, value=row.value)
        return found

    def number(self, component: str) -> int:
        mine = select(func.count()).where(series_rows.c.component == component)
        return int(self._connection.execute(mine).scalar_one())

    def drop(self, component: str, before: datetime) -> None:
        mine = (series_rows.c.component == component, series_rows.c.seen < before)
        self._connection.execute(delete(series_rows).where(*mine))

    def keep(self, component: str, found: Mapping[str, Last], now: datetime) -> None:
        rows = [
            {"component": component, "series": one, "at": last.at, "value": last.value, "seen": now}
            for one, last in found.items()
        ]
        put(self._connection, series_rows, rows)

    def pend(self, rises: Sequence[Rise], arrived: datetime) -> None:
        rows = [
            {
                "component": one.component,
                "at": one.at,
                "series": one.series,
                "by": one.by,
                "arrived": arrived,
            }
            for one in rises
        ]
        put(self._connection, rises_rows, rows)

    def settled(self, before: datetime) -> tuple[Rise, ...]:
        gone = (
            delete(rises_rows)
            .where(rises_rows.c.arrived <= before)
            .returning(
                rises_rows.c.component, rises_rows.c.at, rises_rows.c.series, rises_rows.c.by
            )
        )
        found = [Rise(**row._asdict()) for row in self._connection.execute(gone)]
        return tuple(sorted(found, key=lambda one: (one.component, one.at, one.series)))

    def forget(self, before: datetime) -> None:
        """Series that nobody has sent since."""
        self._connection.execute(delete(series_rows).where(series_rows.c.seen < before))

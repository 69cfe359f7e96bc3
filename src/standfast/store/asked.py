"""The rows of what is asked of a Prometheus-compatible server: how far each level was read."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Column, Float, Table, Text, delete, select, update

from standfast.monitoring.asked import MINUTE, Progress, begun
from standfast.store.columns import Instant, metadata
from standfast.store.rows import put, put_new

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from sqlalchemy import ColumnElement, Connection

asked = Table(
    "asked_levels",
    metadata,
    Column("indicator", Text, primary_key=True),
    Column("read_to", Instant, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("because", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("since", Instant, nullable=False),
    Column("bad", Text, nullable=False),
    Column("total", Text, nullable=False),
    Column("bad_carried", Float, nullable=False),
    Column("total_carried", Float, nullable=False),
    Column("next_due", Instant, nullable=False),
)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # nobody has to ask for it
_PROGRESS = [column for column in asked.c if column.name != "next_due"]
_AHEAD = 3 * MINUTE  # due later than this after a clock that was put back


class AskedRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_due(self, now: datetime, catch_up: timedelta) -> bool:
        """A look that costs nothing, before the claim that writes."""
        some = select(asked.c.indicator).where(_late(now, catch_up)).limit(1)
        return self._connection.execute(some).first() is not None

    def claim(
        self, indicators: Sequence[str], now: datetime, newest: datetime, catch_up: timedelta
    ) -> tuple[Progress, ...]:
        known = {row.indicator for row in self._connection.execute(select(asked.c.indicator))}
        fresh = [begun(one, now, newest, catch_up) for one in indicators if one not in known]
        put_new(self._connection, asked, [{**asdict(one), "next_due": now} for one in fresh])
        claimed = (
            update(asked)
            .where(asked.c.indicator.in_(indicators), _late(now, catch_up))
            .values(next_due=now + MINUTE)
            .returning(*_PROGRESS)
        )
        return tuple(Progress(**row._asdict()) for row in self._connection.execute(claimed))

    def move(self, before: Progress, after: Progress, next_due: datetime) -> bool:
        unread = (asked.c.indicator == before.indicator, asked.c.read_to == before.read_to)
        moved = update(asked).where(*unread).values(**asdict(after), next_due=next_due)
        return self._connection.execute(moved).rowcount == 1

    def tell(self, found: Iterable[Progress]) -> None:
        """Keep what is known of indicators that nobody has to ask for."""
        put(self._connection, asked, [{**asdict(one), "next_due": NEVER} for one in found])

    def forget(self, keep: Iterable[str]) -> None:
        self._connection.execute(delete(asked).where(asked.c.indicator.not_in(list(keep))))

    def progress(self) -> dict[str, Progress]:
        rows = self._connection.execute(select(*_PROGRESS))
        return {row.indicator: Progress(**row._asdict()) for row in rows}


def _late(now: datetime, catch_up: timedelta) -> ColumnElement[bool]:
    """Due, or so far ahead that the clock was put back."""
    ahead = (asked.c.next_due > now + catch_up + _AHEAD) & (asked.c.next_due < NEVER)
    return (asked.c.next_due <= now) | ahead

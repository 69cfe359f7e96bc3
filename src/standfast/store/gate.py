"""The rows of the gate: every override that there was, those that have ended too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index, Integer, Table, Text, insert, select, update

from standfast.slo.override import Override
from standfast.store.columns import Instant, metadata

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

overrides = Table(
    "gate_overrides",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("service", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("until", Instant, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("revoked_at", Instant),
    Column("revoked_by", Text, nullable=False),
    Index("ix_gate_overrides_service", "service", "until"),
)
_PLAIN = (
    "service", "because", "by", "until", "made_at", "made_by", "revoked_at", "revoked_by",
)  # fmt: skip
_PREFIX = "GO-"


class GateRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, override: Override) -> Override:
        added = insert(overrides).values(**_row(override)).returning(overrides.c.number)
        return replace(override, id=f"{_PREFIX}{self._connection.execute(added).scalar_one()}")

    def save(self, override: Override) -> None:
        mine = overrides.c.number == number_of(override.id, _PREFIX)
        self._connection.execute(update(overrides).where(mine).values(**_row(override)))

    def override(self, id: str, *, lock: bool = False) -> Override | None:  # noqa: A002 - its id is called that
        number = number_of(id, _PREFIX)
        if number is None:
            return None
        query = select(overrides).where(overrides.c.number == number)
        row = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else _override(row)

    def holding(self, service: str, now: datetime) -> Override | None:
        """The one that lets changes of it through now; of several that which ends last."""
        mine = (overrides.c.service == service) & overrides.c.revoked_at.is_(None)
        standing = mine & (overrides.c.until > now) & (overrides.c.made_at <= now)
        query = select(overrides).where(standing).order_by(overrides.c.until.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _override(row)

    def recent(self, limit: int = 200) -> tuple[Override, ...]:
        """The newest first."""
        rows = self._connection.execute(
            select(overrides).order_by(overrides.c.number.desc()).limit(limit)
        )
        return tuple(_override(row) for row in rows)


def number_of(id: str, prefix: str) -> int | None:  # noqa: A002 - its id is called that
    """7 of "GO-7"; None of what is no such id."""
    digits = id.removeprefix(prefix)
    known = id.startswith(prefix) and digits.isascii() and digits.isdigit() and len(digits) < 10
    return int(digits) if known else None


def _row(override: Override) -> dict[str, Any]:
    return {name: getattr(override, name) for name in _PLAIN}


def _override(row: Row[Any]) -> Override:
    return Override(id=f"{_PREFIX}{row.number}", **{name: getattr(row, name) for name in _PLAIN})

"""The rows of test pages: asked for, sent, answered."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index, Table, Text, and_, exists, insert, or_, select, update

from standfast.paging.trial import Trial
from standfast.store.columns import Instant, metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection

trials = Table(
    "channel_tests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("failed_at", Instant),
    Column("reason", Text, nullable=False),
    Column("answered_at", Instant),
    Column("answered_by", Text, nullable=False),
    Column("via", Text, nullable=False),
    Index("ix_channel_tests_way", "person", "channel", "address", "asked_at"),
    Index("ix_channel_tests_asked_at", "asked_at"),
)
_NAMES = tuple(field.name for field in fields(Trial))


class TrialRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, trial: Trial) -> None:
        self._connection.execute(insert(trials).values(**_row(trial)))

    def save(self, trial: Trial) -> None:
        """Of a row that was read with `lock`."""
        mine = update(trials).where(trials.c.id == trial.id)
        self._connection.execute(mine.values(**_row(trial)))

    def trial(self, id: str, *, lock: bool = False) -> Trial | None:  # noqa: A002 - its id is called that
        mine = select(trials).where(trials.c.id == id)
        row = self._connection.execute(mine.with_for_update() if lock else mine).one_or_none()
        return None if row is None else Trial(**row._asdict())

    def standing(self) -> tuple[Trial, ...]:
        """Of each person, channel and address the newest, and the newest that was answered; oldest first."""
        later = trials.alias()
        same = and_(
            *(later.c[name] == trials.c[name] for name in ("person", "channel", "address")),
            later.c.asked_at > trials.c.asked_at,
        )
        newest = ~exists().where(same)
        newest_answered = and_(
            trials.c.answered_at.is_not(None),
            ~exists().where(same, later.c.answered_at.is_not(None)),
        )
        rows = select(trials).where(or_(newest, newest_answered)).order_by(trials.c.asked_at)
        return tuple(Trial(**row._asdict()) for row in self._connection.execute(rows))


def _row(trial: Trial) -> dict[str, Any]:
    return {name: getattr(trial, name) for name in _NAMES}

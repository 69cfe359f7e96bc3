"""The accepted versions of the reliability file, whole, as they were read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, Integer, Table, Text, insert, select

from standfast.engine.accept import Version
from standfast.store.columns import Instant, JsonText, metadata

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

versions = Table(
    "file_versions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("texts", JsonText, nullable=False),  # file name -> text, includes among them
    Column("accepted_at", Instant, nullable=False),
    Column("accepted_by", Text, nullable=False),
)


class FileRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest_number(self) -> int:
        """0 where no file was accepted yet."""
        row = select(versions.c.number).order_by(versions.c.number.desc()).limit(1)
        return self._connection.execute(row).scalar() or 0

    def newest(self) -> Version | None:
        row = self._connection.execute(
            select(versions).order_by(versions.c.number.desc()).limit(1)
        ).one_or_none()
        return Version(**row._asdict()) if row else None

    def at(self, moment: datetime) -> Version | None:
        """The version in force then; before the first there is none."""
        mine = select(versions).where(versions.c.accepted_at <= moment)
        row = self._connection.execute(
            mine.order_by(versions.c.number.desc()).limit(1)
        ).one_or_none()
        return Version(**row._asdict()) if row else None

    def between(self, start: datetime, end: datetime, limit: int = 100) -> tuple[Version, ...]:
        """Accepted after `start`, up to `end`: the newest of them, the oldest first."""
        mine = (versions.c.accepted_at > start) & (versions.c.accepted_at <= end)
        newest = select(versions).where(mine).order_by(versions.c.number.desc()).limit(limit)
        rows = [Version(**row._asdict()) for row in self._connection.execute(newest)]
        return tuple(reversed(rows))

    def add(self, version: Version) -> None:
        self._connection.execute(
            insert(versions).values(
                number=version.number,
                digest=version.digest,
                path=version.path,
                texts=dict(version.texts),
                accepted_at=version.accepted_at,
                accepted_by=version.accepted_by,
            )
        )

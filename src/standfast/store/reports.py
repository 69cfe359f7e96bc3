"""The rows of reports: each edition with its files, only ever added."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    insert,
    select,
)

from standfast.engine.report import Edition
from standfast.store.columns import Instant, JsonText, metadata
from standfast.store.gate import number_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Row

editions = Table(
    "report_editions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("period", Text, nullable=False),
    Column("of", Text, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("corrections", JsonText, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("files", JsonText, nullable=False),
    UniqueConstraint("period", "of", "edition"),
)
files = Table(
    "report_files",
    metadata,
    Column("report", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
_PLAIN = ("period", "of", "edition", "provisional", "made_at", "made_by", "summary", "manifest")
_LISTS = ("corrections", "files")
_PREFIX = "RPT-"


class ReportRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, edition: Edition, data: Mapping[str, bytes]) -> Edition:
        row = {name: getattr(edition, name) for name in _PLAIN}
        row |= {name: [*getattr(edition, name)] for name in _LISTS}
        added = insert(editions).values(**row).returning(editions.c.number)
        number = self._connection.execute(added).scalar_one()
        rows = [{"report": number, "name": name, "data": each} for name, each in data.items()]
        self._connection.execute(insert(files), rows)
        return replace(edition, id=f"{_PREFIX}{number}")

    def newest(self, period: str, of: str) -> Edition | None:
        mine = (editions.c.period == period) & (editions.c.of == of)
        query = select(editions).where(mine).order_by(editions.c.edition.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _edition(row)

    def edition(self, id: str) -> Edition | None:  # noqa: A002 - its id is called that
        number = number_of(id, _PREFIX)
        if number is None:
            return None
        query = select(editions).where(editions.c.number == number)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _edition(row)

    def recent(self, limit: int = 200) -> tuple[Edition, ...]:
        """The newest first."""
        query = select(editions).order_by(editions.c.number.desc()).limit(limit)
        return tuple(_edition(row) for row in self._connection.execute(query))

    def file(self, id: str, name: str) -> bytes | None:  # noqa: A002 - its id is called that
        number = number_of(id, _PREFIX)
        mine = (files.c.report == number) & (files.c.name == name)
        data: bytes | None = self._connection.execute(select(files.c.data).where(mine)).scalar()
        return data


def _edition(row: Row[Any]) -> Edition:
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Edition(
        id=f"{_PREFIX}{row.number}",
        corrections=tuple(row.corrections),
        files=tuple(row.files),
        **plain,
    )

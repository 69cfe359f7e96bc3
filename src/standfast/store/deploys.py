"""The rows of deployments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Index, Integer, Table, Text, insert, select

from standfast.monitoring.deploy import Deploy
from standfast.store.columns import Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection, Row

deploys = Table(
    "deploys",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("component", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Index("ix_deploys_component", "component", "at"),
)
_PLAIN = ("component", "version", "at", "note", "made_by")
_PREFIX = "DP-"
_MOST = 200


class DeployRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, deploy: Deploy) -> Deploy:
        values = {name: getattr(deploy, name) for name in _PLAIN}
        added = insert(deploys).values(**values).returning(deploys.c.number)
        return replace(deploy, id=f"{_PREFIX}{self._connection.execute(added).scalar_one()}")

    def newest(self, component: str) -> Deploy | None:
        found = self._found(deploys.c.component == component, 1)
        return found[0] if found else None

    def since(self, moment: datetime, components: Collection[str] = ()) -> tuple[Deploy, ...]:
        """The newest first; of these components, or of all."""
        mine = deploys.c.at >= moment
        if components:
            mine &= deploys.c.component.in_(sorted(components))
        return self._found(mine, _MOST)

    def _found(self, mine: Any, most: int) -> tuple[Deploy, ...]:
        newest = deploys.c.at.desc(), deploys.c.number.desc()
        rows = self._connection.execute(select(deploys).where(mine).order_by(*newest).limit(most))
        return tuple(_deploy(row) for row in rows)


def _deploy(row: Row[Any]) -> Deploy:
    return Deploy(id=f"{_PREFIX}{row.number}", **{name: getattr(row, name) for name in _PLAIN})

"""The rows of the paging room: pages, and the hashes of their acknowledgement links."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Table,
    Text,
    insert,
    select,
    update,
)

from standfast.paging.page import Page, PageState
from standfast.paging.token import AckToken
from standfast.spec.values import Severity
from standfast.store.columns import Instant, metadata

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

pages = Table(
    "pages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("alert", Text, nullable=False),
    Column("episode", BigInteger, nullable=False),
    Column("severity", Text, nullable=False),
    Column("component", Text, nullable=False),
    Column("rota", Text),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("loop", Integer, nullable=False),
    Column("next_action_at", Instant),
    Column("opened_at", Instant, nullable=False),
    Column("acknowledged_by", Text),
    Column("acknowledged_at", Instant),
    Column("closed_at", Instant),
    Column("runbook", Text),
    Column("incident", Text),
    Column("why", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ix_pages_next_action_at", "next_action_at"),
    Index("ix_pages_alert", "alert", "episode", unique=True),
    Index("ix_pages_opened_at", "opened_at"),
    Index("ix_pages_incident", "incident"),
)
ack_tokens = Table(
    "ack_tokens",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("page", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_ack_tokens_expires_at", "expires_at"),
)
_NAMES = tuple(field.name for field in fields(Page))


class PageRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, page: Page) -> None:
        self._connection.execute(insert(pages).values(**_row(page)))

    def save(self, page: Page) -> bool:
        """Keep the page as it is now; False where its row has moved on since it was read."""
        same = (pages.c.id == page.id) & (pages.c.version == page.version)
        row = _row(page) | {"version": page.version + 1}
        return self._connection.execute(update(pages).where(same).values(**row)).rowcount == 1

    def page(self, id: str, *, lock: bool = False) -> Page | None:  # noqa: A002 - a page's id is called that
        return self._one(select(pages).where(pages.c.id == id), lock=lock)

    def of_alert(self, alert: str, episode: int, *, lock: bool = False) -> Page | None:
        mine = (pages.c.alert == alert) & (pages.c.episode == episode)
        return self._one(select(pages).where(mine), lock=lock)

    def active_of_alert(self, alert: str) -> tuple[Page, ...]:
        """Pages of any episode that are not closed; locked on PostgreSQL."""
        mine = (pages.c.alert == alert) & (pages.c.state != PageState.CLOSED.value)
        return self._many(select(pages).where(mine).order_by(pages.c.id).with_for_update())

    def due(self, now: datetime, limit: int = 100) -> tuple[str, ...]:
        """Ids of the pages with something to do, the gravest and oldest first."""
        mine = select(pages.c.id).where(pages.c.next_action_at <= now)
        rows = mine.order_by(pages.c.severity, pages.c.next_action_at).limit(limit)
        return tuple(self._connection.execute(rows).scalars())

    def active(self) -> tuple[Page, ...]:
        """The gravest first, then the oldest."""
        mine = select(pages).where(pages.c.state != PageState.CLOSED.value)
        return self._many(mine.order_by(pages.c.severity, pages.c.opened_at))

    def recent(self, since: datetime, limit: int = 200) -> tuple[Page, ...]:
        """Pages opened since then, the newest first."""
        mine = select(pages).where(pages.c.opened_at >= since)
        return self._many(mine.order_by(pages.c.opened_at.desc()).limit(limit))

    def of_incident(self, incident: str) -> tuple[Page, ...]:
        return self._many(
            select(pages).where(pages.c.incident == incident).order_by(pages.c.opened_at)
        )

    # ------------------------------------------------------------------ links

    def add_token(self, token: AckToken) -> None:
        self._connection.execute(
            insert(ack_tokens).values(
                hash=token.hash,
                page=token.page,
                person=token.person,
                expires_at=token.expires_at,
            )
        )

    def token(self, digest: str) -> AckToken | None:
        row = self._connection.execute(
            select(ack_tokens).where(ack_tokens.c.hash == digest)
        ).one_or_none()
        return None if row is None else AckToken(**row._asdict())

    def _one(self, query: Any, *, lock: bool) -> Page | None:
        row = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else _page(row)

    def _many(self, query: Any) -> tuple[Page, ...]:
        return tuple(_page(row) for row in self._connection.execute(query))


def _row(page: Page) -> dict[str, Any]:
    row = {name: getattr(page, name) for name in _NAMES}
    return row | {"severity": page.severity.value, "state": page.state.value}


def _page(row: Row[Any]) -> Page:
    values = row._asdict()
    values["severity"], values["state"] = Severity(row.severity), PageState(row.state)
    return Page(**values)

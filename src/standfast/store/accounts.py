"""Accounts, sessions and tokens; nothing in here can be used to sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, Integer, Table, Text, delete, func, insert, select

from standfast.engine.sign_in import Account, Session, Token
from standfast.store.columns import Instant, JsonText, metadata

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

accounts = Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
)
sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("csrf", Text, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)
tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", JsonText, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ends_at", Instant),
)


class AccountRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def account(self, name: str) -> Account | None:
        row = self._connection.execute(
            select(accounts).where(accounts.c.name == name)
        ).one_or_none()
        return Account(**row._asdict()) if row else None

    def any_account(self) -> bool:
        return bool(
            self._connection.execute(select(func.count()).select_from(accounts)).scalar_one()
        )

    def save_account(self, account: Account) -> None:
        self._connection.execute(delete(accounts).where(accounts.c.name == account.name))
        self._connection.execute(
            insert(accounts).values(
                name=account.name,
                password_hash=account.password_hash,
                role=account.role,
                failures=account.failures,
                locked_until=account.locked_until,
            )
        )

    def session(self, digest: str) -> Session | None:
        row = self._connection.execute(
            select(sessions).where(sessions.c.digest == digest)
        ).one_or_none()
        return Session(**row._asdict()) if row else None

    def save_session(self, session: Session) -> None:
        self._connection.execute(
            insert(sessions).values(
                digest=session.digest,
                account=session.account,
                csrf=session.csrf,
                begun_at=session.begun_at,
                ends_at=session.ends_at,
            )
        )

    def end_session(self, digest: str) -> None:
        self._connection.execute(delete(sessions).where(sessions.c.digest == digest))

    def forget_sessions(self, before: datetime) -> None:
        self._connection.execute(delete(sessions).where(sessions.c.ends_at <= before))

    def token(self, id: str) -> Token | None:  # noqa: A002 - the field's name
        row = self._connection.execute(select(tokens).where(tokens.c.id == id)).one_or_none()
        return _token(row._asdict()) if row else None

    def tokens(self) -> tuple[Token, ...]:
        rows = self._connection.execute(select(tokens).order_by(tokens.c.made_at))
        return tuple(_token(row._asdict()) for row in rows)

    def save_token(self, token: Token) -> None:
        self._connection.execute(
            insert(tokens).values(
                id=token.id,
                digest=token.digest,
                name=token.name,
                scopes=list(token.scopes),
                made_at=token.made_at,
                ends_at=token.ends_at,
            )
        )

    def drop_token(self, id: str) -> bool:  # noqa: A002 - the field's name
        return bool(self._connection.execute(delete(tokens).where(tokens.c.id == id)).rowcount)


def _token(row: dict[str, object]) -> Token:
    return Token(**{**row, "scopes": tuple(row["scopes"])})  # type: ignore[arg-type]  # a row's own columns

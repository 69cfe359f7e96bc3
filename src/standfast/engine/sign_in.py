"""Who may in: one administrator to begin with, sessions in the database, tokens for programs.

Secrets are shown once and kept as hashes: passwords by Argon2id, sessions and tokens (which are long and
random) by SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol

from standfast.audit.event import SYSTEM, Actor, Event, Target
from standfast.engine.ports import Change, Store
from standfast.errors import NotAllowed
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

SESSION = timedelta(hours=12)
SCOPES = ("read", "respond", "operate", "audit", "alerts", "metrics", "deploy", "admin")
_TRIES, _PAUSE = 5, timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    name: str
    password_hash: str
    role: str  # admin | responder | viewer
    failures: int = 0
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    digest: str
    account: str
    csrf: str
    begun_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    id: str
    digest: str
    name: str
    scopes: tuple[str, ...]
    made_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever stands behind a request, once known."""

    name: str
    kind: Literal["user", "api_key"]
    scopes: tuple[str, ...]
    csrf: str = ""
    address: str | None = None

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes

    def speaks_for(self, person: str, people: Collection[str]) -> bool:
        """A token that bears a person's name is that person's, and speaks for nobody else.

        A program that may respond (a chat room's bot) says who has answered; an administrator may for
        anybody.
        """
        if person == self.name or self.may("admin"):
            return True
        return self.kind == "api_key" and self.name not in people and self.may("respond")

    @property
    def actor(self) -> Actor:
        return Actor(type=self.kind, id=self.name, ip_address=self.address)


class Passwords(Protocol):
    """Argon2id, as RFC 9106 recommends it."""

    def hash(self, password: str) -> str: ...
    def matches(self, password_hash: str, password: str) -> bool: ...


class AccountPort(Protocol):
    def account(self, name: str) -> Account | None: ...
    def save_account(self, account: Account) -> None: ...
    def any_account(self) -> bool: ...
    def session(self, digest: str) -> Session | None: ...
    def save_session(self, session: Session) -> None: ...
    def end_session(self, digest: str) -> None: ...
    def forget_sessions(self, before: datetime) -> None: ...
    def token(self, id: str) -> Token | None: ...  # noqa: A002 - the field's name
    def tokens(self) -> tuple[Token, ...]: ...
    def save_token(self, token: Token) -> None: ...
    def drop_token(self, id: str) -> bool: ...  # noqa: A002 - the field's name


class SignInTx(Protocol):
    @property
    def accounts(self) -> AccountPort: ...


_ROLE_SCOPES = {
    "admin": ("admin",),
    "responder": ("read", "respond"),
    "viewer": ("read",),
    "auditor": ("read", "audit"),
}


class SignIn:
    def __init__(
        self, store: Store[SignInTx], passwords: Passwords, clock: Clock = utc_now
    ) -> None:
        self._store, self._passwords, self._clock = store, passwords, clock

    def first_password(self) -> str | None:
        """Make the administrator where there is no account yet; answers the password, for this one time."""
        if self._store.read(lambda tx: tx.accounts.any_account()):
            return None
        password = secrets.token_urlsafe(15)
        account = Account(name="admin", password_hash=self._passwords.hash(password), role="admin")

        def make(tx: SignInTx) -> Change[bool]:
            if tx.accounts.any_account():
                return Change(False)
            tx.accounts.save_account(account)
            return Change(True, (_event("user.created", SYSTEM, "admin"),))

        return password if self._store.write(make) else None

    def begin(self, name: str, password: str, address: str | None) -> tuple[str, Session]:
        """A new session, as (secret for the cookie, session); NotAllowed sounds the same for every cause."""
        now = self._clock()
        account = self._store.read(lambda tx: tx.accounts.account(name))
        # A wrong name costs as much time as a wrong password, or the clock would tell which it was.
        stored = account.password_hash if account else self._decoy
        right = self._passwords.matches(stored, password)
        actor = Actor(type="user", id=name[:100], ip_address=address)
        if account is None or not right or (account.locked_until and account.locked_until > now):
            self._store.write(lambda tx: _failed(tx, account, actor, now))
            raise NotAllowed(
                "the name and the password do not go together", fix="wait a minute after five tries"
            )
        secret = secrets.token_urlsafe(32)
        session = Session(
            digest=digest_of(secret),
            account=name,
            csrf=secrets.token_urlsafe(24),
            begun_at=now,
            ends_at=now + SESSION,
        )

        def keep(tx: SignInTx) -> Change[None]:
            tx.accounts.forget_sessions(now)
            tx.accounts.save_session(session)
            if account.failures:
                tx.accounts.save_account(replace(account, failures=0, locked_until=None))
            return Change(None, (_event("user.login", actor, name),))

        self._store.write(keep)
        return secret, session

    def end(self, secret: str, caller: Caller) -> None:
        def drop(tx: SignInTx) -> Change[None]:
            tx.accounts.end_session(digest_of(secret))
            return Change(None, (_event("user.logout", caller.actor, caller.name),))

        self._store.write(drop)

    def by_session(self, secret: str, address: str | None) -> Caller | None:
        session = self._store.read(lambda tx: tx.accounts.session(digest_of(secret)))
        if session is None or session.ends_at <= self._clock():
            return None
        account = self._store.read(lambda tx: tx.accounts.account(session.account))
        scopes = _ROLE_SCOPES.get(account.role, ()) if account else ()
        return Caller(
            name=session.account, kind="user", scopes=scopes, csrf=session.csrf, address=address
        )

    def by_token(self, text: str, address: str | None) -> Caller | None:
        """Who carries `sf_<id>_<secret>`; None where nobody does, any more or ever."""
        parts = text.split("_", 2)
        if len(parts) != 3 or parts[0] != "sf":
            return None
        token = self._store.read(lambda tx: tx.accounts.token(parts[1]))
        stored = token.digest if token else digest_of("")
        right = hmac.compare_digest(stored, digest_of(parts[2]))
        if token is None or not right or (token.ends_at and token.ends_at <= self._clock()):
            return None
        return Caller(name=token.name, kind="api_key", scopes=token.scopes, address=address)

    def make_token(
        self, name: str, scopes: tuple[str, ...], by: Actor, days: int | None = None
    ) -> str:
        """A token for a program: shown now, and never again."""
        if unknown := set(scopes) - set(SCOPES):
            raise NotAllowed(
                f"unknown scope {', '.join(sorted(unknown))}", fix=f"one of {', '.join(SCOPES)}"
            )
        now, secret = self._clock(), secrets.token_urlsafe(32)
        token = Token(
            id=secrets.token_hex(6), digest=digest_of(secret), name=name, scopes=scopes, made_at=now,
            ends_at=now + timedelta(days=days) if days else None,
        )  # fmt: skip

        def keep(tx: SignInTx) -> Change[None]:
            tx.accounts.save_token(token)
            return Change(None, (_event("token.created", by, name, scopes=", ".join(scopes)),))

        self._store.write(keep)
        return f"sf_{token.id}_{secret}"

    def tokens(self) -> tuple[Token, ...]:
        return self._store.read(lambda tx: tx.accounts.tokens())

    def revoke_token(self, token_id: str, by: Actor) -> bool:
        def drop(tx: SignInTx) -> Change[bool]:
            if not tx.accounts.drop_token(token_id):
                return Change(False)
            return Change(True, (_event("token.revoked", by, token_id),))

        return self._store.write(drop)

    @cached_property
    def _decoy(self) -> str:
        return self._passwords.hash("nobody's password")


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _failed(tx: SignInTx, account: Account | None, actor: Actor, now: datetime) -> Change[None]:
    if account:
        failures = account.failures + 1
        locked = now + _PAUSE if failures % _TRIES == 0 else account.locked_until
        tx.accounts.save_account(replace(account, failures=failures, locked_until=locked))
    event = Event(
        type="user.login",
        category="authentication",
        actor=actor,
        target=Target(type="user", id=actor.id),
        status="failure",
        reason="name or password",
    )
    return Change(None, (event,))


def _event(kind: str, actor: Actor, target: str, **context: str) -> Event:
    category = "authentication" if kind in {"user.login", "user.logout"} else "administration"
    subject = Target(type="token" if kind.startswith("token") else "user", id=target)
    return Event(type=kind, category=category, actor=actor, target=subject, context=dict(context))

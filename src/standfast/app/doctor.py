"""Looking for what would keep standfast from working on this machine."""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from standfast import spec
from standfast.app import asking
from standfast.app.keeping import KEYS
from standfast.app.settings import database_url
from standfast.drivers.files import Files
from standfast.drivers.signing_key import load_keys
from standfast.errors import StandfastError
from standfast.review.wording import counted
from standfast_kit.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LEAST_FREE = 1 << 30  # bytes
_LEAST_SQLITE = (3, 35)  # RETURNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One thing that was looked at."""

    what: str
    ok: bool
    words: str
    fix: str = ""


def look(*, file: str, database: str, data: Path) -> tuple[Sign, ...]:
    """Every sign, good and bad; nothing is changed by looking."""
    return tuple(
        sign
        for each in (
            lambda: _file(file),
            lambda: _secrets(file),
            lambda: _asked(file),
            lambda: _folder(data),
            lambda: _keys(data),
            lambda: _database(database_url(database, data)),
            _zones,
        )
        for sign in _safely(each)
    )


def _safely(each: Callable[[], Iterator[Sign]]) -> Iterator[Sign]:
    try:
        yield from each()
    except StandfastError as error:
        yield Sign(what=error.where or "standfast", ok=False, words=error.problem, fix=error.fix)


def _file(path: str) -> Iterator[Sign]:
    try:
        system = spec.read(path, Files())
    except StandfastError as error:
        first = (error.problem or str(error)).splitlines()[0]
        yield Sign(what=path, ok=False, words=first, fix=error.fix or f"standfast review {path}")
    else:
        words = f"{counted(len(system.components), 'component')} of {system.name}"
        yield Sign(what=path, ok=True, words=words)


def _secrets(path: str) -> Iterator[Sign]:
    """Every reference to a secret must lead somewhere; the secret itself is not looked at."""
    try:
        system = spec.read(path, Files())
    except StandfastError:
        return
    channels = [
        (f"channels.{name}.{part}", getattr(channel, part))
        for name, channel in system.channels.items()
        for part in ("username", "password", "secret")
    ]
    stores = [(f"components.{name}.dsn", one.dsn) for name, one in system.components.items()]
    server = system.server.prometheus
    asked = [
        (f"server.prometheus.{part}", getattr(server, part, None))
        for part in ("token", "username", "password")
    ]
    for at, reference in [*channels, *stores, *asked]:
        if reference is None:
            continue
        there = (
            reference.name in os.environ
            if reference.kind == "env"
            else Path(reference.name).exists()
        )
        fix = "" if there else f"set it where standfast runs: {reference}"
        yield Sign(
            what=at,
            ok=there,
            words=str(reference) if there else f"{reference} is not there",
            fix=fix,
        )


def _asked(path: str) -> Iterator[Sign]:
    if found := asking.answers(path):
        url, ok, words = found
        fix = "" if ok else "see `server.prometheus` in the file, and that server"
        yield Sign(what=url, ok=ok, words=words, fix=fix)


def _folder(data: Path) -> Iterator[Sign]:
    nearest = data
    while not nearest.exists():
        nearest = nearest.parent
    writable = os.access(nearest, os.W_OK)
    yield Sign(
        what=str(data), ok=writable, words="can be written" if writable else "cannot be written",
        fix="" if writable else f"let this user write to {nearest}, or give another --data",
    )  # fmt: skip
    free = shutil.disk_usage(nearest).free
    enough = free >= _LEAST_FREE
    yield Sign(
        what="disk",
        ok=enough,
        words=f"{free / (1 << 30):.1f} GB free",
        fix="" if enough else "free at least 1 GB",
    )


def _keys(data: Path) -> Iterator[Sign]:
    if (data / KEYS).exists():
        load_keys(data / KEYS)
        yield Sign(what="audit keys", ok=True, words="there, and nobody else's to read")


def _database(url: str) -> Iterator[Sign]:
    if url.startswith("sqlite"):
        enough = sqlite3.sqlite_version_info >= _LEAST_SQLITE
        yield Sign(
            what="SQLite",
            ok=enough,
            words=sqlite3.sqlite_version,
            fix="" if enough else "SQLite 3.35 or newer",
        )
        return
    engine = create_engine(url, connect_args={"connect_timeout": 5})
    try:
        with engine.connect() as connection:
            number = int(str(connection.execute(text("SHOW server_version_num")).scalar_one()))
        yield Sign(
            what="PostgreSQL", ok=number >= 150000, words=f"version {number // 10000}",
            fix="" if number >= 150000 else "PostgreSQL 15 or newer",
        )  # fmt: skip
    except SQLAlchemyError as error:
        cause = str(error.__cause__ or error).strip().splitlines()[0]
        yield Sign(
            what="PostgreSQL", ok=False, words=cause, fix="start it, or give another --database"
        )
    finally:
        engine.dispose()


def _zones() -> Iterator[Sign]:
    year = utc_now().year
    yield Sign(
        what="clock",
        ok=year >= 2026,
        words=f"says it is {year}",
        fix="" if year >= 2026 else "set the clock",
    )

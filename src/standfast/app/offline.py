"""What works without a running server: on its own machine, on its own files."""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from typing import TYPE_CHECKING

from standfast.app.keeping import Keeping
from standfast.app.settings import database_url
from standfast.audit.event import Actor
from standfast.drivers.passwords import Argon2Passwords
from standfast.engine.sign_in import SignIn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def accounts(database: str, data: Path) -> Iterator[SignIn]:
    """Sign-in over the server's database; a SQLite file may be shared with a running server."""
    keeping = Keeping(database_url(database, data), data)
    try:
        yield SignIn(keeping.database, Argon2Passwords())
    finally:
        keeping.close()


def operator() -> Actor:
    """Whoever is at this machine's keyboard, for the audit log."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return Actor(type="user", id=f"{name}@console")

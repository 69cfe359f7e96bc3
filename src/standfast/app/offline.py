"""What works without a running server: on its own machine, on its own files."""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url

from standfast.app.keeping import Keeping
from standfast.app.settings import database_url
from standfast.audit.checkpoint import BadCheckpoint, VerifyingKey
from standfast.audit.event import Actor
from standfast.audit.verify import joined
from standfast.drivers.anchor_file import AnchorFile
from standfast.drivers.passwords import Argon2Passwords
from standfast.drivers.signing_key import load_keys
from standfast.engine.record import verify_log
from standfast.engine.sign_in import SignIn
from standfast.errors import StandfastError, StoreError
from standfast.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.audit.keys import Keys
    from standfast.audit.verify import Verdict


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


def offline_audit(url: str, anchors: Sequence[str] = (), key: str | None = None) -> Verdict:
    """Verifies the log of a database that no server needs to serve. Writes nothing, migrates nothing."""
    keys, verifying = audit_key(key)
    notes = [note for path in anchors for note in _anchored(Path(path))]
    said = []
    if verifying is None:
        said.append("without --key nobody vouches for who signed the checkpoints")
    if not notes:
        said.append("without --anchor a database put back to an older copy cannot be told")
    file = make_url(url)
    if file.get_backend_name() == "sqlite" and not Path(str(file.database)).is_file():
        raise StoreError("there is no database here", where=str(file.database))
    database = Database(url, append=lambda _tx, _events: None)
    try:
        verdict = database.read(lambda tx: verify_log(tx.audit.history, verifying, notes, keys))
    finally:
        database.close()
    return joined([verdict], notes=said)


def _anchored(path: Path) -> tuple[str, ...]:
    if not path.is_file():  # one that is not there must not count as one that agrees
        raise StandfastError("no such anchor", where=str(path))
    return AnchorFile(path).notes()


def audit_key(told: str | None) -> tuple[Keys | None, VerifyingKey | None]:
    """A verifying key as text, or the file of the log's keys, which checks the heads' seals too."""
    if told is None:
        return None, None
    if "+" in told and not Path(told).exists():
        try:
            return None, VerifyingKey.parse(told)
        except BadCheckpoint as error:
            raise StandfastError(str(error), where="--key") from error
    if not Path(told).exists():
        raise StandfastError(
            f"{told[:80]!r} is neither a verifying key nor a file of keys",
            where="--key",
            fix="give the key itself (NAME+HASH+KEY), or audit-keys.json of the data folder",
        )
    keys = load_keys(Path(told))
    return keys, keys.verifying

"""The database with its audit log: what every face of standfast that writes begins with."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from standfast.drivers.anchor_file import AnchorFile
from standfast.drivers.signing_key import make_keys
from standfast.engine.record import Ledger, Record
from standfast.errors import StoreError
from standfast.store.database import Database
from standfast.store.migration import migrate
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from standfast.audit.keys import Keys

KEYS, ANCHOR = "audit-keys.json", "anchor/checkpoints.jsonl"


class Keeping:
    """Opens the database, brings it to this program's schema, and knows the keys of its log."""

    def __init__(self, url: str, data: Path, clock: Clock = utc_now) -> None:
        _make(data)
        self.keys: Keys = make_keys(data / KEYS, f"standfast/{secrets.token_hex(4)}")
        self.anchor = AnchorFile(data / ANCHOR)
        ledger = Ledger(self.keys, clock=clock)
        self.database = Database(url, append=ledger.append, clock=clock)
        migrate(self.database)
        self.record = Record(self.database, ledger, anchors=(self.anchor,), clock=clock)

    def close(self) -> None:
        self.database.close()


def _make(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(
            f"cannot make the data folder: {error.strerror}",
            where=str(data),
            fix="let this user write to the folder above it, or give another --data",
        ) from error

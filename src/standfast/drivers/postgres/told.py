"""A store for commands that run without a server: what happened is kept beside the copies, as JSON lines.

The copies and proofs need no rows here: their records lie beside them, and a server that starts later
mirrors them into its database and its audit log.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

import msgspec

from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from standfast.engine.ports import Change
    from standfast.engine.protect import Due, ProtectTx, RecoveryPort
    from standfast.recovery.catalogue import Copy
    from standfast.recovery.proof import Proof

T = TypeVar("T")


class ToldStore:
    """The shape of `engine.ports.Store` for `Protect`, on one file of events."""

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        self._path, self._tx = path, _ToldTx(clock)

    def write(self, work: Callable[[ProtectTx], Change[T]]) -> T:
        change = work(self._tx)
        now = self._tx.now().isoformat()
        lines = [
            msgspec.json.encode({**msgspec.to_builtins(event), "timestamp": now}) + b"\n"
            for event in change.events
        ]
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._path.open("ab") as file:
            file.write(b"".join(lines))
            file.flush()
            os.fsync(file.fileno())
        return change.result

    def keep(self, work: Callable[[ProtectTx], T]) -> T:
        return work(self._tx)

    def read(self, work: Callable[[ProtectTx], T]) -> T:
        return work(self._tx)


class _ToldTx:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @property
    def recovery(self) -> RecoveryPort:
        return _NoRows()

    def now(self) -> datetime:
        return self._clock()


class _NoRows:
    def copies(self) -> tuple[Copy, ...]:
        return ()

    def save_copy(self, copy: Copy) -> None:
        """It lies beside its files."""

    def drop_copy(self, copy: Copy) -> None:
        """Its record went with its files."""

    def proofs(self) -> tuple[Proof, ...]:
        return ()

    def save_proof(self, proof: Proof) -> None:
        """It lies in the folder."""

    def dues(self) -> tuple[Due, ...]:
        return ()

    def plan(self, due: Due) -> None:
        """A command is its own schedule."""

    def claim(self, now: datetime, until: datetime, limit: int) -> tuple[Due, ...]:  # noqa: ARG002 - the port's shape
        return ()

    def renew(self, due: Due, until: datetime) -> bool:  # noqa: ARG002 - the port's shape
        return False

    def settle(self, due: Due, next_due: datetime) -> bool:  # noqa: ARG002 - the port's shape
        return False

"""Chores: what one server does now and then for all of them. The claim is a lease, so a dead one loses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    name: str
    done_at: datetime | None
    said: str  # what came of it, in words
    fence: int


class ChorePort(Protocol):
    def claim(self, name: str, due_before: datetime, now: datetime, until: datetime) -> int | None:
        """The fence of a lease, where the chore was last done before `due_before` and nobody has it."""

    def renew(self, name: str, fence: int, until: datetime) -> bool:
        """False where somebody else has taken the lease since."""

    def done(self, name: str, fence: int, now: datetime, said: str) -> bool: ...


class ChoreTx(Protocol):
    @property
    def chores(self) -> ChorePort: ...
    def now(self) -> datetime: ...

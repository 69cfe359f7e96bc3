"""When which copy is due, in the words of systemd and of cron."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING

from standfast.recovery.schedule import proof_interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.spec.protection import Backup, CopyPlan
    from standfast.spec.system import System

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
_WEEK = 7 * _DAY
_LATER = 2  # hours after a full copy began its proof begins
_NIGHT = time(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One command of standfast and its rhythm: every so often, or once a day or week at a local time."""

    store: str
    kind: str  # full | incremental | verify
    every: timedelta
    at: time | None
    zone: str

    @property
    def command(self) -> tuple[str, ...]:
        if self.kind == "verify":
            return ("standfast", "backup", "verify", self.store)
        return ("standfast", "backup", "run", self.store, "--kind", self.kind)

    @property
    def deed(self) -> str:
        return {"verify": "restore a copy and prove it"}.get(self.kind, f"{self.kind} copy")

    @property
    def calendar(self) -> str | None:
        """OnCalendar= of systemd.time(7); None where only a span between two runs can say it."""
        if self.at and self.every in {_DAY, _WEEK}:
            day = "Sun " if self.every == _WEEK else ""
            return f"{day}*-*-* {self.at:%H:%M}:00 {self.zone}"
        if hours := _parts(self.every, _HOUR, 24):
            return f"*-*-* 00/{hours}:00:00 UTC"
        if minutes := _parts(self.every, _MINUTE, 60):
            return f"*-*-* *:00/{minutes}:00 UTC"
        return None

    @property
    def cron(self) -> str | None:
        """The five fields; None where they cannot say it."""
        if self.at and self.every in {_DAY, _WEEK}:
            return f"{self.at.minute} {self.at.hour} * * {'0' if self.every == _WEEK else '*'}"
        if hours := _parts(self.every, _HOUR, 24):
            return f"0 */{hours} * * *" if hours > 1 else "0 * * * *"
        if minutes := _parts(self.every, _MINUTE, 60):
            return f"*/{minutes} * * * *" if minutes > 1 else "* * * * *"
        return None

    @property
    def cron_zone(self) -> str:
        return self.zone if self.at and self.every in {_DAY, _WEEK} else "Etc/UTC"


def _parts(every: timedelta, unit: timedelta, whole: int) -> int:
    """How many units it is, where the whole falls into equal parts of it; else 0."""
    count, rest = divmod(every, unit)
    return count if not rest and count and count < whole and whole % count == 0 else 0


def turns(system: System) -> Iterator[Turn]:
    """What standfast itself can take: PostgreSQL, into a folder. See `unserved` for the others."""
    for store, backup in system.backups.items():
        if unserved(system, store) is None:
            for kind in ("full", "incremental"):
                if plan := backup.copies.get(kind):
                    yield _turn(backup, plan)
            yield _proof(backup)


def unserved(system: System, store: str) -> str | None:
    """Why standfast does not take this store's copies; None where it does."""
    kind = system.components[store].type
    if kind != "postgresql":
        return f"standfast takes no copies of {kind} yet: {store} needs its own program"
    names = {name for plan in system.backups[store].copies.values() for name in plan.to}
    if not any(name in system.locations and system.locations[name].path for name in names):
        return f"standfast writes to folders only, and no location of {store} has a `path`"
    return None


def _turn(backup: Backup, plan: CopyPlan) -> Turn:
    every = plan.every or _DAY
    at = plan.at or (None if plan.every else _NIGHT)
    return Turn(store=backup.store, kind=plan.kind, every=every, at=at, zone=backup.timezone)


def _proof(backup: Backup) -> Turn:
    full = backup.copies.get("full")
    begun = full.at if full and full.at else _NIGHT
    return Turn(
        store=backup.store,
        kind="verify",
        every=proof_interval(backup),
        at=time((begun.hour + _LATER) % 24, begun.minute),
        zone=backup.timezone,
    )

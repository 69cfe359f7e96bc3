"""Overrides of the gate: somebody answers for a change that the budget does not allow, for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.errors import Conflict, StandfastError

if TYPE_CHECKING:
    from datetime import datetime

LONGEST = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Holds until its end, or until it is revoked; `by` answers for it, `made_by` wrote it down."""

    id: str  # "GO-3"
    service: str  # as the gate is asked: a component, a journey or an objective
    because: str
    by: str  # a person or team of the file
    until: datetime
    made_at: datetime
    made_by: str
    revoked_at: datetime | None = None
    revoked_by: str = ""

    def holds(self, now: datetime) -> bool:
        return self.revoked_at is None and self.made_at <= now < self.until

    @property
    def words(self) -> str:
        return (
            f"{self.by} answers for it until {self.until:%Y-%m-%d %H:%M} UTC"
            f" by {self.id}: {self.because}"
        )


def ends(until: datetime, now: datetime) -> datetime:
    """`until`, which lies ahead and not far. Raises StandfastError."""
    if not now < until <= now + LONGEST:
        raise StandfastError(
            f"an override ends within {LONGEST.days} days from now",
            where=f"until {until:%Y-%m-%d %H:%M} UTC",
            fix="decide again then; what always holds belongs into the budget policy of the file",
        )
    return until


def revoked(one: Override, now: datetime, by: str) -> Override:
    """Raises Conflict where it no longer holds."""
    if not one.holds(now):
        over = "was revoked" if one.revoked_at else "has ended"
        raise Conflict(f"{one.id} {over} already")
    return replace(one, revoked_at=now, revoked_by=by)

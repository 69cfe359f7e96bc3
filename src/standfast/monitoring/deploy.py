"""Deployments: what of a component was changed when, so that a curve that bends can be held against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.errors import StandfastError

if TYPE_CHECKING:
    from datetime import datetime

SAME = timedelta(minutes=5)  # a pipeline that tries again within this has deployed once
_AHEAD = timedelta(minutes=2)  # of what two machines' clocks may differ
_LONGEST = 100  # characters of a version


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """`at` is when it went live; `made_by` is whoever told us."""

    id: str  # "DP-7"
    component: str
    version: str
    at: datetime
    note: str
    made_by: str

    @property
    def words(self) -> str:
        return f"{self.component} {self.version} deployed"


def version_of(text: str) -> str:
    """A version as one printable word or a few. Raises StandfastError."""
    line = " ".join(text.split())
    if not 0 < len(line) <= _LONGEST or not line.isprintable():
        raise StandfastError(
            f"a version is a line of 1 to {_LONGEST} characters", fix="a tag or a commit will do"
        )
    return line


def instant_of(at: datetime, now: datetime, kept: timedelta) -> datetime:
    """`at`, which is not ahead and not older than anything it could be drawn on. Raises StandfastError."""
    if not now - kept <= at <= now + _AHEAD:
        raise StandfastError(
            f"a deployment is marked when it has happened, within the last {kept.days} days",
            where=f"at {at:%Y-%m-%d %H:%M} UTC",
            fix="leave the instant out: then it is now",
        )
    return min(at, now)


def repeats(one: Deploy, before: Deploy | None) -> bool:
    """Is this the same news once more?"""
    return before is not None and before.version == one.version and abs(one.at - before.at) <= SAME

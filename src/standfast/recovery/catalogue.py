"""The catalogue: copies of a store, what is known of each, and the marks that tell whether one is whole."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta  # noqa: TC003 - records are read back by their annotations
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

_AT_MOST = 1_000  # links of a chain; more is a loop in the catalogue


class CopyState(StrEnum):
    """How far a copy has proved itself. Only `content-matched` counts as a backup."""

    TAKEN = "taken"
    CHECKSUMMED = "checksummed"
    RESTORED = "restored"
    CONTENT_MATCHED = "content-matched"
    FAILED = "failed"


_ORDER = (
    CopyState.TAKEN,
    CopyState.CHECKSUMMED,
    CopyState.RESTORED,
    CopyState.CONTENT_MATCHED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A row that standfast wrote into the store to find it again in the copy."""

    sequence: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """How many rows a table holds, and a sum over their contents that does not depend on their order."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The store's content at one known WAL position, written down while nobody could change it."""

    name: str  # of the restore point: the recovery target
    at: datetime
    lsn: int
    generation: int  # of the WAL archive
    canary: Canary
    tables: dict[str, TableFacts] = field(default_factory=dict)
    uncounted: tuple[str, ...] = ()  # too large, or too busy to hold still
    synchronous: bool = False  # commits waited for the archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One full or incremental copy; its JSON lies beside the files, so that it survives the server."""

    id: str
    store: str
    kind: str  # full | incremental
    parent: str | None  # the copy that an incremental builds on
    state: CopyState
    begun_at: datetime
    finished_at: datetime
    size: int  # bytes
    timeline: int
    start_lsn: int
    end_lsn: int
    generation: int  # of the WAL archive that continues it
    major: int  # of the server, 18
    system_identifier: str
    manifest_sha256: str
    segment_size: int
    location: str
    mark: str | None = None  # the newest mark when it was taken
    reason: str = ""  # why it failed
    checked_at: datetime | None = None  # when the state was last earned
    format: int = 1  # of this record

    @property
    def lasted(self) -> timedelta:
        return self.finished_at - self.begun_at

    @property
    def proven(self) -> bool:
        return self.state is CopyState.CONTENT_MATCHED

    @property
    def usable(self) -> bool:
        return self.state is not CopyState.FAILED


def advance(copy: Copy, state: CopyState, now: datetime) -> Copy:
    """A copy never falls back by passing a weaker check; passing again after a failure counts."""
    if copy.usable and _ORDER.index(state) < _ORDER.index(copy.state):
        return copy
    return replace(copy, state=state, reason="", checked_at=now)


def fail(copy: Copy, reason: str, now: datetime) -> Copy:
    return replace(copy, state=CopyState.FAILED, reason=reason[:2000], checked_at=now)


def chain(copies: Iterable[Copy], newest: Copy) -> tuple[Copy, ...]:
    """The full copy first, then each incremental up to `newest`; raises NotFound where a link is gone."""
    by_id = {copy.id: copy for copy in copies}
    links = [newest]
    while links[-1].parent is not None:
        parent = by_id.get(links[-1].parent)
        if parent is None or len(links) > _AT_MOST:
            raise NotFound(
                f"copy {links[-1].id} builds on {links[-1].parent}, which is gone",
                where=newest.store,
                fix="use an older full copy, and take a new one",
            )
        links.append(parent)
    return tuple(reversed(links))


def candidates(copies: Iterable[Copy], until: datetime | None = None) -> tuple[Copy, ...]:
    """Copies to restore from, the best first: those that end by `until`, newest first, the failed last."""
    fit = [copy for copy in copies if until is None or copy.finished_at <= until]
    return tuple(sorted(fit, key=lambda copy: (copy.usable, copy.finished_at), reverse=True))


def newest_proven(copies: Iterable[Copy]) -> Copy | None:
    return max((copy for copy in copies if copy.proven), key=lambda c: c.finished_at, default=None)

"""Trimming: rows that have served their time go, a few at a time; what is open stays, however old.

Counts go in tiers: by the second for two days, by the minute for as long as objectives look back,
by the quarter-hour for years.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.engine.chore import LEASE, ChoreTx
from standfast.errors import Conflict
from standfast.slo.objective import counts_kept, history_kept

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.engine.ports import Store
    from standfast.spec.system import System

CHORE = "trim"
EVERY = timedelta(hours=1)
BATCH = 1_000  # rows in one transaction: nobody who pages waits long for it
MOST = 200  # batches of one kind in one tick; the rest is left to the next
SIGNALS = timedelta(days=7)
FINER = timedelta(days=2)  # buckets under a minute serve windows under a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long rows of a kind are kept after they have served: since they ended, or were measured."""

    kind: str
    after: timedelta


def terms(system: System) -> tuple[Term, ...]:
    """In the order in which they must go: what points at a row goes before the row."""
    kept = system.server.keep_samples
    counted = counts_kept(system)
    return (
        Term(kind="signals", after=SIGNALS),
        Term(kind="seconds", after=FINER),
        Term(kind="minutes", after=counted),
        Term(kind="counts", after=history_kept(system)),
        Term(kind="budget history", after=counted),
        Term(kind="policy history", after=counted),
        Term(kind="health history", after=kept),
        Term(kind="deployments", after=counted),
        Term(kind="page loads", after=kept),
        Term(kind="links", after=timedelta(0)),
        Term(kind="sessions", after=timedelta(0)),
        Term(kind="tokens", after=kept),
        Term(kind="attempts", after=kept),
        Term(kind="notifications", after=kept),
        Term(kind="pages", after=kept),
        Term(kind="channel tests", after=kept + system.server.channels_verified_for),
        Term(kind="episodes", after=kept),
        Term(kind="alerts", after=kept),
    )


class TrimPort(Protocol):
    def trim(self, kind: str, before: datetime, most: int) -> int:
        """Delete up to `most` rows that ended before then; answers how many.

        Of counts by the second and by the minute the last row of each minute and quarter-hour stays,
        which is their sum.
        """


class TrimTx(ChoreTx, Protocol):
    @property
    def trimming(self) -> TrimPort: ...


class Trim:
    def __init__(
        self, store: Store[TrimTx], *, batch: int = BATCH, every: timedelta = EVERY
    ) -> None:
        self._store, self._batch, self._every = store, batch, every

    def tick(self, system: System, now: datetime) -> int:
        """Answers how many rows went; nothing where it was done within the hour, or another is at it."""
        fence = self._store.keep(
            lambda tx: tx.chores.claim(CHORE, now - self._every, tx.now(), tx.now() + LEASE)
        )
        if fence is None:
            return 0
        gone = {one.kind: self._trim(one, fence, now) for one in terms(system)}
        said = ", ".join(f"{count} {kind}" for kind, count in gone.items() if count)
        said = f"trimmed {said}" if said else "nothing was old enough"
        self._store.keep(lambda tx: tx.chores.done(CHORE, fence, now, said))
        return sum(gone.values())

    def _trim(self, term: Term, fence: int, now: datetime) -> int:
        """Batch after batch until there is no more, renewing the lease with each."""
        total = 0
        for _ in range(MOST):
            gone = self._store.keep(lambda tx: self._some(tx, term, fence, now))
            total += gone
            if gone < self._batch:
                break
        return total

    def _some(self, tx: TrimTx, term: Term, fence: int, now: datetime) -> int:
        if not tx.chores.renew(CHORE, fence, tx.now() + LEASE):
            raise Conflict("another server has taken over the trimming")
        return tx.trimming.trim(term.kind, now - term.after, self._batch)

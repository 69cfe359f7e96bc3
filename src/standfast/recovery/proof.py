"""The proof of a copy: it was restored elsewhere, and what came back is what was written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.recovery.catalogue import Canary  # noqa: TC001 - records are read back by their annotations

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.recovery.catalogue import Mark, TableFacts

PHASES = (
    "fetch",
    "prepare",
    "start",
    "replay",
    "settle",
    "verify",
)  # a proof keeps nothing: no settle
_SAID = 20  # differences named one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of a restore: fetch (check, combine, copy), start, replay, verify."""

    name: str
    lasted: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a restored store holds."""

    canary: Canary | None
    tables: Mapping[str, TableFacts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How far a restore into a scratch server came."""

    checksummed: bool  # every file is as it was taken
    restored: bool  # a server started on it and reached the mark
    reason: str  # what went wrong; "" where nothing did
    phases: tuple[Phase, ...]
    found: Found | None
    size: int  # bytes restored
    wal_segments: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A data folder brought back for good, shut down cleanly and ready to be started."""

    store: str
    copy: str
    into: str
    reached: str  # the WAL position
    phases: tuple[Phase, ...]
    newest_restored: Canary | None
    newest_written: Canary | None  # as far as the catalogue knows
    size: int
    wal_segments: int
    notes: tuple[str, ...] = ()

    @property
    def rto(self) -> timedelta:
        return sum((phase.lasted for phase in self.phases), timedelta(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One restore of one copy, passed or not, with what was measured on the way."""

    id: str
    store: str
    copy: str
    at: datetime
    passed: bool
    reason: str  # why it did not; "" where it passed
    target: str  # the mark that recovery had to reach
    phases: tuple[Phase, ...]
    bytes_restored: int
    wal_segments: int
    rows: int  # compared
    tables: int  # compared
    uncounted: tuple[str, ...]  # tables that could not be compared
    rpo: timedelta | None  # measured; None where nothing came back, or it cannot be known
    synchronous: bool
    newest_written: datetime | None  # the last canary before the drill's disaster
    newest_restored: datetime | None
    tools: str  # the programs that did it
    operator: str = "standfast"
    format: int = 1

    @property
    def rto(self) -> timedelta:
        """From the decision to restore until the content was compared."""
        return sum((phase.lasted for phase in self.phases), timedelta(0))


def differences(mark: Mark, found: Found) -> tuple[str, ...]:
    """Every way in which the restored content is not the content of the mark; empty is a match."""
    wrong = list(_canary(mark, found))
    for name, expected in mark.tables.items():
        actual = found.tables.get(name)
        if actual is None:
            wrong.append(f"table {name} is gone ({expected.rows:,} rows)")
        elif actual.rows != expected.rows:
            wrong.append(f"table {name} has {actual.rows:,} rows, not {expected.rows:,}")
        elif actual.digest != expected.digest:
            wrong.append(f"table {name} has the right number of rows with other content")
    if len(wrong) > _SAID:
        wrong[_SAID:] = [f"and {len(wrong) - _SAID} more"]
    return tuple(wrong)


def _canary(mark: Mark, found: Found) -> Iterable[str]:
    if found.canary is None:
        yield "no canary row came back"
    elif found.canary.sequence != mark.canary.sequence:
        yield f"the newest canary is {found.canary.sequence}, not {mark.canary.sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWords:
    """What is known, at the moment of the disaster, of the last that was written into the store."""

    canary: Canary | None  # the newest that the store took
    answered: bool  # it was written now: the store was up, and lost what came after the copy
    arrived_after: timedelta | None = (
        None  # in the archive; None where it did not, or nobody receives
    )
    unread: bool = False  # the archive holds WAL beyond what the restore aimed at


def measured_rpo(
    restored: Canary | None, last: LastWords, *, synchronous: bool
) -> timedelta | None:
    """What would have been lost: from the last write known in the store to the last one restored.

    A canary of that very instant, found in the archive after a while, bounds the loss by that delay (by nothing
    where commits wait for the archive). A silent store writes nothing, so its silence is no loss; what it wrote
    before is unknown where WAL was left unread, or where nothing was seen after what came back.
    """
    if restored is None or last.canary is None:
        return None
    if last.arrived_after is not None:
        return timedelta(0) if synchronous else last.arrived_after
    if last.unread and not last.answered:
        return None
    if last.canary.sequence <= restored.sequence:
        return timedelta(0) if synchronous or last.answered else None
    return max(timedelta(0), last.canary.at - restored.at)


def restore_speed(proofs: Sequence[Proof]) -> Fraction | None:
    """Bytes a second, the slow end: the 95th percentile of time per byte over the last passed restores."""
    rates = sorted(
        Fraction(proof.bytes_restored) / Fraction(proof.rto / timedelta(microseconds=1)) * 1_000_000
        for proof in proofs
        if proof.passed and proof.bytes_restored and proof.rto
    )
    return rates[len(rates) // 20] if rates else None


def restore_estimate(size: int, speed: Fraction) -> timedelta:
    """How long a store of `size` bytes would take at `speed` bytes a second."""
    if speed <= 0:
        raise ValueError("a speed is more than nothing")
    return timedelta(microseconds=round(Fraction(size) / speed * 1_000_000))


_SPAN = timedelta(days=7)  # between proofs, before growth can be told


def growth(proofs: Sequence[Proof]) -> Fraction | None:
    """Bytes a second that a store grows by: the straight line through what its restores brought back."""
    known = [proof for proof in proofs if proof.passed and proof.bytes_restored]
    if len(known) < 3 or known[-1].at - known[0].at < _SPAN:
        return None
    times = [Fraction((proof.at - known[0].at) // timedelta(seconds=1)) for proof in known]
    middle = sum(times, Fraction(0)) / len(times)
    mean = Fraction(sum(proof.bytes_restored for proof in known), len(known))
    rise = spread = Fraction(0)
    for at, proof in zip(times, known, strict=True):
        rise += (at - middle) * (proof.bytes_restored - mean)
        spread += (at - middle) * (at - middle)
    return rise / spread

"""The standing review: looks at the accepted file again and again, with what was measured since.

A finding is kept from its first appearance to its end, so that one which measurement brings back
reopens by itself, and the log says when.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import Event, Target
from standfast.engine.ports import Change, Store
from standfast.review import Measured, Review, examine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from standfast.spec.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFinding:
    """A finding with its history; `closed_at` is None while it stands."""

    id: str  # rule@path
    verdict: str
    problem: str
    opened_at: datetime
    closed_at: datetime | None = None
    times: int = 1  # how often it has been opened


class ReviewPort(Protocol):
    def findings(self) -> tuple[KeptFinding, ...]: ...
    def save(self, finding: KeptFinding) -> None: ...


class ExamineTx(Protocol):
    @property
    def review(self) -> ReviewPort: ...


class Examine:
    """`measured` asks the other rooms, in a transaction of its own, what is known by now."""

    def __init__(self, store: Store[ExamineTx], measured: Callable[[datetime], Measured]) -> None:
        self._store, self._measured = store, measured

    def review(self, system: System, now: datetime) -> Review:
        return examine(system, self._measured(now), now)

    def tick(self, system: System, now: datetime) -> int:
        """Bring the kept findings up to date; answers how many of them changed."""
        review = self.review(system, now)

        def settle(tx: ExamineTx) -> Change[int]:
            changed = list(_changes(tx.review.findings(), review, now))
            for finding in changed:
                tx.review.save(finding)
            return Change(len(changed), tuple(_event(finding) for finding in changed))

        return self._store.write(settle)


def _changes(kept: Iterable[KeptFinding], review: Review, now: datetime) -> Iterable[KeptFinding]:
    before = {finding.id: finding for finding in kept}
    found = {finding.id: finding for finding in review.findings}
    for name, finding in found.items():
        old = before.get(name)
        verdict = finding.verdict.name
        if old is None:
            yield KeptFinding(id=name, verdict=verdict, problem=finding.problem, opened_at=now)
        elif old.closed_at:
            yield replace(
                old,
                verdict=verdict,
                problem=finding.problem,
                opened_at=now,
                closed_at=None,
                times=old.times + 1,
            )
        elif old.verdict != verdict:
            yield replace(old, verdict=verdict, problem=finding.problem)
    for name, old in before.items():
        if name not in found and old.closed_at is None:
            yield replace(old, closed_at=now)


def _event(finding: KeptFinding) -> Event:
    if finding.closed_at:
        deed = "closed"
    else:
        deed = "opened" if finding.times == 1 else "reopened"
    return Event(
        type=f"finding.{deed}",
        category="operations",
        description=finding.problem[:500],
        target=Target(type="finding", id=finding.id),
        context={"verdict": finding.verdict},
    )

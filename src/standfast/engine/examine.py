"""The standing review: looks at the accepted file again and again, with what was measured since.

A finding is kept from its first appearance to its end, so that one which measurement brings back
reopens by itself, and the log says when. What was answered to it is kept too: by people here, and by
the file of answers beside the reliability file; of both the newest counts, and nothing is forgotten.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import SYSTEM, Event, Target
from standfast.engine.ports import Change, Store
from standfast.errors import FileError, NotFound
from standfast.review import Measured, Review, examine
from standfast.review.feedback import Reply, answered
from standfast.review.report import Report, report
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import datetime

    from standfast.audit.event import Actor
    from standfast.review.feedback import Answer
    from standfast.review.finding import Role
    from standfast.spec.system import System

log = logging.getLogger(__name__)


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
    def replies(self) -> tuple[Reply, ...]:
        """Oldest first."""

    def add_reply(self, reply: Reply, source: str) -> bool:
        """False where just this one is kept already."""


class ExamineTx(Protocol):
    @property
    def review(self) -> ReviewPort: ...


class Examine:
    """`measured` asks the other rooms, in a transaction of its own, what is known by now.

    `told` reads the answers that stand beside the file; it raises FileError where they cannot be read.
    """

    def __init__(
        self,
        store: Store[ExamineTx],
        measured: Callable[[datetime], Measured],
        told: Callable[[], tuple[Reply, ...]] = tuple,
        clock: Clock = utc_now,
    ) -> None:
        self._store, self._measured, self._told, self._clock = store, measured, told, clock
        self.refused: tuple[str, ...] = ()  # what is wrong with the file of answers

    def review(self, system: System, now: datetime) -> Review:
        return examine(system, self._measured(now), now)

    def report(self, system: System, now: datetime) -> Report:
        """The review with what was answered to it."""
        replies = self._store.read(lambda tx: tx.review.replies())
        return report(self.review(system, now), replies, measured=True)

    def answer(
        self,
        system: System,
        finding: str,
        answer: Answer,
        by: Actor,
        *,
        because: str,
        name: str = "",
        role: Role | None = None,
        instead: str = "",
        via: str = "web",
    ) -> Reply:
        """Keep what the addressed role says to a finding; `name` is who said it, if not the one who sends it.

        Raises NotFound where the review has no such finding, StandfastError where too little is said.
        """
        now = self._clock()
        review = self.review(system, now)
        found = next((f for f in (*review.findings, *review.waived) if f.id == finding), None)
        if found is None:
            raise NotFound(
                "the review has no such finding",
                where=finding[:200],
                fix="copy its id from the review; one that is gone needs no answer",
            )
        alone = examine(system, Measured(), now)
        reply = answered(
            found,
            answer,
            by=name or by.id,
            because=because,
            at=now,
            role=role,
            instead=instead,
            live=finding not in {one.id for one in (*alone.findings, *alone.waived)},
        )

        def keep(tx: ExamineTx) -> Change[Reply]:
            fresh = tx.review.add_reply(reply, via)
            return Change(reply, (_said(reply, by, via),) if fresh else ())

        return self._store.write(keep)

    def tick(self, system: System, now: datetime) -> int:
        """Bring the kept findings up to date; answers how many of them changed."""
        review, told = self.review(system, now), self._answers()

        def settle(tx: ExamineTx) -> Change[int]:
            changed = list(_changes(tx.review.findings(), review, now))
            for finding in changed:
                tx.review.save(finding)
            events = [_event(finding) for finding in changed]
            events += _taken(tx, told)
            events += _gone(tx, review, now)
            return Change(len(changed), tuple(events))

        return self._store.write(settle)

    def _answers(self) -> tuple[Reply, ...]:
        try:
            told, self.refused = self._told(), ()
        except FileError as error:
            if error.problems != self.refused:
                log.warning("the answers to the review were not taken:\n%s", error)
            self.refused = error.problems
            return ()
        return told


def _taken(tx: ExamineTx, told: Collection[Reply]) -> Iterator[Event]:
    """Keeps what the file of answers says and was not known yet."""
    known = set(tx.review.replies()) if told else set()
    for reply in told:
        if reply not in known and tx.review.add_reply(reply, "file"):
            yield _said(reply, SYSTEM, "file")


def _gone(tx: ExamineTx, review: Review, now: datetime) -> Iterator[Event]:
    """Marks what was answered and is found no more, so that it is asked again if it comes back."""
    found = {one.id for one in (*review.findings, *review.waived)}
    newest = {reply.finding: reply for reply in tx.review.replies()}
    for name, reply in newest.items():
        if name not in found and reply.answer is not None and reply.at <= now:
            mark = Reply(finding=name, at=now.replace(microsecond=0))
            if tx.review.add_reply(mark, "review"):
                yield _said(mark, SYSTEM, "review")


def _said(reply: Reply, by: Actor, via: str) -> Event:
    if reply.answer is None:
        said = f"{reply.finding} was answered and is gone"
    else:
        said = f"{reply.answer} by {reply.by}: {reply.because}"
    return Event(
        type="finding.changed" if reply.answer is None else "finding.answered",
        category="operations",
        actor=by,
        description=said[:500],
        target=Target(type="finding", id=reply.finding),
        context={
            "via": via,
            "role": reply.role.value if reply.role else None,
            "instead": reply.instead[:500],
        },
    )


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

"""Recovery: what was promised for each kind of data, what was measured, and when that was last proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.mark import Mark, mark, worst
from standfast.recovery.catalogue import CopyState
from standfast.recovery.objective import Verdict
from standfast.slo.judgement import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from standfast.recovery.catalogue import Copy
    from standfast.recovery.objective import Judgement
    from standfast.recovery.proof import Proof
    from standfast.spec.protection import Failover, FailoverStep
    from standfast.spec.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryLine:
    data: str
    store: str
    classification: str
    mark: Mark
    rpo: timedelta | None
    rpo_measured: timedelta | None
    rto: timedelta | None
    rto_measured: timedelta | None
    proven_at: datetime | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyLine:
    id: str
    store: str
    kind: str
    mark: Mark
    taken_at: datetime
    size: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    at: datetime
    store: str
    mark: Mark
    words: str
    phases: tuple[tuple[str, timedelta], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailoverPlan:
    name: str
    words: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryScreen:
    words: str
    objectives: tuple[RecoveryLine, ...]
    copies: tuple[CopyLine, ...]
    proofs: tuple[ProofLine, ...]
    failovers: tuple[FailoverPlan, ...]


_SHOWN = 20
_WORDS = {CopyState.CONTENT_MATCHED: "proven"}


def screen(
    system: System,
    judgements: Sequence[Judgement],
    copies: Sequence[Copy],
    proofs: Sequence[Proof],
) -> RecoveryScreen:
    own = lines(system, judgements)
    newest = sorted(copies, key=lambda one: one.finished_at, reverse=True)
    latest = sorted(proofs, key=lambda one: one.at, reverse=True)
    return RecoveryScreen(
        words=_summary(own),
        objectives=tuple(own),
        copies=tuple(_copy(one) for one in newest[:_SHOWN]),
        proofs=tuple(_proof(one) for one in latest[:_SHOWN]),
        failovers=tuple(_failover(one) for one in system.failovers.values()),
    )


def lines(system: System, judgements: Sequence[Judgement]) -> list[RecoveryLine]:
    """One for each type of data: what was promised and what was measured."""
    return [_line(system, one) for one in judgements]


def _line(system: System, one: Judgement) -> RecoveryLine:
    verdicts = worst([mark(one.rpo.value), mark(one.rto.value)])
    proven = one.proven_at is not None and verdicts.tone == "good"
    return RecoveryLine(
        data=one.data,
        store=one.store,
        classification=system.data[one.data].classification or "",
        mark=mark("proven") if proven else verdicts,
        rpo=one.rpo_promised,
        rpo_measured=one.rpo_measured,
        rto=one.rto_promised,
        rto_measured=one.rto_measured,
        proven_at=one.proven_at,
        words="; ".join((*_missed(one), one.because)),
    )


def _missed(one: Judgement) -> Iterator[str]:
    """What a loss would cost beyond its promise."""
    if one.rpo is Verdict.MISSED and one.rpo_measured is not None:
        lost = words(one.rpo_measured)
        yield f"up to {lost} of it would be lost, {_promised(one.rpo_promised)} promised"
    if one.rto is Verdict.MISSED and one.rto_measured is not None:
        took = words(one.rto_measured)
        yield f"it took {took} to come back, {_promised(one.rto_promised)} promised"


def _promised(span: timedelta | None) -> str:
    return "no loss is" if not span else f"{words(span)} are"


def _summary(own: Sequence[RecoveryLine]) -> str:
    if not own:
        return "The file describes no data; what is lost with a disk is lost."
    open_ = [one.data for one in own if one.mark.tone != "good"]
    return (
        f"Not proven within their promise: {', '.join(open_)}."
        if open_
        else "All data is proven to come back in time."
    )


def _copy(one: Copy) -> CopyLine:
    word = _WORDS.get(one.state, one.state.value)
    return CopyLine(
        id=one.id,
        store=one.store,
        kind=one.kind,
        mark=mark(word),
        taken_at=one.finished_at,
        size=_size(one.size),
        words=one.reason or f"in {one.location}, by the programs of PostgreSQL {one.major}",
    )


def _proof(one: Proof) -> ProofLine:
    said = f"{one.rows} rows of {one.tables} tables compared, by {one.operator}"
    return ProofLine(
        at=one.at,
        store=one.store,
        mark=mark("proven" if one.passed else "failed"),
        words=said if one.passed else one.reason,
        phases=tuple((phase.name, phase.lasted) for phase in one.phases),
    )


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def _failover(one: Failover) -> FailoverPlan:
    total = sum((step.takes for step in one.steps), start=one.wait_before)
    promised = f", promised within {_span(one.rto)}" if one.rto else ""
    return FailoverPlan(
        name=one.name,
        words=f"{_span(total)} by its steps and the wait before{promised}.",
        steps=tuple(_step(step) for step in one.steps),
    )


def _step(step: FailoverStep) -> str:
    how = step.run or step.check or ("by hand" if step.manual else "")
    return f"{step.do} ({_span(step.takes)}){': ' + how if how else ''}"


def _span(span: timedelta | None) -> str:
    return words(span) if span is not None else "no time stated"

"""Error budgets: how much failure an objective still allows, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from standfast.slo.exclusion import length
from standfast.slo.judgement import count_words, words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.slo.objective import Objective
    from standfast.slo.tally import Tally
    from standfast.slo.window import Span

_US, _NONE = timedelta(microseconds=1), timedelta(0)


class BudgetState(StrEnum):
    HEALTHY = "healthy"
    BURNING = "burning"  # at this pace it does not last
    EXHAUSTED = "exhausted"
    UNKNOWN = "unknown"  # too little of the time was looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    objective: str
    state: BudgetState
    because: str
    tally: Tally
    span: Span
    left: Fraction | None  # share of the whole, negative once overspent; None: nothing was seen
    left_events: Fraction | None  # bad events still allowed, at the traffic that was seen
    left_time: timedelta | None  # of total outage still allowed
    achieved: Fraction | None  # share of good events; None: there were none
    coverage: Fraction  # of the time since the first look
    burn: Fraction | None  # the pace of late, 1 being "lasts exactly"
    exhausted_at: datetime | None  # at the pace of late; None: it lasts


def budget(
    objective: Objective,
    tally: Tally,
    *,
    span: Span,
    now: datetime,
    first_seen: datetime | None,
    burn: Fraction | None = None,
    spared: Sequence[Span] = (),
    so_far: bool = False,
) -> Budget:
    """What is left; `burn` is the pace of the last while, `spared` the time that `tally` leaves out.

    `so_far` asks what is left of what the events until now allow, not of what the whole window does.
    """
    coverage = coverage_of(tally.covered, span, now, first_seen, spared)
    excluded = length(spared, span.start, span.end)
    whole = tally.total if so_far else expected(tally, span, now, first_seen, spared)
    left = budget_left(tally, objective.allowed, whole) if tally.covered else None
    ends = (
        None
        if left is None
        else exhaustion(left, burn, span, now, rolling=not objective.calendar, excluded=excluded)
    )
    state = _state(objective, left, coverage, ends)
    return Budget(
        objective=objective.name,
        state=state,
        because=_because(objective, tally, whole, state, left, coverage, ends)
        + _spared_words(excluded),
        tally=tally,
        span=span,
        left=left,
        left_events=None if left is None else left * whole * objective.allowed,
        left_time=None
        if left is None
        else _times(span.length - excluded, left * objective.allowed),
        achieved=tally.good_share,
        coverage=coverage,
        burn=burn,
        exhausted_at=ends,
    )


def budget_left(tally: Tally, allowed: Fraction, whole: Fraction | int | None = None) -> Fraction:
    """Share of the budget unspent, of `whole` events or of those that were seen; negative once overspent."""
    budget = (tally.total if whole is None else whole) * allowed
    if budget:
        return 1 - Fraction(tally.bad) / budget
    # No traffic spends nothing; a promise of 100% is broken by the first failure.
    return Fraction(0) if tally.bad else Fraction(1)


def expected(
    tally: Tally,
    span: Span,
    now: datetime,
    first_seen: datetime | None,
    spared: Sequence[Span] = (),
) -> Fraction | int:
    """How many events the whole window holds, at the pace since its start or the first look.

    The first failed request of a month has not spent the month. What lies before the first look, or ahead
    in a calendar window, counts as just as busy: so the budget allows as long an outage on any day.
    """
    start, end = max(span.start, first_seen or span.start), min(now, span.end)
    watched = end - start - length(spared, start, end)
    window = span.length - length(spared, span.start, span.end)
    if not _NONE < watched < window:
        return tally.total
    return tally.total * Fraction(window // _US, watched // _US)


def coverage_of(
    covered: timedelta,
    span: Span,
    now: datetime,
    first_seen: datetime | None,
    spared: Sequence[Span] = (),
) -> Fraction:
    """Share of the time that was looked at; time before the first look is nobody's fault, and what is
    spared is neither good nor bad nor unknown."""
    if first_seen is None:
        return Fraction(0)
    start, end = max(span.start, first_seen), min(now, span.end)
    watched = end - start - length(spared, start, end)
    if watched <= _NONE:
        return Fraction(1) if covered else Fraction(0)
    return min(Fraction(1), Fraction(covered // _US, watched // _US))


def exhaustion(
    left: Fraction,
    burn: Fraction | None,
    span: Span,
    now: datetime,
    *,
    rolling: bool,
    excluded: timedelta = timedelta(0),
) -> datetime | None:
    """When nothing will be left at this pace; None where it lasts, `now` where it is gone.

    A rolling window gives back what it forgets, so that a pace of 1 or less lasts for ever.
    """
    if left <= 0:
        return now
    if not burn or (rolling and burn <= 1):
        return None
    ends = now + _times(span.length - excluded, left / burn)
    return ends if rolling or ends < span.end else None


def _times(span: timedelta, factor: Fraction) -> timedelta:
    return round(span // _US * factor) * _US


def _state(
    objective: Objective, left: Fraction | None, coverage: Fraction, ends: datetime | None
) -> BudgetState:
    if left is None:
        return BudgetState.UNKNOWN
    if left <= 0:
        return BudgetState.EXHAUSTED  # what was not seen cannot make good what was
    if coverage < objective.min_coverage:
        return BudgetState.UNKNOWN
    return BudgetState.HEALTHY if ends is None else BudgetState.BURNING


def _spared_words(excluded: timedelta) -> str:
    return f"; {words(excluded)} of the window are excluded" if excluded else ""


def _left_words(left: Fraction) -> str:
    if left < 0:
        return f"the budget is spent {float(1 - left):.1f} times over"
    # Rounded down: what was spent at all is never "100% left".
    return f"{floor(left * 1000) / 10:.1f}% of the budget is left"


def _because(
    objective: Objective,
    tally: Tally,
    whole: Fraction | int,
    state: BudgetState,
    left: Fraction | None,
    coverage: Fraction,
    ends: datetime | None,
) -> str:
    if left is None and objective.sli == "query":
        return f"{objective.name}: its query has not been answered by a Prometheus-compatible server yet"
    if left is None:
        return f"{objective.name}: nothing was seen in this window, which is not the same as good"
    if state is BudgetState.UNKNOWN:
        return (
            f"{objective.name}: only {float(coverage):.0%} of the time was looked at,"
            f" under the {float(objective.min_coverage):.0%} that a judgement needs"
        )
    if not tally.total:
        return f"{objective.name}: watched, and without traffic; nothing is spent"
    over = " over the whole window, at this traffic" if whole != tally.total else ""
    spent = (
        f"{objective.name}: {count_words(tally.bad)} of {tally.total:,} {objective.unit} were bad,"
        f" {count_words(whole * objective.allowed)} are allowed at {objective.promise.text}{over};"
        f" {_left_words(left)}"
    )
    if state is BudgetState.BURNING and ends is not None:
        spent += f" and at this pace gone at {ends:%Y-%m-%d %H:%M} UTC"
    if objective.unmeasured:
        spent += f"; not measured: {', '.join(objective.unmeasured)}"
    return spent

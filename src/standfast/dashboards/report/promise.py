"""One promise over the period: kept or not, what of its budget went, and on which day."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.dashboards.report.method import method
from standfast.dashboards.report.value import (
    BROKEN,
    EXCLUDED,
    IDLE,
    KEPT,
    MET,
    MISSED,
    UNKNOWN,
    UNMEASURED,
    Counted,
    DayLine,
    ExclusionLine,
    PreviousLine,
    PromiseLine,
)
from standfast.dashboards.report.wording import change_words, figure_of, share_words
from standfast.slo.budget import budget_left
from standfast.slo.judgement import words
from standfast.slo.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.dashboards.report.counts import DayCount, ExclusionCount, PromiseCount, Rows
    from standfast.slo.objective import Objective
    from standfast.slo.window import Span
    from standfast.spec.values import Promise

_ZERO = timedelta(0)
_US = timedelta(microseconds=1)
_HOUR = timedelta(hours=1)


def promise_line(rows: Rows, one: PromiseCount, incidents: Sequence[str]) -> PromiseLine:
    objective, span = one.objective, rows.period.span
    counted = whole_of(objective, one.days, one.tally)
    coverage = coverage_of(counted)
    state, because = judged(objective.promise, objective, counted, coverage)
    allowed = counted.total * objective.allowed
    left = _left(objective, counted)
    return PromiseLine(
        name=objective.name,
        level=objective.level,
        component=objective.component,
        sli=objective.sli,
        promise=objective.promise.text,
        target=objective.target,
        window=window_words(objective),
        critical=objective.critical,
        state=state,
        because=because,
        counted=counted,
        coverage=coverage,
        min_coverage=objective.min_coverage,
        unwatched=_unwatched(one, span.start, rows.until),
        allowed=allowed,
        spent=None if left is None else 1 - left,
        left=left,
        downtime=outage(counted, counted.bad),
        downtime_allowed=times(counted.covered, objective.allowed) if counted.total else None,
        downtime_left=outage(counted, allowed - counted.bad),
        without_exclusions=one.raw.good_share,
        previous=_previous(rows, one, counted),
        days=tuple(day_line(objective, each, allowed) for each in one.days),
        exclusions=tuple(exclusion_line(objective, each, counted) for each in one.exclusions),
        incidents=tuple(incidents),
        method=method(rows, objective, counted, rows.period.zone),
    )


def window_words(objective: Objective) -> str:
    if objective.calendar:
        return f"the calendar {objective.calendar}"
    return f"rolling {words(objective.window)}"


# ------------------------------------------------------------------ counted


def whole_of(objective: Objective, every: Sequence[DayCount], tally: Tally) -> Counted:
    """Its sums are those of the days; only the share of a joint one is that of its parts over the whole."""
    days = [_of_day(each) for each in every]
    total = tally.total if objective.joint else sum(each.total for each in days)
    bad = Fraction(tally.bad) if objective.joint else sum((each.bad for each in days), Fraction(0))
    return Counted(
        bad=bad,
        total=total,
        achieved=1 - bad / total if total else None,
        covered=sum((each.covered for each in days), _ZERO),
        missing=sum((each.missing for each in days), _ZERO),
        excluded=sum((each.excluded for each in days), _ZERO),
    )


def _of_day(one: DayCount) -> Counted:
    excluded = sum((each.length for each in one.excluded), _ZERO)
    return counted_of(one.tally, one.span, excluded)


def counted_of(tally: Tally, span: Span, excluded: timedelta) -> Counted:
    watched = span.length - excluded
    covered = min(tally.covered, watched)
    return Counted(
        bad=Fraction(tally.bad),
        total=tally.total,
        achieved=tally.good_share,
        covered=covered,
        missing=watched - covered,
        excluded=excluded,
    )


def coverage_of(counted: Counted) -> Fraction:
    whole = counted.covered + counted.missing
    return Fraction(counted.covered // _US, whole // _US) if whole else Fraction(0)


def _unwatched(one: PromiseCount, start: datetime, until: datetime) -> timedelta:
    """The time before the first look, as much of it as is missing."""
    first = until if one.first_seen is None else min(max(one.first_seen, start), until)
    found = _ZERO
    for each in one.days:
        day = _of_day(each)
        found += min(day.missing, max(_ZERO, min(each.span.end, first) - each.span.start))
    return found


# ------------------------------------------------------------------ judged


def judged(
    promise: Promise, objective: Objective, counted: Counted, coverage: Fraction
) -> tuple[str, str]:
    """The state and its sentence. What was not looked at enough is never met."""
    if not counted.covered and not counted.total:
        return UNKNOWN, "Nothing was measured, which is not the same as good."
    if counted.achieved is None:
        return IDLE, "It was watched, and there was nothing to serve: nothing was broken or kept."
    achieved, target = figure_of(counted.achieved, promise.target), share_words(promise.target)
    if counted.achieved < promise.target:
        return MISSED, f"{achieved} were good where {target} are promised."
    if coverage < objective.min_coverage:
        least = share_words(objective.min_coverage)
        return UNKNOWN, (
            f"Only {share_words(coverage, 1)} of the time was looked at, under the {least} that a"
            f" judgement needs; of what was seen {achieved} were good."
        )
    return MET, f"{achieved} were good; {target} are promised."


def _left(objective: Objective, counted: Counted) -> Fraction | None:
    if not counted.covered and not counted.total:
        return None
    return budget_left(Tally(bad=counted.bad, total=counted.total), objective.allowed)


def outage(counted: Counted, bad: Fraction) -> timedelta | None:
    """How long a total outage would have taken to fail as many, at the pace of what was measured."""
    return times(counted.covered, bad / counted.total) if counted.total else None


def times(span: timedelta, factor: Fraction) -> timedelta:
    return round(span // _US * factor) * _US


# ------------------------------------------------------------------ beside it


def _previous(rows: Rows, one: PromiseCount, now: Counted) -> PreviousLine:
    counted = counted_of(one.before, one.before_span, one.before_excluded)
    objective, name = one.objective, rows.period.before.name
    state, _ = judged(objective.promise, objective, counted, coverage_of(counted))
    before, after = counted.achieved, now.achieved
    change = None if before is None or after is None else after - before
    return PreviousLine(
        period=name,
        state=state,
        achieved=before,
        change=change,
        words=change_words(name, before, change, objective.target, state),
    )


def day_line(objective: Objective, one: DayCount, allowed: Fraction) -> DayLine:
    counted = _of_day(one)
    state = _day_state(objective, counted)
    return DayLine(
        day=one.day,
        hours=-(-one.span.length // _HOUR),
        state=state,
        counted=counted,
        spent=counted.bad / allowed if allowed else None,
        words=_day_words(objective, counted, state),
    )


def _day_state(objective: Objective, counted: Counted) -> str:
    if counted.achieved is not None and counted.achieved < objective.target:
        return BROKEN
    if counted.achieved is not None:
        # Of a day that was hardly looked at, what was seen says nothing of the rest.
        return KEPT if coverage_of(counted) >= objective.min_coverage else UNMEASURED
    if counted.covered:
        return IDLE
    return EXCLUDED if counted.excluded and not counted.missing else UNMEASURED


def _day_words(objective: Objective, counted: Counted, state: str) -> str:
    parts = [state]
    if counted.achieved is not None:
        parts = [f"{state}: {figure_of(counted.achieved, objective.target)} good of what was seen"]
    if counted.missing and (counted.covered or counted.total):
        parts.append(f"{words(counted.missing)} not measured")
    if counted.excluded and state != EXCLUDED:
        parts.append(f"{words(counted.excluded)} excluded")
    return ", ".join(parts)


def exclusion_line(objective: Objective, one: ExclusionCount, counted: Counted) -> ExclusionLine:
    made, share = one.exclusion, one.without.good_share
    without = Counted(
        bad=Fraction(one.without.bad),
        total=one.without.total,
        achieved=share,
        covered=one.without.covered,
        missing=counted.missing,
        excluded=_ZERO,
    )
    state, _ = judged(objective.promise, objective, without, coverage_of(without))
    return ExclusionLine(
        id=made.id,
        of=made.of,
        kind=made.kind.value,
        because=made.because,
        owner=made.by,
        starts=made.starts,
        ends=made.ends,
        said_at=made.made_at,
        said_by=made.made_by,
        afterwards=made.made_at > made.starts,
        within=sum((each.length for each in one.spans), _ZERO),
        bad=Fraction(one.alone.bad),
        total=one.alone.total,
        without=share,
        state_without=state,
    )

"""What was promised to customers: each window of a contract, by the contract's own terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.dashboards.report.method import method
from standfast.dashboards.report.promise import (
    coverage_of,
    day_line,
    exclusion_line,
    outage,
    times,
    whole_of,
)
from standfast.dashboards.report.value import (
    BROKEN,
    UNKNOWN,
    AgreementLine,
    CreditLine,
    RefusedLine,
    WindowLine,
)
from standfast.dashboards.report.wording import share_words
from standfast.spec.units import show_percentage

if TYPE_CHECKING:
    from fractions import Fraction

    from standfast.dashboards.report.counts import AgreementCount, Rows, WindowCount
    from standfast.slo.agreement import Agreement


def agreement_line(rows: Rows, one: AgreementCount) -> AgreementLine:
    agreement = one.agreement
    contract, terms = agreement.contract, agreement.terms
    return AgreementLine(
        name=agreement.name,
        customer=contract.customer,
        contract=contract.reference,
        level=terms.level,
        component=terms.component,
        promise=terms.promise.text,
        target=agreement.target,
        window=agreement.window_words,
        timezone=contract.timezone,
        guard=agreement.guard.name if agreement.guard else "",
        stated=agreement.stated,
        windows=tuple(_window(rows, agreement, each) for each in one.windows),
    )


def _window(rows: Rows, agreement: Agreement, one: WindowCount) -> WindowLine:
    judged, terms = one.judged, agreement.terms
    counted = whole_of(terms, one.days, judged.budget.tally)
    coverage = coverage_of(counted)
    state, because = _state(one, agreement, coverage)
    allowed = counted.total * terms.allowed
    seen = counted.achieved is not None
    return WindowLine(
        starts=judged.span.start,
        ends=judged.span.end,
        closed=judged.closed,
        state=state,
        because=because,
        counted=counted,
        coverage=coverage,
        margin=judged.margin,
        margin_left=judged.margin_left,
        events_left=allowed - counted.bad if seen else None,
        downtime=outage(counted, counted.bad),
        downtime_allowed=times(counted.covered, terms.allowed) if counted.total else None,
        at_worst=judged.at_worst,
        without_exclusions=one.raw.good_share,
        credits=tuple(
            CreditLine(
                below=each.below, share=each.share, words=each.text, owed=each == judged.credit
            )
            for each in agreement.contract.credits
        ),
        owed=None if state == UNKNOWN else judged.owed,
        owed_words=_owed(one, agreement, state),
        days=tuple(day_line(terms, each, allowed) for each in one.days),
        exclusions=tuple(exclusion_line(terms, each, counted) for each in one.exclusions),
        refused=tuple(
            RefusedLine(id=each.exclusion.id, because=each.because)
            for each in judged.excuse.uncounted
        ),
        method=method(rows, terms, counted, agreement.contract.timezone),
    )


def _state(one: WindowCount, agreement: Agreement, coverage: Fraction) -> tuple[str, str]:
    """Stricter than while the window goes on: the time before the first look counts as not looked at."""
    judged = one.judged
    state = judged.state.value
    if state != BROKEN and coverage < agreement.terms.min_coverage:
        least = share_words(agreement.terms.min_coverage)
        return UNKNOWN, (
            f"{judged.because}; only {share_words(coverage, 1)} of the window was looked at, under the"
            f" {least} that a judgement needs"
        )
    return state, judged.because


def _owed(one: WindowCount, agreement: Agreement, state: str) -> str:
    judged = one.judged
    if not agreement.contract.credits:
        return "the contract names no credits"
    if state == UNKNOWN:
        return "not known"
    if judged.credit is None:
        return "nothing" if judged.closed else "nothing, as it stands"
    share = f"{show_percentage(judged.owed, 2)} of the fee"
    said = f"{judged.amount}, {share}" if judged.amount else share
    return said if judged.closed else f"{said}, as it stands"

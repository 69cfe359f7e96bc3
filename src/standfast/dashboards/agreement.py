"""Agreements with customers as rows: what is promised, how the window goes, what is owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.mark import Mark, mark
from standfast.spec.units import show_percentage

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from fractions import Fraction

    from standfast.slo.agreement import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementLine:
    name: str
    customer: str
    contract: str  # its number, as the file gives it
    level: str
    component: str
    promise: str
    window: str  # "calendar month, Europe/Berlin"
    starts: datetime
    ends: datetime
    mark: Mark
    because: str
    measured: Fraction | None
    margin: str  # what is left between the objective and the promise
    owed: str
    excluded: timedelta
    missing: timedelta
    at_worst: Fraction | None


def line(one: Judgement) -> AgreementLine:
    agreement = one.agreement
    return AgreementLine(
        name=agreement.name,
        customer=agreement.contract.customer,
        contract=agreement.contract.reference,
        level=agreement.terms.level,
        component=agreement.terms.component,
        promise=agreement.terms.promise.text,
        window=agreement.window_words,
        starts=one.span.start,
        ends=one.span.end,
        mark=mark(one.state.value),
        because=one.because,
        measured=one.achieved,
        margin=_margin(one),
        owed=_owed(one),
        excluded=one.excuse.time,
        missing=one.missing,
        at_worst=one.at_worst,
    )


def _margin(one: Judgement) -> str:
    if one.margin_left is None:
        return "no objective on the same events" if one.agreement.guard is None else "nothing seen"
    return "gone" if one.margin_left < 0 else f"{float(one.margin_left):.0%}"


def _owed(one: Judgement) -> str:
    if one.credit is None:
        return "nothing"
    share = f"{show_percentage(one.owed, 2)} of the fee"
    said = f"{one.amount}, {share}" if one.amount else share
    return said if one.closed else f"{said}, as it stands"

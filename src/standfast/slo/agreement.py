"""Agreements: what is promised to a customer, how a window of theirs went, and what is owed for it.

A contract counts over its own window, and leaves out only what it says. So its figure may differ from that of
the objective that guards it, whose target is stricter: what lies between the two is the margin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from standfast.slo.budget import Budget, budget
from standfast.slo.exclusion import Exclusion, Kind, edges, merged, rest, spared, within
from standfast.slo.judgement import words
from standfast.slo.objective import Objective, bucket_of, joint_terms, objectives, of_promise
from standfast.slo.window import CALENDARS, Span, calendar_span
from standfast.spec.contract import Contract, Credit
from standfast.spec.once import once
from standfast.spec.promises import short
from standfast.spec.units import show_percentage
from standfast.spec.values import Money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from standfast.slo.tally import Tally
    from standfast.spec.system import System
    from standfast.spec.values import Promise

_US = timedelta(microseconds=1)
_ZERO = timedelta(0)
_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One promise of one contract; a contract about several levels is one of these for each."""

    name: str
    contract: Contract  # of a plain `sla:` one that says nothing but the promise
    terms: Objective  # what it counts, and over which window
    guards: tuple[Objective, ...]  # the objectives on the same level or journey
    stated: bool  # False: it follows from a plain `sla:`

    @property
    def target(self) -> Fraction:
        return self.terms.target

    @property
    def guard(self) -> Objective | None:
        """The strictest objective on the very same events."""
        same = [one for one in self.guards if one.promise.threshold == self.terms.promise.threshold]
        return max(same, key=lambda one: one.target, default=None)

    @property
    def window_words(self) -> str:
        calendar, zone = self.terms.calendar, self.contract.timezone
        return f"calendar {calendar}, {zone}" if calendar else words(self.terms.window)


class AgreementState(StrEnum):
    KEPT = "kept"  # and so is the objective that guards it
    NARROW = "narrow"  # it holds, but what should have warned is gone
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted:
    """An exclusion, or the part of one, that this contract does not leave out."""

    exclusion: Exclusion
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Excuse:
    """What is left out of one window of a contract."""

    spans: tuple[Span, ...]  # disjoint, in order, whole buckets, within the window
    used: tuple[Exclusion, ...]
    uncounted: tuple[Uncounted, ...]

    @property
    def time(self) -> timedelta:
        return sum((one.length for one in self.spans), _ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How one window of an agreement went, or goes."""

    agreement: Agreement
    state: AgreementState
    because: str
    span: Span
    closed: bool  # the window is over; until then everything here may still change
    excuse: Excuse
    budget: Budget  # of the contract's own promise: its tally, coverage, what is left to the breach
    achieved: Fraction | None  # None: no events
    margin: Fraction | None  # achieved less promised, negative once broken
    margin_left: (
        Fraction | None
    )  # share of the way from objective to promise that is left; 1: untouched
    credit: Credit | None
    owed: Fraction  # share of the fee
    amount: Money | None  # the same in money, where the fee is stated
    missing: timedelta  # time in which nobody looked
    at_worst: Fraction | None  # `achieved`, had everything been bad while nobody looked


class Tallies(Protocol):
    def __call__(self, indicator: str, windows: Sequence[tuple[datetime, datetime]]) -> list[Tally]:
        """What was counted in the buckets that begin after each start, up to its end."""


# ------------------------------------------------------------------ which there are


@once
def agreements(system: System) -> tuple[Agreement, ...]:
    """Every stated contract's promises, then each plain `sla:` that no contract speaks of."""
    every = objectives(system)
    joint = joint_terms(system)
    found: list[Agreement] = []
    for contract in system.agreements.values():
        terms = [one for of in contract.of for one in _terms(system, of, contract.sla, joint)]
        for one in terms:
            name = contract.name if len(terms) == 1 else f"{contract.name}-{one.name}"
            found.append(_agreement(name, contract, one, every, stated=True))
    spoken = {of for contract in system.agreements.values() for of in contract.of}
    for of, window in _plain(system):
        if of in spoken:
            continue
        for one in _terms(system, of, None, joint):
            contract = Contract(
                name=f"{one.name}-sla", of=(of,), calendar=window, timezone=system.timezone
            )
            found.append(_agreement(contract.name, contract, one, every, stated=False))
    return tuple(found)


@once
def promised(system: System) -> tuple[Objective, ...]:
    """All that is to be counted: every objective, and the terms of every contract."""
    return (*objectives(system), *(one.terms for one in agreements(system)))


def _plain(system: System) -> Iterator[tuple[str, str]]:
    """What states an SLA, and over which window it is taken to count: a month, where nothing is said."""
    for name, level in system.service_levels.items():
        if level.slas:
            yield name, level.sla_window or level.calendar or "month"
    for name, journey in system.journeys.items():
        if journey.sla and name not in system.service_levels:
            yield name, "month"
    for name, composite in system.composites.items():
        if composite.sla:
            yield name, composite.calendar or "month"


def _terms(
    system: System, of: str, sla: Promise | None, joint: Mapping[str, Objective]
) -> list[Objective]:
    """What is counted for each promise about a level, a journey or a composite, named so that names differ."""
    if of not in system.service_levels:
        terms = joint.get(of)
        return [replace(terms, name=of, promise=sla or terms.promise)] if terms else []
    level = system.service_levels[of]
    promises = [sla] if sla else list(level.slas)
    several = len(promises) > 1
    return [
        replace(of_promise(system, level, one), name=f"{of}-{short(one.text)}" if several else of)
        for one in promises
    ]


def _agreement(
    name: str,
    contract: Contract,
    terms: Objective,
    every: Sequence[Objective],
    *,
    stated: bool,
) -> Agreement:
    window = contract.window or CALENDARS[contract.calendar]
    guards = tuple(one for one in every if one.level == terms.level)
    return Agreement(
        name=name,
        contract=contract,
        terms=replace(
            terms,
            name=name,
            window=window,
            calendar=contract.calendar,
            sla=None,
            bucket=min([bucket_of(window, terms.bucket), *(one.bucket for one in guards)]),
        ),
        guards=guards,
        stated=stated,
    )


def window_of(agreement: Agreement, now: datetime) -> Span:
    """The customer's window that `now` lies in."""
    if agreement.terms.calendar:
        return calendar_span(agreement.terms.calendar, now, agreement.contract.timezone)
    return Span(start=now - agreement.terms.window, end=now)


# ------------------------------------------------------------------ what is left out


def excuse(agreement: Agreement, exclusions: Sequence[Exclusion], span: Span) -> Excuse:
    """What the contract lets us leave out of this window; what it does not, with the reason."""
    contract, terms = agreement.contract, agreement.terms
    touching = [
        one
        for one in sorted(exclusions, key=lambda each: (each.starts, each.id))
        if (one.covers(terms) or any(one.covers(guard) for guard in agreement.guards))
        and one.starts < span.end
        and one.ends > span.start
    ]
    kept: list[Exclusion] = []
    refused: list[Uncounted] = []
    for one in touching:
        because = _refusal(contract, one)
        if because:
            refused.append(Uncounted(exclusion=one, because=because))
        else:
            kept.append(one)
    ours = [one for one in kept if one.kind is Kind.MAINTENANCE]
    theirs = [one for one in kept if one.kind is not Kind.MAINTENANCE]
    planned = within(_buckets(ours, terms), span.start, span.end)
    capped = _capped(planned, contract.maintenance_at_most, terms.bucket)
    over = sum((one.length for one in planned), _ZERO) - sum((one.length for one in capped), _ZERO)
    if over and contract.maintenance_at_most is not None:
        said = (
            f"maintenance is left out up to {words(contract.maintenance_at_most)} a window;"
            f" {words(over)} more count"
        )
        refused.append(Uncounted(exclusion=ours[-1], because=said))
    upstream = within(_buckets(theirs, terms), span.start, span.end)
    return Excuse(spans=merged((*capped, *upstream)), used=tuple(kept), uncounted=tuple(refused))


def _buckets(mine: Sequence[Exclusion], terms: Objective) -> tuple[Span, ...]:
    """Which of them cover the terms is settled by now: each is taken as said of the terms themselves."""
    return spared([replace(one, of=terms.name) for one in mine], terms)


def _refusal(contract: Contract, one: Exclusion) -> str:
    if one.kind.value not in contract.excludes:
        return f"this contract counts {one.kind.value}"
    notice = contract.maintenance_notice
    if one.kind is Kind.MAINTENANCE and notice and one.starts - one.made_at < notice:
        told = max(_ZERO, one.starts - one.made_at)
        when = f"{words(told)} ahead" if told else "afterwards"
        return f"it was announced {when}, and {words(notice)} are due"
    return ""


def _capped(spans: Sequence[Span], most: timedelta | None, bucket: timedelta) -> tuple[Span, ...]:
    """The first of the time, as much as is allowed, in whole buckets."""
    if most is None:
        return tuple(spans)
    left, found = most - most % bucket, []
    for one in spans:
        taken = min(left, one.length)
        if taken > _ZERO:
            found.append(Span(start=one.start, end=one.start + taken))
            left -= taken
    return tuple(found)


# ------------------------------------------------------------------ how it went


def judge(
    agreement: Agreement,
    span: Span,
    exclusions: Sequence[Exclusion],
    tallies: Tallies,
    *,
    now: datetime,
    first_seen: Mapping[str, datetime],
) -> Judgement:
    """One window of a contract; `first_seen` is of each indicator, `exclusions` those that may touch it."""
    terms = agreement.terms
    excused = excuse(agreement, exclusions, span)
    seen = [first_seen.get(one.key) for one in terms.indicators]
    known = [one for one in seen if one is not None]
    tally = counted(terms, Span(start=span.start, end=min(now, span.end)), excused.spans, tallies)
    found = budget(
        terms,
        tally,
        span=span,
        now=min(now, span.end),
        first_seen=terms.first_look(first_seen),
        spared=excused.spans,
        so_far=True,
    )
    closed = now >= span.end and bool(terms.calendar)
    credit = _credit(agreement, found.achieved)
    owed = credit.share if credit else Fraction(0)
    missing = _missing(found, known, len(seen), excused, now)
    state = _state(agreement, found)
    return Judgement(
        agreement=agreement,
        state=state,
        because=_because(agreement, found, state, credit, excused, closed=closed),
        span=span,
        closed=closed,
        excuse=excused,
        budget=found,
        achieved=found.achieved,
        margin=None if found.achieved is None else found.achieved - terms.target,
        margin_left=_margin_left(agreement, found.achieved),
        credit=credit,
        owed=owed,
        amount=_money(agreement.contract.fee, owed),
        missing=missing,
        at_worst=_at_worst(found, missing),
    )


def counted(objective: Objective, span: Span, out: Sequence[Span], tallies: Tallies) -> Tally:
    """What an objective counts of a stretch, less what is left out of it."""
    start, end = span.start - _US, span.end - _US
    parts = edges(out, start, end)
    steps = []
    for one in objective.indicators:
        whole, *left_out = tallies(one.key, [(start, end), *parts])
        steps.append(rest(whole, left_out))
    return objective.whole(steps)


def _credit(agreement: Agreement, achieved: Fraction | None) -> Credit | None:
    """The worst border that was passed."""
    if achieved is None or achieved >= agreement.target:
        return None
    return next((one for one in agreement.contract.credits if achieved < one.below), None)


def _money(fee: Money | None, share: Fraction) -> Money | None:
    if fee is None:
        return None
    exact = fee.amount * share.numerator / share.denominator
    return Money(amount=exact.quantize(Decimal("0.01"), ROUND_HALF_UP), currency=fee.currency)


def _margin_left(agreement: Agreement, achieved: Fraction | None) -> Fraction | None:
    guard = agreement.guard
    if guard is None or achieved is None or guard.target <= agreement.target:
        return None
    return min(Fraction(1), (achieved - agreement.target) / (guard.target - agreement.target))


def _state(agreement: Agreement, found: Budget) -> AgreementState:
    if found.achieved is not None and found.achieved < agreement.target:
        return AgreementState.BROKEN  # what was not seen cannot make good what was
    if found.left is None or found.coverage < agreement.terms.min_coverage:
        return AgreementState.UNKNOWN
    left = _margin_left(agreement, found.achieved)
    if left is None:  # nothing stricter counts the same events: half of the way to the breach warns
        return AgreementState.NARROW if found.left < _HALF else AgreementState.KEPT
    return AgreementState.NARROW if left < 1 else AgreementState.KEPT


def _missing(
    found: Budget, seen: Sequence[datetime], needed: int, excused: Excuse, now: datetime
) -> timedelta:
    """Unlike coverage, this counts the time before the first look too: the customer was there."""
    end = min(now, found.span.end)
    whole = end - found.span.start
    out = sum((one.length for one in within(excused.spans, found.span.start, end)), _ZERO)
    covered = found.tally.covered if len(seen) == needed else _ZERO
    return max(_ZERO, whole - out - covered)


def _at_worst(found: Budget, missing: timedelta) -> Fraction | None:
    if found.achieved is None:
        return None
    covered = found.tally.covered
    return found.achieved * Fraction(covered // _US, max(1, (covered + missing) // _US))


def _because(
    agreement: Agreement,
    found: Budget,
    state: AgreementState,
    credit: Credit | None,
    excused: Excuse,
    *,
    closed: bool,
) -> str:
    said = [_figure_words(agreement, found, state, closed=closed)]
    left = _margin_left(agreement, found.achieved)
    if state is AgreementState.NARROW and left is not None and agreement.guard:
        said.append(
            f"{agreement.guard.name} promises {agreement.guard.promise.text}, and"
            f" {float(left):.0%} of the margin between the two is left"
        )
    elif state is AgreementState.NARROW and found.left is not None:
        said.append(f"{float(found.left):.0%} of what it allows is left")
    if credit is not None:
        said.append(f"{show_percentage(credit.share, 2)} of the fee is owed ({credit.text})")
    if excused.time:
        said.append(f"{words(excused.time)} are left out")
    return "; ".join(
        [*said, *(f"{one.exclusion.id} counts: {one.because}" for one in excused.uncounted)]
    )


def _figure_words(
    agreement: Agreement, found: Budget, state: AgreementState, *, closed: bool
) -> str:
    promise, name = agreement.terms.promise.text, agreement.name
    if found.left is None:
        return f"{name}: nothing was seen in this window, which is not the same as good"
    if found.achieved is None:
        return f"{name}: watched, and without events; nothing broke {promise}"
    figure = f"{name}: {_down(found.achieved)} of {found.tally.total:,} events were good"
    if state is AgreementState.UNKNOWN:
        return f"{figure}, and only {float(found.coverage):.0%} of the time was looked at"
    verb = {AgreementState.BROKEN: "breaks"}.get(state, "keeps")
    return f"{figure}, which {verb} {promise}" + ("" if closed else " so far")


def _down(share: Fraction) -> str:
    """Rounded towards the worse, so that a broken promise never reads as kept."""
    return f"{float(Fraction((share * 100_000).__floor__(), 1000)):.3f}%"

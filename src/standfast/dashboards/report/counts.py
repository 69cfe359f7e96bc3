"""What is read of the rows for a report, and which windows to ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.slo.agreement import judge
from standfast.slo.exclusion import edges, merged, rest, spared
from standfast.slo.period import cut_days
from standfast.slo.tally import NOTHING
from standfast.slo.window import Span, calendar_span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from standfast.alerting.alert import Alert
    from standfast.incidents.incident import Incident
    from standfast.slo.agreement import Agreement, Judgement
    from standfast.slo.exclusion import Exclusion
    from standfast.slo.objective import Objective
    from standfast.slo.period import Period
    from standfast.slo.tally import Tally
    from standfast.spec.system import System

    Edges = tuple[datetime, datetime]
    Lookup = Callable[[str, Sequence[Edges]], Sequence[Tally]]

_US = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of the file in the period; `system` is None where it can no longer be read."""

    number: int
    accepted_at: datetime
    accepted_by: str
    digest: str
    system: System | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    day: date
    span: Span  # cut at `until` of a period that is not over
    tally: Tally  # without what is excluded
    excluded: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionCount:
    exclusion: Exclusion
    spans: tuple[Span, ...]  # in this period, and excluded by no other
    alone: Tally  # counted in them
    without: Tally  # of the whole period, had it not been made


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseCount:
    objective: Objective
    days: tuple[DayCount, ...]
    tally: Tally  # of the period without what is excluded
    raw: Tally  # with it
    exclusions: tuple[ExclusionCount, ...]
    first_seen: datetime | None
    before: Tally  # of the previous period without what was excluded
    before_span: Span
    before_excluded: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCount:
    judged: Judgement
    days: tuple[DayCount, ...]
    raw: Tally  # with what is excluded
    exclusions: tuple[ExclusionCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementCount:
    agreement: Agreement
    windows: tuple[WindowCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Everything that a report is made of."""

    system: System  # as it stood when the period ended
    version: Version  # of that file
    period: Period
    until: datetime  # the period's end, or now
    promises: tuple[PromiseCount, ...]
    incidents: tuple[Incident, ...]
    alerts: tuple[Alert, ...]
    versions: tuple[Version, ...]  # accepted in the period, the oldest first
    opening: Version | None  # in force when it began
    agreements: tuple[AgreementCount, ...] = ()
    notes: tuple[str, ...] = ()


def count(
    objective: Objective,
    period: Period,
    until: datetime,
    exclusions: Sequence[Exclusion],
    first_seen: datetime | None,
    lookup: Lookup,
) -> PromiseCount:
    """`lookup` answers tallies of an indicator over (start, end] each, as the rows keep them."""
    mine = [one for one in exclusions if one.covers(objective)]
    out = spared(mine, objective)
    days = [(day, span) for day, span in _cut(period, until)]
    whole = [Span(start=period.start, end=until)]
    tallies = _Tallies(objective, lookup)
    before = period.before
    tallies.look([*(span for _, span in days), *whole, before.span], out)
    return PromiseCount(
        objective=objective,
        days=_days(days, out, tallies),
        tally=tallies.of(whole, out),
        raw=tallies.of(whole, ()),
        exclusions=tuple(
            _without(objective, one, mine, whole[0], tallies)
            for one in mine
            if one.starts < until and one.ends > period.start
        ),
        first_seen=first_seen,
        before=tallies.of([before.span], out),
        before_span=before.span,
        before_excluded=sum((one.length for one in _within(out, before.span)), timedelta(0)),
    )


def count_agreement(
    agreement: Agreement,
    period: Period,
    now: datetime,
    exclusions: Sequence[Exclusion],
    first_seen: Mapping[str, datetime],
    lookup: Lookup,
) -> AgreementCount:
    """The windows of a contract that ended in the period; where none did, the one that goes on."""
    windows = tuple(
        _window(agreement, span, at, exclusions, first_seen, lookup)
        for span, at in windows_in(agreement, period, now)
    )
    return AgreementCount(agreement=agreement, windows=windows)


def windows_in(
    agreement: Agreement, period: Period, now: datetime
) -> tuple[tuple[Span, datetime], ...]:
    """Each with the instant from which it is looked back on. Days are the contract's own, so that its October
    belongs to the report of October wherever the two zones lie."""
    zone, calendar = agreement.contract.timezone, agreement.terms.calendar
    here = replace(period, zone=zone)
    last = min(now, here.end)
    if not calendar:
        return ((Span(start=last - agreement.terms.window, end=last), last),)
    found, one = [], calendar_span(calendar, here.start, zone)
    while one.start < last:
        found.append(one)
        one = calendar_span(calendar, one.end, zone)
    ended = [one for one in found if one.end <= here.end]
    return tuple((one, now if one.end <= here.end else last) for one in ended or found)


def _window(
    agreement: Agreement,
    span: Span,
    at: datetime,
    exclusions: Sequence[Exclusion],
    first_seen: Mapping[str, datetime],
    lookup: Lookup,
) -> WindowCount:
    def judged(standing: Sequence[Exclusion]) -> Judgement:
        return judge(
            agreement, span, standing, lambda key, some: [*lookup(key, some)], now=at, first_seen=first_seen
        )  # fmt: skip

    found, terms = judged(exclusions), agreement.terms
    out, until = found.excuse.spans, min(at, span.end)
    tallies = _Tallies(terms, lookup)
    cut = [*cut_days(span, until, agreement.contract.timezone)]
    tallies.look([day for _, day in cut], out)
    left_out = []
    for one in found.excuse.used:
        without = judged([each for each in exclusions if each.id != one.id])
        spans = tuple(_less(out, without.excuse.spans))
        left_out.append(
            ExclusionCount(
                exclusion=one,
                spans=spans,
                alone=tallies.of(spans, ()),
                without=without.budget.tally,
            )
        )
    return WindowCount(
        judged=found,
        days=_days(cut, out, tallies),
        raw=tallies.of([Span(start=span.start, end=until)], ()),
        exclusions=tuple(left_out),
    )


def _days(
    days: Iterable[tuple[date, Span]], out: Sequence[Span], tallies: _Tallies
) -> tuple[DayCount, ...]:
    return tuple(
        DayCount(
            day=day, span=span, tally=tallies.of([span], out), excluded=tuple(_within(out, span))
        )
        for day, span in days
    )


def _cut(period: Period, until: datetime) -> Iterable[tuple[date, Span]]:
    for day, span in period.days():
        if span.start < until:
            yield day, Span(start=span.start, end=min(span.end, until))


def _without(
    objective: Objective,
    one: Exclusion,
    mine: Sequence[Exclusion],
    whole: Span,
    tallies: _Tallies,
) -> ExclusionCount:
    others = spared([each for each in mine if each.id != one.id], objective)
    spans = tuple(_less(_within(spared([one], objective), whole), others))
    return ExclusionCount(
        exclusion=one,
        spans=spans,
        alone=tallies.of(spans, ()),
        without=tallies.of([whole], others),
    )


def _within(spans: Sequence[Span], whole: Span) -> list[Span]:
    cut = [Span(start=max(s.start, whole.start), end=min(s.end, whole.end)) for s in spans]
    return [one for one in cut if one.start < one.end]


def _less(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """The parts of `spans` that none of `others` takes."""
    left = [*merged(spans)]
    for other in others:
        found = []
        for one in left:
            found += [
                Span(start=one.start, end=min(one.end, other.start)),
                Span(start=max(one.start, other.end), end=one.end),
            ]
        left = [one for one in found if one.start < one.end]
    return left


class _Tallies:
    """What was counted of an objective; what was looked up once is remembered."""

    def __init__(self, objective: Objective, lookup: Lookup) -> None:
        self._objective, self._lookup = objective, lookup
        self._known: dict[tuple[str, Edges], Tally] = {}

    def look(self, spans: Sequence[Span], out: Sequence[Span]) -> None:
        """Look all of them up at once."""
        for each in self._objective.indicators:
            self._step(each.key, _wanted(spans, out))

    def of(self, spans: Sequence[Span], out: Sequence[Span]) -> Tally:
        """Of all `spans` together, without the time that `out` takes of them."""
        wanted = _wanted(spans, out)
        steps = [self._step(each.key, wanted) for each in self._objective.indicators]
        return self._objective.whole(steps)

    def _step(self, key: str, wanted: Sequence[tuple[Edges, Sequence[Edges]]]) -> Tally:
        asked = [edge for whole, parts in wanted for edge in (whole, *parts)]
        missing = [edge for edge in dict.fromkeys(asked) if (key, edge) not in self._known]
        if missing:
            found = self._lookup(key, missing)
            self._known |= {(key, edge): one for edge, one in zip(missing, found, strict=True)}
        known = self._known
        return sum(
            (
                rest(known[key, whole], [known[key, part] for part in parts])
                for whole, parts in wanted
            ),
            NOTHING,
        )


def _wanted(spans: Sequence[Span], out: Sequence[Span]) -> list[tuple[Edges, Sequence[Edges]]]:
    """Each span as the edges of a tally, with those of what `out` takes of it.

    A tally takes the buckets that begin after its first edge, a span those from its start on.
    """
    found = [(one.start - _US, one.end - _US) for one in spans]
    return [(edge, edges(out, *edge)) for edge in found]

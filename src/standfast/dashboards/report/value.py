"""What a service level report says, as one value: pages, print, table and JSON all show this one.

Shares are exact until they are written. None stands for what is not known, and never for zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

MET, MISSED, UNKNOWN, IDLE = "met", "missed", "unknown", "no events"
KEPT, BROKEN, UNMEASURED, EXCLUDED = "kept", "broken", "not measured", "excluded"
NARROW = "narrow"

# The names at run time: the JSON Schema of the report is made of these annotations.
__all__ = ["Fraction", "date", "datetime", "timedelta"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted of a stretch of time; `bad` is whole but for a journey."""

    bad: Fraction
    total: int
    achieved: Fraction | None  # share of good events; None: there were none
    covered: timedelta  # looked at, of what is not excluded
    missing: timedelta  # not looked at, of what is not excluded
    excluded: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """`state` is kept, broken, no events, not measured or excluded."""

    day: date
    hours: int  # 23 or 25 where the clocks change
    state: str
    counted: Counted
    spent: Fraction | None  # of the whole period's budget
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionLine:
    """One exclusion and what the figure would be had it not been made, all others standing."""

    id: str
    of: str
    kind: str
    because: str
    owner: str
    starts: datetime
    ends: datetime
    said_at: datetime
    said_by: str
    afterwards: bool  # it was said once the time had begun
    within: timedelta  # as much of it as lies in this period
    bad: Fraction
    total: int
    without: Fraction | None  # achieved had it not been excluded
    state_without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditLine:
    """A border of the contract: below it this share of the fee is owed."""

    below: Fraction
    share: Fraction
    words: str  # "< 99.5%"
    owed: bool  # the figure is below it, and below no worse one


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """An exclusion, or the part of one, that the contract counts all the same."""

    id: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLine:
    """How one window of a contract went. `state` is kept, narrow, broken or unknown."""

    starts: datetime
    ends: datetime
    closed: bool  # it is over; until then everything here may still change
    state: str
    because: str
    counted: Counted
    coverage: Fraction
    margin: Fraction | None  # achieved above what is promised, negative below
    margin_left: Fraction | None  # share of the way from objective to promise that is left
    events_left: Fraction | None  # bad events more that it would have borne
    downtime: timedelta | None  # the outage that would have cost as much
    downtime_allowed: timedelta | None
    at_worst: Fraction | None  # achieved, had everything been bad while nobody looked
    without_exclusions: Fraction | None
    credits: tuple[CreditLine, ...]
    owed: Fraction | None  # share of the fee; None: not known
    owed_words: str
    days: tuple[DayLine, ...]
    exclusions: tuple[ExclusionLine, ...]
    refused: tuple[RefusedLine, ...]
    method: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementLine:
    """What a contract promises of one level, over its own window and in its own zone."""

    name: str
    customer: str
    contract: str  # its number
    level: str
    component: str
    promise: str
    target: Fraction
    window: str
    timezone: str
    guard: str  # the objective on the same events that warns; "" is none
    stated: bool  # False: it follows from a plain `sla:`
    windows: tuple[WindowLine, ...]  # those that ended in the period, else the one that goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousLine:
    period: str
    state: str
    achieved: Fraction | None
    change: Fraction | None  # of the share achieved, since then
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentLine:
    """Titles that an alert wrote speak of hosts and causes: only those by people are shown."""

    id: str
    title: str
    sev: str
    component: str
    started: datetime
    resolved: datetime | None
    promises: tuple[str, ...]  # that rest on the component


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    rule: str
    component: str
    severity: str
    fired: int
    lasted: timedelta  # within the period, added up
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """A version of the file that was accepted in the period, and what it changed of the promises."""

    version: int
    accepted_at: datetime
    accepted_by: str
    digest: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseLine:
    """One objective over the period."""

    name: str
    level: str
    component: str
    sli: str
    promise: str
    target: Fraction
    window: str  # in words: "rolling 30d", "the calendar month"
    critical: bool
    state: str  # met | missed | unknown | no events
    because: str
    counted: Counted
    coverage: Fraction  # of the time that is not excluded
    min_coverage: Fraction  # below it the state is unknown
    unwatched: timedelta  # of what is missing, that before the first look
    allowed: Fraction  # bad events that the budget holds
    spent: Fraction | None  # share of the budget
    left: Fraction | None  # negative once overspent
    downtime: timedelta | None  # the outage that would have cost as much
    downtime_allowed: timedelta | None
    downtime_left: timedelta | None
    without_exclusions: Fraction | None  # achieved if nothing at all were excluded
    previous: PreviousLine
    days: tuple[DayLine, ...]
    exclusions: tuple[ExclusionLine, ...]
    incidents: tuple[str, ...]
    method: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`edition` counts from 1; a later one says in `corrections` what it changes."""

    system: str
    period: str
    kind: str  # month | quarter
    words: str
    starts: datetime
    ends: datetime
    timezone: str
    of: str  # the one promise that it is about; "" is all
    provisional: bool  # the period is not over
    edition: int
    made_at: datetime
    made_by: str
    counted_until: datetime
    file_version: int
    file_digest: str
    key: str  # which key signs it
    summary: str
    corrections: tuple[str, ...]
    notes: tuple[str, ...]  # what the reader must know: versions that cannot be read ...
    promises: tuple[PromiseLine, ...]
    agreements: tuple[AgreementLine, ...]
    incidents: tuple[IncidentLine, ...]
    alerts: tuple[AlertLine, ...]
    changes: tuple[ChangeLine, ...]

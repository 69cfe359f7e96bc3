"""One objective: what is left, how fast it goes, and why the number is what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.alerting.explained import explain
from standfast.alerting.rules import rules
from standfast.dashboards.deploy import lines
from standfast.dashboards.figure import figure
from standfast.dashboards.mark import UNKNOWN, Mark, mark
from standfast.review.ceiling import of_objective
from standfast.review.known import Known
from standfast.review.measured import Measured
from standfast.slo.burn import refused, severity_of
from standfast.slo.gate import closes, rests_on
from standfast.slo.judgement import count_words, words
from standfast.slo.tally import NOTHING
from standfast.spec.units import show_percentage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from fractions import Fraction

    from standfast.dashboards.agreement import AgreementLine
    from standfast.dashboards.deploy import DeployLine
    from standfast.dashboards.exclusion import Excluded, ExclusionLine
    from standfast.monitoring.asked import Progress
    from standfast.monitoring.deploy import Deploy
    from standfast.slo.budget import Budget
    from standfast.slo.objective import Objective
    from standfast.slo.policy import PolicyState
    from standfast.slo.status import BurnDown, BurnFigure, LevelStatus
    from standfast.slo.tally import Tally
    from standfast.spec.system import System


_BANDS_SHOWN = 50
_SPENT = "0%"  # the band of a budget that is gone, as the file writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveLine:
    """An objective as one row of a table."""

    name: str
    component: str
    window: timedelta
    promise: str
    mark: Mark
    measured: Fraction | None
    left: Fraction | None
    runs_out: datetime | None
    why_unknown: str
    joint: bool  # it speaks of several components, and not of this one
    quiet: bool  # it was watched, and nobody came
    watched: timedelta | None  # so far, while that is less than its window


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnLine:
    name: str
    severity: str
    mark: Mark
    factor: str
    long: timedelta
    long_rate: str
    short: timedelta
    short_rate: str
    because: str  # the state
    detection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLine:
    """An alert that is no burn, on what the objective rests on: of silence, of a share of errors."""

    name: str
    component: str
    severity: str
    detection: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLine:
    """A band that the budget was in, and what followed from it."""

    since: datetime
    band: str
    action: str
    closes: bool  # the gate


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """One of the indicators that a joint figure is made of."""

    of: str  # the step, or the part of a composite, that it belongs to
    indicator: str
    weight: str
    measured: Fraction | None
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What a joint objective is made of, and how much its parts allow."""

    ceiling: Fraction
    words: str
    parts: tuple[PartLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveScreen:
    name: str
    component: str
    window: timedelta
    promise: str
    sla: str
    target: Fraction
    weighted: bool
    together: Together | None  # of a journey or composite
    mark: Mark
    sentence: str
    watched: timedelta | None  # so far, while that is less than its window
    measured: Fraction | None
    bad: int
    total: int
    left: Fraction | None
    left_events: Fraction | None
    left_time: timedelta | None
    left_words: str
    pace: Fraction | None  # of late; 1 lasts exactly
    runs_out: datetime | None  # at that pace
    pace_words: str
    policy_band: str
    policy_action: str
    policy_since: datetime | None
    policy_closes: bool  # the gate
    policy_history: tuple[PolicyLine, ...]  # the newest first
    points: tuple[tuple[datetime, float | None], ...]
    even_until: (
        datetime | None
    )  # when an even burn that begins with the first point has spent it all
    marks: tuple[tuple[datetime, str], ...]  # alerts that fired
    deploys: tuple[DeployLine, ...]  # of what it rests on, within its window
    burns: tuple[BurnLine, ...]
    no_burns: str
    refused: tuple[str, ...]  # burn alerts that could never fire, with the arithmetic
    watches: tuple[WatchLine, ...]
    why: tuple[tuple[str, str], ...]
    exclusions: tuple[ExclusionLine, ...]  # in its window, and ahead
    agreements: tuple[AgreementLine, ...]  # with customers, on what it guards


def line(
    objective: Objective,
    status: LevelStatus | None,
    asked: Iterable[Progress] = (),
    since: datetime | None = None,
) -> ObjectiveLine:
    """`since` is when it was first looked at."""
    budget = status.budget if status else None
    return ObjectiveLine(
        name=objective.name,
        component=objective.component,
        window=objective.window,
        promise=objective.promise.text,
        mark=mark(budget.state.value) if budget else UNKNOWN,
        measured=budget.achieved if budget else None,
        left=budget.left if budget else None,
        runs_out=budget.exhausted_at if budget else None,
        why_unknown=_with_faults(budget.because if budget else "not judged yet", asked),
        joint=objective.joint,
        quiet=bool(budget and budget.left is not None and not budget.tally.total),
        watched=_watched(status, since),
    )


def _watched(status: LevelStatus | None, since: datetime | None) -> timedelta | None:
    """A figure over 30 days that rests on two minutes says so."""
    if status is None or since is None or since <= status.budget.span.start:
        return None
    return max(timedelta(0), min(status.at, status.budget.span.end) - since)


def screen(
    system: System,
    objective: Objective,
    status: LevelStatus | None,
    bands: Sequence[PolicyState],
    points: Sequence[BurnDown],
    episodes: Iterable[tuple[datetime, str]],
    excluded: Excluded,
    deploys: Sequence[Deploy],
    agreements: Iterable[AgreementLine] = (),
    asked: Sequence[Progress] = (),
    counted: Sequence[Tally] = (),
    since: datetime | None = None,
) -> ObjectiveScreen:
    """`bands` are the states of its budget policy, oldest first; the last one holds. `asked` is what a
    Prometheus-compatible server was asked for it, `counted` what each of its indicators counted, `since` when
    it was first looked at."""
    budget, policy = status.budget if status else None, bands[-1] if bands else None
    return ObjectiveScreen(
        name=objective.name,
        component=objective.component,
        window=objective.window,
        promise=objective.promise.text,
        sla=objective.sla.text if objective.sla else "",
        target=objective.target,
        weighted=bool(objective.parts),
        together=together(system, objective, counted),
        mark=mark(budget.state.value) if budget else UNKNOWN,
        sentence=_with_faults(
            budget.because if budget else "Not judged yet: the first look is still to come.", asked
        ),
        watched=_watched(status, since),
        measured=budget.achieved if budget else None,
        bad=round(budget.tally.bad) if budget else 0,
        total=budget.tally.total if budget else 0,
        left=budget.left if budget else None,
        left_events=budget.left_events if budget else None,
        left_time=budget.left_time if budget else None,
        pace=budget.burn if budget else None,
        runs_out=budget.exhausted_at if budget else None,
        pace_words=_pace_words(budget) if budget else "",
        left_words=_left_words(status, objective.unit),
        policy_band=_band_words(policy) if policy else "none yet",
        policy_action=policy.action if policy else "no budget was measured yet",
        policy_since=policy.since if policy else None,
        policy_closes=closes(budget, policy) if budget else False,
        policy_history=tuple(_band(one) for one in reversed(bands[-_BANDS_SHOWN:])),
        points=tuple((point.at, float(point.left)) for point in points),
        even_until=_even_until(objective, budget, points),
        marks=tuple(episodes),
        deploys=lines(deploys),
        burns=tuple(_burn(objective, one) for one in status.burns) if status else (),
        no_burns="" if status and status.burns else _no_burns(status),
        refused=tuple(dict.fromkeys(each.because for each in refused(objective))),
        watches=_watches(system, objective),
        why=(*_why(system, objective, status, excluded), *_asked(system, asked)),
        exclusions=excluded.lines,
        agreements=tuple(agreements),
    )


def _even_until(
    objective: Objective, budget: Budget | None, points: Sequence[BurnDown]
) -> datetime | None:
    if not points or budget is None:
        return None
    return budget.span.end if objective.calendar else points[0].at + budget.span.length


def together(system: System, objective: Objective, counted: Sequence[Tally]) -> Together | None:
    top = of_objective(Known(system=system, measured=Measured()), objective)
    if top is None:
        return None
    unknown = f"; unknown, and taken to be perfect: {', '.join(top.unknown)}" if top.unknown else ""
    once = f"; counted once: {', '.join(top.once)}" if top.once else ""
    return Together(
        ceiling=top.value,
        words=(top.words.replace(" x ", " × ") or "nothing is known of its parts") + unknown + once,
        parts=tuple(_parts(objective, counted)),
    )


def _parts(objective: Objective, counted: Sequence[Tally]) -> Iterator[PartLine]:
    known = dict(zip((one.key for one in objective.indicators), counted, strict=False))
    every = [
        (part.of, f"{float(part.weight):.6g}", key)
        for part in objective.parts
        for key in part.indicators
    ] or [(one.component, "", one.key) for one in objective.indicators]
    for of, weight, key in every:
        tally = known.get(key, NOTHING)
        yield PartLine(
            of=of,
            indicator=key,
            weight=weight,
            measured=tally.good_share,
            total=tally.total,
        )


def _with_faults(sentence: str, asked: Iterable[Progress]) -> str:
    faults = dict.fromkeys(one.because for one in asked if not one.ok)
    return "; ".join((sentence.rstrip("."), *faults)) if faults else sentence


def _asked(system: System, asked: Sequence[Progress]) -> list[tuple[str, str]]:
    server = system.server.prometheus
    rows = []
    for one in asked:
        if one.total in {"", "remote write"}:
            rows.append(("Written by", f"Prometheus, up to {one.read_to:%Y-%m-%d %H:%M:%S} UTC"))
            continue
        where = server.url if server else "no server is named"
        how = "answered" if one.ok else f"not answered since {one.since:%Y-%m-%d %H:%M} UTC"
        rows += [
            (
                "Read from",
                f"{where}, minute by minute up to {one.read_to:%Y-%m-%d %H:%M} UTC; {how}",
            ),
            ("All events, as asked", f"{one.total} at time={one.read_to.timestamp():.0f}"),
            ("Bad events, as asked", f"{one.bad} at time={one.read_to.timestamp():.0f}"),
        ]
    return rows


def _band(one: PolicyState) -> PolicyLine:
    return PolicyLine(since=one.since, band=_band_words(one), action=one.action, closes=one.freezes)


def _band_words(one: PolicyState) -> str:
    return "exhausted" if one.band == _SPENT else one.band


def _left_words(status: LevelStatus | None, unit: str) -> str:
    if status is None or status.budget.left_events is None or status.budget.left_time is None:
        return "nothing was seen yet"
    events, time = status.budget.left_events, status.budget.left_time
    if events < 0:
        return f"overspent by {float(-events):,.0f} bad {unit}, {words(-time)} of total outage"
    return f"{float(events):,.0f} more bad {unit} at this traffic, or {words(time)} of total outage"


def _pace_words(budget: Budget) -> str:
    if budget.left is None or budget.left <= 0 or budget.burn is None:
        return ""
    ends = budget.exhausted_at
    goes = "lasts" if ends is None else f"is gone at {ends:%Y-%m-%d %H:%M} UTC"
    return f"at the pace of late, {figure(float(budget.burn), '×')}, it {goes}"


def _burn(objective: Objective, one: BurnFigure) -> BurnLine:
    return BurnLine(
        name=one.window,
        severity=severity_of(one.window, critical=objective.critical).value,
        mark=mark(one.state.value),
        factor=f"{float(one.factor):.4g}×",
        long=one.long,
        long_rate=_rate(one.long_rate),
        short=one.short,
        short_rate=_rate(one.short_rate),
        because=one.because,
        detection=one.explained,
    )


def _watches(system: System, objective: Objective) -> tuple[WatchLine, ...]:
    below = rests_on(objective)
    return tuple(
        WatchLine(
            name=rule.name,
            component=rule.component,
            severity=rule.severity.value,
            detection=said,
        )
        for rule in rules(system)
        if rule.component in below and (said := explain(rule.when))
    )


def _no_burns(status: LevelStatus | None) -> str:
    return "None could ever fire." if status else "None has been judged yet."


def _rate(rate: Fraction | None) -> str:
    return "–" if rate is None else figure(float(rate), "×")


def _why(
    system: System, objective: Objective, status: LevelStatus | None, excluded: Excluded
) -> tuple[tuple[str, str], ...]:
    path = objective.path
    place = system.place(path)
    counted = ", ".join(one.key for one in objective.indicators) or "nothing"
    rows = [
        ("What counts", f"{objective.sli} of {counted}"),
        ("Who promised it", f"{place or 'nobody'} ({system.grade(path).value})"),
        (
            "Counted in",
            f"whole {objective.unit} per {words(objective.bucket)}, added up over {words(objective.window)}",
        ),
        *(_figures(objective, status.budget) if status else ()),
        ("Excluded", _excluded(excluded)),
    ]
    if objective.slices is not None:
        said = f"from {show_percentage(objective.slices.good)} of good events on and where there were none"
        rows.insert(1, ("A slice is good", f"{said}; where nobody looked it is unknown"))
    if objective.unmeasured:
        missing = ", ".join(objective.unmeasured)
        rows.append(("Not measured", f"{missing}: the figure speaks for the others only"))
    if objective.soft:
        spared = ", ".join(objective.soft)
        rows.append(("Not counted", f"{spared}: needed softly, so users get along without"))
    return tuple(rows)


def _excluded(found: Excluded) -> str:
    if not found.time:
        return "nothing of this window"
    return (
        f"{words(found.time)} of this window, with {found.total:,} events and {found.bad:,} bad ones:"
        f" neither good nor bad nor unknown"
    )


def _figures(objective: Objective, budget: Budget) -> list[tuple[str, str]]:
    span, tally = budget.span, budget.tally
    allowed = float((budget.left_events or 0) + tally.bad) if objective.allowed else 0.0
    least = f"{float(objective.min_coverage):.0%}"
    return [
        ("Window", f"{span.start:%Y-%m-%d %H:%M:%S} to {span.end:%Y-%m-%d %H:%M:%S} UTC"),
        (objective.unit.capitalize(), f"{tally.total:,} in all, {count_words(tally.bad)} bad"),
        ("Allowed", f"{float(objective.allowed):.4%} of all in the window, {allowed:,.1f}"),
        (
            "Looked at",
            f"{float(budget.coverage):.1%} of the time; below {least} the state is unknown",
        ),
    ]

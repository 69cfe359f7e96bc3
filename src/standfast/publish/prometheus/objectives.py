"""Objectives in PromQL: error ratios per window, the budget that is left, and burn-rate alerts.

Windows and factors come from the slo room. Windows of a day and longer add up recorded rates: that
weighs every event alike, unlike a mean of ratios, and costs one series instead of millions of samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.publish.markdown import span
from standfast.publish.prometheus.indicators import Counted, counted
from standfast.publish.prometheus.promql import number, over, series, whole
from standfast.publish.prometheus.query import Query, Unsaid, World
from standfast.slo.burn import BurnWindow, burn_alerts, burn_windows
from standfast.slo.judgement import events_needed
from standfast.slo.objective import objectives

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from standfast.slo.objective import Objective
    from standfast.spec.system import System

LONG = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_BASE = timedelta(minutes=2)
"""What a day is added up from. Each event is in it for so long, and late by half of that: with five minutes a
ticket came three minutes after its time. Shorter, and a scrape a minute would leave it empty."""
BAD = "standfast:indicator_bad:rate"
EVENTS = "standfast:indicator_events:rate"
EVERY = timedelta(seconds=30)
"""Between two evaluations of the group that these rules stand in."""
BUDGET_LEFT = "standfast:budget_left:ratio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    record: str
    expr: str
    labels: Mapping[str, str]

    def __post_init__(self) -> None:
        whole(self.expr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An objective with its indicators in PromQL; `base` is the window that the recorded rates use."""

    objective: Objective
    parts: tuple[Counted, ...]
    base: timedelta

    @property
    def windows(self) -> tuple[timedelta, ...]:
        """Every window that alerts, budget and documents need, shortest first."""
        burns = burn_windows(self.objective)
        found = {one.long for one in burns} | {one.short for one in burns}
        return tuple(sorted({self.objective.window} | found))


def measured(system: System) -> tuple[tuple[Objective, Measured | Unsaid], ...]:
    """Every objective, with its queries or with the reason why Prometheus cannot measure it."""
    return tuple((one, _measured(one, system)) for one in objectives(system))


def _measured(objective: Objective, system: System) -> Measured | Unsaid:
    parts = [counted(one, system.components[one.component]) for one in objective.indicators]
    for part in parts:
        if isinstance(part, Unsaid):
            return part
    whole = tuple(part for part in parts if isinstance(part, Counted))
    if not whole:
        return Unsaid(
            reason=f"nothing measures any step of {objective.name}",
            rule="MON-01",
            to="DevOps/Platform",
        )
    shortest = min(window.short for window in burn_windows(objective))
    slowest = max(part.every for part in whole)
    if shortest < 4 * slowest:
        return Unsaid(
            reason=f"the shortest window, {span(shortest)}, holds fewer than four samples at one every "
            f"{span(slowest)}; standfast's own evaluator measures it",
            rule="SLO-07",
            to="Business Analyst",
        )
    base = min(shortest, max(_BASE, 4 * slowest))
    return Measured(objective=objective, parts=whole, base=base)


# ------------------------------------------------------------------ recording rules


def recordings(all_measured: Iterable[Measured]) -> Iterator[Recording]:
    """Rates of each indicator once, then every objective's ratios; in the order in which they build on
    one another, since a group's rules run in sequence."""
    several = tuple(all_measured)
    yield from _rates(several)
    for one in several:
        yield from _ratios(one)


def _rates(several: tuple[Measured, ...]) -> Iterator[Recording]:
    seen: set[tuple[str, str]] = set()
    for one in several:
        for part in one.parts:
            for recording in _of_part(one, part):
                key = recording.record, part.key
                if key not in seen:
                    seen.add(key)
                    yield recording


def _of_part(one: Measured, part: Counted) -> Iterator[Recording]:
    """What long windows are added up from. Of a joint figure every window: it asks for each many times over."""
    labels = {"indicator": part.key}
    for name, query in ((BAD, part.bad), (EVENTS, part.total)):
        short = [window for window in one.windows if window < LONG] if one.objective.joint else []
        for window in dict.fromkeys((one.base, *short)):
            yield Recording(record=name + span(window), expr=over(query, window), labels=labels)
    for window in one.windows if one.objective.joint else ():
        if window >= LONG:
            bad, total = _pair_of(one, part, window)
            yield Recording(record=_sum_name(BAD, one.base, window), expr=bad, labels=labels)
            yield Recording(record=_sum_name(EVENTS, one.base, window), expr=total, labels=labels)


def _sum_name(record: str, base: timedelta, window: timedelta) -> str:
    """`standfast:indicator_bad:rate2m_sum3d`: of those rates, one every half a minute."""
    return f"{record}{span(base)}_sum{span(window)}"


def _ratios(one: Measured) -> Iterator[Recording]:
    labels = {"objective": one.objective.name, "component": one.objective.component}
    for window in one.windows:
        yield Recording(record=name_of(window), expr=ratio_of(one, window), labels=labels)
    yield from _guarded(one, labels)
    spent = recorded(one.objective, one.objective.window)
    if one.objective.allowed:
        yield Recording(
            record=BUDGET_LEFT, expr=f"1 - {spent} / {number(one.objective.allowed)}", labels=labels
        )


def _guarded(one: Measured, labels: Mapping[str, str]) -> Iterator[Recording]:
    """The ratio of each long window that an alert reads, or of the next wider one that holds enough events.

    One failed request of ten is no reason to wake anybody, and a quiet service is not deaf to eight bad days:
    where no window holds enough, the whole period decides, once more than one event was bad of late.
    """
    alive = burn_alerts(one.objective)
    ladder = sorted({window.long for window in alive})
    for long in ladder:
        yield Recording(record=_count_name(long), expr=_events(one, long), labels=labels)
    for window in alive:
        needed = events_needed(one.objective, window)
        steps = [
            f"({recorded(one.objective, wide)} and on(objective) "
            f"{series(_count_name(wide), objective=one.objective.name)} >= {needed})"
            for wide in ladder
            if wide >= window.long
        ]
        lately = recorded(one.objective, ladder[-1])
        count = series(_count_name(ladder[-1]), objective=one.objective.name)
        widest = recorded(one.objective, one.objective.window)
        last = f"({widest} and on(objective) {lately} * {count} > 1.5)"
        expr = "\nor ".join((*steps, last))
        yield Recording(record=_guarded_name(window.long), expr=expr, labels=labels)


def _events(one: Measured, window: timedelta) -> str:
    """How many there were to judge by; of a joint figure as many as would be as certain, as slo.tally has it:
    the sum of w p by that of w² p / n, where any were bad."""
    if len(one.parts) == 1:
        return _count(one, one.parts[0], window)
    lost, spread, calm = [], [], []
    for weight, parts in _weights(one):
        for part in parts:
            share = f"({_ratio(one, (part,), window)})"
            lost.append(f"({share} * {number(weight)} or vector(0))")
            spread.append(
                f"({share} * {number(weight**2)} / ({_count(one, part, window)}) or vector(0))"
            )
        # A part's own are those of its first step that had any.
        calm.append(" or ".join(f"{_count(one, part, window)} > 0" for part in parts))
    heavy = f"{_busy(one, window)}\n* " if one.objective.parts else ""
    all_of_them = " + ".join(f"({each} or vector(0))" for each in calm)
    nothing_bad = f"({all_of_them}) > 0" if one.objective.parts else calm[0]
    certain = "({})\n/ (({}) > 0)".format("\n  + ".join(lost), "\n  + ".join(spread))
    return f"{heavy}{certain}\nor {nothing_bad}"


def _busy(one: Measured, window: timedelta, *, plain: bool = False) -> str:
    """The weights of the parts that had any events."""
    return "({})".format(
        " + ".join(
            f"((({_ratio(one, parts, window, plain=plain)}) >= bool 0)"
            f" * {number(weight)} or vector(0))"
            for weight, parts in _weights(one)
        )
    )


def _count(one: Measured, part: Counted, window: timedelta) -> str:
    if window < LONG:
        factor = window / _SECOND if part.per_second else 1.0
    else:
        factor = EVERY / (_SECOND if part.per_second else one.base)
    return f"{_pair(one, part, window)[1]} * {factor:.12g}"


def _count_name(window: timedelta) -> str:
    return f"standfast:objective_events:count{span(window)}"


def _guarded_name(window: timedelta) -> str:
    return f"standfast:error_ratio:guarded{span(window)}"


def name_of(window: timedelta) -> str:
    return f"standfast:error_ratio:rate{span(window)}"


def recorded(objective: Objective, window: timedelta) -> str:
    return series(name_of(window), objective=objective.name)


def ratio_of(one: Measured, window: timedelta, *, plain: bool = False) -> str:
    """The share of bad events; of a journey what is left when every step must work, of a weighted composite
    the mean of its parts that had any. `plain` is for people: of the metrics themselves."""
    if not one.objective.parts:
        return _ratio(one, one.parts, window, plain=plain)
    lost = "\n  + ".join(
        f"(({_ratio(one, parts, window, plain=plain)}) * {number(weight)} or vector(0))"
        for weight, parts in _weights(one)
    )
    return f"({lost})\n/ ({_busy(one, window, plain=plain)} > 0)"


def _weights(one: Measured) -> list[tuple[Fraction, tuple[Counted, ...]]]:
    """The parts that are weighed, with their weights; else all of it, as the only one."""
    if not one.objective.parts:
        return [(Fraction(1), one.parts)]
    known = {part.key: part for part in one.parts}
    return [
        (part.weight, tuple(known[key] for key in part.indicators)) for part in one.objective.parts
    ]


def _ratio(
    one: Measured, parts: Sequence[Counted], window: timedelta, *, plain: bool = False
) -> str:
    """Bad where any of them is."""
    pairs = [_pair(one, part, window, plain=plain) for part in parts]
    if len(pairs) == 1:
        bad, total = pairs[0]
        return f"{bad}\n/ ({total} > 0)"
    # A step that nobody used did not fail; only when none was used is there nothing to say.
    kept = "\n  * ".join(f"((1 - {bad} / ({total} > 0)) or vector(1))" for bad, total in pairs)
    used = " or ".join(f"{total} > 0" for _, total in pairs)
    return f"(1 - {kept})\nand on() ({used})"


def _pair(
    one: Measured, part: Counted, window: timedelta, *, plain: bool = False
) -> tuple[str, str]:
    """Bad events and all of them, of a joint figure as they were recorded for each of its parts."""
    if plain or not one.objective.joint:
        return _pair_of(one, part, window)
    return _known(BAD, one, part, window), _known(EVENTS, one, part, window)


def _pair_of(one: Measured, part: Counted, window: timedelta) -> tuple[str, str]:
    if window < LONG:
        return over(part.bad, window), over(part.total, window)
    bad, total = (series(name + span(one.base), indicator=part.key) for name in (BAD, EVENTS))
    return _summed(bad, window), _summed(total, window)


def _known(record: str, one: Measured, part: Counted, window: timedelta) -> str:
    """Without its label, so that it goes with others."""
    name = record + span(window) if window < LONG else _sum_name(record, one.base, window)
    return f"sum({series(name, indicator=part.key)})"


def _summed(rate: str, window: timedelta) -> str:
    return f"sum(sum_over_time({rate}[{span(window)}]))"


# ------------------------------------------------------------------ burn-rate alerts


def burn_query(one: Measured, windows: Iterable[BurnWindow]) -> Query | None:
    """Any of `windows` burning, each over its long and its short window; None where none can fire."""
    able = set(burn_alerts(one.objective))
    chosen = [window for window in windows if window in able]
    if not chosen:
        return None
    return Query(
        expr="\nor ".join(_burning(one.objective, window) for window in chosen),
        lasting=timedelta(0),
        drains=max(window.short for window in chosen),
        bad=_worlds(part.outage for part in one.parts),
        good=_worlds(part.calm for part in one.parts),
        grain=max(part.grain for part in one.parts),
    )


def _burning(objective: Objective, window: BurnWindow) -> str:
    limit = number(window.factor * objective.allowed)
    long = series(_guarded_name(window.long), objective=objective.name)
    short = recorded(objective, window.short)
    return f"({long} >= {limit} and {short} >= {limit})"


def _worlds(parts: Iterable[World]) -> World:
    return tuple(dict.fromkeys(samples for world in parts for samples in world))

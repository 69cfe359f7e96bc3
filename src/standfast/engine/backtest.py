"""Back-testing: what a file would have paged, had it been the accepted one all along.

Every judgement and every step of an alert is that of the live evaluation, over counts that were read
once and answer from memory. Only instants that can change nothing are left out, see `slo.sieve`.
No clock and no database: values in, values out.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from standfast.alerting.machine import Turn
from standfast.alerting.rules import PAGE, Rule, rules
from standfast.engine.evaluate import steps_of
from standfast.engine.measurements import Measurements, MeasurementsTx
from standfast.monitoring.count import bucket_start
from standfast.paging.cover import standing
from standfast.paging.page import rota_for
from standfast.paging.reach import awake
from standfast.slo.burn import burn_alerts
from standfast.slo.exclusion import Kind, spared
from standfast.slo.judgement import words
from standfast.slo.objective import Objective, objectives
from standfast.slo.sieve import Minutes, could_fire
from standfast.slo.tally import NOTHING, Tally
from standfast.spec.condition import Absence, Burn, Expr, Threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from fractions import Fraction

    from standfast.alerting.alert import Alert
    from standfast.slo.exclusion import Exclusion
    from standfast.spec.system import System
    from standfast.spec.values import Promise, Severity

    Row = tuple[int, int, int, int]  # instant, bad, total, covered, as they are kept

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US, _MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
_MICROS = _MINUTE // _US
_LATE_IN_IT = timedelta(
    seconds=59
)  # each minute is judged once it is counted, before the next begins
_NIGHT = (22, 7)  # o'clock


class Counts:
    """What was counted, in memory; answers as the rows of the database do."""

    def __init__(
        self, rows: Mapping[str, Sequence[Row]], first_seen: Mapping[str, datetime]
    ) -> None:
        self._first = dict(first_seen)
        # A column at a time: of hundreds of thousands of rows, a row at a time takes ten times as long.
        self._sums = {
            key: tuple(array("q", [row[column] for row in found]) for column in range(4))
            for key, found in rows.items()
            if found
        }

    def first_seen(self) -> dict[str, datetime]:
        return self._first

    def known(self, key: str) -> bool:
        return key in self._sums

    def tallies_of(
        self, wanted: Mapping[str, Sequence[tuple[datetime, datetime]]]
    ) -> dict[str, list[Tally]]:
        return {
            key: [self._tally(key, *window) for window in windows]
            for key, windows in wanted.items()
        }

    def _tally(self, key: str, start: datetime, end: datetime) -> Tally:
        if key not in self._sums:
            return NOTHING
        ats, bad, total, covered = self._sums[key]
        first, last = (start - _EPOCH) // _US, (end - _EPOCH) // _US
        # Before the oldest row the oldest: what it sums up is not told apart.
        low, high = max(0, bisect_right(ats, first) - 1), max(0, bisect_right(ats, last) - 1)
        return Tally(
            bad=bad[high] - bad[low],
            total=total[high] - total[low],
            covered=min(covered[high] - covered[low], last - first) * _US,
        )

    def minutes(self, key: str, begin: datetime, end: datetime) -> Minutes:
        """The sums at the end of each minute from `begin`, a whole minute, until `end`."""
        ats, bad, total, _ = self._sums[key]
        bads, totals = array("q"), array("q")
        at, stop = (begin - _EPOCH) // _US + _MICROS, (end - _EPOCH) // _US
        row, rows = 0, len(ats)
        while at <= stop:
            while row + 1 < rows and ats[row + 1] < at:
                row += 1
            bads.append(bad[row])
            totals.append(total[row])
            at += _MICROS
        return Minutes(bad=bads, total=totals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The stretch that is gone through, in whole minutes, and everything known of it."""

    start: datetime
    end: datetime
    counts: Counts
    exclusions: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """One page, or one ticket, that would have come to be."""

    rule: str
    component: str
    severity: Severity
    at: datetime
    until: datetime | None  # None: it still fires at the end
    local: datetime  # the same instant where the rota lives
    night: bool
    wakes: bool  # a severity that wakes people
    who: tuple[str, ...]  # by the rotation and its overrides of that instant; persons by id
    left: Fraction | None  # of the budget, when it fired; None: of no one budget, or not known
    because: str
    before_start: bool = False  # it may have fired earlier: it held when the stretch began

    @property
    def spent(self) -> Fraction | None:
        return None if self.left is None else 1 - self.left


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreplayed:
    rule: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one file would have done."""

    firings: tuple[Firing, ...]
    unreplayed: tuple[Unreplayed, ...]
    unseen: tuple[str, ...]  # where too little was looked at, in words

    @property
    def woken(self) -> int:
        return sum(one.wakes for one in self.firings)

    @property
    def nights(self) -> int:
        return sum(one.wakes and one.night for one in self.firings)


# ------------------------------------------------------------------ what is asked


def laid_over(
    system: System, objective: str, promise: Promise | None, window: timedelta | None
) -> System:
    """The same file with another promise, or another rolling window, of one objective.

    Raises KeyError where there is no such objective, ValueError where it cannot have what is asked.
    """
    found = {one.name: one for one in objectives(system)}[objective]
    target = found.promise
    if promise is not None:
        if promise.threshold is not None and found.promise.threshold is None:
            raise ValueError(f"{objective} promises no latency")
        # A bare share keeps what counts as good: "p95 < 200ms" at 99% is 99% under 200 ms.
        target = replace(promise, threshold=promise.threshold or found.promise.threshold)
    if found.is_journey:
        if window is not None:
            raise ValueError(f"{objective} is a journey's: its window is that of the budgets")
        journey = replace(system.journeys[found.level], slo=target)
        return replace(system, journeys={**system.journeys, found.level: journey})
    level = system.service_levels[found.level]
    slos = tuple(target if one == found.promise else one for one in level.slos)
    changed = replace(level, slos=slos)
    if window is not None:
        changed = replace(changed, window=window, calendar="")
    return replace(system, service_levels={**system.service_levels, found.level: changed})


def keys_of(system: System) -> set[str]:
    """Every indicator that the rules that can be replayed ask for."""
    found = {one.key for each in objectives(system) for one in each.indicators}
    for name in system.components:
        found |= {f"{name}/requests", f"{name}/probe"}
    return found


# ------------------------------------------------------------------ going through the past


def replay(
    system: System,
    past: Past,
    wanted: Callable[[Rule], bool] = lambda _: True,
    progress: Callable[[], None] = lambda: None,
) -> Outcome:
    """What the rules of the file that are wanted would have fired; `progress` is told of each rule."""
    firings: list[Firing] = []
    unreplayed = [
        Unreplayed(rule=one.name, because="PromQL is judged by Prometheus, not here")
        for one in system.alerts.values()
        if isinstance(one.when, Expr)
    ]
    every = [one for one in rules(system) if wanted(one)]
    tried: set[str] = set()
    sums: dict[str, Minutes] = {}
    for rule in every:
        if why := _not_replayed(rule, system, past):
            unreplayed.append(Unreplayed(rule=rule.name, because=why))
        else:
            tried |= _objective_names(rule, system)
            firings += _firings(rule, system, past, sums)
        progress()
    return Outcome(
        firings=tuple(sorted(firings, key=lambda one: (one.at, one.rule))),
        unreplayed=tuple(unreplayed),
        unseen=tuple(_unseen(system, past, tried)),
    )


def about(objective: Objective) -> Callable[[Rule], bool]:
    """The rules that watch this objective, by its name or its level's."""
    names = {objective.name, objective.level}
    return lambda rule: isinstance(rule.when, Burn) and rule.when.objective in names


def _not_replayed(rule: Rule, system: System, past: Past) -> str:
    """Why counts cannot tell what it would have done; empty where they can."""
    match rule.when:
        case Burn():
            mine = _objectives(rule, system)
            missing = [
                each.key
                for one in mine
                for each in one.indicators
                if not past.counts.known(each.key)
            ]
            if not mine or not all(one.indicators for one in mine):
                return f"nothing measures {rule.when.objective}"
            return f"nothing was ever counted as {missing[0]}" if missing else ""
        case Threshold() if rule.when.signal in {"error rate", "probe failures"}:
            return _uncounted(rule, system, past, probes=rule.when.signal == "probe failures")
        case Absence() if rule.when.signal == "successful probes":
            return _uncounted(rule, system, past, probes=True)
        case Absence():
            return f"whether {rule.when.signal} came was not kept minute by minute"
        case Threshold():
            return f"{rule.when.signal} is a measured value, not a count of events"
    return "it asks for dates, and those of the past are not kept"


def _uncounted(rule: Rule, system: System, past: Past, *, probes: bool) -> str:
    key = _key(rule, system, probes=probes)
    return "" if past.counts.known(key) else f"nothing was ever counted as {key}"


def _key(rule: Rule, system: System, *, probes: bool) -> str:
    counted = system.components[rule.component].counted and not probes
    return f"{rule.component}/{'requests' if counted else 'probe'}"


def _firings(rule: Rule, system: System, past: Past, sums: dict[str, Minutes]) -> list[Firing]:
    tx = cast("MeasurementsTx", _Tx(past))
    found: list[Firing] = []
    alert: Alert | None = None
    minutes = (past.end - past.start) // _MINUTE
    candidates, index = _candidates(rule, system, past, minutes, sums), 0
    while index < minutes:
        if alert is None or not alert.open:
            # Nothing begins where nothing can hold, and what is not open is not changed by it.
            place = bisect_left(candidates, index)
            if place == len(candidates):
                break
            index = candidates[place]
        now = past.start + index * _MINUTE + _LATE_IN_IT
        facts = Measurements(tx, system, now)
        before = {} if alert is None else {f"{rule.name}/{rule.component}": alert}
        for _, step in steps_of(facts, before, (rule,), now):
            alert = step.alert or alert
            if step.alert is None:
                continue
            if step.turn in {Turn.FIRED, Turn.RAISED}:
                if step.turn is Turn.RAISED and found:
                    found[-1] = replace(found[-1], until=now)
                found.append(_firing(rule, step.alert, system, facts, now, held=index == 0))
            elif step.turn is Turn.REOPENED:
                # The same episode and the same page; what was before the stretch is not known.
                found[-1] = replace(found[-1], until=None)
            elif step.turn is Turn.RESOLVED:
                found[-1] = replace(found[-1], until=now)
        index += 1
    return found


def _candidates(
    rule: Rule, system: System, past: Past, minutes: int, sums: dict[str, Minutes]
) -> Sequence[int]:
    """The minutes at which the rule may begin to hold."""
    if not isinstance(rule.when, Burn):
        return range(minutes)
    found: set[int] = set()
    for objective in _objectives(rule, system):
        still = spared(past.exclusions, objective, kind=Kind.MAINTENANCE)
        if len(objective.indicators) != 1 or objective.bucket != _MINUTE or still:
            return _with_bad(objective, past, minutes)
        key = objective.indicators[0].key
        # One and the same length for all objectives, so that each indicator is laid out once.
        longest = max(one.window for one in objectives(system))
        back = bucket_start(past.start - longest - 2 * _MINUTE, _MINUTE)
        if key not in sums:
            sums[key] = past.counts.minutes(key, back, past.end)
        first = (past.start - back) // _MINUTE
        for window in burn_alerts(objective):
            if not rule.windows or window.pages == (rule.windows == PAGE):
                found |= {
                    index - first for index in could_fire(objective, window, sums[key], first)
                }
    return sorted(found)


def _with_bad(objective: Objective, past: Past, minutes: int) -> Sequence[int]:
    """Without a single bad event in any window nothing burns; else each minute is judged."""
    still = sum((one.ends - one.starts for one in past.exclusions), timedelta(0))
    start = past.start - objective.window - still - 2 * _MINUTE
    tallies = past.counts.tallies_of({one.key: [(start, past.end)] for one in objective.indicators})
    return range(minutes if any(one[0].bad for one in tallies.values()) else 0)


def _firing(
    rule: Rule, alert: Alert, system: System, facts: Measurements, now: datetime, *, held: bool
) -> Firing:
    rota = rota_for(system, rule.component)
    local = now.astimezone(ZoneInfo(rota.timezone if rota else system.timezone))
    names = _objective_names(rule, system)
    return Firing(
        rule=rule.name,
        component=rule.component,
        severity=alert.severity,
        at=now,
        until=None,
        local=local,
        night=local.hour >= _NIGHT[0] or local.hour < _NIGHT[1],
        wakes=awake(alert.severity, system),
        who=standing(rota, alert.severity, system, now).first if rota else (),
        left=facts.left(next(iter(names))) if len(names) == 1 else None,
        because=alert.because,
        before_start=held,
    )


def _objectives(rule: Rule, system: System) -> tuple[Objective, ...]:
    """As `Measurements.burns` takes the name: an objective's own, else its level's."""
    if not isinstance(rule.when, Burn):
        return ()
    name, every = rule.when.objective, objectives(system)
    own = tuple(one for one in every if one.name == name)
    return own or tuple(one for one in every if one.level == name)


def _objective_names(rule: Rule, system: System) -> set[str]:
    return {one.name for one in _objectives(rule, system)}


def _unseen(system: System, past: Past, tried: set[str]) -> Iterator[str]:
    for one in objectives(system):
        if one.name not in tried:
            continue
        windows = [(past.start - _US, past.end - _US)]
        for indicator in one.indicators:
            (tally,) = past.counts.tallies_of({indicator.key: windows})[indicator.key]
            blind = past.end - past.start - tally.covered
            if blind >= _MINUTE:
                yield f"{one.name}: nobody looked at {indicator.key} for {words(blind)} of it"


class _Tx:
    """The tables of `Measurements`, as far as counts answer for them."""

    def __init__(self, past: Past) -> None:
        self.levels, self._exclusions = past.counts, past.exclusions
        self.exclusions = self

    def standing(self, since: datetime) -> tuple[Exclusion, ...]:
        return tuple(one for one in self._exclusions if one.ends > since)


# ------------------------------------------------------------------ telling


def difference(changed: Outcome, present: Outcome) -> str:
    """What the change would have meant for people, in one sentence."""
    more, nights = changed.woken - present.woken, changed.nights - present.nights
    tickets = (len(changed.firings) - changed.woken) - (len(present.firings) - present.woken)
    if not more and not nights and not tickets:
        said = _said(changed)
        same = {(one.rule, one.at) for one in changed.firings} == {
            (one.rule, one.at) for one in present.firings
        }
        return f"The change would have fired {'exactly ' if same else ''}as often: {said}."
    return (
        f"The change would have meant {_signed(more, 'page')} ({_signed(nights, 'at night', '')})"
        f" and {_signed(tickets, 'ticket')}: {_said(changed)} instead of {_said(present)}."
    )


def _said(one: Outcome) -> str:
    tickets = len(one.firings) - one.woken
    return (
        f"{_many(one.woken, 'page')}, {one.nights} of them at night, and {_many(tickets, 'ticket')}"
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _signed(count: int, what: str, plural: str = "s") -> str:
    side = "more" if count > 0 else "fewer" if count < 0 else "more or fewer"
    ending = "" if abs(count) == 1 else plural
    return f"{abs(count) or 'no'} {side} {what}{ending}"

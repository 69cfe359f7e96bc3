"""Back-testing: what a file would have paged, had it been the accepted one all along.

Every judgement and every step of an alert is that of the live evaluation, over counts that were read
once and answer from memory. Only instants that can change nothing are left out, see `slo.sieve`.
No clock and no database: values in, values out.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar, cast
from zoneinfo import ZoneInfo

from standfast.alerting.machine import Turn
from standfast.alerting.rules import Rule, rules
from standfast.engine.evaluate import steps_of
from standfast.engine.measurements import Measurements, MeasurementsTx
from standfast.engine.past import AsOf, Past, lags
from standfast.engine.sieving import Sieve, objectives_of
from standfast.paging.cover import standing
from standfast.paging.page import rota_for
from standfast.paging.reach import awake
from standfast.slo.judgement import words
from standfast.slo.objective import Objective, objectives
from standfast.spec.condition import Absence, Burn, Expr, Threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction

    from standfast.alerting.alert import Alert
    from standfast.engine.sieving import Sieved
    from standfast.spec.system import Composite, ServiceLevel, System
    from standfast.spec.values import Promise, Severity

_US, _MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
_LATE_IN_IT = timedelta(
    seconds=59
)  # each minute is judged once it is counted, before the next begins
_NIGHT = (22, 7)  # o'clock
_ENDLESS, _NEVER = datetime.max.replace(tzinfo=UTC), timedelta.max
_TOLD = 3  # incidents in one sentence


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
    if found.group == "journeys":
        if window is not None:
            raise ValueError(f"{objective} is a journey's: its window is that of the budgets")
        journey = replace(system.journeys[found.level], slo=target)
        return replace(system, journeys={**system.journeys, found.level: journey})
    if found.group == "composites":
        composite = replace(system.composites[found.level], slo=target)
        if window is not None:
            composite = _of_window(composite, found, window)
        return replace(system, composites={**system.composites, found.level: composite})
    level = system.service_levels[found.level]
    slos = tuple(target if one == found.promise else one for one in level.slos)
    changed = replace(level, slos=slos)
    if window is not None:
        changed = _of_window(changed, found, window)
    return replace(system, service_levels={**system.service_levels, found.level: changed})


_Level = TypeVar("_Level", "ServiceLevel", "Composite")


def _of_window(level: _Level, objective: Objective, window: timedelta) -> _Level:
    """The same may be promised over several windows; this objective's is the one that changes."""
    if not level.also:
        return replace(level, window=window, calendar="")
    every = [level.window, *level.also]
    if window != objective.window and window in every:
        raise ValueError(f"{level.name} has an objective over that window already")
    every[every.index(objective.window)] = window
    return replace(level, window=every[0], also=tuple(every[1:]))


def keys_of(system: System, wanted: Callable[[Rule], bool] = lambda _: True) -> set[str]:
    """Every indicator that the rules that are wanted and can be replayed ask for."""
    found: set[str] = set()
    for rule in (one for one in rules(system) if wanted(one)):
        if isinstance(rule.when, Burn):
            found |= {one.key for each in objectives_of(rule, system) for one in each.indicators}
        elif isinstance(rule.when, Threshold | Absence):
            found.add(_asks(rule, system))
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
    sieve = Sieve(system, past)
    for rule in every:
        if why := _not_replayed(rule, system, past):
            unreplayed.append(Unreplayed(rule=rule.name, because=why))
        else:
            tried |= _objective_names(rule, system)
            firings += _firings(rule, system, past, sieve)
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
            mine = objectives_of(rule, system)
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


def _asks(rule: Rule, system: System) -> str:
    """What a rule on counts asks for; a burn asks by its objectives."""
    if isinstance(rule.when, Burn):
        return ""
    probes = not (isinstance(rule.when, Threshold) and rule.when.signal == "error rate")
    return _key(rule, system, probes=probes)


def _firings(rule: Rule, system: System, past: Past, sieve: Sieve) -> list[Firing]:
    found: list[Firing] = []
    alert: Alert | None = None
    late, sieved, index = lags(system), sieve.of(rule, _asks(rule, system)), 0
    while (index := _next(index, alert, sieved, past.minutes)) < past.minutes:
        now = past.start + index * _MINUTE + _LATE_IN_IT
        facts = Measurements(cast("MeasurementsTx", AsOf(past, late, now)), system, now)
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


def _next(index: int, alert: Alert | None, sieved: Sieved, minutes: int) -> int:
    """The next minute, from this one on, that can change anything; `minutes` where none does."""
    if alert is None or not alert.open:
        # Nothing begins where nothing can hold, and what is not open is not changed by it.
        place = bisect_left(sieved.candidates, index)
        return sieved.candidates[place] if place < len(sieved.candidates) else minutes
    # What fires and still holds, no graver than before, stays as it is.
    calm = alert.firing and alert.good_since is None and alert.blind_since is None
    while calm and (known := sieved.held.get(index)) is not None and known >= alert.severity:
        index += 1
    return index


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


def _objective_names(rule: Rule, system: System) -> set[str]:
    return {one.name for one in objectives_of(rule, system)}


def _unseen(system: System, past: Past, tried: set[str]) -> Iterator[str]:
    """Where the past is not known, or less finely than it was judged."""
    for one in objectives(system):
        if one.name not in tried:
            continue
        for indicator in one.indicators:
            yield from (f"{one.name}: {said}" for said in _gaps(one, indicator.key, past))


def _gaps(objective: Objective, key: str, past: Past) -> Iterator[str]:
    first = past.counts.first_seen().get(key, past.start)
    start = min(max(past.start, first), past.end)
    if start - past.start >= _MINUTE:
        yield (
            f"{key} is counted since {first:%Y-%m-%d %H:%M} UTC, so that of the first"
            f" {words(start - past.start)} nothing is known"
        )
    ((tally,),) = past.counts.tallies_of({key: [(start - _US, past.end - _US)]}).values()
    blind = past.end - start - tally.covered
    if blind >= _MINUTE:
        yield f"nobody looked at {key} for {words(blind)} of it"
    coarse = past.coarse.get(key, first)
    if coarse > max(first, past.start - objective.window):
        yield (
            f"before {coarse:%Y-%m-%d %H:%M} UTC {key} is kept by the quarter-hour, so that"
            " windows which reach back there are that much coarser"
        )


# ------------------------------------------------------------------ telling


def difference(changed: Outcome, present: Outcome) -> str:
    """What the change would have meant for people, in one sentence."""
    more, nights = changed.woken - present.woken, changed.nights - present.nights
    tickets = (len(changed.firings) - changed.woken) - (len(present.firings) - present.woken)
    moved = "".join(f"; {one}" for one in _moved(changed, present))
    if not more and not nights and not tickets:
        said = _said(changed)
        same = {(one.rule, one.at) for one in changed.firings} == {
            (one.rule, one.at) for one in present.firings
        }
        return f"The change would have fired {'exactly ' if same else ''}as often: {said}{moved}."
    return (
        f"The change would have meant {_signed(more, 'page')} ({_signed(nights, 'at night', '')})"
        f" and {_signed(tickets, 'ticket')}: {_said(changed)} instead of {_said(present)}{moved}."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    """Pages of one component that follow on one another: what people call an incident."""

    component: str
    at: datetime
    until: datetime
    local: datetime

    def meets(self, other: _Trouble) -> bool:
        return self.component == other.component and self.at < other.until and other.at < self.until


def _troubles(one: Outcome) -> list[_Trouble]:
    last: dict[str, _Trouble] = {}
    found: list[_Trouble] = []
    for page in (each for each in one.firings if each.wakes):
        until = page.until or _ENDLESS
        before = last.get(page.component)
        if before and page.at < before.until:
            found.remove(before)
            fresh = replace(before, until=max(before.until, until))
        else:
            fresh = _Trouble(component=page.component, at=page.at, until=until, local=page.local)
        last[page.component] = fresh
        found.append(fresh)
    return sorted(found, key=lambda each: each.at)


def _moved(changed: Outcome, present: Outcome) -> list[str]:
    """Which incidents would have been found at another time, those that move the most first."""
    now, then = _troubles(present), _troubles(changed)
    found: list[tuple[timedelta, str]] = []
    for one in now:
        mine = [each.at for each in then if each.meets(one)]
        which = f"the incident of {one.local.day} {one.local:%b %H:%M} on {one.component}"
        if not mine:
            found.append((_NEVER, f"{which} would have woken nobody"))
        elif apart := min(mine) - one.at:
            side = "later" if apart > timedelta(0) else "earlier"
            found.append((abs(apart), f"{which} would have been found {words(abs(apart))} {side}"))
    found.sort(key=lambda each: each[0], reverse=True)
    rest = [f"and {len(found) - _TOLD} more would have moved"] if len(found) > _TOLD else []
    return [said for _, said in found[:_TOLD]] + rest


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

"""Which minutes of the past a rule has to be judged at; at all others it is known what comes of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.alerting.rules import PAGE, Rule
from standfast.alerting.sieve import could_hold
from standfast.engine.measurements import widths
from standfast.engine.past import lags
from standfast.monitoring.count import bucket_start
from standfast.slo.burn import burn_alerts
from standfast.slo.exclusion import Kind, spared
from standfast.slo.objective import Objective, objectives
from standfast.slo.sieve import Minutes, could_fire, could_fire_together, surely_fires
from standfast.spec.condition import Absence, Burn, Threshold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from standfast.engine.past import Past
    from standfast.slo.burn import BurnWindow
    from standfast.slo.window import Span
    from standfast.spec.system import System
    from standfast.spec.values import Severity

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sieved:
    """By the number of the minute from the start on."""

    candidates: Sequence[int]  # at no other the rule begins to hold
    held: Mapping[int, Severity] = field(
        default_factory=dict
    )  # it holds, this gravely and no graver


def objectives_of(rule: Rule, system: System) -> tuple[Objective, ...]:
    """As `Measurements.burns` takes the name: an objective's own, else its level's."""
    if not isinstance(rule.when, Burn):
        return ()
    name, every = rule.when.objective, objectives(system)
    own = tuple(one for one in every if one.name == name)
    return own or tuple(one for one in every if one.level == name)


class Sieve:
    """Of one file over one past; each indicator is laid out by the minute once."""

    def __init__(self, system: System, past: Past) -> None:
        self._system, self._past = system, past
        self._widths, self._lags = widths(system), lags(system)
        # One and the same length for all, and room for the time in which the clock of burns stands still.
        longest = max([_DAY, *(one.window for one in objectives(system))])
        still = sum((one.ends - one.starts for one in past.exclusions), timedelta(0))
        self._back = bucket_start(past.start - longest - still - _DAY, _MINUTE)
        self._first = (past.start - self._back) // _MINUTE
        self._sums: dict[str, Minutes] = {}

    def of(self, rule: Rule, key: str = "") -> Sieved:
        """`key` is what a rule on counts asks for."""
        if isinstance(rule.when, Burn):
            return self._burn(rule)
        fine = self._widths.get(key, _MINUTE) == _MINUTE
        if isinstance(rule.when, Threshold | Absence) and fine:
            found = could_hold(rule.when, self._minutes(key), self._first)
            return Sieved(candidates=[one - self._first for one in found])
        return Sieved(candidates=range(self._past.minutes))

    def _minutes(self, key: str) -> Minutes:
        if key not in self._sums:
            self._sums[key] = self._past.counts.minutes(key, self._back, self._past.end)
        return self._sums[key]

    # -------------------------------------------------------------- burns

    def _burn(self, rule: Rule) -> Sieved:
        found: set[int] = set()
        gravest: dict[int, list[Severity]] = defaultdict(list)
        sure: dict[int, list[Severity]] = defaultdict(list)
        known = True
        for objective in objectives_of(rule, self._system):
            if not self._by_the_minute(objective):
                found.update(self._roughly(objective))
                known = False
                continue
            one = _Laid(objective, self._past, self._back, self._first)
            found.update(one.standing_still)
            for window in burn_alerts(objective):
                if rule.windows and window.pages != (rule.windows == PAGE):
                    continue
                if len(objective.indicators) == 1:
                    may, must = self._windows(objective, one, window)
                else:
                    steps = [one.less(self._minutes(each.key)) for each in objective.indicators]
                    may, must = could_fire_together(objective, window, steps, one.first), []
                    known = False
                for minute in one.real(may):
                    gravest[minute].append(window.severity)
                for minute in one.real(must):
                    sure[minute].append(window.severity)
        found |= gravest.keys()
        held = {
            minute: min(mine) if rule.graded else rule.severity
            for minute, mine in sure.items()
            if not rule.graded or min(mine) == min(gravest[minute])
        }
        return Sieved(candidates=sorted(found), held=held if known else {})

    def _windows(
        self, objective: Objective, laid: _Laid, window: BurnWindow
    ) -> tuple[list[int], list[int]]:
        (indicator,) = objective.indicators
        sums = laid.less(self._minutes(indicator.key))
        lag = self._lags.get(indicator.key, timedelta(0)) // _MINUTE
        may = could_fire(objective, window, sums, laid.first, lag=lag)
        seen = self._past.counts.first_seen().get(indicator.key)
        if seen is None or objective.joint:
            return may, []
        begun = laid.place(seen)
        return may, surely_fires(objective, window, sums, may, watched_from=begun, lag=lag)

    def _by_the_minute(self, objective: Objective) -> bool:
        keys = [one.key for one in objective.indicators]
        late = len(keys) > 1 and any(key in self._lags for key in keys)
        return not late and {objective.bucket, *(self._widths[key] for key in keys)} == {_MINUTE}

    def _roughly(self, objective: Objective) -> Iterable[int]:
        """Without a single bad event in any window nothing burns. Slices, once old enough, change only where
        one ends; else each minute is judged."""
        past, keys = self._past, [one.key for one in objective.indicators]
        tallies = past.counts.tallies_of({key: [(self._back, past.end)] for key in keys})
        if not any(one[0].bad for one in tallies.values()):
            return ()
        width = min(self._widths[key] for key in keys)
        if any(self._lags.get(key) != width for key in keys) or width < _MINUTE:
            return range(past.minutes)
        old = max(past.counts.first_seen().get(key, past.end) for key in keys) + objective.window
        old += sum((one.ends - one.starts for one in past.exclusions), timedelta(0)) + width
        return [minute for minute in range(past.minutes) if self._edge(minute, width, old)]

    def _edge(self, minute: int, width: timedelta, old: datetime) -> bool:
        at = self._past.start + minute * _MINUTE
        return minute == 0 or at < old or bucket_start(at, width) == at


class _Laid:
    """The minutes of one objective, with those of its planned maintenance taken out."""

    def __init__(self, objective: Objective, past: Past, back: datetime, first: int) -> None:
        self._back, self._last = back, first + past.minutes
        spans = spared(past.exclusions, objective, kind=Kind.MAINTENANCE)
        self._out = {one for span in spans for one in self._within(span)}
        every = range(self._last)
        self._real = [one for one in every if one not in self._out] if self._out else every
        self._offset = first
        self.first = first - sum(one < first for one in self._out)
        # Throughout it nothing changes: its first minute tells.
        begins = (next(iter(self._within(span)), 0) for span in spans)
        self.standing_still = [max(0, one - first) for one in begins if one in self._out] + (
            [0] if first in self._out else []
        )

    def _within(self, span: Span) -> Iterator[int]:
        begin = max(0, (span.start - self._back) // _MINUTE)
        yield from range(begin, min(self._last, (span.end - self._back) // _MINUTE))

    def less(self, sums: Minutes) -> Minutes:
        return sums.without(self._out)

    def place(self, at: datetime) -> int:
        """Where an instant lies among the minutes that are left."""
        real = (at - self._back) // _MINUTE
        return real - sum(one < real for one in self._out)

    def real(self, places: Iterable[int]) -> Iterator[int]:
        return (self._real[one] - self._offset for one in places)

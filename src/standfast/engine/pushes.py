"""Taking in what applications push, and counting it as if it had been scraped."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.engine.meters import meters_by_component
from standfast.monitoring import pushed, signals
from standfast.monitoring.counters import Look, increase, remembered, swapped
from standfast.monitoring.exposition import of_series
from standfast.monitoring.flood import Flood, explosive
from standfast.monitoring.measure import of_scrape
from standfast.monitoring.pushed import CALLS, DURATION, Level
from standfast.monitoring.target import OTLP, PUSHED_EVERY, otlp_of
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from standfast.engine.ports import Store
    from standfast.monitoring.count import Count
    from standfast.monitoring.exposition import Sample
    from standfast.monitoring.measure import Meter
    from standfast.monitoring.pushed import Push, Stream
    from standfast.monitoring.target import Target, TargetState
    from standfast.spec.system import Component, System

_WINDOW = timedelta(minutes=1)  # over which rates and percentiles are told
_NEW = timedelta(minutes=15)  # a process that began within this has not been heard of before
_REMEMBERED = timedelta(minutes=10)  # services that nobody knows
_MOST_UNKNOWN = 50


class LookPort(Protocol):
    def last_look(self, target: str) -> Look | None: ...
    def keep_look(self, target: str, look: Look) -> None: ...
    def looks_under(self, folder: str) -> dict[str, Look]: ...
    def keep_gauges(self, component: str, at: datetime, values: Mapping[str, float]) -> None: ...
    def target_states(self) -> dict[str, TargetState]: ...
    def keep_states(self, found: Iterable[TargetState]) -> None: ...
    def keep_floods(self, found: Iterable[Flood]) -> None: ...


class CountPort(Protocol):
    def add(self, found: Iterable[Count]) -> None: ...
    def first_seen(self) -> dict[str, datetime]: ...


class PushTx(Protocol):
    @property
    def monitoring(self) -> LookPort: ...
    @property
    def levels(self) -> CountPort: ...


@dataclass(slots=True)
class Sent:
    """What one service sent at once."""

    streams: list[Stream] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    others: int = 0  # durations that are not counted for a component of its type

    def add(self, one: Stream, counts: str) -> None:
        if one.metric == counts:
            self.streams.append(one)
        else:
            self.others += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    rejected: int = 0
    why: tuple[str, ...] = ()


class Pushes:
    def __init__(
        self, store: Store[PushTx], system: Callable[[], System], clock: Clock = utc_now
    ) -> None:
        self._store, self._system, self._clock = store, system, clock
        self._unknown: dict[str, datetime] = {}

    def take(self, push: Push) -> Received:
        """Count everything that a component of the file has sent; answers what was not, and why."""
        now, system = self._clock(), self._system()
        known = {one.otlp: one for one in system.components.values() if one.otlp}
        mine: dict[str, Sent] = defaultdict(Sent)
        refused = Received(rejected=push.rejected, why=push.why)
        for one in push.streams:
            if one.service in known:
                mine[one.service].add(one, _counts(known[one.service]))
            else:
                refused = self._nobody(refused, one.service, now)
        for level in push.levels:
            if level.service in known:
                mine[level.service].levels.append(level)
            else:
                refused = self._nobody(refused, level.service, now)
        for service, sent in mine.items():
            refused = self._count(refused, system, known[service], sent, now)
        return refused

    def unknown(self, now: datetime) -> tuple[str, ...]:
        """Services that send and that no component of the file names."""
        recent = {name: at for name, at in self._unknown.items() if now - at < _REMEMBERED}
        self._unknown = recent
        return tuple(sorted(recent))

    def _nobody(self, refused: Received, service: str, now: datetime) -> Received:
        if service in self._unknown or len(self._unknown) < _MOST_UNKNOWN:
            self._unknown[service] = now
        said = f"no component of the file has `otlp: {service or '(service.name is missing)'}`"
        return _more(refused, 1, said)

    def _count(
        self,
        refused: Received,
        system: System,
        component: Component,
        sent: Sent,
        now: datetime,
    ) -> Received:
        held = sum(len(one.bounds) + 4 for one in sent.streams) + len(sent.levels)
        if held > component.series:
            said = self._flooded(component, sent, now)
            points = len(sent.streams) + len(sent.levels)
            return _more(refused, points, f"{component.name} {said}")
        found = self._store.keep(
            lambda tx: _Counting(tx, system, component, now).take(sent, refused)
        )
        self._unknown.pop(component.otlp or "", None)
        return found

    def _flooded(self, component: Component, sent: Sent, now: datetime) -> str:
        said = f"sends more than {component.series:,} series, so nothing was counted"
        named = [(one.metric, one.labels) for one in sent.streams]
        varied = explosive((*named, *((one.name, one.labels) for one in sent.levels)))
        said += f": {varied}" if varied else ""
        key = otlp_of(component).key
        flood = Flood(source=key, component=component.name, at=now, because=said)
        self._store.keep(lambda tx: tx.monitoring.keep_floods([flood]))
        self._unknown.pop(component.otlp or "", None)
        return said


class _Counting:
    """One export of one component, in one transaction."""

    def __init__(self, tx: PushTx, system: System, component: Component, now: datetime) -> None:
        self._tx, self._component, self._now = tx, component, now
        self._target: Target = replace(otlp_of(component), every=PUSHED_EVERY)
        self._names = signals.names_of(component)
        self._meters: Sequence[Meter] = meters_by_component(system).get(component.name, ())
        marker = tx.monitoring.last_look(self._target.key)
        self._last = marker.at if marker and marker.at <= now else None
        self._first: datetime | None = tx.levels.first_seen().get(f"{component.name}/requests")

    def take(self, sent: Sent, refused: Received) -> Received:
        by_process: dict[tuple[str, bool], list[Stream]] = defaultdict(list)
        for one in sent.streams:
            by_process[one.instance, one.delta].append(one)
        self._levels(sent.levels)
        notes: dict[str, None] = {}
        if sent.others and not sent.streams:
            kind, counts = self._component.type, _counts(self._component)
            notes[f"only {counts} is counted for a component of type {kind}"] = None
        for (instance, delta), mine in by_process.items():
            if delta:
                refused = self._deltas(instance, mine, refused, notes)
            else:
                self._totals(instance, mine, notes)
            self._last = self._now  # a second process speaks for the same time
        if not by_process:
            self._gauges({}, self._last or self._now)
        self._tx.monitoring.keep_look(self._target.key, Look(at=self._now, values={}))
        self._note(tuple(notes))
        return refused

    def _deltas(
        self, instance: str, streams: Sequence[Stream], refused: Received, notes: dict[str, None]
    ) -> Received:
        key = f"{self._target.key}/delta/{instance}"
        before = self._tx.monitoring.last_look(key)
        ends = dict(before.values) if before else {}
        fresh, again = pushed.unseen(streams, ends)
        shown = pushed.samples(self._names, fresh)
        since = self._last or min((one.start for one in fresh), default=self._now)
        self._add(shown, {one.series: one.value for one in shown}, min(since, self._now), notes)
        ends |= {one.key: one.end.timestamp() for one in fresh}
        if len(ends) > self._component.series:
            # Labels that never stop changing must not be remembered for ever.
            newest = sorted(ends, key=lambda key: ends[key])[-self._component.series :]
            ends = {key: ends[key] for key in newest}
        self._tx.monitoring.keep_look(key, Look(at=self._now, values=ends))
        if again:
            return _more(refused, len(again), "deltas that were counted before")
        return refused

    def _totals(self, instance: str, streams: Sequence[Stream], notes: dict[str, None]) -> None:
        key = f"{self._target.key}/total/{instance}"
        before = self._tx.monitoring.last_look(key)
        shown = pushed.samples(self._names, streams)
        look = pushed.look_of(streams, shown, self._now)
        if before is None and self._is_new(look):
            # A process that began while we were listening: all that it counted is news.
            before = Look(at=self._last or self._now, values={}, started=_LONG_AGO)
            look = replace(look, started=max(look.started or self._now, before.at))
        elif before is not None:
            look = pushed.caught_up(before, look)
        risen = increase(before, look)
        self._tx.monitoring.keep_look(key, remembered(before, look))
        if before is None:
            return
        if swapped(before, look):
            notes["two processes send as one: give each its own service.instance.id"] = None
            return
        self._add(shown, risen.by, min(self._last or before.at, self._now), notes)

    def _is_new(self, look: Look) -> bool:
        if look.started is None or self._first is None or self._last is None:
            return False
        return look.started > max(self._first, self._now - _NEW)

    def _add(
        self,
        shown: Sequence[Sample],
        by: Mapping[str, float],
        since: datetime,
        notes: dict[str, None],
    ) -> None:
        found = of_scrape(
            self._meters, self._component, self._target, shown, by, since=since, now=self._now
        )
        self._tx.levels.add(found.counts)
        notes |= dict.fromkeys(found.notes)
        if shown and not any(one.name == f"{self._names.duration}_bucket" for one in shown):
            notes["durations come in no buckets that all share, so that no latency is told"] = None
        self._gauges(by, since)

    def _levels(self, levels: Sequence[Level]) -> None:
        """What each process has now, until it says something else or falls silent."""
        told: dict[str, dict[str, float]] = defaultdict(dict)
        for one in levels:
            told[f"{one.instance}/{one.name}"][one.sample.series] = one.value
        for name, values in told.items():
            key = f"{self._target.key}/level/{name}"
            self._tx.monitoring.keep_look(key, Look(at=self._now, values=values))

    def _standing(self) -> list[Sample]:
        """The levels of all processes that are heard."""
        found = self._tx.monitoring.looks_under(f"{self._target.key}/level/")
        return [
            of_series(series, value)
            for look in found.values()
            if self._now - look.at <= 3 * PUSHED_EVERY
            for series, value in look.values.items()
        ]

    def _gauges(self, by: Mapping[str, float], since: datetime) -> None:
        """Rates and percentiles over a minute, all processes together."""
        key = f"{self._target.key}/window"
        before = self._tx.monitoring.last_look(key)
        begun = before.at if before and before.at <= self._now else since
        held: dict[str, float] = defaultdict(float, before.values if before else {})
        for series, more in by.items():
            held[series] += more
        if self._now - begun >= _WINDOW:
            risen = [of_series(series, value) for series, value in held.items()]
            seconds = (self._now - begun).total_seconds()
            told = signals.signals(self._names, (*risen, *self._standing()), held, seconds)
            self._tx.monitoring.keep_gauges(self._component.name, self._now, told)
            begun, held = self._now, defaultdict(float)
        self._tx.monitoring.keep_look(key, Look(at=begun, values=dict(held)))

    def _note(self, notes: tuple[str, ...]) -> None:
        state = self._tx.monitoring.target_states().get(self._target.key)
        if state is not None and state.kind == OTLP and state.notes != notes:
            self._tx.monitoring.keep_states([replace(state, notes=notes)])


def _counts(component: Component) -> str:
    """The durations that are its requests. What is served by gRPC over HTTP may be measured twice."""
    return CALLS if component.type == "grpc" else DURATION


_LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _more(refused: Received, points: int, why: str) -> Received:
    said = refused.why if why in refused.why else (*refused.why, why)
    return Received(rejected=refused.rejected + points, why=said)

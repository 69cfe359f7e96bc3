"""Looking: probes and scrapes that are due, side by side, each bounded; what they saw is kept at once."""

from __future__ import annotations

import logging
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from standfast.engine.meters import meters_by_component
from standfast.engine.ports import steady_of
from standfast.errors import StandfastError, TooMuch
from standfast.monitoring import edges, exposition, signals
from standfast.monitoring.counters import Look, increase, remembered, swapped
from standfast.monitoring.credible import begun_of, countable, since_of, started_of
from standfast.monitoring.expectation import answers_unmet, unmet
from standfast.monitoring.exposition import Exposition
from standfast.monitoring.flood import Flood
from standfast.monitoring.health import component_health, read_report
from standfast.monitoring.heartbeat import Pulse, believed, judged, noted
from standfast.monitoring.measure import Meter, of_gauges, of_probe, of_scrape
from standfast.monitoring.pushed import heard
from standfast.monitoring.target import (
    BOOKS,
    HEARTBEAT,
    MEASURES,
    OTLP,
    PROBES,
    PUSHED_EVERY,
    SCRAPES,
    Outcome,
    Target,
    TargetState,
    after,
    by_component,
    targets,
)
from standfast.spec.once import once
from standfast_kit.clock import Clock, Monotonic, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.engine.ports import Store
    from standfast.monitoring.count import Count
    from standfast.monitoring.edges import Calls
    from standfast.monitoring.health import ComponentHealth
    from standfast.spec.system import System

log = logging.getLogger("standfast.observe")
WORKERS = 32  # most of them only wait
_MINUTE = timedelta(minutes=1)
_TIDY_EVERY = timedelta(hours=1)
_SILENT = timedelta(days=1)  # a process that has pushed nothing for so long has ended
_OPENMETRICS = "application/openmetrics-text"
_SLOW = timedelta(seconds=1)
_STEP = timedelta(seconds=2)  # by which the wall clock may go wrong between two ticks


class LookAt(Protocol):
    """Looks at an address within `timeout`. Never raises for what the target does: that is an outcome."""

    def __call__(self, address: str, timeout: timedelta) -> Outcome: ...


class Ask(Protocol):
    """Looks at a target as its `how` says, with the same promises."""

    def __call__(self, target: Target) -> Outcome: ...


class MonitoringPort(Protocol):
    def claim_due(self, targets: Sequence[Target], now: datetime) -> tuple[Target, ...]:
        """Those whose turn it is; each goes to one caller only."""

    def target_states(self) -> dict[str, TargetState]: ...
    def keep_states(self, found: Iterable[TargetState]) -> None: ...
    def last_looks(self, targets: Iterable[str]) -> dict[str, Look]: ...
    def keep_looks(self, found: Mapping[str, Look]) -> None: ...
    def keep_signals(self, at: datetime, found: Mapping[str, Mapping[str, float]]) -> None: ...
    def keep_calls(self, component: str, at: datetime, found: Sequence[Calls]) -> None: ...
    def component_healths(self) -> dict[str, ComponentHealth]: ...
    def keep_health(self, found: Iterable[ComponentHealth]) -> None: ...
    def floods(self) -> dict[str, Flood]: ...
    def keep_floods(self, found: Iterable[Flood]) -> None: ...
    def pulse(self, name: str, *, lock: bool = False) -> Pulse | None: ...
    def keep_pulse(self, pulse: Pulse) -> None: ...
    def forget_targets(self, keep: Iterable[str], silent_since: datetime | None = None) -> None: ...


class LevelPort(Protocol):
    def add(self, found: Iterable[Count]) -> None: ...


class ObserveTx(Protocol):
    @property
    def monitoring(self) -> MonitoringPort: ...
    @property
    def levels(self) -> LevelPort: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look that has ended, its metrics already read."""

    target: Target
    outcome: Outcome
    metrics: Exposition | None = None


class Running:
    """A look under way; `began` once a thread has taken it up."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.began: float | None = None  # by the stopwatch: our clock may be set meanwhile
        self.slow = False  # told once it has ended
        self.future: Future[Seen] = Future()

    def ended(self, now: float) -> None:
        took = 0.0 if self.began is None else now - self.began
        self.slow = took > _SLOW.total_seconds()

    def late(self, now: float) -> bool:
        """Past its time-out, so that its driver has broken its word."""
        return self.began is not None and now - self.began > self.target.timeout.total_seconds()


class Steady:
    """Since when our wall clock has gone as the steady one does; a step of it makes two instants strangers."""

    def __init__(self, stopwatch: Monotonic) -> None:
        self._stopwatch = stopwatch
        self._last: tuple[datetime, float] | None = None
        self._since: datetime | None = None

    def since(self, now: datetime) -> datetime | None:
        """None while no step was ever seen."""
        steady = self._stopwatch()
        if self._last is not None:
            wall, before = self._last
            step = (now - wall) - timedelta(seconds=steady - before)
            if abs(step) > _STEP:
                log.warning("the clock of this machine was set by %.0f s", step.total_seconds())
                self._since = now
        self._last = (now, steady)
        return self._since


class Observe:
    """`looks` has a driver for each kind of target, see `monitoring.target`; `asks` those that are told how.

    A tick waits `patience` at most. What has not ended by then is taken in by a later tick, so that
    a slow target holds up neither the others nor the next tick. Targets that were slow last time have threads
    of their own, so that however many of them there are, the others need not wait for one.
    """

    def __init__(
        self,
        store: Store[ObserveTx],
        looks: Mapping[str, LookAt],
        clock: Clock = utc_now,
        *,
        asks: Mapping[str, Ask] = MappingProxyType({}),
        patience: timedelta = timedelta(seconds=1),
        stopwatch: Monotonic | None = None,
        workers: int = WORKERS,
    ) -> None:
        self._store, self._looks, self._clock = store, looks, clock
        self._asks = asks
        self._patience = patience
        self._stopwatch = stopwatch or steady_of(clock)
        self._steady = Steady(self._stopwatch)
        self._quick = ThreadPoolExecutor(workers, thread_name_prefix="standfast-look")
        self._slow = ThreadPoolExecutor(workers, thread_name_prefix="standfast-slow")
        self._lags: set[str] = set()  # targets that were slow last time
        self._running: dict[str, Running] = {}
        self._tidied: datetime | None = None

    def tick(self, system: System, now: datetime) -> int:
        """Look at everything that is due; answers how many looks were kept."""
        every = targets(system)
        due = self._store.keep(lambda tx: tx.monitoring.claim_due(every, now))
        seen = self._look(system, [one for one in due if one.kind not in BOOKS])
        seen += [Seen(target=one, outcome=_OURS) for one in due if one.kind in BOOKS]
        ended = max(now, self._clock())
        steady = self._steady.since(ended)
        if seen:
            self._store.keep(lambda tx: _keep(tx, system, seen, ended, steady))
        self._tidy(every, now)
        return len(seen)

    def close(self) -> None:
        for pool in (self._quick, self._slow):
            pool.shutdown(wait=False, cancel_futures=True)

    def _look(self, system: System, due: Sequence[Target]) -> list[Seen]:
        overdue = [
            _still(target, f"no answer within {target.timeout.total_seconds():g}s")
            for target in due
            if target.key in self._running and self._running[target.key].late(self._stopwatch())
        ]
        for target in due:
            if target.key not in self._running:
                running = Running(target)
                pool = self._slow if target.key in self._lags else self._quick
                running.future = pool.submit(self._one, system, running)
                self._running[target.key] = running
        wait([one.future for one in self._running.values()], self._patience.total_seconds())
        done = {key: one for key, one in self._running.items() if one.future.done()}
        for key, one in done.items():
            (self._lags.add if one.slow else self._lags.discard)(key)
            del self._running[key]
        ended = [one.future.result() for one in done.values()]
        return overdue + [one for one in ended if one.target.component in system.components]

    def _one(self, system: System, running: Running) -> Seen:
        """In a thread of the pool: the look, and the reading of what it brought."""
        target, running.began = running.target, self._stopwatch()
        try:
            outcome = _as_expected(target, self._at(target), self._clock())
            if target.kind not in MEASURES or not outcome.ok:
                return Seen(target=target, outcome=outcome)
            if target.kind not in SCRAPES:
                return Seen(
                    target=target, outcome=outcome, metrics=Exposition(samples=outcome.samples)
                )
            component = system.components[target.component]
            metrics = exposition.parse(
                outcome.text,
                wanted=_names_by_component(system)[component.name].wanted,
                most=component.series,
                openmetrics=outcome.content_type.startswith(_OPENMETRICS),
            )
            return Seen(target=target, outcome=replace(outcome, text=""), metrics=metrics)
        except StandfastError as error:
            flooded = isinstance(error, TooMuch)
            outcome = Outcome(ok=False, because=error.problem, flooded=flooded)
            return Seen(target=target, outcome=outcome)
        except Exception as error:
            log.exception("a look at %s failed in an unforeseen way", target.key)
            return _still(target, f"the look itself failed: {type(error).__name__}")
        finally:
            running.ended(self._stopwatch())

    def _at(self, target: Target) -> Outcome:
        name = target.driver or target.kind
        if target.how is not None:
            return self._asks[name](target)
        return self._looks[name](target.address, target.timeout)

    def _tidy(self, every: Sequence[Target], now: datetime) -> None:
        # After a clock that was set back at once, and not when it has caught up.
        if self._tidied is not None and abs(now - self._tidied) < _TIDY_EVERY:
            return
        self._tidied = now
        self._lags &= {target.key for target in every}

        def tidy(tx: ObserveTx) -> None:
            tx.monitoring.forget_targets([target.key for target in every], now - _SILENT)

        self._store.keep(tidy)


def _as_expected(target: Target, outcome: Outcome, now: datetime) -> Outcome:
    """The outcome once what the file expects was compared; the answer itself is not kept."""
    if target.expect is not None and outcome.status is not None:
        failed = unmet(target.expect, outcome, now)
        return replace(outcome, ok=not failed, because="; ".join(failed), text="", headers={})
    if outcome.ok and (wrong := answers_unmet(target.answers, outcome.answers)):
        return replace(outcome, ok=False, because="; ".join(wrong))
    return outcome


def _still(target: Target, because: str) -> Seen:
    return Seen(target=target, outcome=Outcome(ok=False, because=because))


def _keep(
    tx: ObserveTx,
    system: System,
    seen: Sequence[Seen],
    now: datetime,
    steady: datetime | None = None,
) -> None:
    """Everything that these looks tell, in one transaction."""
    before = tx.monitoring.target_states()
    looks = tx.monitoring.last_looks(
        one.target.key for one in seen if one.metrics is not None or one.target.kind == OTLP
    )
    pushing = any(one.target.kind == OTLP for one in seen)
    floods = tx.monitoring.floods() if pushing else {}
    told = Told()
    states = dict(before)
    for one in seen:
        last = before.get(one.target.key)
        if one.target.kind == HEARTBEAT:
            states[one.target.key] = _of_job(tx, system, one.target, last, now)
            continue
        if one.target.kind == OTLP:
            came, flood = looks.get(one.target.key), floods.get(one.target.key)
            states[one.target.key] = _of_push(came, flood, one.target, last, now)
            continue
        state = after(last, one.target, one.outcome, now)
        if one.outcome.flooded:
            told.floods.append(_flood(one, now))
        meters = meters_by_component(system).get(one.target.component, ())
        if one.target.kind == "health":
            report = read_report(one.outcome.text, ok=one.outcome.ok)
            state = replace(state, says=report.says, detail=report.detail)
        if one.target.kind in PROBES and one.outcome.known:
            told.counts += of_probe(meters, one.target, one.outcome, last, now)
            told.signals[one.target.component] |= _probe_gauges(one.outcome)
        if one.metrics is not None:
            look = looks.get(one.target.key)
            notes = _keep_scrape(tx, told, system, meters, one, one.metrics, look, now, steady)
            state = replace(state, notes=(*state.notes, *one.metrics.notes, *notes))
        states[one.target.key] = state
    tx.levels.add(told.counts)
    tx.monitoring.keep_looks(told.looks)
    tx.monitoring.keep_signals(now, told.signals)
    tx.monitoring.keep_floods(told.floods)
    tx.monitoring.keep_states([states[one.target.key] for one in seen])
    _keep_health(tx, system, states.values(), now)


class Told:
    """What the looks of one tick tell, gathered so that it is kept in a few statements."""

    def __init__(self) -> None:
        self.counts: list[Count] = []
        self.looks: dict[str, Look] = {}
        self.signals: dict[str, dict[str, float]] = defaultdict(dict)  # by component
        self.floods: list[Flood] = []


_OURS = Outcome(ok=True)  # stands where our own books are looked into, once there is a transaction


def _of_job(
    tx: ObserveTx, system: System, target: Target, last: TargetState | None, now: datetime
) -> TargetState:
    plan = system.components[target.component].heartbeats[target.check]
    pulse = tx.monitoring.pulse(plan.name)
    if pulse is None:
        pulse = Pulse(name=plan.name, watched_from=now)
        tx.monitoring.keep_pulse(pulse)
    elif believed(pulse, now) != pulse:
        pulse = believed(tx.monitoring.pulse(plan.name, lock=True) or pulse, now)
        tx.monitoring.keep_pulse(pulse)
    outcome = judged(plan, pulse, now)
    notes = noted(plan, pulse, now) if outcome.ok else ()
    return replace(after(last, target, outcome, now), notes=notes)


def _flood(one: Seen, now: datetime) -> Flood:
    return Flood(
        source=one.target.key,
        component=one.target.component,
        at=now,
        because=one.outcome.because,
    )


def _of_push(
    came: Look | None,
    flood: Flood | None,
    target: Target,
    last: TargetState | None,
    now: datetime,
) -> TargetState:
    outcome = heard(came.at if came else None, now, 3 * PUSHED_EVERY)
    if flood is not None and now - flood.at <= 3 * PUSHED_EVERY:
        outcome = Outcome(ok=False, because=flood.because)
    return replace(after(last, target, outcome, now), notes=last.notes if last else ())


def _keep_health(
    tx: ObserveTx, system: System, states: Iterable[TargetState], now: datetime
) -> None:
    before = tx.monitoring.component_healths()
    found = component_health(system, by_component(states), before, now)
    tx.monitoring.keep_health([one for name, one in found.items() if one != before.get(name)])


def _probe_gauges(outcome: Outcome) -> dict[str, float]:
    found = {"probe failures": 0.0 if outcome.ok else 1.0}
    if outcome.latency is not None:
        found["probe latency"] = outcome.latency.total_seconds()
    return found


def _keep_scrape(
    tx: ObserveTx,
    told: Told,
    system: System,
    meters: Sequence[Meter],
    one: Seen,
    metrics: Exposition,
    before: Look | None,
    now: datetime,
    steady: datetime | None,
) -> tuple[str, ...]:
    component = system.components[one.target.component]
    names = _names_by_component(system)[component.name]
    certain = [one for one in metrics.samples if one.name not in metrics.doubtful]
    mine, notes = countable(signals.counted(names, certain))
    # What an exporter tells is another's: when the exporter began says nothing of it.
    told_by_itself = one.target.kind != "exporter"
    started, odd = started_of(metrics.samples, now) if told_by_itself else (None, ())
    look = Look(
        at=now,
        values={sample.series: sample.value for sample in mine},
        started=started,
        begun=begun_of(mine, metrics),
    )
    risen = increase(before, look)
    told.looks[one.target.key] = remembered(before, look)
    since, seconds = since_of(before, now, steady)
    gauges = signals.signals(names, certain, risen.by, seconds, now.timestamp())
    if one.target.kind in SCRAPES and (component.host or component.container):
        gauges = {name: value for name, value in gauges.items() if name not in _NOT_OF_PROCESS}
    told.signals[component.name] |= gauges
    tx.monitoring.keep_calls(component.name, now, edges.calls(mine, risen.by))
    looked = since if before else now - one.target.every
    told.counts += of_gauges(meters, one.target, gauges, since=looked, now=now)
    if before is None:
        return (*notes, *odd)
    if swapped(before, look):
        return (*notes, *odd, _SWAPPED)
    found = of_scrape(meters, component, one.target, mine, risen.by, since=since, now=now)
    told.counts += found.counts
    return (*notes, *odd, *found.notes)


_NOT_OF_PROCESS = (
    "cpu used",
    "memory used",
)  # where the machine or the container itself is measured
_SWAPPED = (
    "another process answers than last time, and not a new one: several answer at this address in turn,"
    " or its clock was set; nothing was counted"
)


@once
def _names_by_component(system: System) -> Mapping[str, signals.Names]:
    """What is read of each component's metrics, counters that only a service level names among them."""
    return {
        name: signals.names_of(
            component,
            (
                event
                for level in system.levels_of.get(name, ())
                if level.events
                for event in level.events.names
            ),
        )
        for name, component in system.components.items()
    }

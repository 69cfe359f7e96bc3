"""Looking: probes and scrapes that are due, side by side, each bounded; what they saw is kept at once."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.errors import StandfastError
from standfast.monitoring import edges, exposition, signals
from standfast.monitoring.counters import Look, increase, remembered
from standfast.monitoring.health import component_health, read_report
from standfast.monitoring.measure import Meter, of_gauges, of_probe, of_scrape
from standfast.monitoring.target import Outcome, Target, TargetState, after, targets
from standfast.slo.agreement import agreements
from standfast.slo.indicator import of_component, requests_of
from standfast.slo.objective import objectives
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.engine.ports import Store
    from standfast.monitoring.count import Count
    from standfast.monitoring.edges import Calls
    from standfast.monitoring.exposition import Exposition, Sample
    from standfast.monitoring.health import ComponentHealth
    from standfast.slo.indicator import Indicator
    from standfast.spec.system import System

log = logging.getLogger("standfast.observe")
_WORKERS = 32  # most of them only wait
_MINUTE = timedelta(minutes=1)
_TIDY_EVERY = timedelta(hours=1)


class LookAt(Protocol):
    """Looks at an address within `timeout`. Never raises for what the target does: that is an outcome."""

    def __call__(self, address: str, timeout: timedelta) -> Outcome: ...


class MonitoringPort(Protocol):
    def claim_due(self, targets: Sequence[Target], now: datetime) -> tuple[Target, ...]:
        """Those whose turn it is; each goes to one caller only."""

    def target_states(self) -> dict[str, TargetState]: ...
    def states_by_component(self) -> dict[str, tuple[TargetState, ...]]: ...
    def keep_states(self, found: Iterable[TargetState]) -> None: ...
    def last_look(self, target: str) -> Look | None: ...
    def keep_look(self, target: str, look: Look) -> None: ...
    def keep_gauges(self, component: str, at: datetime, values: Mapping[str, float]) -> None: ...
    def keep_calls(self, component: str, at: datetime, found: Sequence[Calls]) -> None: ...
    def component_healths(self) -> dict[str, ComponentHealth]: ...
    def keep_health(self, found: Iterable[ComponentHealth]) -> None: ...
    def forget_targets(self, keep: Iterable[str]) -> None: ...


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
        self.began: datetime | None = None
        self.future: Future[Seen] = Future()

    def late(self, now: datetime) -> bool:
        """Past its time-out, so that its driver has broken its word."""
        return self.began is not None and now - self.began > self.target.timeout


class Observe:
    """`looks` has a driver for each kind of target: scrape, exporter, http, tcp, tls, health.

    A tick waits `patience` at most. What has not ended by then is taken in by a later tick, so that
    a slow target holds up neither the others nor the next tick.
    """

    def __init__(
        self,
        store: Store[ObserveTx],
        looks: Mapping[str, LookAt],
        clock: Clock = utc_now,
        *,
        patience: timedelta = timedelta(seconds=1),
    ) -> None:
        self._store, self._looks, self._clock = store, looks, clock
        self._patience = patience
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="standfast-look")
        self._running: dict[str, Running] = {}
        self._tidied: datetime | None = None

    def tick(self, system: System, now: datetime) -> int:
        """Look at everything that is due; answers how many looks were kept."""
        every = targets(system)
        due = self._store.keep(lambda tx: tx.monitoring.claim_due(every, now))
        seen = self._look(system, due)
        ended = max(now, self._clock())
        if seen:
            self._store.keep(lambda tx: _keep(tx, system, seen, ended))
        self._tidy(every, now)
        return len(seen)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look(self, system: System, due: Sequence[Target]) -> list[Seen]:
        overdue = [
            _still(target, f"no answer within {target.timeout.total_seconds():g}s")
            for target in due
            if target.key in self._running and self._running[target.key].late(self._clock())
        ]
        for target in due:
            if target.key not in self._running:
                running = Running(target)
                running.future = self._pool.submit(self._one, system, running)
                self._running[target.key] = running
        wait([one.future for one in self._running.values()], self._patience.total_seconds())
        done = {key: one for key, one in self._running.items() if one.future.done()}
        for key in done:
            del self._running[key]
        ended = [one.future.result() for one in done.values()]
        return overdue + [one for one in ended if one.target.component in system.components]

    def _one(self, system: System, running: Running) -> Seen:
        """In a thread of the pool: the look, and the reading of what it brought."""
        target, running.began = running.target, self._clock()
        try:
            outcome = self._looks[target.kind](target.address, target.timeout)
            if target.kind not in {"scrape", "exporter"} or not outcome.ok:
                return Seen(target=target, outcome=outcome)
            names = _names(system, target.component)
            metrics = exposition.parse(outcome.text, wanted=names.wanted)
            return Seen(target=target, outcome=replace(outcome, text=""), metrics=metrics)
        except StandfastError as error:
            return Seen(target=target, outcome=Outcome(ok=False, because=error.problem))
        except Exception as error:
            log.exception("a look at %s failed in an unforeseen way", target.key)
            return _still(target, f"the look itself failed: {type(error).__name__}")

    def _tidy(self, every: Sequence[Target], now: datetime) -> None:
        if self._tidied is not None and now - self._tidied < _TIDY_EVERY:
            return
        self._tidied = now

        def tidy(tx: ObserveTx) -> None:
            tx.monitoring.forget_targets([target.key for target in every])

        self._store.keep(tidy)


def meters_of(system: System) -> tuple[Meter, ...]:
    """What is counted: every indicator of every objective and contract at its finest, requests, probes."""
    found: dict[str, Meter] = {}
    for component in system.components.values():
        if component.scrape or component.exporter:
            _refine(found, requests_of(component), _MINUTE)
        if component.url or component.address:
            _refine(found, of_component(component), _MINUTE)
    for objective in (*objectives(system), *(one.terms for one in agreements(system))):
        for indicator in objective.indicators:
            _refine(found, indicator, objective.bucket)
    return tuple(found.values())


def _refine(found: dict[str, Meter], indicator: Indicator, width: timedelta) -> None:
    known = found.get(indicator.key)
    found[indicator.key] = Meter(
        key=indicator.key,
        component=indicator.component,
        kind=indicator.kind,
        bad_codes=indicator.bad_codes,
        route=indicator.route,
        threshold=indicator.threshold,
        events=indicator.events,
        signal=indicator.signal,
        limit=indicator.limit,
        width=min(width, known.width) if known else width,
    )


def _still(target: Target, because: str) -> Seen:
    return Seen(target=target, outcome=Outcome(ok=False, because=because))


def _keep(tx: ObserveTx, system: System, seen: Sequence[Seen], now: datetime) -> None:
    """Everything that these looks tell, in one transaction."""
    before = tx.monitoring.target_states()
    meters = meters_of(system)
    states: list[TargetState] = []
    for one in seen:
        last = before.get(one.target.key)
        state = after(last, one.target, one.outcome, now)
        if one.target.kind == "health":
            report = read_report(one.outcome.text, ok=one.outcome.ok)
            state = replace(state, says=report.says, detail=report.detail)
        if one.target.kind in {"http", "tcp"}:
            tx.levels.add(of_probe(meters, one.target, one.outcome, last, now))
            tx.monitoring.keep_gauges(one.target.component, now, _probe_gauges(one.outcome))
        if one.metrics is not None:
            notes = _keep_scrape(tx, system, meters, one, one.metrics, now)
            state = replace(state, notes=(*one.metrics.notes, *notes))
        states.append(state)
    tx.monitoring.keep_states(states)
    _keep_health(tx, system, now)


def _keep_health(tx: ObserveTx, system: System, now: datetime) -> None:
    before = tx.monitoring.component_healths()
    found = component_health(system, tx.monitoring.states_by_component(), before, now)
    tx.monitoring.keep_health([one for name, one in found.items() if one != before.get(name)])


def _probe_gauges(outcome: Outcome) -> dict[str, float]:
    found = {"probe failures": 0.0 if outcome.ok else 1.0}
    if outcome.latency is not None:
        found["probe latency"] = outcome.latency.total_seconds()
    return found


def _keep_scrape(
    tx: ObserveTx,
    system: System,
    meters: Sequence[Meter],
    one: Seen,
    metrics: Exposition,
    now: datetime,
) -> tuple[str, ...]:
    component = system.components[one.target.component]
    names = _names(system, component.name)
    mine = signals.counted(names, metrics.samples)
    look = Look(
        at=now,
        values={sample.series: sample.value for sample in mine},
        started=_started(metrics.samples, now),
    )
    before = tx.monitoring.last_look(one.target.key)
    risen = increase(before, look)
    tx.monitoring.keep_look(one.target.key, remembered(before, look))
    seconds = (now - before.at).total_seconds() if before else 0.0
    gauges = signals.signals(names, metrics.samples, risen.by, seconds, now.timestamp())
    tx.monitoring.keep_gauges(component.name, now, gauges)
    tx.monitoring.keep_calls(component.name, now, edges.calls(mine, risen.by))
    since = before.at if before else now - one.target.every
    tx.levels.add(of_gauges(meters, one.target, gauges, since=since, now=now))
    if before is None:
        return ()
    found = of_scrape(meters, component, one.target, mine, risen.by, since=before.at, now=now)
    tx.levels.add(found.counts)
    return found.notes


def _names(system: System, component: str) -> signals.Names:
    """What is read of a component's metrics, counters that only a service level names among them."""
    events = [
        name
        for level in system.service_levels.values()
        if level.of == component and level.events
        for name in level.events.names
    ]
    return signals.names_of(system.components[component], events)


def _started(samples: Iterable[Sample], now: datetime) -> datetime | None:
    """When the target's process began; of several the newest, and never after `now`."""
    found = [one.value for one in samples if one.name == signals.STARTED and 0 < one.value < 1e11]
    if not found:
        return None
    return min(now, datetime.fromtimestamp(max(found), UTC))

"""Taking what a Prometheus writes to us: kept before it is acknowledged, counted once its scrape is whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from standfast.engine.meters import written_meters
from standfast.monitoring.flood import Flood, explosive
from standfast.monitoring.written import (
    SETTLED,
    Last,
    Rise,
    Written,
    counts_of,
    refused,
    risen,
    silent,
    wanted,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.engine.ports import Store
    from standfast.monitoring.asked import Progress
    from standfast.monitoring.count import Count
    from standfast.monitoring.measure import Meter
    from standfast.spec.system import Component, System

_TIDY_EVERY, _FORGOTTEN = timedelta(hours=1), timedelta(days=1)  # series that nobody sends any more
_ENDED = timedelta(minutes=15)  # so long unsent, a series makes room for one that is
_FLOODED = timedelta(minutes=5)  # after the last series too many, nothing is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of the series of one request."""

    taken: int
    unwanted: int  # of no component or no level that is fed by writing
    beyond: int  # more series than the component may have


class WrittenPort(Protocol):
    def last(self, component: str, series: Sequence[str]) -> dict[str, Last]:
        """The newest samples of these series, held until this transaction ends."""

    def number(self, component: str) -> int: ...
    def drop(self, component: str, before: datetime) -> None:
        """Its series that nobody has sent since."""

    def keep(self, component: str, found: Mapping[str, Last], now: datetime) -> None: ...
    def pend(self, rises: Sequence[Rise], arrived: datetime) -> None: ...
    def settled(self, before: datetime) -> tuple[Rise, ...]:
        """Those that arrived before, ordered by component and instant; they are gone from here."""

    def forget(self, before: datetime) -> None: ...


class AskedPort(Protocol):
    def progress(self) -> dict[str, Progress]: ...
    def tell(self, found: Iterable[Progress]) -> None: ...


class FloodPort(Protocol):
    def floods(self) -> dict[str, Flood]: ...
    def keep_floods(self, found: Iterable[Flood]) -> None: ...


class LevelPort(Protocol):
    def add(self, found: Iterable[Count]) -> None: ...


class ReceiveTx(Protocol):
    @property
    def written(self) -> WrittenPort: ...
    @property
    def asked(self) -> AskedPort: ...
    @property
    def monitoring(self) -> FloodPort: ...
    @property
    def levels(self) -> LevelPort: ...


class Receive:
    def __init__(self, store: Store[ReceiveTx]) -> None:
        self._store = store
        self._tidied: datetime | None = None

    def take(self, series: Sequence[Written], system: System, now: datetime) -> Receipt:
        """Returns once all of it is kept; raises StoreError where nothing is, so that the sender repeats."""
        names = {name: wanted(system.components[name]) for name in written_meters(system)}
        mine: dict[str, list[Written]] = {}
        for one in series:
            component = one.label("job")
            if one.name in names.get(component, ()):
                mine.setdefault(component, []).append(one)
        if not mine:
            return Receipt(taken=0, unwanted=len(series), beyond=0)

        def work(tx: ReceiveTx) -> int:
            parts = sorted(mine.items())
            return sum(_take(tx, system.components[name], found, now) for name, found in parts)

        beyond = self._store.keep(work)
        ours = sum(map(len, mine.values()))
        return Receipt(taken=ours - beyond, unwanted=len(series) - ours, beyond=beyond)

    def tick(self, system: System, now: datetime) -> int:
        """Count what is whole by now; answers how many instants were."""
        meters = written_meters(system)
        if not meters:
            return 0
        if self._tidied is None or abs(now - self._tidied) >= _TIDY_EVERY:
            self._tidied = now
            self._store.keep(lambda tx: tx.written.forget(now - _FORGOTTEN))
        return self._store.keep(lambda tx: _count(tx, system, meters, now))


def _take(tx: ReceiveTx, component: Component, series: Sequence[Written], now: datetime) -> int:
    """Keep what is new; answers how many series are too many."""
    keys = sorted({one.key for one in series})
    before = tx.written.last(component.name, keys)
    room = _room(tx, component, len(keys) - len(before), now)
    found: dict[str, Last] = {}
    rises: list[Rise] = []
    beyond = 0
    for one in series:
        key = one.key
        last = found.get(key) or before.get(key)
        if last is None and room <= 0:
            beyond += 1
            continue
        new = risen(component.name, one, last, now)
        rises += new.rises
        if new.last is not None:
            room -= last is None
            found[key] = new.last
    tx.written.keep(component.name, found, now)
    tx.written.pend(rises, now)
    if beyond:
        tx.monitoring.keep_floods([_flood(component, series, now)])
    return beyond


def _room(tx: ReceiveTx, component: Component, wanted: int, now: datetime) -> int:
    """For how many more series; those of replicas that are gone make room."""
    room = component.series - tx.written.number(component.name)
    if room < wanted:
        tx.written.drop(component.name, now - _ENDED)
        room = component.series - tx.written.number(component.name)
    return room


def _source(component: str) -> str:
    return f"{component}/remote-write"


def _flood(component: Component, series: Sequence[Written], now: datetime) -> Flood:
    said = f"is written with more than {component.series:,} series, so nothing is counted"
    varied = explosive((one.name, one.labels) for one in series)
    return Flood(
        source=_source(component.name),
        component=component.name,
        at=now,
        because=f"{said}: {varied}" if varied else said,
    )


def _count(
    tx: ReceiveTx, system: System, meters: Mapping[str, Sequence[Meter]], now: datetime
) -> int:
    known = tx.asked.progress()
    told = _flooded(tx, meters, known, now)
    drowned = {meter.component for mine in meters.values() for meter in mine if meter.key in told}
    looks = 0
    for (name, at), rises in groupby(
        tx.written.settled(now - SETTLED), key=lambda one: (one.component, one.at)
    ):
        if name not in meters or name in drowned:
            continue  # the file has changed since, or these are a part of more than is taken
        looks += 1
        counts, progress = counts_of(
            system.components[name], meters[name], at, rises, known | told, now
        )
        tx.levels.add(counts)
        told |= {one.indicator: one for one in progress}
    for key in (one.key for mine in meters.values() for one in mine):
        if key not in told and (state := silent(key, known.get(key), now)):
            told[key] = state
    tx.asked.tell(told.values())
    return looks


def _flooded(
    tx: ReceiveTx,
    meters: Mapping[str, Sequence[Meter]],
    known: Mapping[str, Progress],
    now: datetime,
) -> dict[str, Progress]:
    """The state of every indicator of a component that is written with too much."""
    floods = tx.monitoring.floods()
    found = {name: floods.get(_source(name)) for name in meters}
    return {
        meter.key: refused(meter.key, known.get(meter.key), flood.because, now)
        for name, flood in found.items()
        if flood is not None and now - flood.at <= _FLOODED
        for meter in meters[name]
    }

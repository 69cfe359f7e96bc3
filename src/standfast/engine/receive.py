"""Taking what a Prometheus writes to us: kept before it is acknowledged, counted once its scrape is whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from standfast.engine.meters import written_meters
from standfast.monitoring.written import (
    SETTLED,
    Last,
    Rise,
    Written,
    counts_of,
    is_wanted,
    risen,
    silent,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.engine.ports import Store
    from standfast.monitoring.asked import Progress
    from standfast.monitoring.count import Count
    from standfast.monitoring.measure import Meter
    from standfast.spec.system import System

_TIDY_EVERY, _FORGOTTEN = timedelta(hours=1), timedelta(days=1)  # series that nobody sends any more
MOST_SERIES = 20_000  # of one component; what comes beyond is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of the series of one request."""

    taken: int
    unwanted: int  # of no component or no level that is fed by writing
    beyond: int  # more series than one component may have


class WrittenPort(Protocol):
    def last(self, component: str, series: Sequence[str]) -> dict[str, Last]:
        """The newest samples of these series, held until this transaction ends."""

    def number(self, component: str) -> int: ...
    def keep(self, component: str, found: Mapping[str, Last], now: datetime) -> None: ...
    def pend(self, rises: Sequence[Rise], arrived: datetime) -> None: ...
    def settled(self, before: datetime) -> tuple[Rise, ...]:
        """Those that arrived before, ordered by component and instant; they are gone from here."""

    def forget(self, before: datetime) -> None: ...


class AskedPort(Protocol):
    def progress(self) -> dict[str, Progress]: ...
    def tell(self, found: Iterable[Progress]) -> None: ...


class LevelPort(Protocol):
    def add(self, found: Iterable[Count]) -> None: ...


class ReceiveTx(Protocol):
    @property
    def written(self) -> WrittenPort: ...
    @property
    def asked(self) -> AskedPort: ...
    @property
    def levels(self) -> LevelPort: ...


class Receive:
    def __init__(self, store: Store[ReceiveTx]) -> None:
        self._store = store
        self._tidied: datetime | None = None

    def take(self, series: Sequence[Written], system: System, now: datetime) -> Receipt:
        """Returns once all of it is kept; raises StoreError where nothing is, so that the sender repeats."""
        meters = written_meters(system)
        mine: dict[str, list[Written]] = {}
        for one in series:
            component = one.label("job")
            if component in meters and is_wanted(system.components[component], one):
                mine.setdefault(component, []).append(one)
        if not mine:
            return Receipt(taken=0, unwanted=len(series), beyond=0)

        def work(tx: ReceiveTx) -> int:
            return sum(_take(tx, name, found, now) for name, found in sorted(mine.items()))

        beyond = self._store.keep(work)
        wanted = sum(map(len, mine.values()))
        return Receipt(taken=wanted - beyond, unwanted=len(series) - wanted, beyond=beyond)

    def tick(self, system: System, now: datetime) -> int:
        """Count what is whole by now; answers how many instants were."""
        meters = written_meters(system)
        if not meters:
            return 0
        if self._tidied is None or now - self._tidied >= _TIDY_EVERY:
            self._tidied = now
            self._store.keep(lambda tx: tx.written.forget(now - _FORGOTTEN))
        return self._store.keep(lambda tx: _count(tx, system, meters, now))


def _take(tx: ReceiveTx, component: str, series: Sequence[Written], now: datetime) -> int:
    """Keep what is new; answers how many series are too many."""
    keys = sorted({one.key for one in series})
    before = tx.written.last(component, keys)
    room = MOST_SERIES - tx.written.number(component)
    found: dict[str, Last] = {}
    rises: list[Rise] = []
    beyond = 0
    for one in series:
        last = found.get(one.key) or before.get(one.key)
        if last is None and len(found.keys() - before.keys()) >= room:
            beyond += 1
            continue
        new = risen(component, one, last, now)
        rises += new.rises
        if new.last is not None:
            found[one.key] = new.last
    tx.written.keep(component, found, now)
    tx.written.pend(rises, now)
    return beyond


def _count(
    tx: ReceiveTx, system: System, meters: Mapping[str, Sequence[Meter]], now: datetime
) -> int:
    known = tx.asked.progress()
    told: dict[str, Progress] = {}
    looks = 0
    for (name, at), rises in groupby(
        tx.written.settled(now - SETTLED), key=lambda one: (one.component, one.at)
    ):
        if name not in meters:
            continue  # the file has changed since
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

"""Asking a Prometheus-compatible server for the counts of the levels that it measures, minute by minute.

What comes back is kept as what standfast counts itself, so that budgets, burns, exclusions and reports know no
difference. Every question names its time: the answer is the same whenever it is asked.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.engine.meters import asked_indicators, counted_elsewhere
from standfast.engine.ports import steady_of
from standfast.errors import SourceError
from standfast.monitoring.asked import (
    MINUTE,
    Answer,
    Progress,
    Question,
    Stretch,
    Taken,
    failed,
    newest_end,
    stretch,
    taken,
)
from standfast.publish.prometheus.asking import question
from standfast.publish.prometheus.query import Unsaid
from standfast_kit.clock import Clock, Monotonic, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.engine.ports import Store
    from standfast.monitoring.count import Count
    from standfast.slo.indicator import Indicator
    from standfast.spec.server import PrometheusSettings
    from standfast.spec.system import System

log = logging.getLogger("standfast.consult")
_WORKERS = 8
_QUIET = timedelta(seconds=15)  # after a server did not answer, nobody else waits for it
_UNNAMED = "no server is named to be asked: write `server: {prometheus: https://...}`"


class NotReached(SourceError):
    """The server itself does not answer, so that no other question would be answered either."""


class AskRange(Protocol):
    """Raises NotReached or SourceError, in words; a partial answer is an error, never half the truth."""

    def __call__(self, server: PrometheusSettings, asked: Question, minutes: Stretch) -> Answer: ...


class AskedPort(Protocol):
    def is_due(self, now: datetime, catch_up: timedelta) -> bool: ...
    def claim(
        self, indicators: Sequence[str], now: datetime, newest: datetime, catch_up: timedelta
    ) -> tuple[Progress, ...]:
        """Those whose turn it is; each goes to one caller only."""

    def move(self, before: Progress, after: Progress, next_due: datetime) -> bool:
        """Keep it, unless somebody else has read on since `before`."""

    def forget(self, keep: Iterable[str]) -> None: ...


class LevelPort(Protocol):
    def add(self, found: Iterable[Count]) -> None: ...


class ConsultTx(Protocol):
    @property
    def asked(self) -> AskedPort: ...
    @property
    def levels(self) -> LevelPort: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One question that has ended; `due` is when the next one is."""

    before: Progress
    taken: Taken
    due: datetime


class Consult:
    """A tick waits `patience` at most; what is not answered by then is taken in by a later tick."""

    def __init__(
        self,
        store: Store[ConsultTx],
        ask: AskRange,
        clock: Clock = utc_now,
        *,
        patience: timedelta = timedelta(seconds=1),
        stopwatch: Monotonic | None = None,
    ) -> None:
        self._store, self._ask, self._patience = store, ask, patience
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="standfast-ask")
        self._running: dict[str, Future[Read]] = {}
        self._stopwatch = stopwatch or steady_of(clock)
        self._deaf: tuple[float, str] | None = None
        self._known: frozenset[str] | None = None
        self._fresh = True  # the file may name what was never asked for

    def tick(self, system: System, now: datetime) -> int:
        """Ask what is due; answers how many answers were kept."""
        every = asked_indicators(system)
        self._forget(counted_elsewhere(system))
        if every:
            self._begin(system, every, now)
        wait(self._running.values(), self._patience.total_seconds())
        done = [key for key, one in self._running.items() if one.done()]
        ended = [self._running.pop(key).result() for key in done]
        return self._store.keep(lambda tx: sum(_keep(tx, one) for one in ended)) if ended else 0

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _forget(self, every: frozenset[str]) -> None:
        if self._known != every:
            self._store.keep(lambda tx: tx.asked.forget(every))
            self._known, self._fresh = every, True

    def _begin(self, system: System, every: Mapping[str, Indicator], now: datetime) -> None:
        server = system.server.prometheus
        catch_up = server.catch_up if server else MINUTE
        newest = newest_end(now, server.lag) if server else now
        if not self._fresh and not self._store.read(lambda tx: tx.asked.is_due(now, catch_up)):
            return
        self._fresh = False
        free = [key for key in every if key not in self._running]
        for one in self._store.keep(lambda tx: tx.asked.claim(free, now, newest, catch_up)):
            work = self._pool.submit(self._one, system, every[one.indicator], one, now)
            self._running[one.indicator] = work

    def _one(self, system: System, indicator: Indicator, before: Progress, now: datetime) -> Read:
        """In a thread of the pool. Never raises: what goes wrong is a state of the level."""
        server = system.server.prometheus
        if server is None:
            return self._refused(before, None, _UNNAMED, now, now + MINUTE)
        newest = newest_end(now, server.lag)
        due = newest + MINUTE + server.lag
        minutes = stretch(before, newest, server.catch_up)
        asked = question(indicator, system.components[indicator.component], server.lookback)
        if isinstance(asked, Unsaid):
            return self._refused(before, None, asked.reason, now, due)
        if minutes is None:
            return Read(before=before, taken=Taken(counts=(), progress=before), due=due)
        try:
            answer = self._answer(server, asked, minutes)
        except SourceError as error:
            return self._refused(before, asked, error.problem, now, due)
        except Exception as error:
            log.exception("asking for %s failed in an unforeseen way", indicator.key)
            because = f"the asking itself failed: {type(error).__name__}"
            return self._refused(before, asked, because, now, due)
        found = taken(before, asked, minutes, answer, now)
        return Read(before=before, taken=found, due=now if minutes.behind else due)

    def _answer(self, server: PrometheusSettings, asked: Question, minutes: Stretch) -> Answer:
        deaf = self._deaf
        if deaf and self._stopwatch() - deaf[0] < _QUIET.total_seconds():
            raise SourceError(deaf[1])
        try:
            answer = self._ask(server, asked, minutes)
        except NotReached as error:
            self._deaf = (self._stopwatch(), error.problem)
            raise
        self._deaf = None
        return answer

    def _refused(
        self,
        before: Progress,
        asked: Question | None,
        because: str,
        now: datetime,
        due: datetime,
    ) -> Read:
        after = failed(before, asked, because, now)
        return Read(before=before, taken=Taken(counts=(), progress=after), due=due)


def _keep(tx: ConsultTx, one: Read) -> bool:
    if not tx.asked.move(one.before, one.taken.progress, one.due):
        return False  # another server has read these minutes
    tx.levels.add(one.taken.counts)
    return True

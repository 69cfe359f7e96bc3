"""What applications push: durations by route and status, and what is open now, as OpenTelemetry names them.

https://opentelemetry.io/docs/specs/semconv/http/http-metrics/, and those of RPC and databases. Whatever came in
is told in the names of the component's own metrics, so that pushed and scraped requests are counted by the same
rules.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.monitoring.counters import Look
from standfast.monitoring.exposition import Sample
from standfast.monitoring.target import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from standfast.monitoring.signals import Names

DURATION, CALLS = "http.server.request.duration", "rpc.server.call.duration"
_WHOLE = timedelta(minutes=2)  # after so long every piece of a process' exports has been seen
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The buckets that the conventions advise; finer ones are told by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One histogram of one process: how many requests of one route and status took how long.

    `bounds` are upper bounds in seconds, `counts` how many lie in each bucket, the last beyond all bounds.
    """

    service: str
    instance: str
    labels: tuple[tuple[str, str], ...]  # sorted by name
    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    seconds: float  # all together
    delta: bool  # since `start` only, else since the process began
    start: datetime
    end: datetime
    metric: str = DURATION

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def key(self) -> str:
        return "\x1f".join(f"{name}\x1e{value}" for name, value in self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How much there is of something in one process just now."""

    service: str
    instance: str
    name: str  # as a scrape would tell it
    labels: tuple[tuple[str, str], ...]  # sorted by name
    value: float

    @property
    def sample(self) -> Sample:
        labels = (*self.labels, ("instance", self.instance))
        return Sample(self.name, tuple(sorted(labels)), self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One request of an exporter, read; `rejected` data points made no sense, and `why` says so."""

    streams: tuple[Stream, ...]
    levels: tuple[Level, ...] = ()
    rejected: int = 0
    why: tuple[str, ...] = ()


def samples(names: Names, streams: Sequence[Stream]) -> tuple[Sample, ...]:
    """The streams as a scrape would show them: a counter of requests and a histogram of durations."""
    common = _common(streams)
    found: list[Sample] = []
    for one in streams:
        found.append(Sample(names.requests, one.labels, one.total))
        found.append(Sample(f"{names.duration}_count", one.labels, one.total))
        found.append(Sample(f"{names.duration}_sum", one.labels, one.seconds))
        # Without a bound that all share, nobody knows who was slow: no figure then, rather than a wrong one.
        for bound, count in cumulated(one, common).items() if common else ():
            labels = tuple(sorted((*one.labels, ("le", _bound(bound)))))
            found.append(Sample(f"{names.duration}_bucket", labels, count))
    return tuple(found)


def _common(streams: Sequence[Stream]) -> tuple[float, ...]:
    """Bounds that all share: only those can be added up."""
    shared = set(streams[0].bounds) if streams else set()
    for one in streams:
        shared &= set(one.bounds)
    return tuple(sorted(shared))


def cumulated(stream: Stream, bounds: Iterable[float]) -> dict[float, int]:
    """How many were no slower than each bound; a bucket that reaches past a bound counts as slower."""
    found: dict[float, int] = {}
    for bound in bounds:
        within = sum(
            count
            for upper, count in zip(stream.bounds, stream.counts, strict=False)
            if upper <= bound * (1 + 1e-9)
        )
        found[bound] = within
    return found | {math.inf: stream.total}


def look_of(streams: Sequence[Stream], shown: Sequence[Sample], now: datetime) -> Look:
    """The counters of one process that counts since it began.

    A stream that starts when it was read does not know when it began, by the rules of the data model.
    """
    begun = {one.labels: one.start for one in streams if one.start < one.end}
    own = ((one.series, tuple(pair for pair in one.labels if pair[0] != "le")) for one in shown)
    return Look(
        at=now,
        values={one.series: one.value for one in shown},
        started=min(begun.values(), default=None),
        begun={series: begun[labels] for series, labels in own if labels in begun},
    )


def caught_up(before: Look, look: Look) -> Look:
    """The look of a process that was heard before, and what is new in it known to be new.

    A process that counts since it began sends all of its streams each time: one that was not there had counted
    nothing. That is believed once enough was heard of it, since an export may come in pieces.
    """
    if before.known_from is None or look.at - before.known_from < _WHOLE:
        return look
    fresh = dict.fromkeys(look.begun.keys() - before.values.keys(), look.at)
    return replace(look, begun={**look.begun, **fresh})


def unseen(
    streams: Iterable[Stream], ends: Mapping[str, float]
) -> tuple[list[Stream], list[Stream]]:
    """Deltas that are new, and those that overlap what was counted: an exporter's second try."""
    fresh: list[Stream] = []
    again: list[Stream] = []
    for one in streams:
        seen = one.start.timestamp() < ends.get(one.key, 0.0) - 0.001
        (again if seen else fresh).append(one)
    return fresh, again


def heard(last: datetime | None, now: datetime, patience: timedelta) -> Outcome:
    """How the pushing stands, by when anything came last."""
    if last is None:
        return Outcome(ok=False, known=False, because="no OTLP metrics have come yet")
    if now - last > patience:
        return Outcome(ok=False, because=f"no OTLP metrics since {last:%Y-%m-%d %H:%M:%S} UTC")
    return Outcome(ok=True)


def _bound(bound: float) -> str:
    return "+Inf" if math.isinf(bound) else f"{bound:g}"

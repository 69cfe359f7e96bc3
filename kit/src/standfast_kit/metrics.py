"""Counters, gauges and histograms, and their text for Prometheus (exposition format 0.0.4).

A family keeps one child per combination of label values, at most `max_children`; what would be one too
many is counted under "other", so that no client can fill the memory by inventing paths.
"""

from __future__ import annotations

import logging
import math
import re
import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

log = logging.getLogger("standfast_kit.metrics")

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DEFAULT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds; the advice of the OpenTelemetry HTTP conventions."""
OTHER = "other"

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of the exposition; `suffix` is `_bucket`, `_sum` or `_count` for histograms."""

    labels: tuple[tuple[str, str], ...]
    value: float
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Samples of one name, as a collector gives them at scrape time."""

    name: str
    kind: str
    help: str
    samples: Sequence[Sample] = field(default=())


class Counter:
    """Only grows."""

    __slots__ = ("_lock", "value")

    def __init__(self) -> None:
        self._lock, self.value = threading.Lock(), 0.0

    def inc(self, by: float = 1.0) -> None:
        if by < 0:
            raise ValueError("a counter only grows; use a gauge")
        with self._lock:
            self.value += by

    def samples(self, labels: tuple[tuple[str, str], ...]) -> Iterator[Sample]:
        yield Sample(labels, self.value)


class Gauge:
    """Goes up and down."""

    __slots__ = ("_lock", "value")

    def __init__(self) -> None:
        self._lock, self.value = threading.Lock(), 0.0

    def set(self, value: float) -> None:
        with self._lock:  # or a step up or down that has read the value before would undo it
            self.value = value

    def inc(self, by: float = 1.0) -> None:
        with self._lock:
            self.value += by

    def dec(self, by: float = 1.0) -> None:
        self.inc(-by)

    def samples(self, labels: tuple[tuple[str, str], ...]) -> Iterator[Sample]:
        yield Sample(labels, self.value)


class Histogram:
    """Counts observations by upper edge; an observation on an edge is inside it (`le`)."""

    __slots__ = ("_counts", "_edges", "_lock", "_sum")

    def __init__(self, edges: tuple[float, ...]) -> None:
        self._edges, self._lock, self._sum = edges, threading.Lock(), 0.0
        self._counts = [0] * (len(edges) + 1)

    def observe(self, value: float) -> None:
        place = bisect_left(self._edges, value)
        with self._lock:
            self._counts[place] += 1
            self._sum += value

    def samples(self, labels: tuple[tuple[str, str], ...]) -> Iterator[Sample]:
        with self._lock:
            counts, total = list(self._counts), self._sum
        running = 0
        for edge, count in zip((*self._edges, math.inf), counts, strict=True):
            running += count
            yield Sample((*labels, ("le", number(edge))), running, "_bucket")
        yield Sample(labels, total, "_sum")
        yield Sample(labels, running, "_count")


Child = TypeVar("Child", Counter, Gauge, Histogram)


class Children(Generic[Child]):
    """A named family whose children are made when they are first asked for."""

    def __init__(
        self,
        name: str,
        kind: str,
        text: str,
        labels: tuple[str, ...],
        make: Callable[[], Child],
        most: int,
    ) -> None:
        if not _NAME.fullmatch(name) or not all(map(_LABEL.fullmatch, labels)) or "le" in labels:
            raise ValueError(f"{name!r} with labels {labels}: not names that Prometheus takes")
        self.name, self.kind, self.text, self.label_names = name, kind, text, labels
        self._make: Callable[[], Child] = make
        self._most = most
        self._lock = threading.Lock()
        self._children: dict[tuple[str, ...], Child] = {}
        if not labels:
            self.labels()

    def labels(self, *values: str) -> Child:
        """The child with these label values; the "other" child when there are too many already."""
        child = self._children.get(values)
        return child if child is not None else self._new(values)

    def _new(self, values: tuple[str, ...]) -> Child:
        if len(values) != len(self.label_names):
            raise ValueError(f"{self.name} has the labels {self.label_names}")
        with self._lock:
            if len(self._children) >= self._most and values not in self._children:
                values = (OTHER,) * len(values)
            if values not in self._children:
                self._children[values] = self._make()
            return self._children[values]

    def collect(self) -> Iterator[Family]:
        with self._lock:
            children = list(self._children.items())
        samples: list[Sample] = []
        for values, child in children:
            samples += child.samples(tuple(zip(self.label_names, values, strict=True)))
        yield Family(name=self.name, kind=self.kind, help=self.text, samples=samples)


class Registry:
    """All metrics of one application. Asking for a name again gives the same family."""

    def __init__(self, max_children: int = 1000) -> None:
        self._most = max_children
        self._lock = threading.Lock()
        self._families: dict[str, Children[Counter] | Children[Gauge] | Children[Histogram]] = {}
        self._collectors: list[Callable[[], Iterable[Family]]] = []
        self._errors = self.counter(
            "standfast_scrape_errors_total", "Collectors that failed at a scrape"
        )

    def counter(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Children[Counter]:
        made = Children(name, "counter", text, labels, Counter, self._most)
        return self._keep(made)

    def gauge(self, name: str, text: str, labels: tuple[str, ...] = ()) -> Children[Gauge]:
        return self._keep(Children(name, "gauge", text, labels, Gauge, self._most))

    def histogram(
        self,
        name: str,
        text: str,
        labels: tuple[str, ...] = (),
        buckets: Iterable[float] = DEFAULT_BUCKETS,
    ) -> Children[Histogram]:
        edges = tuple(sorted(set(map(float, buckets)) - {math.inf}))
        make = lambda: Histogram(edges)  # noqa: E731 - a factory of one line
        return self._keep(Children(name, "histogram", text, labels, make, self._most))

    def collect_with(self, collector: Callable[[], Iterable[Family]]) -> None:
        """Ask `collector` at each scrape; it costs nothing between scrapes."""
        self._collectors.append(collector)

    def watch(self, name: str, fn: Callable[[], float], text: str = "") -> None:
        """A gauge read from `fn` at each scrape: pool sizes, queue lengths, whatever can run full."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name that Prometheus takes")

        def read() -> Iterator[Family]:
            yield Family(
                name=name, kind="gauge", help=text or name, samples=(Sample((), float(fn())),)
            )

        self.collect_with(read)

    def expose(self) -> str:
        """The whole registry as text; one failing collector costs its own lines only."""
        families: dict[str, list[Family]] = {}
        with self._lock:
            own = list(self._families.values())
        for collector in self._collectors:
            try:
                for family in list(collector()):
                    families.setdefault(family.name, []).append(family)
            except Exception:  # somebody else's hook; the scrape must go on
                self._errors.labels().inc()
                log.exception("a collector failed")
        for children in own:
            for family in children.collect():
                families.setdefault(family.name, []).insert(0, family)
        return "".join(line for same in families.values() for line in _lines(same))

    def _keep(self, made: Children[Child]) -> Children[Child]:
        with self._lock:
            there = self._families.setdefault(made.name, made)
        if there.kind != made.kind or there.label_names != made.label_names:
            raise ValueError(
                f"{made.name} exists already as a {there.kind} with {there.label_names}"
            )
        return there  # type: ignore[return-value]  # the same kind, as just checked


def number(value: float) -> str:
    """A float as Prometheus reads it; `1.0`, not `1`, as its own client libraries write `le`."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(float(value))


def _lines(same: list[Family]) -> Iterator[str]:
    first = same[0]
    yield f"# HELP {first.name} {first.help.replace(chr(92), chr(92) * 2).replace(chr(10), chr(92) + 'n')}\n"
    yield f"# TYPE {first.name} {first.kind}\n"
    for family in same:
        for sample in family.samples:
            labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels)
            braces = f"{{{labels}}}" if labels else ""
            yield f"{family.name}{sample.suffix}{braces} {number(sample.value)}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

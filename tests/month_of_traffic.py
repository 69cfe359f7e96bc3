"""A month of a busy service, the same for everybody who counts it: a day's rise and fall, quiet hours,
incidents, restarts and lost scrapes. Seeded, so that each run is the same."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from standfast.monitoring.exposition import Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVERY = timedelta(seconds=30)
START = datetime(2026, 9, 1, tzinfo=UTC)
ROUTES = ("/",)
CLASSES = ("2xx", "4xx", "5xx")
BOUNDS = ("0.2", "+Inf")
_PEAK, _QUIET = 12.0, 0.4  # requests a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    after: timedelta
    lasts: timedelta
    failing: float = 0.0  # share of requests
    slow: float = 0.0


INCIDENTS = (
    Incident(after=timedelta(days=3, hours=2), lasts=timedelta(hours=2), failing=0.08),
    Incident(after=timedelta(days=6, hours=13), lasts=timedelta(minutes=25), failing=1.0),
    Incident(after=timedelta(days=9, hours=3, minutes=7), lasts=timedelta(minutes=50), slow=0.9),
    Incident(after=timedelta(days=12, hours=9), lasts=timedelta(hours=9), failing=0.02, slow=0.5),
    Incident(after=timedelta(days=16, hours=20), lasts=timedelta(minutes=6), failing=0.6),
    Incident(after=timedelta(days=19, hours=1), lasts=timedelta(hours=14), failing=0.004),
    Incident(after=timedelta(days=23, hours=15), lasts=timedelta(hours=5), slow=0.6),
    Incident(after=timedelta(days=27, hours=4), lasts=timedelta(minutes=90), failing=0.3, slow=0.9),
)
_RESTARTS = 40
_LOST = 0.004  # of the scrapes
_DEAF = (  # nobody was scraped at all
    (timedelta(days=5, hours=8), timedelta(minutes=9)),
    (timedelta(days=20, hours=22), timedelta(hours=1)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    at: datetime
    samples: tuple[Sample, ...]


def scrapes(seed: int, *, days: int) -> Iterator[Scrape]:
    """Those that came through; what a lost one would have shown is in the next."""
    chance = random.Random(seed)
    steps = timedelta(days=days) // EVERY
    restarts = set(chance.sample(range(steps), _RESTARTS))
    values: dict[tuple[str, str, str], int] = dict.fromkeys(_series(), 0)
    started = START - timedelta(days=1)
    for step in range(steps):
        after = EVERY * (step + 1)
        if step in restarts:
            values, started = dict.fromkeys(values, 0), START + after - EVERY / 3
        for route, weight in zip(ROUTES, (1.0,), strict=True):
            _serve(chance, values, route, weight, after)
        if chance.random() >= _LOST and not _deaf(after):
            yield Scrape(at=START + after, samples=_shown(values, started))


def _series() -> Iterator[tuple[str, str, str]]:
    for route in ROUTES:
        for code_class in CLASSES:
            yield "requests", route, code_class
        for bound in BOUNDS:
            for status_class in ("2xx", "5xx"):
                yield "bucket", route, f"{bound} {status_class}"


def _deaf(after: timedelta) -> bool:
    return any(begins <= after < begins + lasts for begins, lasts in _DEAF)


def _serve(
    chance: random.Random,
    values: dict[tuple[str, str, str], int],
    route: str,
    weight: float,
    after: timedelta,
) -> None:
    day = after / timedelta(days=1)
    pace = _QUIET + (_PEAK - _QUIET) * max(0.0, math.sin(math.pi * (2 * (day % 1) - 0.5))) ** 2
    count = _drawn(chance, pace * weight * EVERY.total_seconds())
    now = [one for one in INCIDENTS if one.after <= after < one.after + one.lasts]
    failing = max([0.0001, *(one.failing for one in now)])
    slow = max([0.01, *(one.slow for one in now)])
    bad = _share(chance, count, failing)
    odd = _share(chance, count - bad, 0.02)
    for code_class, number in (("2xx", count - bad - odd), ("4xx", odd), ("5xx", bad)):
        values["requests", route, code_class] += number
    fine = count - bad
    late = _share(chance, fine, slow)
    for bound, number in zip(BOUNDS, (fine - late, fine), strict=True):
        values["bucket", route, f"{bound} 2xx"] += number
        values["bucket", route, f"{bound} 5xx"] += bad  # what fails, fails at once


def _drawn(chance: random.Random, mean: float) -> int:
    return max(0, round(chance.gauss(mean, math.sqrt(mean))))


def _share(chance: random.Random, count: int, share: float) -> int:
    """How many of `count` it hits; few are drawn one by one, many by the normal law."""
    if count * share < 20 and count < 200:
        return sum(chance.random() < share for _ in range(count))
    spread = math.sqrt(count * share * (1 - share))
    return min(count, max(0, round(chance.gauss(count * share, spread))))


def _shown(values: dict[tuple[str, str, str], int], started: datetime) -> tuple[Sample, ...]:
    """As a scrape tells it."""
    found = [Sample("process_start_time_seconds", (), started.timestamp())]
    for (kind, route, what), value in values.items():
        if kind == "requests":
            labels = (("code_class", what), ("route", route))
            found.append(Sample("http_server_requests_total", labels, value))
        else:
            bound, status_class = what.split()
            labels = (("route", route), ("status_class", status_class))
            of_bucket = (("le", bound), *labels)
            found.append(Sample("http_server_request_duration_seconds_bucket", of_bucket, value))
            if bound == "+Inf":
                found.append(Sample("http_server_request_duration_seconds_count", labels, value))
    return tuple(found)


def exposed(month: Iterable[Scrape]) -> Iterator[str]:
    """The same samples as OpenMetrics; the label `job` is what Prometheus adds when it scrapes."""
    seen = [
        (sample.name, sample.labels, scrape.at.timestamp(), sample.value)
        for scrape in month
        for sample in scrape.samples
    ]
    seen.sort()
    for name, mine in groupby(seen, key=lambda one: one[0]):
        yield f"# TYPE {name} unknown\n"
        for _, labels, at, value in mine:
            said = ",".join(f'{key}="{text}"' for key, text in (*labels, ("job", "api")))
            yield f"{name}{{{said}}} {value} {at}\n"

"""Why a number is what it is: what it was made of, when, of how much, what is missing, and who set the bar."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.dashboards.figure import figure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.monitoring.gauge import Reading
    from standfast.spec.system import Component, System

Why = tuple[tuple[str, str], ...]

_MADE_OF = {
    "requests per second": "increase of the requests' counter between two looks, over the seconds between",
    "error rate": "answers of the class 5xx among all, between two looks",
    "4xx per second": "increase of the counter of 4xx answers between two looks, over the seconds between",
    "5xx per second": "increase of the counter of 5xx answers between two looks, over the seconds between",
    "probe latency": "how long one probe took",
    "probe failures": "1 where a probe failed, else 0",
    "cpu used": "processor time between two looks that was not idle, over all of it",
    "memory used": "1 - available memory / all memory",
    "disk used": "1 - free / size, of the fullest file system",
    "connections used": "open connections / connections allowed",
    "query time": "the longest transaction that is open, or the mean of the operations between two looks",
}


SHOWN = timedelta(minutes=15)  # of every signal


def of_signal(
    system: System, component: Component, title: str, readings: Sequence[Reading], now: datetime
) -> Why:
    """Of the newest value of a signal, and of the curve that leads to it."""
    every = asked_every(component, title)
    shown = SHOWN
    rows = [
        ("Made of", _made_of(title)),
        ("Asked", f"{_source(component, title)}, every {_words(every.total_seconds())}"),
        ("Window", f"{now - shown:%Y-%m-%d %H:%M:%S} to {now:%Y-%m-%d %H:%M:%S} UTC"),
        ("Samples", _samples(readings)),
        ("Missing", _missing(readings, every, shown, now)),
        ("Who set the bar", _bar(system, component.name, title)),
    ]
    return tuple(rows)


def _made_of(title: str) -> str:
    if title in _MADE_OF:
        return _MADE_OF[title]
    if title.endswith("latency"):
        return "the histogram of durations between two looks, linear inside a bucket; objectives count exactly"
    return "the sum of its metric as it was scraped"


def _source(component: Component, title: str) -> str:
    if title.startswith("probe"):
        return component.url or component.address or "the probe"
    return component.scrape or component.exporter or "the metrics"


def asked_every(component: Component, title: str) -> timedelta:
    return component.probe_every if title.startswith("probe") else component.scrape_every


def _samples(readings: Sequence[Reading]) -> str:
    if not readings:
        return "none"
    return f"{len(readings)}, the newest of {readings[-1].at:%H:%M:%S} UTC"


def _missing(readings: Sequence[Reading], every: timedelta, shown: timedelta, now: datetime) -> str:
    """Longest silence and share, from the first sample that there is: what came before was never asked for."""
    if not readings:
        return "all of it: nothing was measured in this time"
    begin = max(readings[0].at, now - shown)
    expected = max(1, round((now - begin) / every))
    ends = [one.at for one in readings[1:]] + [now]
    longest = max((b - a.at for a, b in zip(readings, ends, strict=True)), default=every)
    lost = max(0, expected - len(readings))
    if lost <= expected // 20 and longest < 3 * every:
        return "nothing to speak of"
    share = lost / expected
    return f"about {share:.0%} of the looks; the longest silence lasted {_words(longest.total_seconds())}"


def _bar(system: System, component: str, title: str) -> str:
    levels = [
        (one.name, one) for one in system.service_levels.values()
        if one.of == component and _about(one.sli, title)
    ]  # fmt: skip
    if not levels:
        return "nobody: no objective speaks of it"
    told = []
    for name, one in levels:
        place = system.place(f"service_levels.{name}")
        promised = ", ".join(promise.text for promise in one.slos) or "no SLO"
        where = f"{place}" if place else "assumed by standfast"
        told.append(f"{name} ({promised}): {where}")
    return "; ".join(told)


def _about(sli: str, title: str) -> bool:
    if title.endswith("latency"):
        return sli == ("probe" if title.startswith("probe") else "latency")
    if title in {"error rate", "5xx per second", "4xx per second"}:
        return sli in {"availability", "errors"}
    return title == "probe failures" and sli == "probe"


def _words(seconds: float) -> str:
    return f"{figure(seconds)} s" if seconds < 120 else f"{seconds / 60:.0f} min"

"""Counting one scrape for the indicators: how many events, and how many of them were bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.monitoring.histogram import within
from standfast.monitoring.signals import durations, is_bad, on_route, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.monitoring.exposition import Sample
    from standfast.monitoring.signals import Names
    from standfast.spec.system import EventNames


_ALONE = ("408", "499", "504")  # told by themselves where all else is told by class


def requests(
    names: Names,
    risen: Iterable[tuple[Sample, float]],
    *,
    bad_codes: tuple[str, ...],
    route: str = "",
) -> tuple[int, int]:
    """(bad, total) of the requests answered between two looks."""
    mine = [(one, by) for one, by in risen if one.name == names.requests and on_route(one, route)]
    bad = sum(round(by) for sample, by in mine if is_bad(sample, bad_codes))
    return bad, sum(round(by) for _, by in mine)


def latency(
    names: Names,
    risen: Iterable[tuple[Sample, float]],
    *,
    threshold: float,
    bad_codes: tuple[str, ...],
    route: str = "",
) -> tuple[int, int, str]:
    """(slow, total, note) of the requests that were answered well; how bad ones ended is counted elsewhere.

    The note says where no bucket of the histogram lies on the threshold.
    """
    buckets = durations(names, risen, route=route, without=bad_codes)
    if not buckets:
        return 0, 0, ""
    total = round(max(buckets.values()))
    fast, told_by = within(buckets, threshold)
    note = ""
    if told_by is None or abs(told_by - threshold) > 1e-9 * threshold:
        lower = "nothing" if told_by is None else f"{told_by:g}s"
        note = (
            f"no bucket of {names.duration} lies on {threshold:g}s: {lower} is used instead,"
            f" and slower requests than that count as slow"
        )
    return max(0, total - round(fast)), total, note


def events(names: EventNames, risen: Iterable[tuple[Sample, float]]) -> tuple[int, int]:
    """(bad, total) of counters of a component's own; more bad or good ones than all are as many as all."""
    by_name = dict.fromkeys(names.names, 0.0)
    for sample, by in risen:
        if sample.name in by_name:
            by_name[sample.name] += by
    total = round(by_name[names.total])
    if names.bad:
        return min(total, round(by_name[names.bad])), total
    return max(0, total - round(by_name[names.good])), total


def untold(names: Names, samples: Iterable[Sample], bad_codes: tuple[str, ...]) -> str:
    """A note where single codes are to count as bad and the metrics tell classes only."""
    single = [code for code in bad_codes if code.isdigit() and code not in _ALONE]
    told = {status_of(one) for one in samples if one.name == names.requests}
    if single and told and not any(code.isdigit() and code not in _ALONE for code in told):
        return (
            f"{names.requests} tells classes of status only,"
            f" so that {', '.join(single)} cannot be counted as bad"
        )
    return ""

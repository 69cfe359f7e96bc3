"""Page loads as Prometheus has them: histograms that only grow while this server runs."""

from __future__ import annotations

from collections import defaultdict
from itertools import accumulate
from typing import TYPE_CHECKING

from standfast.monitoring.vitals import VITALS
from standfast_kit.metrics import Family, Sample, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standfast.monitoring.vitals import Vital


def page_loads(counted: Mapping[tuple[str, str, int], int]) -> Iterator[Family]:
    """`counted` by page, vital and bucket."""
    found: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for (page, vital, bucket), count in counted.items():
        found[page, vital][bucket] = count
    yield Family(
        name="standfast_web_vital_seconds", kind="histogram",
        help="Page loads as users' browsers time them.", samples=list(_samples(found, seconds=True)),
    )  # fmt: skip
    yield Family(
        name="standfast_web_vital_shift", kind="histogram",
        help="How far layouts shift while pages load.", samples=list(_samples(found, seconds=False)),
    )  # fmt: skip


def _samples(
    found: Mapping[tuple[str, str], Mapping[int, int]], *, seconds: bool
) -> Iterator[Sample]:
    for (page, name), filled in sorted(found.items()):
        if VITALS[name].seconds is seconds:
            yield from _histogram(page, VITALS[name], filled)


def _histogram(page: str, vital: Vital, filled: Mapping[int, int]) -> Iterator[Sample]:
    labels = (("page", page), ("vital", vital.name))
    edges = (*vital.edges, float("inf"))
    running = list(accumulate(filled.get(place, 0) for place in range(len(edges))))
    for edge, count in zip(edges, running, strict=True):
        yield Sample((*labels, ("le", number(edge))), count, "_bucket")
    yield Sample(labels, running[-1], "_count")

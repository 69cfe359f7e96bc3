"""How fast pages load where users are: the web vitals at the 75th percentile, by group of pages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.dashboards.figure import figure
from standfast.dashboards.mark import UNKNOWN, Mark, worst
from standfast.monitoring.vitals import OTHER, VITALS, added, felt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from standfast.dashboards.why import Why
    from standfast.monitoring.vitals import Cell, Felt
    from standfast.spec.system import System

SHOWN = timedelta(hours=24)
CORE = ("LCP", "INP", "CLS")
_FEW = 20  # loads; with fewer than that a percentile is chance
TOO_FEW = Mark("quiet", "too few")
_TONES = {"good": "good", "needs improvement": "warn", "poor": "bad"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalLine:
    name: str
    title: str
    now: str  # at the 75th percentile
    mark: Mark
    good: float  # shares of the loads
    middling: float
    poor: float
    samples: int
    few: bool
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    """One group of pages; `trend` is LCP at the 75th percentile by hour, in seconds."""

    page: str
    mark: Mark  # the worst of the three core vitals
    vitals: tuple[VitalLine, ...]
    trend: tuple[tuple[datetime, float | None], ...]


def pages(system: System, found: Sequence[tuple[Cell, int]], now: datetime) -> tuple[PageLine, ...]:
    """Of the counts of the last day; every group that the file names, also where nobody came."""
    if system.experience is None:
        return ()
    sums = added(found)
    names = [*system.experience.pages]
    names += [OTHER] if any(page == OTHER for page, _ in sums) else []
    return tuple(_page(system, name, sums, found, now) for name in names)


def _page(
    system: System,
    page: str,
    sums: Mapping[tuple[str, str], Counter[int]],
    found: Sequence[tuple[Cell, int]],
    now: datetime,
) -> PageLine:
    ready = [felt(vital, sums.get((page, name), Counter())) for name, vital in VITALS.items()]
    lines = tuple(_vital(system, page, one, now) for one in ready)
    return PageLine(
        page=page,
        mark=worst([one.mark for one in lines if one.name in CORE]),
        vitals=lines,
        trend=_trend(page, found),
    )


def _vital(system: System, page: str, one: Felt, now: datetime) -> VitalLine:
    whole = one.samples or 1
    return VitalLine(
        name=one.vital.name,
        title=one.vital.title,
        now="no data" if one.p75 is None else _shown(one, one.p75),
        mark=_mark(one),
        good=one.good / whole,
        middling=(one.samples - one.good - one.poor) / whole,
        poor=one.poor / whole,
        samples=one.samples,
        few=0 < one.samples < _FEW,
        why=_why(system, page, one, now),
    )


def _mark(one: Felt) -> Mark:
    """Of a handful of loads the figure is shown, and not judged."""
    if one.rating not in _TONES:
        return UNKNOWN
    return TOO_FEW if one.samples < _FEW else Mark(_TONES[one.rating], one.rating)


def _shown(one: Felt, value: float) -> str:
    if not one.vital.seconds:
        return figure(value)
    return figure(value, " s") if value >= 1 else figure(value * 1000, " ms")


def _why(system: System, page: str, one: Felt, now: datetime) -> Why:
    asked = system.experience
    patterns = ", ".join(asked.pages.get(page, ())) if asked else ""
    return (
        ("Made of", "what users' browsers send once a page is left: 75 of 100 loads were no slower"),
        ("Pages", patterns or "all that no group names"),
        ("Window", f"hours since {now - SHOWN:%Y-%m-%d %H}:00 UTC"),
        ("Samples", f"{one.samples}: {one.good} good, {one.poor} poor"),
        ("Missing", "browsers without scripts or this API, and loads that end with a crash, send nothing"),
        ("Estimated", "the figure is linear between two edges of its histogram; the shares are counted"),
        ("Who set the bar", _bar(one)),
    )  # fmt: skip


def _bar(one: Felt) -> str:
    good, poor = _shown(one, one.vital.good), _shown(one, one.vital.poor)
    return f"the published thresholds of {one.vital.name}: good up to {good}, poor above {poor}"


def _trend(
    page: str, found: Sequence[tuple[Cell, int]]
) -> tuple[tuple[datetime, float | None], ...]:
    hours: dict[datetime, Counter[int]] = {}
    for cell, count in found:
        if cell.page == page and cell.vital == "LCP":
            hours.setdefault(cell.hour, Counter())[cell.bucket] += count
    return tuple((hour, felt(VITALS["LCP"], hours[hour]).p75) for hour in sorted(hours))

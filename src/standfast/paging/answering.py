"""How pages were answered: how fast, how many a shift, and which alerts nobody ever answers."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.paging.hours import read as read_hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from standfast.paging.page import Page
    from standfast.spec.calling import OnCall
    from standfast.spec.values import Severity

ENOUGH = 5  # pages, before a share of them says anything
SHIFT = timedelta(hours=12)
"""Two pages in twelve hours are what a person bears (Google, Site Reliability Engineering, chapter 11)."""
_WEEK = timedelta(weeks=1)


def p90(pages: Iterable[Page], now: datetime) -> dict[Severity, tuple[timedelta, int]]:
    """Within what time nine of ten pages were acknowledged, and of how many that is.

    One that still waits has waited so long at least; one whose alert ended unanswered says nothing.
    """
    waits: dict[Severity, list[timedelta]] = defaultdict(list)
    for page in pages:
        if page.acknowledged_at is not None:
            waits[page.severity].append(page.acknowledged_at - page.opened_at)
        elif page.active:
            waits[page.severity].append(now - page.opened_at)
    return {
        severity: (sorted(found)[-(-len(found) * 9 // 10) - 1], len(found))
        for severity, found in waits.items()
        if len(found) >= ENOUGH
    }


def a_shift(
    pages: Iterable[Page], rotas: Mapping[str, OnCall], span: timedelta
) -> dict[str, Fraction]:
    """Pages for every twelve hours on duty, of each rotation that had any in `span`."""
    counted: dict[str, int] = defaultdict(int)
    for page in pages:
        if page.rota is not None and page.rota in rotas:
            counted[page.rota] += 1
    return {
        name: number / (_share(span, SHIFT) * _share(read_hours(rotas[name].hours).a_week, _WEEK))
        for name, number in counted.items()
        if span >= SHIFT
    }


def ignored(pages: Sequence[Page], rule_of: Mapping[str, str], least: int = 3) -> dict[str, int]:
    """Rules whose pages of late were never acknowledged, not one of them; fingerprints lead to rules."""
    ended: dict[str, list[bool]] = defaultdict(list)
    for page in pages:
        if page.alert in rule_of and not page.active:
            ended[rule_of[page.alert]].append(page.acknowledged_at is not None)
    return {
        rule: len(answered)
        for rule, answered in ended.items()
        if len(answered) >= least and not any(answered)
    }


def _share(span: timedelta, of: timedelta) -> Fraction:
    tick = timedelta(microseconds=1)
    return Fraction(span // tick, of // tick)

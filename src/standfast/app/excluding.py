"""Reading counts without the time that is excluded from a promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.dashboards import exclusion as exclusion_screen
from standfast.slo.exclusion import edges, length, rest, spared
from standfast.slo.objective import counts_kept
from standfast.slo.tally import NOTHING
from standfast.slo.window import span

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from standfast.dashboards.exclusion import Excluded, ExclusionLine
    from standfast.slo.objective import Objective
    from standfast.slo.tally import Tally
    from standfast.slo.window import Span
    from standfast.spec.system import System
    from standfast.store.tx import Tx


def tallies(
    tx: Tx, system: System, objective: Objective, start: datetime, end: datetime
) -> list[Tally]:
    """Of each of its indicators, what was counted of the time that speaks for or against it."""
    out = spans(tx, system, objective, end)
    parts = edges(out, start, end)
    found = [tx.levels.tallies(one.key, [(start, end), *parts]) for one in objective.indicators]
    return [rest(each[0], each[1:]) for each in found]


def excluded(
    tx: Tx, system: System, objective: Objective, start: datetime, end: datetime
) -> timedelta:
    return length(spans(tx, system, objective, end), start, end)


def of_objective(tx: Tx, system: System, objective: Objective, now: datetime) -> Excluded:
    """What its page says of them: those in its window, and those ahead."""
    window = span(objective, now, system.timezone)
    mine = [one for one in tx.exclusions.standing(window.start) if one.covers(objective)]
    out = spared(mine, objective)
    counted = NOTHING
    for one in objective.indicators[:1]:
        counted = sum(tx.levels.tallies(one.key, edges(out, window.start, now)), NOTHING)
    return exclusion_screen.excluded(mine, length(out, window.start, window.end), counted, now)


def listing(tx: Tx, now: datetime) -> tuple[ExclusionLine, ...]:
    """The newest first, those that are revoked too."""
    return tuple(exclusion_screen.line(one, now) for one in tx.exclusions.recent())


def spans(tx: Tx, system: System, objective: Objective, now: datetime) -> tuple[Span, ...]:
    """All that was ever left out of it, as far back as anything is counted."""
    return spared(tx.exclusions.standing(now - counts_kept(system)), objective)

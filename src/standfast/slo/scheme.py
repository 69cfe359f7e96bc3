"""How each objective is judged: its burn windows, worked out once, since they follow from the file alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.slo.burn import burn_windows, can_fire
from standfast.slo.judgement import explain
from standfast.slo.objective import objectives
from standfast.spec.once import once

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta

    from standfast.slo.burn import BurnWindow
    from standfast.slo.objective import Objective
    from standfast.spec.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    objective: Objective
    windows: tuple[BurnWindow, ...]  # all four, whether they can fire or not
    alerts: tuple[BurnWindow, ...]  # those that can
    explained: Mapping[str, str]  # by the window's name: how soon it notices

    @property
    def pace(self) -> timedelta:
        """The window of which a budget's pace "of late" is read."""
        return next(one.long for one in self.windows if one.name == "page-slow")


@once
def schemes(system: System) -> tuple[Scheme, ...]:
    """One for each objective, in the order of `objectives`."""
    return tuple(_scheme(objective) for objective in objectives(system))


def _scheme(objective: Objective) -> Scheme:
    windows = burn_windows(objective)
    alerts = tuple(one for one in windows if can_fire(objective, one))
    return Scheme(
        objective=objective,
        windows=windows,
        alerts=alerts,
        explained={one.name: explain(objective, one) for one in alerts},
    )


def wider(window: timedelta, widest: timedelta) -> Iterator[timedelta]:
    """The windows that are tried one after the other where this one holds too few events."""
    while window < widest:
        window = min(2 * window, widest)
        yield window

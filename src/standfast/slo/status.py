"""Where an objective stood when it was last judged: budget, burns, policy, in one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from fractions import Fraction

    from standfast.slo.budget import Budget
    from standfast.slo.judgement import BurnState


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnFigure:
    """One burn window's figures, as they were judged."""

    window: str  # page-quick ...
    state: BurnState
    long: timedelta
    short: timedelta
    factor: Fraction
    long_rate: Fraction | None
    short_rate: Fraction | None
    because: str
    explained: str  # how soon it notices


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelStatus:
    objective: str
    at: datetime
    budget: Budget
    burns: tuple[BurnFigure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnDown:
    """One point of a budget's history."""

    at: datetime
    left: Fraction

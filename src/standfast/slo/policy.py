"""The budget policy: what is done at which part of the budget, and since when that holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.spec.system import BudgetPolicy, PolicyBand

_MARGIN = Fraction(1, 100)  # of the budget: a better band is entered only this far inside


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyState:
    """The band that an objective's budget is in; the rows of the past are its history."""

    objective: str
    band: str  # as the file wrote it: "25-50%"
    action: str
    freezes: bool
    since: datetime


def band_of(bands: Sequence[PolicyBand], left: Fraction) -> PolicyBand | None:
    """The band that `left` of the budget lies in; overspent is the lowest band."""
    for band in bands:
        if band.low is None or left > band.low or (band.with_low and left == band.low):
            return band
    return bands[-1] if bands else None


def policy_state(
    policy: BudgetPolicy,
    objective: str,
    left: Fraction | None,
    before: PolicyState | None,
    now: datetime,
) -> PolicyState | None:
    """The state after this look; unchanged where nothing is known or a border is only grazed."""
    band = None if left is None else band_of(policy.bands, left)
    if band is None or left is None or (before and _same(before, band)):
        return before
    grazed = band.low is not None and left <= band.low + _MARGIN
    if before and grazed and _better(policy, band, before):
        return before
    return PolicyState(
        objective=objective, band=band.text, action=band.action, freezes=band.freezes, since=now
    )


def _same(before: PolicyState, band: PolicyBand) -> bool:
    """The same band with the same consequence: what the file says anew holds from now on."""
    said = (before.band, before.action, before.freezes)
    return said == (band.text, band.action, band.freezes)


def _better(policy: BudgetPolicy, band: PolicyBand, before: PolicyState) -> bool:
    order = [one.text for one in policy.bands]
    return before.band in order and order.index(band.text) < order.index(before.band)

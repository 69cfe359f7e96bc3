"""Slices of time that count in place of events: a bad minute is one bad minute, however busy it was."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.slo.agreement import promised
from standfast.spec.once import once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.slo.indicator import Indicator
    from standfast.slo.tally import Tally
    from standfast.spec.system import Slices, System


def bad(slices: Slices, seen: Tally) -> bool | None:
    """Was it a bad one? None where nobody looked; without events, and watched, it was good."""
    if not seen.total:
        return False if seen.covered else None
    return Fraction(seen.good) / seen.total < slices.good


@once
def sliced(system: System) -> Mapping[str, Indicator]:
    """Every indicator that counts slices, of objectives and of contracts, by its key."""
    return {
        indicator.key: indicator
        for objective in promised(system)
        for indicator in objective.indicators
        if indicator.slices is not None
    }

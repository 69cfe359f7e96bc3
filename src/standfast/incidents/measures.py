"""How fast incidents are answered and ended: means over several, from the first trouble on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from standfast.incidents.incident import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    count: int
    to_acknowledge: timedelta | None  # MTTA; None where none was acknowledged
    to_restore: timedelta | None  # MTTR: until users were well again
    acknowledged: int
    restored: int


def measures(incidents: Sequence[Incident]) -> Measures:
    """Incidents that are still waiting are counted, and are in no mean."""
    answered = [one.to_acknowledge for one in incidents]
    over = [one.to_mitigate for one in incidents]
    return Measures(
        count=len(incidents),
        to_acknowledge=_mean(answered),
        to_restore=_mean(over),
        acknowledged=sum(one is not None for one in answered),
        restored=sum(one is not None for one in over),
    )


def _mean(lengths: Iterable[timedelta | None]) -> timedelta | None:
    known = [one for one in lengths if one is not None]
    return sum(known, timedelta()) / len(known) if known else None

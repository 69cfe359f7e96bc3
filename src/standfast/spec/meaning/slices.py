"""Slices of time, which a service level may count in place of events."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.spec import units
from standfast.spec.system import Slices

if TYPE_CHECKING:
    from standfast.spec.meaning.margin import Margin
    from standfast.spec.system import Component
    from standfast.spec.v1 import promises as v1

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
FEWEST = 20  # slices in a window; of fewer each is too large a part of the budget to judge by


def of_level(
    path: str,
    shape: v1.ServiceLevelShape,
    component: Component | None,
    shortest: timedelta,
    margin: Margin,
) -> Slices | None:
    said = shape.slices
    if said is None:
        return None
    length = units.show_duration(said.of)
    if said.of < _MINUTE or said.of % _MINUTE or _HOUR % said.of:
        margin.wrong(
            f"{path}.slices.of",
            f"slices of {length} do not fill an hour of whole minutes; write 1m, 5m, 10m, 15m, 30m or 1h",
        )
        return None
    if not said.good:
        margin.wrong(f"{path}.slices.good", "a slice that is good from 0% on is never bad")
    if not shape.calendar and shortest < FEWEST * said.of:
        margin.wrong(
            f"{path}.slices.of",
            f"a window of {units.show_duration(shortest)} holds fewer than {FEWEST} slices of {length};"
            " write shorter slices or a longer window",
        )
    every = _looked_at(shape, component) if component else None
    if every is not None and every > said.of:
        margin.wrong(
            f"{path}.slices.of",
            f"{shape.of} is looked at every {units.show_duration(every)}, so that nobody would see some"
            f" slices of {length}; write longer slices, or look more often",
        )
    return Slices(of=said.of, good=said.good)


def _looked_at(shape: v1.ServiceLevelShape, component: Component) -> timedelta | None:
    """How often; None where somebody else counts, by the minute."""
    if shape.sli == "query" or shape.source not in (None, "standfast"):
        return None
    by_probe = shape.sli == "probe" or not component.counted
    return component.probe_every if by_probe else component.scrape_every

"""The conversion funnel: how many get from each step of a journey to the next, by the steps' own counters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.dashboards.why import Why
    from standfast.slo.tally import Tally
    from standfast.spec.system import Journey, System

SHOWN = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelLine:
    """`taken` is None where nothing was counted; `of_first` and `dropped` are shares."""

    name: str
    of: str
    taken: int | None
    failed: int
    of_first: float | None
    dropped: float | None  # against the step before; negative where more came than that
    why: Why


def lines(
    system: System, journey: Journey, counted: Sequence[Tally], now: datetime
) -> tuple[FunnelLine, ...]:
    """`counted` of each step, in their order."""
    found: list[FunnelLine] = []
    first = before = None
    for step, tally in zip(journey.steps, counted, strict=True):
        seen = tally.covered > timedelta(0)
        taken = round(tally.total - tally.bad) if seen else None
        first = taken if first is None else first
        found.append(
            FunnelLine(
                name=step.name,
                of=step.of,
                taken=taken,
                failed=round(tally.bad) if seen else 0,
                of_first=_share(taken, first),
                dropped=None if (kept := _share(taken, before)) is None else 1 - kept,
                why=(
                    ("Made of", f"requests of {step.route} on {step.of} that were answered 2xx or 3xx"),
                    ("Window", f"{now - SHOWN:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M} UTC"),
                    ("Samples", f"{tally.total} requests, {round(tally.bad)} of them failed"),
                    ("Missing", f"looked at for {_words(tally.covered)} of {_words(SHOWN)}"),
                    ("Who said so", f"{system.place(f'journeys.{journey.name}.steps') or 'nobody'}"),
                    ("Mind", "requests are counted and not people: who repeats a step counts again"),
                ),
            )
        )  # fmt: skip
        before = taken
    return tuple(found)


def _share(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else part / whole


def _words(span: timedelta) -> str:
    minutes = span.total_seconds() / 60
    return f"{minutes / 60:.1f} h" if minutes >= 60 else f"{minutes:.0f} min"

"""What a running service knows of a system, and how each of it is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, timedelta
    from fractions import Fraction

    from standfast.incidents.overdue import Overdue
    from standfast.monitoring.edges import Edge
    from standfast.monitoring.flood import Flood
    from standfast.paging.reachable import Way
    from standfast.spec.values import Grade, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How a value that was measured or drilled is known."""

    grade: Grade
    at: datetime | date  # of the newest measurement
    of: str = ""  # "p95 of 7 restores"

    def __str__(self) -> str:
        return f"{self.grade} {self.at:%Y-%m-%d}" + (f", {self.of}" if self.of else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the running service knows; empty for a review of the file alone."""

    restore: Mapping[str, timedelta] = field(default_factory=dict)  # store -> p95, of its size now
    restore_growth: Mapping[str, timedelta] = field(default_factory=dict)  # store -> more a day
    last_restore: Mapping[str, datetime | None] = field(default_factory=dict)  # store -> verified
    failed_restore: Mapping[str, str] = field(default_factory=dict)  # store -> why the newest did
    data_loss: Mapping[str, timedelta] = field(
        default_factory=dict
    )  # store -> worst recovery point
    failover: Mapping[str, timedelta] = field(default_factory=dict)  # failover -> time it took
    acknowledge_p90: Mapping[Severity, timedelta] = field(default_factory=dict)
    availability: Mapping[str, Fraction] = field(default_factory=dict)  # objective -> share kept
    metrics_for: Mapping[str, timedelta] = field(
        default_factory=dict
    )  # component -> counted so long
    silent: Mapping[str, timedelta] = field(
        default_factory=dict
    )  # service level -> without samples
    pages_a_shift: Mapping[str, Fraction] = field(default_factory=dict)  # rotation -> last 30 days
    ignored: Mapping[str, int] = field(default_factory=dict)  # alert -> pages, none acknowledged
    archive_timeout: Mapping[str, timedelta] = field(default_factory=dict)  # store -> read from it
    channels: Mapping[tuple[str, str], Way] | None = None  # person, channel; None: nobody can know
    overdue: tuple[Overdue, ...] = ()
    floods: Mapping[str, Flood] = field(default_factory=dict)  # by source, those that go on
    edges: Mapping[tuple[str, str], Edge] = field(default_factory=dict)  # caller, called
    evidence: Mapping[str, Evidence] = field(
        default_factory=dict
    )  # "restore.db" -> how it is known
    sources: Mapping[str, str] = field(
        default_factory=dict
    )  # imported file -> digest now, "" is gone

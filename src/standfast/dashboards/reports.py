"""The reports that were made, and the periods that could be reported on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.slo.period import current

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from standfast.slo.period import Period

_MONTHS, _QUARTERS = 6, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """`kind` is html, pdf, csv, json or manifest."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionLine:
    id: str
    period: str
    of: str
    edition: int
    provisional: bool
    made_at: datetime
    made_by: str
    summary: str
    corrections: tuple[str, ...]
    files: tuple[FileLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsScreen:
    """`periods` can be asked for: the one that goes on, and those that ended of late."""

    editions: tuple[EditionLine, ...]  # the newest first
    periods: tuple[str, ...]
    key: str  # the verifying key


def screen(editions: Iterable[EditionLine], zone: str, now: datetime, key: str) -> ReportsScreen:
    periods: list[Period] = []
    for months, many in ((1, _MONTHS), (3, _QUARTERS)):
        period = current(now, zone, months)
        for _ in range(many):
            periods.append(period)
            period = period.before
    return ReportsScreen(
        editions=tuple(editions), periods=tuple(one.name for one in periods), key=key
    )

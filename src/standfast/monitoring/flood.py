"""Floods: sources that give more series than are taken.

A part of them would be a wrong sum, so none of them is counted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_STANDS = timedelta(minutes=15)
_SHOWN = 80  # characters of what others named


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """When a source gave too much last."""

    source: str  # a target's key, or "api/remote-write"
    component: str
    at: datetime
    because: str

    def stands(self, now: datetime, every: timedelta) -> bool:
        """Is it still going on, as far as anybody knows who looks that seldom?"""
        return now - self.at <= max(_STANDS, 2 * every)


def explosive(series: Iterable[tuple[str, tuple[tuple[str, str], ...]]]) -> str:
    """Of series by name and labels, the label that has the most values; "" where none has two."""
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, labels in series:
        for label, value in labels:
            values[name, label].add(value)
    most = max(values, key=lambda one: len(values[one]), default=None)
    if most is None or len(values[most]) < 2:
        return ""
    name, label = most
    return f"{label[:_SHOWN]!r} of {name[:_SHOWN]} alone has {len(values[most]):,} values"

"""Contracts with customers about service levels, as the file states them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta
    from fractions import Fraction

    from standfast.spec.values import Money, Promise

KINDS = ("maintenance", "upstream")
"""What may be left out of a contract's figures; the kinds of `slo.exclusion`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Below this share of good events, this share of the fee is owed."""

    below: Fraction
    share: Fraction
    text: str  # "< 99.5%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    name: str
    of: tuple[str, ...]  # service levels and journeys
    customer: str = ""
    reference: str = ""  # the contract's own number
    sla: Promise | None = None  # None: what the levels and journeys state as `sla`
    calendar: str = "month"  # "" where it counts over a rolling window
    window: timedelta | None = None
    timezone: str = "UTC"
    credits: tuple[Credit, ...] = ()  # the worst first
    fee: Money | None = None  # of one window; credits are shares of it
    excludes: tuple[str, ...] = KINDS
    maintenance_at_most: timedelta | None = None  # of one window; what is more counts
    maintenance_notice: timedelta | None = None  # announced later than this ahead, it counts

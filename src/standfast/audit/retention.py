"""Retention: how long the law wants an event kept, and how long it lets one keep what is personal in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.spec.system import Retention

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.spec.system import Compliance

_YEAR = timedelta(days=365)
# What is kept where the file says nothing of a regime it names.
POLICY = {
    "gdpr": Retention(hot=2 * _YEAR, archive=5 * _YEAR),
    "hipaa": Retention(hot=7 * _YEAR),
    "soc2": Retention(hot=2 * _YEAR),
    "pci-dss": Retention(hot=_YEAR, archive=2 * _YEAR),
}
# Regimes that limit how long a person may be known, instead of asking for a minimum.
LIMITS = frozenset({"gdpr"})
# Regimes whose record is worth nothing without the person in it.
NEEDS_IDENTITY = frozenset({"hipaa"})
GENERAL = Retention(hot=_YEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Both count from when the event was received. None: not until somebody asks, or lifts the hold."""

    searchable: timedelta  # in the database
    keep: timedelta | None  # the core, which names nobody
    erase_personal: timedelta | None  # the payload
    held: bool = False
    conflicts: tuple[str, ...] = ()  # decisions that people have to take


def terms(compliance: Compliance) -> Terms:
    """The one rule of all regimes together: the longest minimum, the shortest limit."""
    stated = compliance.retention
    general = stated.get("")
    asked = {
        regime: stated.get(regime) or general or POLICY.get(regime, GENERAL)
        for regime in compliance.regimes or ()
    } or {"": general or GENERAL}
    minimums = {regime: kept for regime, kept in asked.items() if regime not in LIMITS}
    limits = {regime: kept for regime, kept in asked.items() if regime in LIMITS}
    keep = max(kept.total for kept in (minimums or asked).values())
    limit = min((kept.total for kept in limits.values()), default=keep)
    held = bool(compliance.legal_hold)
    return Terms(
        searchable=max(kept.hot for kept in asked.values()),
        keep=None if held else max(keep, limit),
        erase_personal=None if held else limit,
        held=held,
        conflicts=_conflicts(minimums, limits),
    )


def keep_until(received: datetime, terms: Terms) -> datetime | None:
    return None if terms.keep is None else received + terms.keep


def erase_after(received: datetime, terms: Terms) -> datetime | None:
    return None if terms.erase_personal is None else received + terms.erase_personal


def words(terms: Terms) -> str:
    """The terms in one sentence, as the audit log and its page say them."""
    if terms.held:
        return "a legal hold stands: nothing is removed"
    if terms.conflicts:
        return f"nothing is removed until somebody decides: {terms.conflicts[0]}"
    if terms.erase_personal is None:
        return "nothing is removed"
    return f"what is personal goes after {terms.erase_personal.days} days, the records stay"


def _conflicts(minimums: dict[str, Retention], limits: dict[str, Retention]) -> tuple[str, ...]:
    return tuple(
        f"{least} wants the person known for {kept.total.days} days, {most} allows {limit.total.days}:"
        f" state the legal basis and which of them holds"
        for least, kept in minimums.items()
        for most, limit in limits.items()
        if least in NEEDS_IDENTITY and limit.total < kept.total
    )

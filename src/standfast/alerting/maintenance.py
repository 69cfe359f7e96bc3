"""Planned maintenance: what fires of a component meanwhile is told, and wakes nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from standfast.slo.exclusion import Exclusion, Kind
from standfast.spec.condition import Burn
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from standfast.alerting.facts import Verdict
    from standfast.alerting.rules import Rule


def under_way(exclusions: Iterable[Exclusion], component: str, now: datetime) -> Exclusion | None:
    """The maintenance that the component itself is under; that of one of its objectives is no such."""
    return next(
        (
            one
            for one in exclusions
            if one.of == component
            and one.kind is Kind.MAINTENANCE
            and one.revoked_at is None
            and one.starts <= now < one.ends
        ),
        None,
    )


def hushed(
    rule: Rule, verdict: Verdict, severity: Severity, maintenance: Exclusion | None
) -> tuple[Verdict, Severity]:
    """As grave as P4 while it lasts. What still holds afterwards is raised, and so pages then.

    A burn needs none of it: its clock stands still meanwhile.
    """
    if maintenance is None or not verdict.holds or isinstance(rule.when, Burn):
        return verdict, severity
    said = f"{verdict.because}; {maintenance.id} is under way until {maintenance.ends:%Y-%m-%d %H:%M} UTC"
    return replace(verdict, because=f"{said}: {maintenance.because}"), Severity.P4

"""What every rule looks at: the System, what was measured, the time, and indexes made once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from standfast.paging.cover import Piece, cover
from standfast.review.chain import Chain, chain_of
from standfast.review.known import Known
from standfast.review.measured import Evidence
from standfast.slo.burn import burn_alerts, detection
from standfast.slo.objective import Objective, objectives
from standfast.spec.condition import Burn
from standfast.spec.values import Grade, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date, datetime

    from standfast.review.measured import Measured
    from standfast.spec.calling import AlertRule
    from standfast.spec.protection import DataType
    from standfast.spec.system import ServiceLevel, System

T = TypeVar("T")
_ALL = Fraction(1)  # of the requests fail
AHEAD = timedelta(weeks=8)
"""So far on-call is proved: two turns of four people in weekly shifts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Known):
    """One review's material. The indexes keep every rule linear in the size of the file."""

    now: datetime
    levels_of: Mapping[str, tuple[ServiceLevel, ...]]  # component -> its service levels
    alerts_of: Mapping[str, tuple[AlertRule, ...]]
    data_in: Mapping[str, tuple[DataType, ...]]  # store -> data types
    chains: Mapping[str, Chain]  # journey -> what it needs
    burning: frozenset[str]  # service levels and journeys that a burn-rate alert watches
    objectives: tuple[Objective, ...]
    promised: Mapping[
        str, tuple[Objective, ...]
    ]  # what an alert on a burn names -> what it watches
    cover: Mapping[tuple[str, Severity], tuple[Piece, ...]]  # rotation, P1 | P2 -> the weeks ahead

    @property
    def today(self) -> date:
        return self.now.date()

    def assumed(self, path: str) -> bool:
        return self.system.grade(path) is Grade.ASSUMED

    def grade(self, path: str, *measured: str) -> Grade:
        """How a value is known: what was measured or drilled in its place comes before what is written."""
        found = [
            self.measured.evidence[key].grade for key in measured if key in self.measured.evidence
        ]
        return found[0] if found else self.system.grade(path)

    def how(self, *measured: str) -> str:
        """` (measured 2026-11-20, p95 of 7 restores)`, or nothing where nobody measured it."""
        found = [
            str(self.measured.evidence[key]) for key in measured if key in self.measured.evidence
        ]
        return f" ({'; '.join(found)})" if found else ""

    def detection(self, alert: AlertRule) -> timedelta:
        """How long after a total outage begins an alert fires: to see it, and what it waits for."""
        when = alert.when
        waits = getattr(when, "lasting", timedelta())
        if isinstance(when, Burn):
            mine = self.promised.get(when.objective, ())
            fires = [detection(one, window, _ALL) for one in mine for window in burn_alerts(one)]
            waits = min((one for one in fires if one is not None), default=timedelta())
        return waits + self.system.components[alert.of].scrape_every

    def stated_levels(self, component: str) -> tuple[ServiceLevel, ...]:
        levels = self.levels_of.get(component, ())
        return tuple(one for one in levels if not self.assumed(f"service_levels.{one.name}"))


def open_case(system: System, measured: Measured, now: datetime) -> Case:
    """Index a System once for all rules."""
    promises = objectives(system)
    return Case(
        system=system,
        measured=replace(measured, evidence=dict(_drilled(system)) | dict(measured.evidence)),
        now=now,
        levels_of=system.levels_of,
        alerts_of=_by(system.alerts.values(), "of"),
        data_in=_by(system.data.values(), "store"),
        chains={name: chain_of(system, journey) for name, journey in system.journeys.items()},
        burning=frozenset(
            alert.when.objective for alert in system.alerts.values() if isinstance(alert.when, Burn)
        ),
        objectives=promises,
        promised=_promised(promises),
        cover={
            (name, severity): cover(rota, severity, system, now, now + AHEAD)
            for name, rota in system.on_call.items()
            for severity in (Severity.P1, Severity.P2)
        },
    )


def _promised(promises: Iterable[Objective]) -> Mapping[str, tuple[Objective, ...]]:
    """By their own name, and by that of the level or journey they come from."""
    groups: dict[str, list[Objective]] = defaultdict(list)
    for one in promises:
        for name in dict.fromkeys((one.name, one.level)):
            groups[name].append(one)
    return {name: tuple(group) for name, group in groups.items()}


def _drilled(system: System) -> Iterator[tuple[str, Evidence]]:
    """Failovers are drilled by people, who write into the file what it took."""
    for name, failover in system.failovers.items():
        if (drill := failover.last_drill) is not None and drill.passed:
            yield f"failover.{name}", Evidence(grade=Grade.DRILLED, at=drill.date)


def _by(values: Iterable[T], attribute: str) -> dict[str, tuple[T, ...]]:
    groups: dict[str, list[T]] = defaultdict(list)
    for value in values:
        groups[getattr(value, attribute)].append(value)
    return {key: tuple(group) for key, group in groups.items()}

"""recovery-objectives.md: how much may be lost and how long it may take, and whether the plan can keep it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.publish.document import Document, Region
from standfast.publish.markdown import escape, join, minutes, span, table
from standfast.publish.operations.disaster_recovery import total
from standfast.review.arithmetic import copying, worst_loss

if TYPE_CHECKING:
    from standfast.publish.edition import Edition
    from standfast.spec.system import Backup, Component, DataType


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/recovery-objectives.md",
        "Recovery objectives",
        Region(id="objectives", body=_objectives(edition)),
        Region(id="disruptions", body=_disruptions(edition)),
    )


def _objectives(edition: Edition) -> str:
    rows = [
        [
            escape(one.name),
            escape(one.store),
            escape(one.classification or "not stated (DAT-02: Data Architect)"),
            _rpo(one.rpo) + edition.mark(f"data.{one.name}.rpo"),
            _rto(one.rto) + edition.mark(f"data.{one.name}.rto"),
            escape(one.backup) or _copies(edition.system.backups.get(one.store)),
        ]
        for one in edition.system.data.values()
    ]
    if not rows:
        return join(
            "## By data type",
            edition.owed(
                "DAT-00",
                "Business Analyst",
                (
                    "Which data is there, how much of it may be lost (RPO), and how long "
                    "may it be away (RTO)?"
                ),
            ),
        )
    return join(
        "## By data type",
        "RPO: how much of the newest data may be lost. RTO: how long until it is back.",
        table(["Data", "Store", "Class", "RPO", "RTO", "Backup"], rows),
    )


def _rpo(length: timedelta | None) -> str:
    if length is None:
        return "not stated (DAT-00: Business Analyst)"
    return span(length) if length else "0 (no loss)"


def _rto(length: timedelta | None) -> str:
    return span(length) if length is not None else "not stated (DAT-00: Business Analyst)"


def _copies(backup: Backup | None) -> str:
    return ", ".join(escape(kind) for kind in backup.copies) if backup else "none"


# ------------------------------------------------------------------ by disruption


def _disruptions(edition: Edition) -> str:
    blocks = [
        _of(edition, one)
        for one in edition.system.data.values()
        if one.store in edition.system.components
    ]
    if not blocks:
        blocks = [edition.owed("DAT-00", "Business Analyst", "No data type is stated.")]
    return join(
        "## By what happens",
        (
            "*Achievable* is what the plan gives by arithmetic; a restore or a drill that was "
            "measured says more, and "
            "stands on the recovery page of the running standfast."
        ),
        *blocks,
    )


def _of(edition: Edition, one: DataType) -> str:
    store, backup = edition.system.components[one.store], edition.system.backups.get(one.store)
    rows = [
        ["one node lost", _rpo(one.rpo), *_node(edition, store)],
        ["one zone lost", _rpo(one.rpo), *_zone(edition, store)],
        [
            "the region lost",
            _rpo(one.rpo_region if one.rpo_region is not None else one.rpo),
            *_region(edition, store),
        ],
        ["deleted or corrupted", _rpo(one.rpo), *_deleted(store, backup)],
    ]
    return join(
        f"### {escape(one.name)}",
        table(["Disruption", "RPO promised", "Loss achievable", "Time achievable"], rows),
    )


def _primary(edition: Edition) -> str:
    return next((one.name for one in edition.system.regions.values() if one.role == "primary"), "")


def _node(edition: Edition, store: Component) -> list[str]:
    region = _primary(edition)
    count = store.replicas.get(region, max(store.replicas.values(), default=1))
    if count < 2:
        return ["as for a deletion: there is one replica", "as for a deletion"]
    mode = store.replication.get(region, "")
    lost = {"sync": "0", "async": "the lag of replication"}.get(
        mode, "unknown: replication is not stated"
    )
    return [f"{lost} ({count} replicas)", "promotion of a replica"]


def _zone(edition: Edition, store: Component) -> list[str]:
    region = edition.system.regions.get(_primary(edition))
    if region is None or region.zones < 2:
        return ["as for the region: there is one zone", "as for the region"]
    if store.replicas.get(region.name, 1) < 2:
        return ["as for a deletion: one replica cannot stand in two zones", "as for a deletion"]
    return _node(edition, store)


def _region(edition: Edition, store: Component) -> list[str]:
    ways = list(edition.system.failovers.values())
    if not ways:
        return ["–", "**none: no failover is planned (RTO-04: Business Analyst)**"]
    way = ways[0]
    mode = store.replication.get(way.target, "")
    lost = {"sync": "0", "async": "the lag of replication, never exactly 0"}.get(
        mode, "that of the newest copy over there"
    )
    if way.last_drill and way.last_drill.rpo is not None:
        lost += f"; {span(way.last_drill.rpo)} in the drill of {way.last_drill.date.isoformat()}"
    time = span(total(edition.system, way))
    if way.last_drill:
        time += f"; {span(way.last_drill.rto)} in that drill"
    return [lost, time]


def _deleted(store: Component, backup: Backup | None) -> list[str]:
    if backup is None:
        if store.rebuild_from == "source":
            return ["rebuilt from its source", "as long as rebuilding takes"]
        return ["**everything: there is no backup (BKP-01: Data Architect)**", "never"]
    time = "unknown: state size and restore_speed"
    if store.size and backup.restore_speed:
        time = f"{minutes(copying(store.size, backup.restore_speed))} to copy back, plus replay and checks"
    return [_newest(backup), time]


def _newest(backup: Backup) -> str:
    """The least that any of its copies loses."""
    plans = backup.copies.values()
    if any(plan.streaming or (plan.continuous and plan.archive_timeout) for plan in plans):
        return "up to the moment before the mistake, by point-in-time recovery"
    spans = [
        worst_loss(plan.every or timedelta(days=1), plan.takes or timedelta(0))
        for plan in plans
        if not plan.continuous
    ]
    return (
        span(min(spans))
        if spans
        else "unknown: WAL has no archive_timeout (RPO-05: DevOps/Platform)"
    )

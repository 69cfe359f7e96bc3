"""recovery-objectives.md: how much may be lost and how long it may take, and whether the plan can keep it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.publish.document import Document, Region
from standfast.publish.markdown import escape, join, minutes, size, span, table
from standfast.publish.operations.disaster_recovery import total
from standfast.review.arithmetic import copying, worst_loss

if TYPE_CHECKING:
    from standfast.publish.edition import Edition
    from standfast.spec.protection import Backup, DataType
    from standfast.spec.system import Component


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What the plan gives after one disruption: in words, and as lengths where arithmetic knows them."""

    loss: str
    time: str
    lost: timedelta | None = None
    takes: timedelta | None = None  # at the least
    lost_if: str = ""  # what it depends on, where that is not a length
    partly: bool = False  # `takes` is not the whole of it


def _of(edition: Edition, one: DataType) -> str:
    store, backup = edition.system.components[one.store], edition.system.backups.get(one.store)
    regional = one.rpo_region if one.rpo_region is not None else one.rpo
    cases = (
        ("one node lost", one.rpo, _node(edition, store, backup)),
        ("one zone lost", one.rpo, _zone(edition, store, backup)),
        ("the region lost", regional, _region(edition, store, backup)),
        ("deleted or corrupted", one.rpo, _deleted(edition, store, backup)),
    )
    rows = [
        [
            disruption,
            _rpo(rpo),
            reach.loss,
            reach.lost_if if rpo is not None and reach.lost_if else _verdict(rpo, reach.lost),
            _rto(one.rto),
            reach.time,
            _verdict(one.rto, reach.takes, partly=reach.partly),
        ]
        for disruption, rpo, reach in cases
    ]
    head = [
        "Disruption",
        "RPO promised",
        "Loss achievable",
        "RPO kept?",
        "RTO promised",
        "Time achievable",
        "RTO kept?",
    ]
    return join(f"### {escape(one.name)}", table(head, rows))


def _verdict(promised: timedelta | None, reached: timedelta | None, *, partly: bool = False) -> str:
    if promised is None:
        return "nothing promised"
    if reached is None:
        return "not known"
    if reached > promised:
        return "**not kept**"
    return f"{minutes(promised - reached)} left for the rest" if partly else "kept"


def _primary(edition: Edition) -> str:
    return next((one.name for one in edition.system.regions.values() if one.role == "primary"), "")


def _node(edition: Edition, store: Component, backup: Backup | None) -> Reach:
    region = _primary(edition)
    count = store.replicas.get(region, max(store.replicas.values(), default=1))
    if count < 2:
        return _restored(edition, store, backup, "there is one replica")
    mode = store.replication.get(region, "")
    lost = {"sync": "0", "async": "the lag of replication"}.get(
        mode, "unknown: replication is not stated"
    )
    return Reach(
        loss=f"{lost} ({count} replicas)",
        time="promotion of a replica: not stated how long",
        lost=timedelta(0) if mode == "sync" else None,
    )


def _zone(edition: Edition, store: Component, backup: Backup | None) -> Reach:
    region = edition.system.regions.get(_primary(edition))
    if region is None or region.zones < 2:
        found = _region(edition, store, backup)
        return replace(found, loss=f"there is one zone, so as for the region: {found.loss}")
    if store.replicas.get(region.name, 1) < 2:
        return _restored(edition, store, backup, "one replica cannot stand in two zones")
    return _node(edition, store, backup)


def _restored(edition: Edition, store: Component, backup: Backup | None, because: str) -> Reach:
    """Only the newest copy is left; nothing written after it comes back."""
    if backup is None:
        return _deleted(edition, store, backup)
    loss, lost = _newest(backup)
    found = _deleted(edition, store, backup)
    return replace(found, loss=f"{because}: {loss}", lost=lost, lost_if="")


def _region(edition: Edition, store: Component, backup: Backup | None) -> Reach:
    ways = list(edition.system.failovers.values())
    if not ways:
        return Reach(loss="–", time="**none: no failover is planned (RTO-04: Business Analyst)**")
    way = ways[0]
    mode = store.replication.get(way.target, "")
    lost: timedelta | None = timedelta(0) if mode == "sync" else None
    loss = {"sync": "0", "async": "the lag of replication, never exactly 0"}.get(mode, "")
    if not loss:
        loss, lost = _elsewhere(edition, store, backup)
    drill, takes = way.last_drill, total(edition.system, way)
    time = f"{span(takes)} by its steps"
    if drill is not None:
        time += f"; {span(drill.rto)} *(drilled {drill.date.isoformat()})*"
        if drill.rpo is not None and mode:
            loss += f"; {span(drill.rpo)} *(drilled {drill.date.isoformat()})*"
            lost = drill.rpo
    return Reach(loss=loss, time=time, lost=lost, takes=max(takes, drill.rto) if drill else takes)


def _elsewhere(
    edition: Edition, store: Component, backup: Backup | None
) -> tuple[str, timedelta | None]:
    if store.rebuild_from == "source":
        return "rebuilt from its source", timedelta(0)
    home = _primary(edition)
    known = edition.system.locations
    away = {name for name, place in known.items() if place.region and place.region != home}
    if backup is None or not any(set(plan.to) & away for plan in backup.copies.values()):
        return "**everything: no copy stands in another region (BKP-02: DevOps/Platform)**", None
    return _newest(backup)


def _deleted(edition: Edition, store: Component, backup: Backup | None) -> Reach:
    if backup is None:
        if store.rebuild_from == "source":
            return Reach(
                loss="rebuilt from its source",
                time="as long as rebuilding takes: not stated",
                lost=timedelta(0),
            )
        return Reach(
            loss="**everything: there is no backup (BKP-01: Data Architect)**", time="never"
        )
    time, takes = "unknown: state size and restore_speed (RTO-01: Business Analyst)", None
    if store.size and backup.restore_speed:
        takes = copying(store.size, backup.restore_speed)
        mark = edition.mark(f"backups.{backup.store}.restore_speed")
        time = (
            f"{size(store.size)} ÷ {size(backup.restore_speed)}/s{mark} = {minutes(takes)} to copy back, "
            "plus replay and checks"
        )
    if _in_time(backup):
        loss = "what was written after the moment that recovery stops at, just before the mistake"
        return Reach(
            loss=loss, time=time, lost_if="by when it is noticed", takes=takes, partly=True
        )
    loss, lost = _newest(backup)
    return Reach(loss=loss, time=time, lost=lost, takes=takes, partly=True)


def _in_time(backup: Backup) -> bool:
    """Is there point-in-time recovery?"""
    return any(one.continuous or one.streaming for one in backup.copies.values())


def _newest(backup: Backup) -> tuple[str, timedelta | None]:
    """What a lost disk takes with it: the least that any of its copies loses."""
    spans = []
    for plan in backup.copies.values():
        takes = plan.takes or timedelta(0)
        if plan.streaming:
            return "the lag of the WAL stream, measured live", None
        if plan.continuous and plan.archive_timeout:
            spans.append((plan.archive_timeout, takes, "archive_timeout"))
        elif not plan.continuous:
            spans.append((plan.every or timedelta(days=1), takes, plan.kind))
    if not spans:
        return "unknown: WAL has no archive_timeout (RPO-05: DevOps/Platform)", None
    every, takes, what = min(spans, key=lambda one: worst_loss(one[0], one[1]))
    lost = worst_loss(every, takes)
    return f"{escape(what)} {span(every)} + {span(takes)} to upload = {span(lost)}", lost

"""Reading everything that was measured, in one transaction, for the dated regions of documents."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from standfast.app import excluding, rooms
from standfast.audit.instant import stamp
from standfast.dashboards import audit as audit_screen
from standfast.dashboards import measurements as m
from standfast.dashboards import on_call as on_call_screen
from standfast.engine.record import SYSTEM_STREAM
from standfast.monitoring.target import targets
from standfast.paging.reachable import ways
from standfast.recovery.objective import newest_proofs
from standfast.slo.objective import objectives

if TYPE_CHECKING:
    from standfast.dashboards.measurements import Measurements
    from standfast.spec.system import System
    from standfast.store.tx import Tx

_UNSIGNED = timedelta(seconds=40)  # a checkpoint is due every ten seconds
_PAGES = 100_000  # a bound that thirty days of paging do not reach


def measurements(tx: Tx, system: System, now: datetime) -> Measurements:
    history = tx.alerting.history(now - m.RECENT)
    pages = tx.paging.recent(now - m.RECENT, _PAGES)
    by_episode = {(one.alert, one.episode): one for one in pages}
    incidents = {one.incident for one in pages if one.incident}
    looks, unseen = m.looks(targets(system), tx.monitoring.target_states())
    quick, slow = m.answer_times(pages)
    return m.Measurements(
        at=now,
        system=system.name,
        file=system.digest,
        levels=_levels(tx, system, now),
        targets=looks,
        unseen=unseen,
        silent=m.silent(system, tx.monitoring.newest(), now),
        alerts=m.alerts(history, by_episode),
        episodes=m.episodes(
            history, by_episode, {one: tx.incidents.timeline(one) for one in incidents}
        ),
        load=m.load(system, pages, now),
        channels=m.ways(
            on_call_screen.channels(system, ways(system, tx.trials.standing(), now), now)
        ),
        acknowledged_p50=quick,
        acknowledged_p90=slow,
        copies=m.copies(tx.recovery.copies()),
        restores=m.restores(newest_proofs(tx.recovery.proofs())),
        recovery=m.recovery(rooms.judged(tx, system, now)),
        incidents=m.going_on(tx.incidents.open()),
        overdue=m.overdue(tx.incidents.recent(limit=1_000), now),
        audit=_audit(tx, system, now),
    )


def _levels(tx: Tx, system: System, now: datetime) -> tuple[m.LevelFigures, ...]:
    statuses, policies, seen = tx.levels.statuses(), tx.levels.policies(), tx.levels.first_seen()
    found = []
    for one in objectives(system):
        steps = excluding.tallies(tx, system, one, now - m.LONG, now)
        first = [seen[each.key] for each in one.indicators if each.key in seen]
        found.append(
            m.level(
                one,
                statuses.get(one.name),
                policies.get(one.name),
                steps,
                max(first, default=None),
                excluding.excluded(tx, system, one, now - m.LONG, now),
            )
        )
    return tuple(found)


def _audit(tx: Tx, system: System, now: datetime) -> m.AuditFigures:
    log = tx.audit.history
    streams = log.streams()
    sizes = {stream: log.head(stream)[0].size for stream in streams}
    since = {stream: log.size_before(stream, stamp(now - m.RECENT)) for stream in streams}
    signed_size, signed_at = log.last_signed(SYSTEM_STREAM)
    due = log.size_before(SYSTEM_STREAM, stamp(now - _UNSIGNED))
    seal = audit_screen.seal(sizes.get(SYSTEM_STREAM, 0), signed_size, signed_at, due - signed_size)
    long = log.size_before(SYSTEM_STREAM, stamp(now - m.LONG))
    return m.log(
        seal,
        total=sum(sizes.values()),
        recent=sum(sizes[stream] - since[stream] for stream in streams),
        oldest=min((_instant(at) for at in map(log.oldest, streams) if at), default=None),
        seen={
            one.type: max(
                (_instant(at) for stream in streams if (at := log.newest_of(stream, one.type))),
                default=None,
            )
            for one in system.compliance.events
        },
        searched=log.count_of(SYSTEM_STREAM, "audit.searched", long),
        exported=log.count_of(SYSTEM_STREAM, "audit.exported", long),
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)

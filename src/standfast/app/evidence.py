"""What the store knows by now, gathered for the standing review; each figure with how it is known."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from standfast.app import excluding
from standfast.incidents.overdue import LOOKED_BACK, overdue
from standfast.paging import answering
from standfast.paging.reachable import ways
from standfast.recovery import schedule
from standfast.recovery.objective import PATIENCE
from standfast.recovery.proof import growth, restore_estimate, restore_speed
from standfast.review import Evidence, Measured
from standfast.review.wording import span
from standfast.slo.indicator import requests_of
from standfast.slo.objective import objectives
from standfast.spec.values import Grade

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from standfast.monitoring.flood import Flood
    from standfast.paging.reachable import Way
    from standfast.recovery.proof import Proof
    from standfast.slo.objective import Objective
    from standfast.spec.system import System
    from standfast.spec.values import Severity
    from standfast.store.tx import Tx

_DAY = timedelta(days=1)
_MONTH, _QUARTER = 30 * _DAY, 90 * _DAY
_RESTORES = 20  # the newest; older ones speak of another machine
_FRESH = timedelta(hours=1)  # of a setting that is read from a server


def measured(tx: Tx, system: System, now: datetime) -> Measured:
    evidence: dict[str, Evidence] = {}
    restores = _restores(tx, system, now, evidence)
    watched = _watched(tx, now)
    kept, silent = _levels(tx, system, now, watched, evidence)
    pages = tx.paging.recent(now - _QUARTER, limit=10_000)
    recent = [page for page in pages if page.opened_at >= now - _MONTH]
    rules = {one.fingerprint: one.rule for one in tx.alerting.history(now - _MONTH)}
    return Measured(
        restore=restores.takes,
        restore_growth=restores.grows,
        last_restore=restores.last,
        failed_restore=restores.failed,
        data_loss=restores.lost,
        acknowledge_p90=_answers(answering.p90(pages, now), now, evidence),
        availability=kept,
        metrics_for=_counted(tx, system, now),
        silent=silent,
        pages_a_shift=answering.a_shift(
            recent, system.on_call, min(_MONTH, now - watched if watched else timedelta())
        ),
        ignored=answering.ignored(recent, rules),
        archive_timeout=_archive_timeouts(tx, system, now, evidence),
        channels=_channels(tx, system, now, evidence),
        overdue=overdue(tx.incidents.owing(now - LOOKED_BACK), system.incidents, now),
        floods=_floods(tx, system, now, evidence),
        edges=tx.monitoring.edges(),
        evidence=evidence,
    )


# ------------------------------------------------------------------ restores


@dataclass(frozen=True, slots=True, kw_only=True)
class Restores:
    """By store."""

    takes: dict[str, timedelta] = field(default_factory=dict)
    grows: dict[str, timedelta] = field(default_factory=dict)
    last: dict[str, datetime | None] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    lost: dict[str, timedelta] = field(default_factory=dict)


def _restores(tx: Tx, system: System, now: datetime, evidence: dict[str, Evidence]) -> Restores:
    found = Restores()
    by_store: dict[str, list[Proof]] = defaultdict(list)
    for proof in tx.recovery.proofs():
        by_store[proof.store].append(proof)
    for store in system.backups:
        proofs = by_store.get(store, [])
        passed = [proof for proof in proofs if proof.passed][-_RESTORES:]
        if passed:
            _passed(found, store, passed, evidence)
        elif _owed(tx, system, store, now):
            found.last[store] = None
        if proofs and not proofs[-1].passed:
            found.failed[store] = f"{proofs[-1].at:%Y-%m-%d %H:%M} UTC: {proofs[-1].reason}"
    return found


def _passed(
    found: Restores, store: str, passed: Sequence[Proof], evidence: dict[str, Evidence]
) -> None:
    newest, speed, more = passed[-1], restore_speed(passed), growth(passed)
    found.last[store] = newest.at
    found.takes[store] = (
        restore_estimate(newest.bytes_restored, speed)
        if speed and newest.bytes_restored
        else max(proof.rto for proof in passed)
    )
    if speed and more and more > 0:
        found.grows[store] = restore_estimate(round(more * 86_400), speed)
    many = f"p95 of {len(passed)} restores" if len(passed) > 1 else "one restore"
    evidence[f"restore.{store}"] = Evidence(grade=Grade.MEASURED, at=newest.at, of=many)
    if newest.rpo is not None:
        found.lost[store] = newest.rpo
        evidence[f"data_loss.{store}"] = Evidence(grade=Grade.MEASURED, at=newest.at)


def _owed(tx: Tx, system: System, store: str, now: datetime) -> bool:
    """Has a copy been waiting to be proven for longer than the file allows, or has a proof failed?"""
    first = min((c.finished_at for c in tx.recovery.copies() if c.store == store), default=now)
    tried = any(proof.store == store for proof in tx.recovery.proofs())
    return tried or now - first > schedule.proof_interval(system.backups[store]) + PATIENCE


def _archive_timeouts(
    tx: Tx, system: System, now: datetime, evidence: dict[str, Evidence]
) -> dict[str, timedelta]:
    """As the server's own exporter tells it; a value of long ago tells nothing."""
    found = {}
    newest = tx.monitoring.newest()
    for store in system.backups:
        reading = newest.get(store, {}).get("archive timeout")
        if reading is not None and now - reading.at <= _FRESH:
            found[store] = timedelta(seconds=reading.value)
            evidence[f"archive_timeout.{store}"] = Evidence(grade=Grade.MEASURED, at=reading.at)
    return found


# ------------------------------------------------------------------ levels


def _watched(tx: Tx, now: datetime) -> datetime | None:
    """Since when anything is counted at all."""
    return min((at for at in tx.levels.first_seen().values() if at <= now), default=None)


def _levels(
    tx: Tx, system: System, now: datetime, watched: datetime | None, evidence: dict[str, Evidence]
) -> tuple[dict[str, Fraction], dict[str, timedelta]]:
    """What share each objective kept over 90 days or as long as there are counts, and who is silent."""
    first = tx.levels.first_seen()
    version = tx.files.newest()
    asked = max(watched, version.accepted_at) if watched and version else watched
    kept: dict[str, Fraction] = {}
    silent: dict[str, timedelta] = {}
    for one in objectives(system):
        if not one.indicators:
            continue
        since = max((first.get(part.key, now) for part in one.indicators), default=now)
        begin = max(since, now - _QUARTER)
        share = _share(tx, system, one, begin, now)
        if share is not None:
            kept[one.name] = share
            of = span(now - begin)
            evidence[f"availability.{one.name}"] = Evidence(
                grade=Grade.MEASURED, at=now, of=f"over {of}"
            )
        if not one.joint and asked is not None:
            silence = _silence(tx, one, first, asked, now)
            if silence >= _DAY:
                silent[one.level] = max(silence, silent.get(one.level, silence))
    return kept, silent


def _share(
    tx: Tx, system: System, one: Objective, begin: datetime, now: datetime
) -> Fraction | None:
    """None while less than one whole window was looked at, or too little of it."""
    if now - begin < one.window:
        return None
    tallies = excluding.tallies(tx, system, one, begin, now)
    whole = one.whole(tallies)
    asked = now - begin - excluding.excluded(tx, system, one, begin, now)
    least = one.min_coverage
    return (
        whole.good_share if whole.covered >= asked * least.numerator / least.denominator else None
    )


def _silence(
    tx: Tx, one: Objective, first: Mapping[str, datetime], asked: datetime, now: datetime
) -> timedelta:
    """How long nobody has looked: since the last count, or where there was none since it was asked for."""
    key = one.indicators[0].counted.key
    if tx.levels.tally(key, now - _DAY, now).covered:
        return timedelta()
    return now - ((tx.levels.last_seen(key) or first[key]) if key in first else asked)


def _counted(tx: Tx, system: System, now: datetime) -> dict[str, timedelta]:
    """For how long the requests of each component have been counted."""
    first = tx.levels.first_seen()
    keys = {name: requests_of(one).key for name, one in system.components.items()}
    return {name: now - first[key] for name, key in keys.items() if key in first}


def _floods(
    tx: Tx, system: System, now: datetime, evidence: dict[str, Evidence]
) -> dict[str, Flood]:
    found = {}
    for source, flood in tx.monitoring.floods().items():
        component = system.components.get(flood.component)
        if component is not None and flood.stands(now, component.scrape_every):
            found[source] = flood
            evidence[f"flood.{source}"] = Evidence(grade=Grade.MEASURED, at=flood.at)
    return found


# ------------------------------------------------------------------ people


def _channels(
    tx: Tx, system: System, now: datetime, evidence: dict[str, Evidence]
) -> dict[tuple[str, str], Way]:
    found = ways(system, tx.trials.standing(), now)
    for (person, channel), way in found.items():
        if way.asked_at is not None:
            of = f"{way.proof} by a test page"
            at = way.answered_at or way.asked_at
            evidence[f"channel.{person}.{channel}"] = Evidence(grade=Grade.MEASURED, at=at, of=of)
    return found


def _answers(
    found: Mapping[Severity, tuple[timedelta, int]], now: datetime, evidence: dict[str, Evidence]
) -> dict[Severity, timedelta]:
    for severity, (_, pages) in found.items():
        evidence[f"acknowledgement.{severity}"] = Evidence(
            grade=Grade.MEASURED, at=now, of=f"p90 of {pages} pages in 90 d"
        )
    return {severity: wait for severity, (wait, _) in found.items()}

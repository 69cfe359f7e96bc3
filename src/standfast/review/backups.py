"""BKP: are there copies of what matters, elsewhere, recent enough, and proven by restoring them?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.review.arithmetic import worst_loss
from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.spec.protection import (
        Backup,
        CopyPlan,
        DataType,
        Location,
    )

_PROOF = timedelta(days=7)
_DAY = timedelta(days=1)
_LINKS = 30  # increments on one full copy
_BUSY = range(9, 21)  # local hours in which most systems have their users


def _critical(case: Case, store: str) -> bool:
    return any(data.classification == "critical" for data in case.data_in.get(store, ()))


@rule(
    "BKP-01",
    Verdict.CLARIFY,
    Role.DATA,
    condition="data with an RPO and no backup",
    why="the data loss promised is kept by copies only",
    if_rejected="the RPO is published as unmet",
)
def no_backup(case: Case) -> Iterator[Hit]:
    for name, data in case.system.data.items():
        store = case.system.components[data.store]
        if (
            data.rpo is not None
            and data.store not in case.system.backups
            and not store.rebuild_from
        ):
            critical = data.classification == "critical"
            yield Hit(
                at=f"data.{name}",
                problem=f"{name} may lose {span(data.rpo)}, and {data.store} has no backup",
                suggestion=f"add `backups: {{{data.store}: ...}}`, or `rebuild_from: source`",
                verdict=Verdict.BLOCK if critical else None,
                rests_on=(f"data.{name}.rpo",),
            )


@rule(
    "BKP-02",
    Verdict.CLARIFY,
    Role.OPS,
    condition="all copies in one place (BLOCK where the data is critical)",
    why="a fire, a stolen account or a wrong command takes the only copy",
    if_rejected="a lost place is a lost system",
)
def one_place(case: Case) -> Iterator[Hit]:
    for store, backup in case.system.backups.items():
        names = dict.fromkeys(place for copy in backup.copies.values() for place in copy.to)
        places = [case.system.locations[n] for n in names if n in case.system.locations]
        if len({_where(place) for place in places}) == 1:
            yield Hit(
                at=f"backups.{store}",
                problem=f"every copy of {store} is in {_where(places[0])} ({listed(names)})",
                suggestion="keep three copies, on two kinds of storage, one of them elsewhere and "
                "locked",
                verdict=Verdict.BLOCK if _critical(case, store) else None,
                rests_on=tuple(f"backups.{store}.{kind}.to" for kind in backup.copies),
            )


def _where(place: Location) -> str:
    if place.region or place.account:
        return f"region {place.region or '(one)'}{f' of {place.account}' if place.account else ''}"
    return "the machine itself" if place.path else f"{place.name}"


def _strictest(case: Case, store: str) -> tuple[DataType, timedelta] | None:
    """The data type of a store with the least RPO above none; no loss at all is RPO-02's question."""
    limits = [(data, data.rpo) for data in case.data_in.get(store, ()) if data.rpo]
    return min(limits, key=lambda pair: pair[1], default=None)


@rule(
    "BKP-03",
    Verdict.BLOCK,
    Role.ANALYST,
    Role.OPS,
    condition="RPO shorter than the interval of copies and the time they take",
    why="a failure just before the copy has arrived loses everything since the one before",
    if_rejected="the RPO is published as the interval",
)
def too_seldom(case: Case) -> Iterator[Hit]:
    for store, backup in case.system.backups.items():
        strictest = _strictest(case, store)
        wal = backup.copies.get("wal")
        # An archive without archive_timeout has no bound to compare: that is RPO-05.
        if strictest is None or (wal is not None and wal.archive_timeout is None):
            continue
        losses = [(_loss(copy), copy) for copy in backup.copies.values()]
        least, copy = min(losses, key=lambda pair: pair[0], default=(timedelta.max, None))
        data, rpo = strictest
        if copy is not None and least > rpo:
            took = copy.takes or timedelta()
            yield Hit(
                at=f"data.{data.name}.rpo",
                problem=f"{data.name} may lose {span(rpo)}; {copy.kind} of {store}: every "
                f"{span(least - took)} + {span(took)} to copy = {span(least)}",
                suggestion=f"promise {span(least)}, or archive WAL; a short RPO needs a budget",
                rests_on=(f"data.{data.name}.rpo", f"backups.{store}.{copy.kind}"),
            )


def _loss(copy: CopyPlan) -> timedelta:
    interval = copy.every or _DAY
    if copy.continuous or copy.streaming:
        interval = timedelta() if copy.streaming else copy.archive_timeout or timedelta()
    return worst_loss(interval, copy.takes or timedelta())


@rule(
    "BKP-04",
    Verdict.CLARIFY,
    Role.OPS,
    condition="never restored, restored by hand, or last verified restore of critical data over 7 days ago",
    why="a backup that was never restored is a hope",
    if_rejected="restores are shown as unproven",
)
def unproven(case: Case) -> Iterator[Hit]:
    for store, backup in case.system.backups.items():
        restores = [one for one in backup.verify if {"restore", "dr-drill"} & set(one.what)]
        if not restores:
            yield Hit(
                at=f"backups.{store}.verify",
                problem=f"no restore of {store} is ever tried",
                suggestion="write `verify: {weekly: restore}`",
            )
        elif store in case.measured.last_restore or store in case.measured.failed_restore:
            yield from _last_proof(case, store)
        elif not any(one.automatic for one in restores if "restore" in one.what):
            yield Hit(
                at=f"backups.{store}.verify",
                problem=f"restores of {store} wait for somebody's hand",
                suggestion="let the weekly restore run by itself",
                verdict=Verdict.WARN,
            )


def _last_proof(case: Case, store: str) -> Iterator[Hit]:
    last = case.measured.last_restore.get(store)
    if failed := case.measured.failed_restore.get(store):
        yield Hit(
            at=f"backups.{store}.verify",
            problem=f"the newest restore of {store} failed ({failed})",
            suggestion="find out why, and restore again: `standfast backup verify`",
        )
    elif last is None or (_critical(case, store) and case.now - last > _PROOF):
        age = f"{span(case.now - last)} ago" if last else "never"
        yield Hit(
            at=f"backups.{store}.verify",
            problem=f"last verified restore of {store}: {age}; {span(_PROOF)} are the most",
            suggestion="run `standfast backup verify`, and find out why it did not run",
        )


@rule(
    "BKP-05",
    Verdict.BLOCK,
    Role.OPS,
    condition="incremental or WAL without a full copy that lives as long "
    "(CLARIFY: more than 30 increments on one full)",
    why="a chain whose first link is deleted restores nothing",
    if_rejected="the chain is kept no longer than its full copy",
)
def orphans(case: Case) -> Iterator[Hit]:
    for store, backup in case.system.backups.items():
        full = backup.copies.get("full")
        for kind, copy in backup.copies.items():
            if kind == "full" or (full is not None and copy.keep <= full.keep):
                continue
            kept = f"its full for {span(full.keep)}" if full else "no full copy is made"
            yield Hit(
                at=f"backups.{store}.{kind}.keep",
                problem=f"{kind} of {store} is kept for {span(copy.keep)}, {kept}",
                suggestion=f"keep fulls for at least {span(copy.keep)}",
                rests_on=(f"backups.{store}.{kind}",),
            )
    yield from _long_chain(case)


def _long_chain(case: Case) -> Iterator[Hit]:
    """Each link has to be whole for the last one to be of use, and each takes its time to restore."""
    for store, backup in case.system.backups.items():
        full, step = backup.copies.get("full"), backup.copies.get("incremental")
        if full is None or step is None or step.every is None:
            continue
        links = (full.every or _DAY) // step.every
        if links > _LINKS:
            yield Hit(
                at=f"backups.{store}.incremental.every",
                problem=f"a full copy of {store} every {span(full.every or _DAY)} and an increment "
                f"every {span(step.every)}: a restore reads up to {links} increments one after "
                "another",
                suggestion="take fulls more often, or increments less often",
                verdict=Verdict.CLARIFY,
            )


@rule(
    "BKP-06",
    Verdict.WARN,
    Role.ANALYST,
    condition="point-in-time window shorter than the retention of full copies",
    why="older than the WAL, only whole days can be restored",
    if_rejected="the documents state both windows",
)
def short_window(case: Case) -> Iterator[Hit]:
    for store, backup in case.system.backups.items():
        full, wal = backup.copies.get("full"), backup.copies.get("wal")
        if full and wal and wal.keep < full.keep:
            yield Hit(
                at=f"backups.{store}.wal.keep",
                problem=f"WAL kept {span(wal.keep)}, fulls {span(full.keep)}: point-in-time "
                f"recovery reaches back {span(wal.keep)} only",
                suggestion="say so to those who rely on it, or keep WAL longer",
            )


@rule(
    "BKP-07",
    Verdict.WARN,
    Role.OPS,
    condition="full copy taken during the day",
    why="reading the whole store competes with its users",
    if_rejected="expect slower answers while it runs",
)
def at_peak(case: Case) -> Iterator[Hit]:
    for store, backup in case.system.backups.items():
        full = backup.copies.get("full")
        if full and full.at and full.at.hour in _BUSY:
            yield Hit(
                at=f"backups.{store}.full.at",
                problem=f"the full copy of {store} begins at {full.at:%H:%M} {backup.timezone}",
                suggestion="take it at night, or from a replica",
            )


@rule(
    "BKP-08",
    Verdict.WARN,
    Role.OPS,
    condition="WAL or incremental copies not in the standby region",
    why="after a lost region only the last full copy is left",
    if_rejected="the RPO of a lost region is the interval of full copies",
)
def not_beside_the_standby(case: Case) -> Iterator[Hit]:
    standby = {name for name, region in case.system.regions.items() if region.role == "standby"}
    if not standby:
        return
    for store, backup in case.system.backups.items():
        stranded = [
            copy.kind
            for copy in backup.copies.values()
            if copy.kind != "full" and not standby & _regions(case, copy)
        ]
        if stranded:
            yield Hit(
                at=f"backups.{store}",
                problem=f"no copy in {listed(sorted(standby))} of the {listed(stranded)} of {store}",
                suggestion="add a location of that region to its `to:`",
            )


def _regions(case: Case, copy: CopyPlan) -> set[str | None]:
    return {case.system.locations[to].region for to in copy.to if to in case.system.locations}


@rule(
    "BKP-09",
    Verdict.BLOCK,
    Role.OPS,
    condition="encryption key kept only beside the backup, or nowhere",
    why="whoever takes the copy takes the key; whoever loses the one loses the other",
    if_rejected="encryption protects nothing",
)
def key_beside(case: Case) -> Iterator[Hit]:
    for store, backup in case.system.backups.items():
        beside = {place for copy in backup.copies.values() for place in copy.to}
        if backup.key is None:
            continue
        if not set(backup.key_kept_at) - beside:
            stated = bool(backup.key_kept_at)
            where = listed(backup.key_kept_at) if stated else "a place that is not stated"
            yield Hit(
                at=f"backups.{store}.key_kept_at",
                problem=f"the key of {store} is kept at {where}",
                suggestion="keep it in a place that holds no copy, and on paper in a safe",
                verdict=None if stated else Verdict.CLARIFY,
            )


@rule(
    "BKP-10",
    Verdict.CLARIFY,
    Role.DATA,
    condition="replication counted as backup",
    why="a deletion is replicated within milliseconds",
    if_rejected="no way back from a mistake is promised",
)
def replication_only(case: Case) -> Iterator[Hit]:
    for name, data in case.system.data.items():
        if "replication" in data.backup.lower() and not _kept(case.system.backups.get(data.store)):
            yield Hit(
                at=f"data.{name}.backup",
                problem=f"{name} is protected by {data.backup!r} alone",
                suggestion=f"add `backups: {{{data.store}: {{full: ...}}}}`",
            )


def _kept(backup: Backup | None) -> bool:
    return backup is not None and bool(backup.copies)


RULES = (
    no_backup,
    one_place,
    too_seldom,
    unproven,
    orphans,
    short_window,
    at_peak,
    not_beside_the_standby,
    key_beside,
    replication_only,
)

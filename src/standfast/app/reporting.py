"""Reading everything that a report is made of, in one transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.dashboards import reports as reports_screen
from standfast.dashboards.report.counts import (
    Rows,
    Version,
    count,
    count_agreement,
    windows_in,
)
from standfast.dashboards.reports import EditionLine, FileLine
from standfast.engine.accept import read_version
from standfast.errors import FileError, NotFound
from standfast.slo.agreement import agreements
from standfast.slo.objective import objectives

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from standfast.dashboards.report.counts import AgreementCount
    from standfast.dashboards.reports import ReportsScreen
    from standfast.engine.accept import Version as Accepted
    from standfast.engine.report import Edition
    from standfast.incidents.incident import Incident
    from standfast.slo.agreement import Agreement
    from standfast.slo.objective import Objective
    from standfast.slo.period import Period
    from standfast.spec.system import System
    from standfast.store.tx import Tx

_LONGEST = timedelta(days=120)  # an incident that was declared longer ago is over or told by nobody
_MOST = 2_000  # incidents and versions that one report looks at
_US = timedelta(microseconds=1)


def rows(tx: Tx, system: System, period: Period, of: str, now: datetime) -> Rows:
    """`system` is what runs now: it stands in where no version of the period can be read. Raises NotFound."""
    until = min(now, period.end)
    notes: list[str] = []
    held, version = _held(tx, system, until, notes)
    exclusions = tx.exclusions.standing(period.before.start)
    seen = tx.levels.first_seen()
    promises, contracts = _chosen(held, of)
    return Rows(
        system=held,
        version=version,
        period=period,
        until=until,
        promises=tuple(
            count(one, period, until, exclusions, one.first_look(seen), tx.levels.tallies)
            for one in promises
        ),
        agreements=tuple(_agreement(tx, one, period, now, seen) for one in contracts),
        incidents=_incidents(tx, period.start, until),
        alerts=tuple(
            one
            for one in tx.alerting.history(period.start)
            if one.fired_at and one.fired_at < until
        ),
        versions=tuple(_version(one) for one in tx.files.between(period.start, until - _US)),
        opening=_version(before) if (before := tx.files.at(period.start)) else None,
        notes=tuple(notes),
    )


def _held(tx: Tx, system: System, until: datetime, notes: list[str]) -> tuple[System, Version]:
    """The file as it stood when the period ended."""
    found = tx.files.at(until - _US)
    newest = tx.files.newest()
    if found is None:
        notes.append(
            "No file was accepted in this period or before; it is judged by the one of today."
        )
    elif (then := _version(found)).system is not None:
        return then.system, then
    else:
        notes.append(
            f"Version {found.number} of the file, which held then, can no longer be read; the period is"
            " judged by the one of today."
        )
    now = _version(newest) if newest else None
    return system, now or Version(
        number=0, accepted_at=until, accepted_by="", digest=system.digest, system=system
    )


def _version(one: Accepted) -> Version:
    try:
        system = read_version(one)
    except FileError:  # written for an older standfast
        system = None
    return Version(
        number=one.number,
        accepted_at=one.accepted_at,
        accepted_by=one.accepted_by,
        digest=one.digest,
        system=system,
    )


def _chosen(system: System, of: str) -> tuple[Sequence[Objective], Sequence[Agreement]]:
    """All, or those by a name: of an objective, a level (then all about it), an agreement or a contract."""
    every, contracts = objectives(system), agreements(system)
    if not of:
        return every, contracts
    found = [one for one in every if one.name == of] or [one for one in every if one.level == of]
    levels = {one.level for one in found}
    mine = [
        one for one in contracts if of in {one.name, one.contract.name} or one.terms.level in levels
    ]
    if not found and not mine:
        known = ", ".join([*(one.name for one in every), *(one.name for one in contracts)])
        raise NotFound(
            f"no objective or agreement is called {of[:60]!r}",
            fix=f"known are {known[:400] or 'none'}",
        )
    return found, mine


def _agreement(
    tx: Tx, one: Agreement, period: Period, now: datetime, seen: Mapping[str, datetime]
) -> AgreementCount:
    windows = [span.start for span, _ in windows_in(one, period, now)]
    standing = tx.exclusions.standing(min(windows, default=period.start))
    return count_agreement(one, period, now, standing, seen, tx.levels.tallies)


def _incidents(tx: Tx, start: datetime, end: datetime) -> tuple[Incident, ...]:
    """Those that lasted into the period or began in it."""
    recent = tx.incidents.recent(start - _LONGEST, _MOST)
    known = {one.id for one in recent}
    every = [*recent, *(one for one in tx.incidents.open() if one.id not in known)]
    return tuple(
        one
        for one in every
        if one.started_at < end and (one.open or (one.resolved_at or one.closed_at or end) > start)
    )


def screen(tx: Tx, system: System, now: datetime, key: str) -> ReportsScreen:
    made = [_edition(one) for one in tx.reports.recent()]
    return reports_screen.screen(made, system.timezone, now, key)


def _edition(one: Edition) -> EditionLine:
    files = [FileLine(name=name, kind=name.rpartition(".")[2]) for name in one.files]
    return EditionLine(
        id=one.id,
        period=one.period,
        of=one.of,
        edition=one.edition,
        provisional=one.provisional,
        made_at=one.made_at,
        made_by=one.made_by,
        summary=one.summary,
        corrections=one.corrections,
        files=tuple(files),
    )


def file(tx: Tx, report: str, name: str) -> bytes:
    """Raises NotFound."""
    found = tx.reports.file(report, name)
    if found is None:
        raise NotFound(
            f"report {report[:40]!r} has no file {name[:80]!r}",
            fix="`standfast report list` names them",
        )
    return found

"""Reporting: a period's report is made, signed and kept; what was kept is never written anew.

Made by itself once a month or a quarter is over, and when somebody asks. What changed since (an exclusion
said afterwards) makes another edition, which says what it says otherwise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import SYSTEM, Event, Target
from standfast.audit.manifest import manifest_of, signed
from standfast.dashboards.report.make import edition_after, report, unreportable
from standfast.engine.chore import LEASE, ChorePort
from standfast.engine.ports import Change
from standfast.errors import Conflict, NotFound, StandfastError
from standfast.publish.report import render, stem
from standfast.publish.report.paper import paper
from standfast.slo.period import Period, current, period_of
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from standfast.audit.event import Actor
    from standfast.audit.keys import Keys
    from standfast.dashboards.report.counts import Rows
    from standfast.dashboards.report.value import Report
    from standfast.engine.ports import Store
    from standfast.publish.report.paper import Paper
    from standfast.spec.system import System

CHORE = "reports"
EVERY = timedelta(minutes=10)
SETTLED = timedelta(minutes=15)
"""After a period its last counts have come in."""
_BACK = {
    1: 3,
    3: 1,
}  # months of a period -> how many that ended are made afterwards, if they were missed
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A report that was made, but for its files."""

    id: str  # "RPT-3"
    period: str
    of: str  # the one promise that it is about; "" is all
    edition: int
    provisional: bool
    made_at: datetime
    made_by: str
    summary: str
    corrections: tuple[str, ...]
    manifest: str  # a signed note
    files: tuple[str, ...]  # their names, the manifest's among them


class ReportPort(Protocol):
    def add(self, edition: Edition, files: Mapping[str, bytes]) -> Edition:
        """Keeps it under the next free id, which is in the answer."""

    def newest(self, period: str, of: str) -> Edition | None: ...
    def edition(self, id: str) -> Edition | None: ...  # noqa: A002 - its id is called that
    def file(self, id: str, name: str) -> bytes | None: ...  # noqa: A002 - its id is called that


class ReportTx(Protocol):
    @property
    def reports(self) -> ReportPort: ...
    @property
    def chores(self) -> ChorePort: ...
    def now(self) -> datetime: ...


class Typeset(Protocol):
    def pdf(self, paper: Paper) -> bytes:
        """Raises ToolError where it cannot be set."""


class MakeReport:
    """`read` answers the rows of a period, for one promise or ("") for all; raises NotFound."""

    def __init__(
        self,
        store: Store[ReportTx],
        read: Callable[[Period, str, datetime], Rows],
        typeset: Typeset,
        keys: Keys,
        system: Callable[[], System],
        clock: Clock = utc_now,
    ) -> None:
        self._store, self._read, self._typeset = store, read, typeset
        self._keys, self._system, self._clock = keys, system, clock

    def make(self, asked: str, of: str, by: Actor) -> tuple[Edition, bool]:
        """The newest edition, and whether it had to be made: one that would say the same is not."""
        now = self._clock()
        period = period_of(asked, self._system().timezone)
        if now <= period.start:
            raise StandfastError(
                f"{period.name} has not begun", fix="name a period that has, as 2026-10 or 2026-Q3"
            )
        return self._make(period, of, by, now)

    def tick(self, _system: System, now: datetime) -> tuple[Edition, ...]:
        """Make what is due, where nobody else is at it."""
        fence = self._store.keep(
            lambda tx: tx.chores.claim(CHORE, now - EVERY, tx.now(), tx.now() + LEASE)
        )
        if fence is None:
            return ()
        made = [
            found
            for period in self._due(now)
            if (found := self._by_itself(period, now)) is not None
        ]
        said = ", ".join(f"{one.period} was made" for one in made) or "none was due"
        self._store.keep(lambda tx: tx.chores.done(CHORE, fence, now, said))
        return tuple(made)

    def _due(self, now: datetime) -> list[Period]:
        """Those that ended of late and have no final report yet, the oldest first."""
        ended: list[Period] = []
        for months, many in _BACK.items():
            period = current(now - SETTLED, self._system().timezone, months)
            for _ in range(many):
                period = period.before
                if self._over_everywhere(period, now - SETTLED):
                    ended.append(period)
        final = self._store.read(
            lambda tx: {
                one.name
                for one in ended
                if (made := tx.reports.newest(one.name, "")) and not made.provisional
            }
        )
        return sorted(
            (one for one in ended if one.name not in final), key=lambda one: (one.end, one.months)
        )

    def _over_everywhere(self, period: Period, now: datetime) -> bool:
        """In the zone of each contract too, which may lie west of our own."""
        zones = {one.timezone for one in self._system().agreements.values()}
        return all(replace(period, zone=zone).end <= now for zone in zones)

    def _by_itself(self, period: Period, now: datetime) -> Edition | None:
        rows = self._read(period, "", now)
        return None if unreportable(rows) else self._make(period, "", SYSTEM, now, rows)[0]

    def _make(
        self, period: Period, of: str, by: Actor, now: datetime, rows: Rows | None = None
    ) -> tuple[Edition, bool]:
        rows = rows or self._read(period, of, now)
        if said := unreportable(rows):
            raise NotFound(said, fix="name a period in which something was measured")
        first = report(rows, of=of, made_at=now, made_by=by.id, key=str(self._keys.verifying))
        for _ in range(_TRIES):
            before = self._store.read(lambda tx: _before(tx, period.name, of))
            wanted = first if before is None else edition_after(before[1], before[0].edition, first)
            if before is not None and wanted is None:
                return before[0], False
            kept = self._keep(wanted or first, by)
            if kept is not None:
                return kept, True
        raise Conflict(f"others make the report of {period.name} at the same time", fix="try again")

    def _keep(self, made: Report, by: Actor) -> Edition | None:
        """None where somebody else has kept this edition meanwhile."""
        edition, files = self._files(made)

        def work(tx: ReportTx) -> Change[Edition | None]:
            newest = tx.reports.newest(made.period, made.of)
            if (newest.edition if newest else 0) != made.edition - 1:
                return Change(None)
            kept = tx.reports.add(edition, files)
            return Change(kept, (_event(kept, files, by),))

        return self._store.write(work)

    def _files(self, made: Report) -> tuple[Edition, dict[str, bytes]]:
        name = stem(made)
        parts = render(made) | {"pdf": self._typeset.pdf(paper(made))}
        files = {f"{name}.{kind}": parts[kind] for kind in sorted(parts)}
        note = signed(manifest_of(_about(made), files), self._keys)
        files[f"{name}.manifest"] = note.encode()
        edition = Edition(
            id="",
            period=made.period,
            of=made.of,
            edition=made.edition,
            provisional=made.provisional,
            made_at=made.made_at,
            made_by=made.made_by,
            summary=made.summary,
            corrections=made.corrections,
            manifest=note,
            files=tuple(files),
        )
        return edition, files


def _before(tx: ReportTx, period: str, of: str) -> tuple[Edition, Mapping[str, object]] | None:
    """The newest edition, and what it says."""
    newest = tx.reports.newest(period, of)
    if newest is None:
        return None
    name = next(one for one in newest.files if one.endswith(".json"))
    return newest, json.loads(tx.reports.file(newest.id, name) or b"{}")


def _about(made: Report) -> dict[str, str]:
    return {
        "system": made.system,
        "period": made.period,
        "timezone": made.timezone,
        "of": made.of or "everything",
        "edition": f"{made.edition}{' (provisional)' if made.provisional else ''}",
        "made": f"{made.made_at:%Y-%m-%dT%H:%M:%SZ} by {made.made_by}",
        "key": made.key,
    }


def _event(kept: Edition, files: Mapping[str, bytes], by: Actor) -> Event:
    digests = manifest_of({}, files).files
    about = f" of {kept.of}" if kept.of else ""
    return Event(
        type="report.made",
        category="operations",
        actor=by,
        description=f"service level report{about}, {kept.period}, edition {kept.edition}: {kept.summary}",
        target=Target(type="report", id=kept.id),
        context={
            "period": kept.period,
            "of": kept.of,
            "edition": kept.edition,
            "provisional": kept.provisional,
            "corrections": [*kept.corrections],
            "sha256": {name: digest for name, (digest, _) in digests.items()},
        },
    )

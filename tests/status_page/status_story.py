"""A small bookshop in a real SQLite: days that were good, bad and unseen, and incidents of two kinds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from standfast.app.rooms import status_page
from standfast.incidents.incident import (
    Incident,
    IncidentState,
    TimelineEntry,
    acknowledged,
    declare,
    turn,
)
from standfast.monitoring.count import Count
from standfast.slo.exclusion import Exclusion, Kind
from standfast.spec import read_text
from standfast.spec.values import Sev

if TYPE_CHECKING:
    from standfast.dashboards.status_page import StatusPage
    from standfast.spec.system import System
    from standfast.store.database import Database

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = (  # of the files that are held against golden ones
    "index.html", "status.json", "feed.atom", "badges/state.svg", "badges/24h.svg",
    "badges/journey/read/state.svg", "badges/component/web/24h.svg", "badges/component/pay/90d.svg",
)  # fmt: skip
FILE = """
system: {name: books, criticality: critical, timezone: ZONE}
components:
  web: {type: http, owner: web, url: "http://web-7.internal:8080", needs: {db: {strength: hard}}}
  pay: {type: external, vendor: Payco, url: "https://pay.test"}
  db: {type: postgresql, owner: web}
  reports: {type: worker, owner: web}
journeys:
  read: {path: [web, db], slo: 99%}
  buy: {path: [web, pay], slo: 99%}
service_levels:
  web-probes: {of: web, sli: probe, slo: 99%}
people:
  ada: {name: Ada Ito, email: ada@books.test}
teams:
  web: {members: [ada], lead: ada}
"""


def books(zone: str = "UTC") -> System:
    return read_text(FILE.replace("ZONE", zone))


def watched(
    database: Database, component: str, start: datetime, hours: int, bad: int = 0, total: int = 100
) -> None:
    """What the probe of a component saw, hour by hour."""
    counts = [
        Count(
            indicator=f"{component}/probe", at=start + HOUR * n, bad=bad, total=total, covered=HOUR,
            seen_from=start,
        )
        for n in range(hours)
    ]  # fmt: skip
    database.keep(lambda tx: tx.levels.add(counts))


def just_now(
    database: Database, component: str, now: datetime, bad: int = 0, total: int = 4
) -> None:
    """What it saw in the last ten minutes."""
    counts = [
        Count(
            indicator=f"{component}/probe", at=now - timedelta(minutes=back), bad=bad, total=total,
            covered=timedelta(minutes=1), seen_from=now,
        )
        for back in range(10, 0, -1)
    ]  # fmt: skip
    database.keep(lambda tx: tx.levels.add(counts))


def happened(database: Database, *incidents: Incident) -> None:
    def add(tx):
        for one in incidents:
            tx.incidents.add(one)
            entry = TimelineEntry(
                at=NOW, kind="note", text="db-3 is out of disk", source="web", by="ada"
            )
            tx.incidents.note(one.id, entry)

    database.keep(add)


def declared(number: int, title: str, sev: Sev, component: str, at: datetime, by: str) -> Incident:
    return declare(f"INC-{number}", title, sev, component, at, by=by)


def over(one: Incident, at: datetime) -> Incident:
    answered = acknowledged(one, "ada", one.declared_at + timedelta(minutes=4))
    return turn(answered, IncidentState.RESOLVED, at, by="ada")


def seen(database: Database, system: System, now: datetime) -> StatusPage:
    return database.read(lambda tx: status_page(tx, system, now))


def planned(database: Database, of: str, starts: datetime, kind: Kind = Kind.MAINTENANCE) -> None:
    one = Exclusion(
        id="", of=of, kind=kind, starts=starts, ends=starts + 2 * HOUR, because="db-3 gets a disk", by="ada",
        made_at=NOW - 50 * HOUR, made_by="ada",
    )  # fmt: skip
    database.keep(lambda tx: tx.exclusions.add(one))


def told(database: Database) -> StatusPage:
    """Three days of the books: one good, one bad, one in which nobody looked; and today."""
    midnight = NOW.replace(hour=0)
    watched(database, "web", midnight - 72 * HOUR, 24)
    watched(database, "web", midnight - 48 * HOUR, 24, bad=20)
    watched(database, "web", midnight, 11)
    just_now(database, "web", NOW)
    first = declared(1, "Orders were slow", Sev.SEV2, "web", midnight - 40 * HOUR, "ada")
    second = declare(
        "INC-2", "db: db-3.internal is out of disk", Sev.SEV3, "db", NOW - HOUR, alert="disk/db"
    )
    happened(
        database, over(first, midnight - 37 * HOUR), second,
        declared(3, "Reports are late", Sev.SEV4, "reports", NOW - HOUR, "ada"),
    )  # fmt: skip
    planned(database, "buy", NOW + 20 * HOUR)
    return seen(database, books(), NOW)

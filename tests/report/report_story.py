"""October of a small shop in a real database: good days, a bad one, a gap, planned work, an incident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from standfast.alerting.alert import Alert, AlertState
from standfast.app.reporting import rows
from standfast.audit.keys import Keys
from standfast.dashboards.report.make import report
from standfast.engine.accept import Version
from standfast.incidents.incident import IncidentState, acknowledged, declare, turn
from standfast.monitoring.count import Count
from standfast.slo.exclusion import Exclusion, Kind
from standfast.slo.period import period_of
from standfast.spec import read_text
from standfast.spec.values import Sev, Severity

if TYPE_CHECKING:
    from standfast.dashboards.report.counts import Rows
    from standfast.dashboards.report.value import Report
    from standfast.spec.system import System
    from standfast.store.database import Database

ZONE = "Europe/Berlin"  # 25 October 2026 has 25 hours there
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
START = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)  # the first of October in Berlin
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEYS = Keys(name="standfast/0badcafe", seed=bytes(range(32)), secret=bytes(32))
FILE = """
system: {name: shop, criticality: critical, timezone: Europe/Berlin}
components:
  web: {type: http, owner: web, url: "http://web.internal:8080", needs: {db: {strength: hard}}}
  pay: {type: external, vendor: Payco, url: "https://pay.test"}
  db: {type: postgresql, owner: web}
journeys:
  buy: {path: [web, pay], slo: 99%}
service_levels:
  web-probes: {of: web, sli: probe, slo: SLO, sla: 99%, calendar: month}
  pay-probes: {of: pay, sli: probe, slo: 99.5%}
agreements:
  acme:
    of: web-probes
    customer: Acme
    contract: C-17
    sla: 99.9%
    timezone: America/New_York
    credits: {"< 99.9%": 10%, "< 99%": 25%}
    fee: 2000 EUR
    maintenance: {at_most: 1h, notice: 2d}
people:
  ada: {name: Ada Ito, email: ada@shop.test}
teams:
  web: {members: [ada], lead: ada}
"""


def shop(slo: str = "99.9%") -> System:
    return read_text(FILE.replace("SLO", slo))


def accepted(database: Database, number: int, slo: str, at: datetime) -> None:
    text = FILE.replace("SLO", slo)
    version = Version(
        number=number, digest=read_text(text).digest, path="standfast.yaml",
        texts={"standfast.yaml": text}, accepted_at=at, accepted_by="ada",
    )  # fmt: skip
    database.keep(lambda tx: tx.files.add(version))


def counted(
    database: Database,
    component: str,
    start: datetime,
    hours: int,
    *,
    bad: int = 0,
    total: int = 240,
) -> None:
    """What the probe of a component saw, hour by hour; rows only ever follow one another."""
    counts = [
        Count(
            indicator=f"{component}/probe", at=start + HOUR * n, bad=bad, total=total, covered=HOUR,
            seen_from=start,
        )
        for n in range(hours)
    ]  # fmt: skip
    database.keep(lambda tx: tx.levels.add(counts))


def excluded(
    database: Database,
    of: str,
    starts: datetime,
    hours: int,
    kind: Kind = Kind.MAINTENANCE,
    *,
    at: datetime,
) -> Exclusion:
    one = Exclusion(
        id="", of=of, kind=kind, starts=starts, ends=starts + hours * HOUR,
        because="move to the new disks", by="ada", made_at=at, made_by="ada",
    )  # fmt: skip
    return database.keep(lambda tx: tx.exclusions.add(one))


def told(database: Database) -> None:
    """The story. Hours of the month count from its beginning in Berlin; it has 745 of them."""
    accepted(database, 1, "99.5%", START - 40 * DAY)
    accepted(database, 2, "99.9%", START + 9 * DAY)
    for component in ("web", "pay"):
        counted(database, component, START - 10 * DAY, 10 * 24, bad=1)
    counted(database, "web", START, 5 * 24)
    counted(database, "web", START + 5 * DAY, 2, bad=90)  # an outage in the night
    counted(database, "web", START + 5 * DAY + 2 * HOUR, 7 * 24 - 2)
    counted(
        database, "web", START + 12 * DAY + 30 * HOUR, 745 - 12 * 24 - 30 - 50
    )  # nobody looked for 30 h
    counted(database, "web", START + 695 * HOUR, 3, bad=240)  # planned work
    counted(database, "web", START + 698 * HOUR, 47)
    counted(database, "pay", START + 20 * DAY, 745 - 480, bad=1)
    excluded(database, "web", START + 695 * HOUR, 3, at=START + 600 * HOUR)
    _happened(database)


def _happened(database: Database) -> None:
    began = START + 5 * DAY
    one = declare("INC-7", "Checkout was slow", Sev.SEV2, "web", began, by="ada")
    over = turn(acknowledged(one, "ada", began + timedelta(minutes=4)), IncidentState.RESOLVED,
                began + 2 * HOUR, by="ada")  # fmt: skip
    other = declare(
        "INC-8", "db: db-3.internal is out of disk", Sev.SEV3, "pay", START + 21 * DAY, alert="x"
    )
    alert = Alert(
        fingerprint="burn/web", rule="burn-web-probes", component="web", severity=Severity.P1,
        state=AlertState.RESOLVED, summary="", because="", since=began, fired_at=began + timedelta(minutes=3),
        resolved_at=began + 2 * HOUR,
    )  # fmt: skip

    def add(tx):
        tx.incidents.add(over)
        tx.incidents.add(other)
        tx.alerting.save(alert)

    database.keep(add)


def read(database: Database, period: str = "2026-10", of: str = "", now: datetime = NOW) -> Rows:
    return database.read(lambda tx: rows(tx, shop(), period_of(period, ZONE), of, now))


def october(database: Database, of: str = "", now: datetime = NOW) -> Report:
    found = read(database, of=of, now=now)
    return report(found, of=of, made_at=now, made_by="ada", key=str(KEYS.verifying))

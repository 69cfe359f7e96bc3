"""Reading: each screen's rows in one read transaction, then the function that makes the screen of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.app import (
    agreeing,
    asking,
    documents,
    excluding,
    gating,
    measuring,
    reporting,
    rooms,
)
from standfast.app import health as own_health
from standfast.audit.instant import stamp
from standfast.audit.retention import terms as retention_terms
from standfast.audit.retention import words as retention_words
from standfast.dashboards import audit as audit_screen
from standfast.dashboards import deploy as deploy_screen
from standfast.dashboards import directory as directory_screen
from standfast.dashboards import experience as experience_screen
from standfast.dashboards import funnel, page_loads
from standfast.dashboards import gate as gate_screen
from standfast.dashboards import incident as incident_screen
from standfast.dashboards import infrastructure as infrastructure_screen
from standfast.dashboards import objective as objective_screen
from standfast.dashboards import on_call as on_call_screen
from standfast.dashboards import overview as overview_screen
from standfast.dashboards import review as review_screen
from standfast.dashboards import service as service_screen
from standfast.dashboards import services as services_screen
from standfast.dashboards.why import SHOWN
from standfast.engine import retain
from standfast.engine.record import SYSTEM_STREAM
from standfast.errors import NotFound
from standfast.incidents.overdue import LOOKED_BACK
from standfast.monitoring.target import PROBES
from standfast.publish.operations import runbooks
from standfast.slo.gate import rests_on
from standfast.slo.indicator import of_step
from standfast.slo.objective import objectives
from standfast.slo.window import span
from standfast_kit.metrics import Family, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from standfast.app.platform import Platform
    from standfast.audit.event import Actor
    from standfast.audit.query import Query
    from standfast.dashboards.agreement import AgreementLine
    from standfast.dashboards.audit import AuditScreen, Retention, Seal
    from standfast.dashboards.deploy import DeployLine, Marks
    from standfast.dashboards.directory import Directory
    from standfast.dashboards.exclusion import ExclusionLine
    from standfast.dashboards.experience import ExperienceScreen
    from standfast.dashboards.gate import OverrideLine
    from standfast.dashboards.incident import IncidentScreen, IncidentsScreen
    from standfast.dashboards.infrastructure import InfrastructureScreen
    from standfast.dashboards.measurements import Measurements
    from standfast.dashboards.objective import ObjectiveLine, ObjectiveScreen
    from standfast.dashboards.on_call import Delivery, OnCallScreen
    from standfast.dashboards.overview import OverviewScreen
    from standfast.dashboards.recovery import RecoveryScreen
    from standfast.dashboards.report.counts import Rows
    from standfast.dashboards.reports import ReportsScreen
    from standfast.dashboards.review import AnswersScreen, ReviewScreen
    from standfast.dashboards.service import ComponentLine, ServiceScreen
    from standfast.dashboards.services import ServicesScreen
    from standfast.dashboards.status_page import StatusPage
    from standfast.monitoring.deploy import Deploy
    from standfast.monitoring.gauge import Reading
    from standfast.publish.shelf import DocumentPage
    from standfast.slo.gate import Verdict
    from standfast.slo.objective import Objective
    from standfast.slo.period import Period
    from standfast.slo.tally import Tally
    from standfast.spec.system import System
    from standfast.store.database import Database
    from standfast.store.tx import Tx

_LISTED, _FEW = timedelta(days=30), 10  # deployments
_UNSIGNED = timedelta(seconds=40)  # a checkpoint is due every ten seconds


class Read:
    """What pages and the API show; every method is one look at one instant."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def revision(self) -> str:
        """Differs whenever a page might look different."""
        return self._store.read(
            lambda tx: f"{tx.files.newest_number()} {tx.monitoring.newest_instant()}"
        )

    def overview(self, now: datetime) -> OverviewScreen:
        system, delivery = self._system, self._delivery(now)
        return self._store.read(lambda tx: self._overview(tx, system, delivery, now))

    def services(self, now: datetime) -> ServicesScreen:
        system = self._system
        return self._store.read(
            lambda tx: services_screen.screen(
                system,
                tx.monitoring.component_healths(),
                tx.monitoring.newest(),
                deploy_screen.lines(tx.deploys.since(now - _LISTED)[:_FEW]),
                now,
            )
        )

    def deploys(self, since: datetime) -> tuple[DeployLine, ...]:
        """The newest first."""
        return self._store.read(lambda tx: deploy_screen.lines(tx.deploys.since(since)))

    def service(self, name: str, now: datetime) -> ServiceScreen:
        system = self._system
        if name not in system.components:
            raise NotFound(f"no component is called {name!r}", fix="see /services")
        return self._store.read(lambda tx: _service(tx, system, name, now))

    def objectives(self, now: datetime) -> tuple[ObjectiveLine, ...]:  # noqa: ARG002 - as all screens are asked
        system = self._system
        return self._store.read(lambda tx: tuple(_objective_lines(tx, system)))

    def objective(self, name: str, now: datetime) -> ObjectiveScreen:
        system = self._system
        found = {one.name: one for one in objectives(system)}
        if name not in found:
            raise NotFound(f"no objective is called {name!r}", fix="the overview lists them")
        return self._store.read(lambda tx: _objective(tx, system, found[name], now))

    def gate(self, name: str, now: datetime) -> Verdict:
        """May we deploy it?"""
        system = self._system
        return self._store.read(lambda tx: gating.verdict(tx, system, name, now))

    def gate_overrides(self, now: datetime) -> tuple[OverrideLine, ...]:
        return self._store.read(lambda tx: gating.overrides(tx, now))

    def exclusions(self, now: datetime) -> tuple[ExclusionLine, ...]:
        return self._store.read(lambda tx: excluding.listing(tx, now))

    def agreements(self, now: datetime) -> tuple[AgreementLine, ...]:
        """How each contract stands in its window."""
        system = self._system
        return self._store.read(lambda tx: agreeing.listing(tx, system, now))

    def incidents(self, now: datetime) -> IncidentsScreen:
        system = self._system
        return self._store.read(
            lambda tx: incident_screen.listing(
                system, tx.incidents.recent(), tx.incidents.owing(now - LOOKED_BACK), now
            )
        )

    def incident(self, number: str, now: datetime) -> IncidentScreen:
        system = self._system
        return self._store.read(lambda tx: rooms.incident(tx, system, number, now))

    def on_call(self, now: datetime) -> OnCallScreen:
        system, delivery = self._system, self._delivery(now)
        return self._store.read(lambda tx: rooms.on_call(tx, system, delivery, now))

    def recovery(self, now: datetime) -> RecoveryScreen:
        system = self._system
        return self._store.read(lambda tx: rooms.recovery(tx, system, now))

    def measurements(self, now: datetime) -> Measurements:
        """What the dated regions of published documents show."""
        system = self._system
        return self._store.read(lambda tx: measuring.measurements(tx, system, now))

    def status_page(self, now: datetime) -> StatusPage:
        """What users may see of the system."""
        system = self._system
        return self._store.read(lambda tx: rooms.status_page(tx, system, now))

    def reports(self, now: datetime) -> ReportsScreen:
        """The reports that were made."""
        system, key = self._system, str(self._platform.keeping.keys.verifying)
        return self._store.read(lambda tx: reporting.screen(tx, system, now, key))

    def report_rows(self, period: Period, of: str, now: datetime) -> Rows:
        """What a report of the period is made of."""
        system = self._system
        return self._store.read(lambda tx: reporting.rows(tx, system, period, of, now))

    def report_file(self, report: str, name: str) -> bytes:
        """A file of a report that was made, as it was signed."""
        return self._store.read(lambda tx: reporting.file(tx, report, name))

    def document(self, path: str, now: datetime) -> DocumentPage:
        """A published document with what is measured of its subject just now."""
        system = self._system
        review = self._platform.examine.review(system, now)
        replies = self._store.read(lambda tx: tx.review.replies())
        return documents.current(system, review, replies, self.measurements(now), path, now)

    def directory(self, now: datetime) -> Directory:  # noqa: ARG002 - as all screens are asked
        """Everything that has a name and a place."""
        system = self._system
        titles = runbooks.titles(system)
        return self._store.read(
            lambda tx: directory_screen.directory(system, tx.incidents.recent(), titles)
        )

    def infrastructure(self, now: datetime) -> InfrastructureScreen:
        system = self._system
        promises: dict[str, tuple[str, ...]] = {}
        for one in objectives(system):
            for name in rests_on(one):
                promises[name] = (*promises.get(name, ()), one.name)
        return self._store.read(
            lambda tx: infrastructure_screen.screen(
                system,
                tx.monitoring.component_healths(),
                _signals(tx, system, now),
                promises,
                _deployed(tx, now),
                now,
            )
        )

    def experience(self, now: datetime) -> ExperienceScreen:
        system = self._system
        return self._store.read(
            lambda tx: experience_screen.screen(
                system,
                _objective_lines(tx, system),
                _signals(tx, system, now),
                tx.vitals.since(now - page_loads.SHOWN),
                _taken(tx, system, now),
                _deployed(tx, now),
                now,
            )
        )

    def audit(
        self, query: Query, reader: Actor, findings: tuple[str, ...] | None = None
    ) -> AuditScreen:
        """Reading the log is recorded in it before it is shown."""
        page = self._platform.record.search(query, reader)
        system, now = self._system, self._platform.now()
        seal, retention = self._store.read(
            lambda tx: (_seal(tx, query.stream, now), _retention(tx, system))
        )
        return audit_screen.screen(seal, query, page, retention, findings)

    def retention(self) -> Retention:
        system = self._system
        return self._store.read(lambda tx: _retention(tx, system))

    def review(self, now: datetime) -> ReviewScreen:
        examine = self._platform.examine
        return review_screen.screen(examine.report(self._system, now), examine.refused)

    def answers(self, now: datetime) -> AnswersScreen:
        """What was answered to each finding, those that are gone among them."""
        return review_screen.answers(self._platform.examine.report(self._system, now))

    def undelivered(self) -> tuple[str, ...]:
        """Why pages are not leaving the house; empty while they are."""
        return self._platform.deliver.undelivered(self._platform.now())

    def metrics(self, now: datetime) -> Iterator[Family]:
        """What standfast knows of the system, for whoever scrapes it."""
        system = self._system
        statuses = self._store.read(lambda tx: tx.levels.statuses())
        yield Family(
            name="standfast_error_budget_left", kind="gauge", help="Share of the error budget left.",
            samples=[
                Sample((("objective", name),), float(one.budget.left))
                for name, one in statuses.items()
                if one.budget.left is not None
            ],
        )  # fmt: skip
        states = self._store.read(lambda tx: tx.monitoring.states_by_component())
        looked = [(name, one) for name in system.components for one in states.get(name, ())]
        yield Family(
            name="standfast_probe_success", kind="gauge", help="1 while the probes of a component succeed.",
            samples=[
                Sample((("component", name), ("kind", one.kind)), float(one.ok))
                for name, one in looked
                if one.kind in PROBES | {"tls"} and one.says != "unknown"
            ],
        )  # fmt: skip
        yield Family(
            name="standfast_certificate_expiry_seconds", kind="gauge", help="Seconds until a certificate ends.",
            samples=[
                Sample((("component", name),), (one.expires - now).total_seconds())
                for name, one in looked
                if one.expires
            ],
        )  # fmt: skip
        deployed = self._store.read(lambda tx: tx.deploys.since(now - _LISTED))
        newest = {one.component: one for one in reversed(deployed)}
        yield Family(
            name="standfast_deploy_timestamp_seconds", kind="gauge", help="When the newest version went live.",
            samples=[
                Sample((("component", name), ("version", one.version)), one.at.timestamp())
                for name, one in newest.items()
            ],
        )  # fmt: skip
        copied = self._store.read(
            lambda tx: {store: rooms.made(tx, store, "backup") for store in system.backups}
        )
        yield Family(
            name="standfast_backup_age_seconds", kind="gauge", help="Seconds since the newest usable backup.",
            samples=[
                Sample((("store", store),), (now - at).total_seconds())
                for store, at in copied.items()
                if at is not None
            ],
        )  # fmt: skip

    @property
    def _store(self) -> Database:
        return self._platform.keeping.database

    @property
    def _system(self) -> System:
        return self._platform.accept.current()

    def _delivery(self, now: datetime) -> Delivery:
        system, late = self._system, self._platform.deliver.undelivered(now)
        return self._store.read(lambda tx: rooms.delivery(tx, system, late, now))

    def _overview(
        self, tx: Tx, system: System, delivery: Delivery, now: datetime
    ) -> OverviewScreen:
        return overview_screen.screen(
            system.name,
            version=tx.files.newest_number(),
            problems=(*own_health.problems(self._platform), *asking.faults(tx)),
            objectives=_objective_lines(tx, system),
            components=_components(tx, system),
            incidents=[incident_screen.line(system, one, now) for one in tx.incidents.open()],
            overdue=incident_screen.owed(system, tx.incidents.owing(now - LOOKED_BACK), now),
            alerts=rooms.alerts(tx),
            on_call=on_call_screen.duties(system, now),
            recovery=rooms.recovery_lines(tx, system, now),
            seal=_seal(tx, SYSTEM_STREAM, now),
            delivery=delivery,
        )


def _objective_lines(tx: Tx, system: System) -> list[ObjectiveLine]:
    statuses, seen = tx.levels.statuses(), tx.levels.first_seen()
    asked = tx.asked.progress()
    return [
        objective_screen.line(
            one,
            statuses.get(one.name),
            asking.of_objective(asked, one),
            one.first_look(seen),
        )
        for one in objectives(system)
    ]


def _components(tx: Tx, system: System) -> list[ComponentLine]:
    healths = tx.monitoring.component_healths()
    return [
        service_screen.component_line(system, name, healths.get(name)) for name in system.components
    ]


def _signals(tx: Tx, system: System, now: datetime) -> dict[str, dict[str, tuple[Reading, ...]]]:
    return {name: tx.monitoring.signals(name, now - SHOWN) for name in system.components}


def _deployed(tx: Tx, now: datetime) -> dict[str, Marks]:
    """Marks of what was deployed while the signals that are shown were measured, by component."""
    found: dict[str, list[Deploy]] = {}
    for one in tx.deploys.since(now - SHOWN):
        found.setdefault(one.component, []).append(one)
    return {name: deploy_screen.marks(mine) for name, mine in found.items()}


def _taken(tx: Tx, system: System, now: datetime) -> dict[str, list[Tally]]:
    """What was counted of each step of each journey that names steps."""
    start = now - funnel.SHOWN
    return {
        journey.name: [tx.levels.tally(of_step(step).key, start, now) for step in journey.steps]
        for journey in system.journeys.values()
        if journey.steps
    }


def _service(tx: Tx, system: System, name: str, now: datetime) -> ServiceScreen:
    return service_screen.screen(
        system,
        name,
        tx.monitoring.component_healths(),
        tx.monitoring.states_by_component().get(name, ()),
        tx.monitoring.signals(name, now - SHOWN),
        [one for one in _objective_lines(tx, system) if one.component == name],
        tx.alerting.history(now - timedelta(days=7), name),
        gate_screen.card(gating.verdict(tx, system, name, now)),
        tx.deploys.since(now - _LISTED, (name,)),
        now,
    )


def _objective(tx: Tx, system: System, objective: Objective, now: datetime) -> ObjectiveScreen:
    alerts = tx.alerting.history(now - objective.window, objective.component)
    begin = span(objective, now, system.timezone).start
    return objective_screen.screen(
        system,
        objective,
        tx.levels.status(objective.name),
        tx.levels.policy_history(objective.name),
        tx.levels.burn_down(objective.name, now - objective.window),
        [(one.fired_at, one.summary) for one in alerts if one.fired_at],
        excluding.of_objective(tx, system, objective, now),
        tx.deploys.since(now - objective.window, rests_on(objective)),
        agreeing.of_objective(tx, system, objective, now),
        asking.of_objective(tx.asked.progress(), objective),
        excluding.tallies(tx, system, objective, begin, now) if objective.joint else (),
        objective.first_look(tx.levels.first_seen()),
    )


def _seal(tx: Tx, stream: str, now: datetime) -> Seal:
    size = tx.audit.history.head(stream)[0].size
    signed_size, signed_at = tx.audit.history.last_signed(stream)
    due = tx.audit.history.size_before(stream, stamp(now - _UNSIGNED))
    return audit_screen.seal(size, signed_size, signed_at, due - signed_size)


def _retention(tx: Tx, system: System) -> Retention:
    last = tx.chores.chore(retain.CHORE)
    return audit_screen.Retention(
        words=retention_words(retention_terms(system.compliance)),
        applied_at=last.done_at if last else None,
        said=last.said if last else "",
    )

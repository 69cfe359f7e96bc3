"""Jobs that tell when they ran, from what is told to the alert."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hand_built import shop_system

from standfast.engine.beat import Beats
from standfast.engine.evaluate import Evaluate
from standfast.engine.observe import Observe
from standfast.errors import NotFound
from standfast.monitoring.health import Health
from standfast.monitoring.heartbeat import Told
from standfast.spec.calling import AlertRule
from standfast.spec.condition import Absence
from standfast.spec.system import Component, Heartbeat
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.store.database import Database

PLAN = Heartbeat(name="invoices", every=timedelta(minutes=10), grace=timedelta(minutes=1))
BILLING = Component(name="billing", type="cron", heartbeats={"invoices": PLAN})


class Office:
    def __init__(self, database: Database, clock) -> None:
        self.database, self.clock = database, clock
        self.system = shop_system(
            components={"billing": BILLING}, journeys={}, service_levels={}, alerts={}
        )
        self.observe = Observe(database, {}, clock)
        self.evaluate = Evaluate(database)
        self.beats = Beats(database, lambda: self.system, clock)

    def wait(self, **span: float) -> list[str]:
        """Time passes in quarter minutes; answers what alerts told."""
        told = []
        for _ in range(round(timedelta(**span) / timedelta(seconds=15))):
            now = self.clock.pass_by(seconds=15)
            self.observe.tick(self.system, now)
            told += [f"{one.rule} {one.state}" for one in self.evaluate.tick(self.system, now)]
        return told

    @property
    def health(self) -> tuple[Health, str]:
        found = self.database.read(lambda tx: tx.monitoring.component_healths())["billing"]
        return found.state, found.because


@pytest.fixture
def office(database: Database, clock) -> Iterator[Office]:
    office = Office(database, clock)
    yield office
    office.observe.close()


def test_a_job_that_stays_away_is_a_state_and_an_alert_and_comes_back(office: Office) -> None:
    assert office.wait(minutes=1) == []
    assert office.health[0] is Health.UNKNOWN
    office.beats.tell("invoices", Told.FINISH)
    assert office.wait(minutes=10) == []
    assert office.health == (Health.HEALTHY, "invoices is well")
    assert office.wait(minutes=2) == ["invoices-heartbeat firing"]
    state, because = office.health
    assert state is Health.UNHEALTHY
    assert "missing: last heard at" in because
    office.beats.tell("invoices", Told.FINISH)
    assert office.wait(minutes=1) == ["invoices-heartbeat resolved"]
    assert office.health[0] is Health.HEALTHY


def test_a_clock_that_is_set_back_hides_no_job_that_stays_away(office: Office) -> None:
    office.wait(minutes=1)
    office.beats.tell("invoices", Told.FINISH)
    office.wait(minutes=1)
    office.clock.pass_by(days=-1)
    assert office.wait(minutes=10) == []
    assert office.wait(minutes=2) == ["invoices-heartbeat firing"]
    office.beats.tell("invoices", Told.FINISH)
    assert office.wait(minutes=1) == ["invoices-heartbeat resolved"]


def test_a_job_that_fails_says_why_at_once(office: Office) -> None:
    office.beats.tell("invoices", Told.START)
    office.wait(seconds=30)
    office.beats.tell("invoices", Told.FAIL, because="exit status 3:\n disk full")

    assert office.wait(minutes=1) == ["invoices-heartbeat firing"]
    assert office.health[0] is Health.UNHEALTHY
    assert "exit status 3: disk full" in office.health[1]


def test_an_alert_of_the_file_takes_the_place_of_the_usual_one(office: Office) -> None:
    when = Absence(signal="heartbeat", lasting=timedelta(minutes=5), text="no heartbeat for 5m")
    rule = AlertRule(name="billing-stands", of="billing", when=when, severity=Severity.P2)
    office.system = shop_system(
        components={"billing": BILLING},
        journeys={},
        service_levels={},
        alerts={"billing-stands": rule},
    )
    office.beats.tell("invoices", Told.FINISH)

    assert office.wait(minutes=4) == []
    assert office.wait(minutes=2) == ["billing-stands firing"]


def test_a_job_that_the_file_does_not_name_is_refused(office: Office) -> None:
    with pytest.raises(NotFound, match="did you mean 'invoices'"):
        office.beats.tell("invoice", Told.FINISH)


def test_a_job_that_leaves_the_file_is_forgotten(office: Office) -> None:
    office.beats.tell("invoices", Told.FINISH)
    office.database.keep(lambda tx: tx.monitoring.forget_targets(["billing/heartbeat/other"]))

    assert office.database.read(lambda tx: tx.monitoring.pulse("invoices")) is None

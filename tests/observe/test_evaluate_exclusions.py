"""Excluded time in what the platform counts, judges and tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hand_built import api, level, shop_system
from test_evaluate_tick import ALERTS, FakeShop, Watch

from standfast.app import excluding, rooms
from standfast.audit.event import Actor
from standfast.engine.exclude import Exclude
from standfast.errors import Conflict, NotFound, StandfastError
from standfast.incidents.incident import declare
from standfast.slo.budget import BudgetState
from standfast.slo.exclusion import Kind
from standfast.slo.objective import objectives
from standfast.spec.calling import Team
from standfast.spec.values import Sev, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.store.database import Database

ADA = Actor(type="user", id="ada")
NAME = "api-availability"


@pytest.fixture
def watch(database: Database, clock) -> Iterator[Watch]:
    system = shop_system(
        components={"api": api("http://shop.test", health={}, needs={})},
        service_levels={NAME: level(NAME, "api")},
        journeys={},
        alerts={},
        teams={"web": Team(name="web", members=("ada",))},
    )
    watch = Watch(database, clock, FakeShop(), system)
    yield watch
    watch.observe.close()


@pytest.fixture
def exclude(watch: Watch):
    flow = Exclude(watch.database, lambda: watch.system, watch.clock)

    def exclude(start: timedelta, end: timedelta, kind=Kind.MAINTENANCE, of="api"):
        now = watch.clock.now
        return flow.exclude(of, kind, now + start, now + end, "we move", "web", ADA)

    exclude.revoke = flow.revoke
    return exclude


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_planned_maintenance_spends_nothing_and_wakes_nobody(watch: Watch, exclude, log) -> None:
    watch.run(minutes=5, good=100)
    exclude(minutes(0), minutes(10))

    assert watch.run(minutes=9, good=60, bad=40) == []

    status = watch.status(NAME)
    assert (status.budget.state, status.budget.left) == (BudgetState.HEALTHY, 1)
    assert status.budget.coverage > Fraction(99, 100)
    assert "of the window are excluded" in status.budget.because
    assert "slo.excluded" in log.types

    watch.run(minutes=2)
    assert f"{NAME}-burn firing" in watch.run(minutes=3, good=60, bad=40), "what follows counts"


def test_other_alerts_are_told_during_maintenance_and_page_if_they_still_hold_at_its_end(
    watch: Watch, exclude
) -> None:
    watch.system = replace(watch.system, alerts=ALERTS)
    watch.run(minutes=5, good=100)
    exclude(minutes(0), minutes(10))

    assert "high-error-rate firing" in watch.run(minutes=6, good=60, bad=40)
    alert = watch.alert("high-error-rate/api")
    assert (alert.severity, alert.episode) == (Severity.P4, 1)
    assert "EX-1 is under way until" in alert.because

    assert "high-error-rate firing" in watch.run(minutes=5, good=60, bad=40)
    alert = watch.alert("high-error-rate/api")
    assert (alert.severity, alert.episode) == (Severity.P2, 2), "a new episode, which pages"


def test_maintenance_of_an_objective_or_of_others_hushes_no_alert_of_the_component(
    watch: Watch, exclude
) -> None:
    watch.system = replace(watch.system, alerts=ALERTS)
    watch.run(minutes=5, good=100)
    exclude(minutes(0), minutes(10), of=NAME)
    exclude(minutes(0), minutes(10), Kind.UPSTREAM)
    watch.run(minutes=6, good=60, bad=40)
    assert watch.alert("high-error-rate/api").severity is Severity.P2


def test_an_outage_of_others_is_excluded_afterwards_and_counts_again_when_revoked(
    watch: Watch, exclude
) -> None:
    watch.run(minutes=5, good=100)
    told = watch.run(minutes=4, good=60, bad=40)
    watch.run(minutes=1, good=100)
    before = watch.status(NAME).budget
    assert before.state is BudgetState.BURNING
    assert f"{NAME}-burn firing" in told, "users felt it, so somebody was told"

    made = exclude(minutes(-6), minutes(0), Kind.UPSTREAM, NAME)
    watch.run(minutes=0.25, good=100)
    spared = watch.status(NAME).budget
    assert (spared.state, spared.left) == (BudgetState.HEALTHY, 1)
    assert spared.tally.total < before.tally.total

    exclude.revoke(made.id, ADA)
    watch.run(minutes=0.25, good=100)
    after = watch.status(NAME).budget
    assert after.state is BudgetState.BURNING
    assert after.tally.bad == before.tally.bad, "what was counted stays counted"
    with pytest.raises(Conflict):
        exclude.revoke(made.id, ADA)


def test_the_page_says_what_was_left_out_and_the_long_figures_leave_it_out_too(
    watch: Watch, exclude
) -> None:
    watch.run(minutes=5, good=100)
    watch.run(minutes=4, good=60, bad=40)
    exclude(
        minutes(-5), minutes(1)
    )  # a look at the very end falls into the minute that begins there
    exclude(minutes(60), minutes(120))
    (one,) = objectives(watch.system)
    now = watch.clock.now

    def read(tx):
        return (
            excluding.of_objective(tx, watch.system, one, now),
            excluding.tallies(tx, watch.system, one, now - timedelta(days=90), now),
            tx.levels.tally(one.indicators[0].key, now - timedelta(days=90), now),
        )

    page, (left,), whole = watch.database.read(read)
    assert [line.state for line in page.lines] == ["now", "ahead"]
    assert [line.afterwards for line in page.lines] == [True, False]
    assert (page.bad, page.total) == (whole.bad - left.bad, whole.total - left.total)
    assert page.bad > 0
    assert left.bad == 0
    assert page.time == minutes(5)


def test_a_bad_exclusion_keeps_nothing(watch: Watch, exclude, log) -> None:
    for start, end, of in (
        (minutes(1), minutes(0), "api"),
        (minutes(0), minutes(1), "apo"),
        (timedelta(days=-300), timedelta(days=-299), "api"),
    ):
        with pytest.raises(StandfastError):
            exclude(start, end, of=of)
    with pytest.raises(NotFound):
        exclude.revoke("EX-1", ADA)
    assert log.events == []


def test_an_incident_burned_only_what_is_not_excluded(watch: Watch, exclude) -> None:
    watch.run(minutes=5, good=100)
    began = watch.clock.now
    watch.run(minutes=4, good=60, bad=40)
    found = declare("INC-1", "it fails", Sev.SEV1, "api", watch.clock.now, by="ada", began_at=began)
    watch.database.keep(lambda tx: tx.incidents.add(found))

    def costs() -> str:
        now = watch.clock.now
        screen = watch.database.read(lambda tx: rooms.incident(tx, watch.system, "INC-1", now))
        return " ".join(screen.cost)

    left = watch.status(NAME).budget.left
    assert f"{NAME}: {float(1 - left):.1%} of its" in costs(), "as its own page says"
    exclude(minutes(-5), minutes(1), Kind.UPSTREAM)
    assert f"{NAME}: 0.0% of its" in costs()

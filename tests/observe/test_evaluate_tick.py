from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hand_built import api, level, shop_system

from standfast.alerting.alert import AlertState
from standfast.alerting.explained import detection
from standfast.audit.event import Event
from standfast.engine.evaluate import Evaluate
from standfast.engine.observe import Observe
from standfast.monitoring.target import Outcome
from standfast.slo.budget import BudgetState
from standfast.slo.judgement import BurnState
from standfast.spec import units
from standfast.spec.calling import AlertRule
from standfast.spec.condition import Absence, Age, Threshold
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.store.database import Database

EVERY = timedelta(seconds=15)


class FakeShop:
    """Counts requests as a server would, and shows them as metrics; no socket, no waiting."""

    def __init__(self) -> None:
        self.good = self.bad = 0
        self.up = True

    def serve(self, good: int, bad: int = 0) -> None:
        self.good, self.bad = self.good + good, self.bad + bad

    def metrics(self, address: str, timeout: timedelta) -> Outcome:
        if not self.up:
            return Outcome(ok=False, because="no connection: refused")
        lines = [
            "process_start_time_seconds 1000",
            f'http_server_requests_total{{route="/",code_class="2xx"}} {self.good}',
            f'http_server_requests_total{{route="/",code_class="5xx"}} {self.bad}',
        ]
        return Outcome(ok=True, text="\n".join(lines))

    def probe(self, address: str, timeout: timedelta) -> Outcome:
        if not self.up:
            return Outcome(ok=False, because="no connection: refused")
        return Outcome(ok=True, latency=timedelta(milliseconds=5), status=200)


class Watch:
    """Both ticks, one after the other, every fifteen seconds of a clock that waits for nobody."""

    def __init__(self, database: Database, clock, shop: FakeShop, system) -> None:
        self.shop, self.system, self.clock, self.database = shop, system, clock, database
        looks = {"scrape": shop.metrics, "http": shop.probe}
        self.observe = Observe(database, looks, clock)
        self.evaluate = Evaluate(database)

    def run(self, *, minutes: float, good: int = 0, bad: int = 0) -> list[str]:
        """`good` and `bad` requests in each quarter minute; answers what alerts told."""
        told = []
        for _ in range(round(timedelta(minutes=minutes) / EVERY)):
            self.shop.serve(good, bad)
            now = self.clock.pass_by(seconds=15)
            self.observe.tick(self.system, now)
            told += [f"{one.rule} {one.state}" for one in self.evaluate.tick(self.system, now)]
        return told

    def status(self, name: str):
        return self.database.read(lambda tx: tx.levels.status(name))

    def alert(self, fingerprint: str):
        return self.database.read(lambda tx: tx.alerting.alert(fingerprint))


ALERTS = {
    "api-down": AlertRule(
        name="api-down",
        of="api",
        when=Absence(
            signal="successful requests",
            lasting=timedelta(minutes=1),
            text="no successful requests for 1m",
        ),
        severity=Severity.P1,
        runbook="api-down",
    ),
    "high-error-rate": AlertRule(
        name="high-error-rate",
        of="api",
        when=Threshold(
            signal="error rate",
            above=True,
            limit=Fraction(5, 100),
            unit="%",
            lasting=timedelta(minutes=2),
            text="error rate > 5% for 2m",
        ),
        severity=Severity.P2,
        runbook="api-down",
    ),
}


@pytest.fixture
def watch(database: Database, clock) -> Iterator[Watch]:
    system = shop_system(
        components={"api": api("http://shop.test", health={}, needs={})},
        service_levels={"api-availability": level("api-availability", "api")},
        journeys={},
        alerts=ALERTS,
    )
    watch = Watch(database, clock, FakeShop(), system)
    yield watch
    watch.observe.close()


def test_good_traffic_tells_nobody_anything_and_keeps_the_budget_whole(watch: Watch) -> None:
    assert watch.run(minutes=3, good=100) == []

    status = watch.status("api-availability")
    assert status.budget.state is BudgetState.HEALTHY
    assert status.budget.left == 1
    assert {burn.state for burn in status.burns} == {BurnState.ACCEPTABLE}
    assert "fires when 2% of the budget would go in 1h (14.4x)" in status.burns[0].explained


def test_errors_fire_the_burn_alert_and_the_static_one_and_end_both_when_they_end(
    watch: Watch, log
) -> None:
    watch.run(minutes=2, good=100)
    told = watch.run(minutes=8, good=60, bad=40)

    assert "api-availability-burn firing" in told
    assert "high-error-rate firing" in told
    assert "api-down firing" not in told
    burning = watch.alert("api-availability-burn/api")
    assert burning.severity is Severity.P1
    assert burning.runbook == "api-down"
    assert "burns its budget" in burning.because
    status = watch.status("api-availability")
    assert status.budget.state is BudgetState.BURNING
    assert status.budget.left == 1 - Fraction(32, 432), "3.2 of 43.2 minutes"

    over = watch.run(minutes=10, good=100)
    assert "high-error-rate resolved" in over
    assert "api-availability-burn resolved" not in over, "a half-hour window still burns"
    assert log.types.count("alert.fired") == len([one for one in told if "firing" in one])
    assert "budget.policy-changed" in log.types


def test_silence_with_failing_looks_is_an_outage_and_silence_at_night_is_none(watch: Watch) -> None:
    watch.system = replace(
        watch.system,
        alerts={
            "api-down": replace(
                ALERTS["api-down"], when=replace(ALERTS["api-down"].when, guarded=True)
            )
        },
    )
    watch.run(minutes=3, good=10)
    assert watch.run(minutes=3) == []

    watch.shop.up = False
    assert "api-down firing" in watch.run(minutes=3)
    assert "probes failed" in watch.alert("api-down/api").because
    watch.shop.up = True
    assert "api-down resolved" in watch.run(minutes=3, good=10)


def test_an_alert_whose_facts_vanish_stays_and_says_that_it_is_blind(watch: Watch) -> None:
    watch.run(minutes=2, good=100)
    watch.run(minutes=4, good=50, bad=50)
    watch.shop.up = False

    told = watch.run(minutes=20)

    assert "high-error-rate resolved" not in told
    static = watch.alert("high-error-rate/api")
    assert static.state is AlertState.FIRING
    assert static.because.startswith("not seen since")
    assert "error rate of api is 50%" in static.because
    assert watch.alert("api-availability-burn/api").state is AlertState.FIRING


def test_a_rule_that_leaves_the_file_ends_its_alert_and_says_so(watch: Watch) -> None:
    watch.run(minutes=1, good=100)
    watch.run(minutes=4, good=50, bad=50)
    watch.system = replace(watch.system, alerts={})

    assert "high-error-rate resolved" in watch.run(minutes=0.25)
    assert "no longer in the file" in watch.alert("high-error-rate/api").because


def test_a_second_server_that_judges_the_same_instant_fires_nothing_twice(
    watch: Watch, log
) -> None:
    watch.run(minutes=2, good=100)
    watch.run(minutes=4, good=50, bad=50)
    fired = log.types.count("alert.fired")

    Evaluate(watch.database).tick(watch.system, watch.clock.now)

    assert log.types.count("alert.fired") == fired


@pytest.mark.parametrize(
    ("share", "named", "young"),
    [(100, "52s", True), (10, "8m38s", True), (100, "52s", False)],
)
def test_the_page_comes_with_the_look_after_the_instant_that_its_explanation_names(
    watch: Watch, share: int, named: str, young: bool
) -> None:
    watch.run(minutes=10, good=100)
    if not young:
        watch.clock.pass_by(days=40)
        watch.run(minutes=62, good=100)
    began = watch.clock.now
    while "api-availability-burn firing" not in watch.run(
        minutes=0.25, good=100 - share, bad=share
    ):
        assert watch.clock.now - began < timedelta(hours=1)

    took = watch.clock.now - began
    quick = watch.status("api-availability").burns[0]
    of = " of requests failing" if share == 100 else ""
    assert f"{share}%{of} after {named}" in quick.explained
    assert quick.state is BurnState.CRITICAL
    # Looks are fifteen seconds apart, and what a look finds belongs to the minute of the look.
    assert timedelta(0) <= took - units.duration(named) <= timedelta(seconds=30), took


@pytest.mark.parametrize(
    ("share", "rule"),
    [(100, "api-down"), (100, "high-error-rate"), (10, "high-error-rate")],
)
def test_alerts_of_silence_and_of_a_share_come_when_their_explanation_says(
    watch: Watch, share: int, rule: str
) -> None:
    watch.run(minutes=10, good=100)
    began = watch.clock.now
    while f"{rule} firing" not in watch.run(minutes=0.25, good=100 - share, bad=share):
        assert watch.clock.now - began < timedelta(minutes=10)

    named = detection(ALERTS[rule].when, Fraction(share, 100))
    took = watch.clock.now - began
    assert named is not None
    # A look every fifteen seconds on top, and counting by the minute.
    assert timedelta(seconds=-1) <= took - named <= timedelta(seconds=75), took


def test_the_history_of_budget_alerts_and_policy_can_be_read_back(watch: Watch) -> None:
    start = watch.clock.now
    watch.run(minutes=2, good=100)
    watch.run(minutes=44, bad=100)  # three nines of thirty days allow 43

    def read(tx):
        return (
            tx.levels.burn_down("api-availability", start),
            tx.levels.policy_history("api-availability"),
            tx.alerting.history(start, "api"),
            tx.levels.series("api/requests", start, watch.clock.now, timedelta(minutes=1)),
        )

    points, bands, episodes, series = watch.database.read(read)
    assert points[0].left == 1
    assert [one.band for one in bands] == ["> 50%", "25-50%", "< 25%", "0%"]
    assert [one.action for one in bands][-2:] == ["freeze", "incident review"]
    assert {one.rule for one in episodes} >= {"high-error-rate", "api-availability-burn"}
    assert sum(point.tally.bad for point in series) == 44 * 4 * 100


def test_what_a_few_looks_find_moves_no_policy(watch: Watch) -> None:
    watch.run(minutes=2, good=100)
    watch.run(minutes=44, bad=100)
    assert watch.status("api-availability").budget.state is BudgetState.EXHAUSTED
    frozen = watch.database.read(lambda tx: tx.levels.policies())["api-availability"]

    watch.clock.pass_by(days=30)  # nobody looked, and the failures are forgotten
    watch.run(minutes=3, good=100)
    budget = watch.status("api-availability").budget
    assert (budget.state, budget.left) == (BudgetState.UNKNOWN, 1)
    assert watch.database.read(lambda tx: tx.levels.policies())["api-availability"] == frozen


class Recorder:
    """Follows alerts into a list; breaks where a test asks it to."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.breaks = False

    def fired(self, tx, alert, system, now):
        self.heard.append(f"fired {alert.rule} {alert.severity}")
        if self.breaks:
            raise RuntimeError("no page could be opened")
        return (Event(type="page.opened", category="operations"),)

    def resolved(self, tx, alert, system, now):
        self.heard.append(f"resolved {alert.rule}")
        return ()


def test_what_follows_an_alert_is_kept_with_it_or_neither_is(watch: Watch, log) -> None:
    follow = Recorder()
    watch.evaluate = Evaluate(watch.database, follow)
    watch.run(minutes=2, good=100)
    follow.breaks = True
    with pytest.raises(RuntimeError, match="no page"):
        watch.run(minutes=4, good=50, bad=50)
    assert not watch.alert("api-availability-burn/api")
    assert "alert.fired" not in log.types

    follow.breaks = False
    watch.run(minutes=0.25, good=50, bad=50)

    assert watch.alert("api-availability-burn/api").firing
    assert "fired api-availability-burn P1" in follow.heard
    assert "page.opened" in log.types


def test_the_age_of_a_backup_comes_from_whoever_knows_it(watch: Watch) -> None:
    old = AlertRule(
        name="backup-old",
        of="api",
        when=Age(what="backup", limit=timedelta(hours=26), text="last backup older than 26h"),
        severity=Severity.P3,
    )
    watch.system = replace(watch.system, alerts={"backup-old": old})
    made = watch.clock.now - timedelta(hours=26)
    watch.evaluate = Evaluate(watch.database, made=lambda tx, component, what: made)

    assert watch.run(minutes=1, good=10) == ["backup-old firing"]
    assert "is 1d2h old" in watch.alert("backup-old/api").because

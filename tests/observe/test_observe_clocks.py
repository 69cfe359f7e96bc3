"""Clocks that step, ours and theirs, and counters that no figure may be made of."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hand_built import api, shop_system

from standfast.engine.observe import Observe
from standfast.monitoring.health import Health
from standfast.monitoring.target import Outcome
from standfast.slo.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.store.database import Database

SECONDS_15 = timedelta(seconds=15)


class Target:
    """What the one target says; a test writes into `text`."""

    def __init__(self) -> None:
        self.text, self.well, self.content_type = "", True, "text/plain"

    def scrape(self, address: str, timeout: timedelta) -> Outcome:
        return Outcome(ok=True, text=self.text, content_type=self.content_type)

    def answer(self, address: str, timeout: timedelta) -> Outcome:
        return Outcome(ok=self.well, because="" if self.well else "down", text="{}")


class Stopwatch:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def counted(good: int | str, bad: int | str, started: float | None = None) -> str:
    said = f'http_server_requests_total{{code="200"}} {good}\n'
    said += f'http_server_requests_total{{code="500"}} {bad}\n'
    return said + (f"process_start_time_seconds {started}\n" if started else "")


class Watch:
    """An Observe with a wall clock and a steady one that the test moves apart."""

    def __init__(self, database: Database, clock) -> None:
        self.target, self.stopwatch, self.clock = Target(), Stopwatch(), clock
        self.database, self.system = database, shop_system("http://shop.test")
        looks = {
            "scrape": self.target.scrape,
            "http": self.target.answer,
            "health": self.target.answer,
        }
        self.observe = Observe(database, looks, clock, stopwatch=self.stopwatch)

    def look(self, text: str, *, passed: float = 15, set_by: timedelta = timedelta(0)) -> None:
        """Time passes, the wall clock is set, and everything that is due is looked at."""
        self.target.text = text
        self.stopwatch.now += passed
        self.clock.pass_by(seconds=passed)
        if set_by:
            self.clock.pass_by(seconds=set_by.total_seconds())
        self.observe.tick(self.system, self.clock.now)

    def tally(self, hours: float = 5) -> Tally:
        start, end = self.clock.now - timedelta(hours=hours), self.clock.now + timedelta(hours=5)
        return self.database.read(lambda tx: tx.levels.tally("api/requests", start, end))

    def rate(self) -> float:
        newest = self.database.read(lambda tx: tx.monitoring.newest())["api"]
        return newest["requests per second"].value

    def notes(self) -> str:
        states = self.database.read(lambda tx: tx.monitoring.target_states())
        return "; ".join(states["api/scrape"].notes)


@pytest.fixture
def watch(database: Database, clock) -> Iterator[Watch]:
    watch = Watch(database, clock)
    yield watch
    watch.observe.close()


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(minutes=1), -timedelta(hours=1)])
def test_a_step_of_our_clock_makes_no_rate_and_loses_no_event(watch: Watch, step) -> None:
    watch.look(counted(100, 0))
    watch.look(counted(250, 0))
    before = watch.rate()
    watch.look(counted(400, 3), set_by=step)
    after = watch.rate()
    watch.look(counted(550, 3))

    assert before == after == 10  # no rate is made of a time that did not pass
    assert watch.rate() == 10
    tally = watch.tally()
    assert (tally.bad, tally.total) == (3, 453)
    assert tally.covered <= 3 * SECONDS_15


def test_health_goes_on_after_our_clock_was_set_back(watch: Watch) -> None:
    def state() -> Health:
        return watch.database.read(lambda tx: tx.monitoring.component_healths())["api"].state

    watch.look(counted(1, 0))
    assert state() is Health.HEALTHY
    watch.target.well = False
    watch.look(counted(1, 0), set_by=-timedelta(hours=2))
    watch.look(counted(1, 0))
    assert state() is Health.UNHEALTHY
    watch.target.well = True
    watch.look(counted(1, 0), passed=60)
    assert state() is Health.HEALTHY
    states = watch.database.read(lambda tx: tx.monitoring.target_states())
    assert all(one.since <= watch.clock.now for one in states.values())


@pytest.mark.parametrize("odd", ["NaN", "-7", "+Inf"])
def test_a_counter_that_is_none_spoils_its_name_until_it_is_one_again(watch: Watch, odd) -> None:
    watch.look(counted(100, 5))
    watch.look(counted(200, odd))
    spoilt, said = watch.tally(), watch.notes()
    watch.look(counted(300, 11))

    # Counted with the good ones alone it would have been a whole interval without an error.
    assert spoilt.total == 0
    assert spoilt.covered == timedelta(0)
    assert "negative or no number" in said
    assert (watch.tally().bad, watch.tally().total) == (6, 206)
    assert watch.notes() == ""


def test_a_series_in_two_values_is_not_counted_in_either(watch: Watch) -> None:
    watch.look(counted(100, 0))
    for good in (200, 300):
        watch.look(counted(good, 0) + 'http_server_requests_total{code="200"} 999999\n')
        assert "given twice with two values" in watch.notes()
    assert watch.tally().total == 0
    watch.look(counted(400, 1))

    assert (watch.tally().bad, watch.tally().total) == (1, 301)


def test_processes_that_answer_in_turn_are_named_and_not_counted(watch: Watch) -> None:
    epoch = watch.clock.now.timestamp()
    for i in range(6):
        mine = (1000 + i, 0, epoch - 9000) if i % 2 else (50 + i, 0, epoch - 4000)
        watch.look(counted(*mine))

    assert watch.tally().total == 0
    assert "several answer at this address in turn" in watch.notes()


def test_a_start_that_is_yet_to_come_is_not_believed(watch: Watch) -> None:
    ahead = watch.clock.now.timestamp() + 86_400
    for i in range(4):
        watch.look(counted(1000 + 10 * i, 0, ahead + i))

    assert watch.tally().total == 30
    assert "ahead of us" in watch.notes()


def test_the_start_of_an_exporter_says_nothing_of_what_it_tells_of(watch: Watch) -> None:
    """It may begin anew a hundred times while the server behind it goes on counting."""
    mine = watch.system.components["api"]
    behind = replace(mine, scrape=None, exporter=mine.scrape)
    watch.system = replace(watch.system, components={**watch.system.components, "api": behind})
    watch.observe._looks = {**watch.observe._looks, "exporter": watch.target.scrape}
    began = watch.clock.now.timestamp()
    watch.look(counted(70_000, 900, began - 9_000))
    watch.look(counted(70_010, 901, began + 20))
    watch.look(counted(5, 1, began + 20))

    assert (watch.tally().bad, watch.tally().total) == (1 + 1, 11 + 6)


def test_a_step_of_our_clock_makes_no_look_late(sqlite: Database, clock) -> None:
    stop, begun, stopwatch = threading.Event(), threading.Event(), Stopwatch()

    def slow(address: str, timeout: timedelta) -> Outcome:
        begun.set()
        stop.wait(150)
        return Outcome(ok=True)

    component = api("http://shop.test", health={}, needs={}, scrape=None)
    system = shop_system(components={"api": component}, journeys={}, service_levels={})
    observe = Observe(
        sqlite, {"http": slow}, clock, patience=timedelta(seconds=0.1), stopwatch=stopwatch
    )
    try:
        observe.tick(system, clock.now)
        assert begun.wait(60)
        observe.tick(system, clock.pass_by(hours=1))
        assert "api/http" not in sqlite.read(lambda tx: tx.monitoring.target_states())
        stopwatch.now += 11
        observe.tick(system, clock.pass_by(seconds=15))
        said = sqlite.read(lambda tx: tx.monitoring.target_states())["api/http"].because
        assert said == "no answer within 10s"
    finally:
        stop.set()
        observe.close()


def test_a_counter_that_goes_back_is_a_reset_and_never_negative(watch: Watch) -> None:
    for good in (100, 50, 80, 0, 5):
        watch.look(counted(good, 0))

    assert watch.tally().total == 50 + 30 + 0 + 5


def test_a_cut_off_scrape_moves_nothing_and_the_next_whole_one_makes_up_for_it(
    watch: Watch,
) -> None:
    watch.target.content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    watch.look(counted(100, 0) + "# EOF\n")
    watch.look('http_server_requests_total{code="200"} 200\n')
    states = watch.database.read(lambda tx: tx.monitoring.target_states())
    assert states["api/scrape"].because.startswith("the metrics were cut off")
    assert watch.tally().total == 0
    watch.look(counted(300, 4) + "# EOF\n")

    assert (watch.tally().bad, watch.tally().total) == (4, 204)


def test_the_first_event_of_a_series_is_counted_where_it_says_when_it_began(watch: Watch) -> None:
    watch.target.content_type = "application/openmetrics-text; version=1.0.0"
    watch.look('http_server_requests_total{code="200"} 100\n# EOF\n')
    began = watch.clock.now.timestamp() + 5
    created = f'http_server_requests_created{{code="500"}} {began}\n'
    watch.look(counted(100, 2) + created + "# EOF\n")

    assert (watch.tally().bad, watch.tally().total) == (2, 2)


def test_more_series_than_the_file_allows_are_a_failed_scrape(watch: Watch) -> None:
    mine = replace(watch.system.components["api"], series=5)
    watch.system = replace(watch.system, components={**watch.system.components, "api": mine})
    watch.look(counted(1, 0))
    watch.look("".join(f'http_server_requests_total{{route="{i}"}} 1\n' for i in range(6)))
    states = watch.database.read(lambda tx: tx.monitoring.target_states())
    said = (
        "gives more than 5 series of what is read here, so nothing was counted:"
        " 'route' of http_server_requests_total alone has 5 values"
    )

    assert states["api/scrape"].because == said
    flood = watch.database.read(lambda tx: tx.monitoring.floods())["api/scrape"]
    assert (flood.component, flood.at, flood.because) == ("api", watch.clock.now, said)

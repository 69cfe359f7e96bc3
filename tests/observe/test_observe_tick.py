from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hand_built import api, shop_system

from standfast.drivers.http_probe import BoundedHttp, HealthPoll, HttpProbe
from standfast.drivers.scrape import Scrape
from standfast.drivers.tcp_probe import TcpProbe
from standfast.engine.observe import Observe
from standfast.monitoring.health import Health
from standfast.slo.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.spec.system import System
    from standfast.store.database import Database


def metrics(good: int, bad: int, *, fast: int | None = None, started: float = 1000.0) -> str:
    fast = good if fast is None else fast
    lines = [
        f"process_start_time_seconds {started}",
        f'http_server_requests_total{{route="/",code_class="2xx"}} {good}',
        f'http_server_requests_total{{route="/",code_class="5xx"}} {bad}',
    ]
    for le, count in (("0.1", fast), ("0.2", fast), ("1", good), ("+Inf", good)):
        lines.append(
            "http_server_request_duration_seconds_bucket"
            f'{{route="/",status_class="2xx",le="{le}"}} {count}'
        )
    return "\n".join(lines) + "\n"


@pytest.fixture
def observe(database: Database, clock) -> Iterator[Observe]:
    http = BoundedHttp()
    scrape, probe = Scrape(http, most=300_000), HttpProbe(http)
    looks = {
        "scrape": scrape,
        "exporter": scrape,
        "http": probe,
        "tcp": TcpProbe(),
        "health": HealthPoll(http),
    }
    observe = Observe(database, looks, clock)
    yield observe
    observe.close()


@pytest.fixture
def system(shop) -> System:
    shop.says("/", "hello")
    shop.says("/metrics", metrics(100, 0))
    shop.says("/health/deep", '{"status": "healthy", "checks": {"db": {"status": "healthy"}}}')
    return shop_system(shop.url)


def tallied(database: Database, key: str, clock) -> Tally:
    start = clock.now - timedelta(hours=1)
    return database.read(lambda tx: tx.levels.tally(key, start, clock.now))


def test_requests_between_two_scrapes_are_counted_and_those_before_are_not(
    observe, database, system, shop, clock
) -> None:
    observe.tick(system, clock.now)
    shop.says("/metrics", metrics(190, 10, fast=160))
    observe.tick(system, clock.pass_by(seconds=15))

    assert tallied(database, "api/requests", clock) == Tally(
        bad=10, total=100, covered=timedelta(seconds=15)
    )
    assert tallied(database, "api/latency<0.2", clock) == Tally(
        bad=30, total=90, covered=timedelta(seconds=15)
    )


def test_a_target_is_looked_at_when_its_time_has_come_and_not_before(
    observe, system, clock
) -> None:
    assert observe.tick(system, clock.now) == 3
    assert observe.tick(system, clock.now) == 0
    assert observe.tick(system, clock.pass_by(seconds=15)) >= 2


def test_signals_health_and_checks_can_be_read_back(observe, database, system, shop, clock) -> None:
    observe.tick(system, clock.now)
    shop.says("/metrics", metrics(190, 10))
    observe.tick(system, clock.pass_by(seconds=15))

    newest = database.read(lambda tx: tx.monitoring.newest())["api"]
    assert newest["error rate"].value == pytest.approx(0.1)
    assert newest["requests per second"].value == pytest.approx(100 / 15)
    health = database.read(lambda tx: tx.monitoring.component_healths())
    assert health["api"].state is Health.HEALTHY
    assert health["db"].state is Health.UNKNOWN
    deep = database.read(lambda tx: tx.monitoring.target_states())["api/health/deep"]
    assert deep.detail == {"db": {"status": "healthy"}}


def test_no_metrics_no_traffic_and_good_are_three_states(
    observe, database, system, shop, clock
) -> None:
    observe.tick(system, clock.now)
    observe.tick(system, clock.pass_by(seconds=15))
    quiet = tallied(database, "api/requests", clock)
    shop.says("/metrics", "process_start_time_seconds 1000\n")
    observe.tick(system, clock.pass_by(seconds=15))

    assert quiet == Tally(bad=0, total=0, covered=timedelta(seconds=15))
    assert tallied(database, "api/requests", clock) == quiet


def test_a_restart_between_two_scrapes_loses_no_error(
    observe, database, system, shop, clock
) -> None:
    observe.tick(system, clock.now)
    began = clock.now.timestamp() + 5
    shop.says("/metrics", metrics(100, 7, started=began))
    observe.tick(system, clock.pass_by(seconds=15))

    assert tallied(database, "api/requests", clock).bad == 7
    assert tallied(database, "api/requests", clock).total == 107


def test_after_a_long_pause_the_events_count_but_are_no_news(
    observe, database, system, shop, clock
) -> None:
    observe.tick(system, clock.now)
    shop.says("/metrics", metrics(100, 50))
    observe.tick(system, clock.pass_by(minutes=40))

    recent = database.read(
        lambda tx: tx.levels.tally("api/requests", clock.now - timedelta(minutes=5), clock.now)
    )
    assert recent.total == 0
    assert tallied(database, "api/requests", clock).bad == 50


def test_two_failed_looks_make_a_component_unhealthy_and_those_who_need_it_degraded(
    observe, database, system, shop, clock
) -> None:
    needs = {"api": replace(system.components["api"].needs["db"], to="api")}
    web = api(
        f"{shop.url}/ok", name="web", url=f"{shop.url}/ok", scrape=None, health={}, needs=needs
    )
    shop.says("/ok", "fine")
    system = replace(system, components={**system.components, "web": web})
    shop.says("/", "broken", status=500)

    def states() -> list[Health]:
        found = database.read(lambda tx: tx.monitoring.component_healths())
        return [found["api"].state, found["web"].state]

    observe.tick(system, clock.now)
    assert states() == [Health.DEGRADED, Health.HEALTHY]
    observe.tick(system, clock.pass_by(seconds=15))
    assert states() == [Health.UNHEALTHY, Health.DEGRADED]
    shop.says("/", "well again")
    observe.tick(system, clock.pass_by(seconds=15))
    assert states() == [Health.HEALTHY, Health.HEALTHY]
    history = database.read(
        lambda tx: tx.monitoring.health_history("api", clock.now - timedelta(hours=1))
    )
    assert [one.state for one in history] == [Health.DEGRADED, Health.UNHEALTHY, Health.HEALTHY]


def test_calls_that_breakers_count_are_kept_by_caller_and_called(
    observe, database, system, shop, clock
) -> None:
    def breaker(ok: int, refused: int, answered: int) -> str:
        return (
            f'standfast_breaker_calls_total{{breaker="db",outcome="ok"}} {ok}\n'
            f'standfast_breaker_calls_total{{breaker="db",outcome="refused"}} {refused}\n'
            f'standfast_degraded_total{{dependency="db",mode="cache"}} {answered}\n'
        )

    shop.says("/metrics", metrics(100, 0) + breaker(7, 0, 0))
    observe.tick(system, clock.now)
    first = database.read(lambda tx: tx.monitoring.edges())["api", "db"]
    shop.says("/metrics", metrics(100, 0) + breaker(9, 4, 3))
    observe.tick(system, clock.pass_by(seconds=15))
    edge = database.read(lambda tx: tx.monitoring.edges())["api", "db"]

    # What was counted before the first look is known to have been, and not when.
    assert (first.calls, first.called_at) == (0, first.watched_from)
    assert (edge.calls, edge.failed, edge.degraded) == (6, 4, 3)
    assert (edge.called_at, edge.degraded_at) == (clock.now, clock.now)

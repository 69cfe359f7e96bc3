"""The seed's three health endpoints, each at its own pace, and the users and connections of the moment."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hand_built import api, shop_system

from standfast import spec
from standfast.engine.observe import Observe
from standfast.monitoring.exposition import parse
from standfast.monitoring.health import Health
from standfast.monitoring.signals import names_of, signals
from standfast.monitoring.target import Outcome, of_component

FILE = """
system: {name: shop}
components:
  api:
    type: http
    url: http://shop.test
    health: {live: /health/live, ready: /health/ready, deep: /health/deep}
    needs: {db: hard}
  db: {type: postgresql}
"""
SEED = """{"status": "%s", "timestamp": "2026-01-15T10:30:00Z", "version": "1.2.3", "checks": {
  "database": {"status": "healthy", "latency_ms": 5},
  "external_api": {"status": "degraded", "latency_ms": 500}}}"""


def test_the_endpoints_are_asked_as_often_and_waited_for_as_long_as_the_seed_says() -> None:
    component = spec.read_text(FILE).components["api"]
    asked = {
        one.check: (one.every.total_seconds(), one.timeout.total_seconds())
        for one in of_component(component)
        if one.kind == "health"
    }

    # Readiness waits 2 s: a time-out as long as the interval would overlap with the next look.
    assert asked == {"live": (10, 1), "ready": (5, 2), "deep": (60, 30)}


def test_each_endpoint_is_polled_at_its_own_pace_and_its_words_decide(sqlite, clock) -> None:
    says, asked = {"deep": "degraded"}, Counter()

    def poll(address: str, timeout: timedelta) -> Outcome:
        name = address.rpartition("/")[2]
        asked[name] += 1
        word = says.get(name, "healthy")
        return Outcome(ok=word != "unhealthy", status=200, text=SEED % word)

    system = spec.read_text(FILE)
    looks = {"health": poll, "http": lambda address, timeout: Outcome(ok=True)}
    observe = Observe(sqlite, looks, clock)
    try:
        for _ in range(120):
            observe.tick(system, clock.pass_by(seconds=1))
        found = sqlite.read(lambda tx: tx.monitoring.component_healths())["api"]
        says["ready"] = "unhealthy"
        for _ in range(12):
            observe.tick(system, clock.pass_by(seconds=1))
        after = sqlite.read(lambda tx: tx.monitoring.component_healths())["api"]
    finally:
        observe.close()

    assert 11 <= asked["live"] <= 15
    assert 23 <= asked["ready"] <= 29
    assert 2 <= asked["deep"] <= 4
    assert (found.state, found.because) == (Health.DEGRADED, "deep: degraded")
    assert (after.state, after.because) == (Health.UNHEALTHY, "ready: unhealthy")
    states = sqlite.read(lambda tx: tx.monitoring.target_states())
    assert states["api/health/deep"].detail["database"] == {"status": "healthy", "latency_ms": 5}


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (
            "http",
            "http_server_concurrent_users 41\nhttp_server_active_requests 7\n",
            {"concurrent users": 41, "connections": 7},
        ),
        (
            "postgresql",
            (
                'pg_stat_activity_count{state="active"} 30\npg_stat_activity_count{state="idle"} 20\n'
                "pg_settings_max_connections 100\n"
            ),
            {"connections": 50, "connections used": 0.5},
        ),
        (
            "mysql",
            "mysql_global_status_threads_connected 5\nmysql_global_variables_max_connections 50\n",
            {"connections": 5, "connections used": 0.1},
        ),
        (
            "redis",
            "redis_connected_clients 9\nredis_config_maxclients 90\n",
            {"connections": 9, "connections used": 0.1},
        ),
        ("host", "node_netstat_Tcp_CurrEstab 12\n", {"connections": 12}),
    ],
)
def test_users_and_connections_of_the_moment_are_read(kind, text, expected) -> None:
    names = names_of(replace(api(""), type=kind))
    samples = parse(text, wanted=names.wanted).samples

    assert signals(names, samples, {}, 15) == expected


def test_what_is_needed_and_down_degrades_whoever_needs_it_with_the_reason(sqlite, clock) -> None:
    system = shop_system("http://shop.test")
    db = replace(system.components["db"], address="db.shop.test:5432")
    system = replace(system, components={**system.components, "db": db})
    looks = {
        "tcp": lambda address, timeout: Outcome(ok=False, because="no connection: refused"),
        "http": lambda address, timeout: Outcome(ok=True),
        "health": lambda address, timeout: Outcome(ok=True, text="{}"),
        "scrape": lambda address, timeout: Outcome(ok=True),
    }
    observe = Observe(sqlite, looks, clock)
    try:
        for _ in range(2):
            observe.tick(system, clock.pass_by(seconds=15))
    finally:
        observe.close()

    found = sqlite.read(lambda tx: tx.monitoring.component_healths())
    assert found["db"].state is Health.UNHEALTHY
    assert found["api"].state is Health.DEGRADED
    assert found["api"].because.startswith(
        "needs db, which is unhealthy (port: no connection: refused)"
    )

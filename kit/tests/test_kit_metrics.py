"""The exposition as Prometheus reads it, and signals that a promise can be measured with."""

import math
import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from standfast_kit import Kit
from standfast_kit.metrics import CONTENT_TYPE, Registry, number
from standfast_kit.signals import CLASSES, Users, status_class
from standfast_kit.testing import FakeClock


def read(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample, as the reference parser understands it."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(kit: Kit, name: str, **labels: str) -> float:
    return read(kit.registry.expose())[name, tuple(sorted(labels.items()))]


def test_the_reference_parser_reads_what_was_counted() -> None:
    registry = Registry()
    registry.counter("jobs_total", "Jobs\nof a \\ kind", ("kind",)).labels('odd "\\\n name').inc(2)
    registry.gauge("depth", "Depth").labels().set(-1.5)
    latency = registry.histogram("took_seconds", "Took", buckets=(0.1, 1)).labels()
    for seconds in (0.1, 0.2, 5):
        latency.observe(seconds)
    samples = read(registry.expose())
    assert samples["jobs_total", (("kind", 'odd "\\\n name'),)] == 2
    assert samples["depth", ()] == -1.5
    assert samples["took_seconds_bucket", (("le", "0.1"),)] == 1
    assert samples["took_seconds_bucket", (("le", "1.0"),)] == 2
    assert samples["took_seconds_bucket", (("le", "+Inf"),)] == 3
    assert samples["took_seconds_count", ()] == 3
    assert samples["took_seconds_sum", ()] == pytest.approx(5.3)
    helps = {f.name: f.documentation for f in text_string_to_metric_families(registry.expose())}
    assert helps["jobs"] == "Jobs\nof a \\ kind"


def test_numbers_are_written_as_prometheus_reads_them() -> None:
    assert [number(n) for n in (1, 0.3, math.inf, -math.inf, math.nan)] == [
        "1.0", "0.3", "+Inf", "-Inf", "NaN",
    ]  # fmt: skip
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")


def test_too_many_label_values_are_counted_together() -> None:
    registry = Registry(max_children=3)
    paths = registry.counter("hits_total", "Hits", ("path",))
    for n in range(100):
        paths.labels(f"/{n}").inc()
    samples = {key: v for key, v in read(registry.expose()).items() if key[0] == "hits_total"}
    assert len(samples) == 4
    assert samples["hits_total", (("path", "other"),)] == 97


def test_threads_lose_no_count() -> None:
    registry = Registry()
    hits, took = registry.counter("hits_total", "Hits"), registry.histogram("took", "Took")

    def work() -> None:
        for _ in range(5000):
            hits.labels().inc()
            took.labels().observe(0.1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    samples = read(registry.expose())
    assert samples["hits_total", ()] == samples["took_count", ()] == 20_000


def test_a_failing_collector_costs_its_own_lines_only() -> None:
    registry = Registry()
    registry.watch("broken", lambda: 1 / 0)
    registry.watch("pool_in_use", lambda: 7, "Connections")
    samples = read(registry.expose())
    assert samples["pool_in_use", ()] == 7
    assert ("broken", ()) not in samples
    assert samples["standfast_scrape_errors_total", ()] == 1


def test_names_that_prometheus_refuses_are_refused_here() -> None:
    registry = Registry()
    for name, labels in (("no-dash", ()), ("fine", ("le",)), ("fine", ("no-dash",))):
        with pytest.raises(ValueError, match="Prometheus"):
            registry.counter(name, "", labels)
    registry.counter("one", "")
    with pytest.raises(ValueError, match="exists already"):
        registry.gauge("one", "")
    with pytest.raises(ValueError, match="grows"):
        registry.counter("one", "").labels().inc(-1)


def test_each_promised_threshold_is_an_edge() -> None:
    kit = Kit("shop", thresholds=[0.3, 0.123])
    kit.signals.finished(method="GET", route="/", status=200, seconds=0.3)
    labels = {"route": "/", "status_class": "2xx"}
    name = "http_server_request_duration_seconds_bucket"
    assert value(kit, name, le="0.3", **labels) == 1
    assert value(kit, name, le="0.25", **labels) == value(kit, name, le="0.123", **labels) == 0


def test_known_routes_start_at_zero_in_every_class() -> None:
    kit = Kit("shop", routes=["/orders/{id}"])
    for kind in CLASSES:
        labels = {"route": "/orders/{id}"}
        assert value(kit, "http_server_requests_total", code_class=kind, **labels) == 0
        name = "http_server_request_duration_seconds_count"
        assert value(kit, name, status_class=kind, **labels) == 0


def test_unknown_routes_are_bounded() -> None:
    kit = Kit("shop", max_routes=5)
    for n in range(50):
        kit.signals.finished(method="GET", route=f"/{n}", status=200, seconds=0.1)
    routes = {
        dict(labels)["route"]
        for name, labels in read(kit.registry.expose())
        if name == "http_server_requests_total"
    }
    assert len(routes) == 5
    assert value(kit, "http_server_requests_total", route="other", code_class="2xx") == 46


def test_methods_are_a_label_when_wanted_and_invented_ones_are_not() -> None:
    kit = Kit("shop", by_method=True)
    kit.signals.finished(method="BREW", route="/", status=200, seconds=0.1)
    name, labels = (
        "http_server_request_duration_seconds_count",
        {"route": "/", "status_class": "2xx"},
    )
    assert value(kit, name, method="other", **labels) == 1


def test_timeouts_and_departed_clients_are_told_apart_from_errors() -> None:
    kit = Kit("shop")
    for status in (499, 504, 500, 408):
        kit.signals.finished(method="GET", route="/", status=status, seconds=1)
    counts = {
        kind: value(kit, "http_server_requests_total", route="/", code_class=kind)
        for kind in CLASSES
    }
    assert counts == {"2xx": 0, "3xx": 0, "4xx": 0, "5xx": 1, "408": 1, "499": 1, "504": 1}
    assert value(kit, "http_server_timeouts_total", route="/") == 2


def test_checked_answers_are_counted_and_the_wrong_ones_among_them() -> None:
    kit = Kit("shop")
    kit.checked(right=True)
    assert value(kit, "standfast_checks_failed_total") == 0, "the first wrong one is an increase"
    kit.checked(right=False)
    assert value(kit, "standfast_checks_total") == 2
    assert value(kit, "standfast_checks_failed_total") == 1


def test_status_classes() -> None:
    assert [status_class(s) for s in (200, 304, 404, 408, 499, 503, 504, 999)] == [
        "2xx", "3xx", "4xx", "408", "499", "5xx", "504", "5xx",
    ]  # fmt: skip


def test_concurrent_users_are_those_of_the_last_minute_and_no_name_is_kept() -> None:
    clock = FakeClock()
    users = Users(clock.monotonic, most=3)
    for name in ("ann", "bob", "ann"):
        users.saw(name)
    assert users.count() == 2
    assert b"ann" not in repr(users._seen).encode()
    clock.pass_by(59)
    users.saw("cid")
    clock.pass_by(1)
    assert users.count() == 1
    for n in range(10):
        users.saw(str(n))
    assert users.count() == 3


def test_breakers_queues_and_the_process_are_read_at_scrape_time(tmp_path) -> None:
    kit = Kit("shop")
    clock = FakeClock()
    b = kit.breaker("payments", open="50% in 10s", min_calls=1, clock=clock.monotonic)
    b.admit().settle(failed=True)
    kit.queue("later", tmp_path / "q.db").put("a", 1)
    assert value(kit, "standfast_breaker_state", breaker="payments", state="open") == 1
    assert value(kit, "standfast_breaker_state", breaker="payments", state="closed") == 0
    assert value(kit, "standfast_breaker_calls_total", breaker="payments", outcome="failed") == 1
    assert value(kit, "standfast_queue_depth", queue="later") == 1
    start = value(kit, "process_start_time_seconds")
    assert start > 0
    assert value(kit, "process_resident_memory_bytes") > 1e6
    kit.close()


def test_the_process_start_time_is_believable() -> None:
    import time

    from standfast_kit.process import started_at

    assert 0 <= time.time() - started_at() < 24 * 3600

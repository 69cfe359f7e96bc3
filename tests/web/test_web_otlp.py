"""OTLP as OpenTelemetry's own SDK sends it, to a whole running server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from web_server import FILE, Standfast, running, until

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOPS = FILE.replace(
    "  db: {{type: postgresql, owner: web}}\n",
    "  db: {{type: postgresql, owner: web}}\n"
    "  cart: {{type: http, owner: web, otlp: shop-cart}}\n"
    "  till: {{type: http, owner: web, otlp: shop-till}}\n",
)
BINARY = {"content-type": "application/x-protobuf"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standfast]:
    with running(tmp_path_factory.mktemp("otlp"), text=SHOPS) as found:
        yield found


def provider(server: Standfast, service: str, temporality, views=(), **more) -> MeterProvider:
    exporter = OTLPMetricExporter(
        endpoint=f"{server.address}/v1/metrics",
        headers=server.token("metrics"),
        preferred_temporality={Histogram: temporality},
        **more,
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    resource = Resource({"service.name": service, "service.instance.id": "one"})
    return MeterProvider(metric_readers=[reader], resource=resource, views=views)


def counted(server: Standfast, component: str) -> tuple[int, int]:
    now = server.platform.now()
    key = f"{component}/requests"
    row = server.platform.keeping.database.read(
        lambda tx: tx.levels.tally(key, now.replace(year=2020), now)
    )
    return row.bad, row.total


def serve(meters: MeterProvider, good: int, bad: int) -> None:
    """What an instrumented server records, by the semantic conventions."""
    duration = meters.get_meter("shop").create_histogram("http.server.request.duration", unit="s")
    for status, many in ((200, good), (503, bad)):
        for _ in range(many):
            said = {
                "http.request.method": "GET",
                "http.route": "/",
                "http.response.status_code": status,
            }
            duration.record(0.03, said)
    assert meters.force_flush()


def test_the_sdk_sends_totals_gzipped(server: Standfast) -> None:
    meters = provider(
        server, "shop-cart", AggregationTemporality.CUMULATIVE, compression=Compression.Gzip
    )
    serve(meters, 3, 1)
    before = counted(server, "cart")
    serve(meters, 10, 2)
    after = counted(server, "cart")
    meters.shutdown()

    assert (after[0] - before[0], after[1] - before[1]) == (2, 12)
    until(
        lambda: (
            server.platform.keeping.database.read(lambda tx: tx.monitoring.component_healths())[
                "cart"
            ].state.value
            == "healthy"
        ),
        "the component to be well by its metrics",
    )


def test_the_sdk_sends_exponential_deltas(server: Standfast) -> None:
    view = View(instrument_name="*", aggregation=ExponentialBucketHistogramAggregation())
    meters = provider(server, "shop-till", AggregationTemporality.DELTA, views=[view])
    serve(meters, 5, 1)
    serve(meters, 4, 2)
    meters.shutdown()

    assert counted(server, "till") == (3, 12)


def test_the_sdk_sends_what_is_open_now(server: Standfast) -> None:
    meters = provider(server, "shop-till", AggregationTemporality.DELTA)
    meter = meters.get_meter("shop")
    active = meter.create_up_down_counter("http.server.active_requests", unit="{request}")
    used = meter.create_up_down_counter("db.client.connection.count", unit="{connection}")
    most = meter.create_up_down_counter("db.client.connection.max", unit="{connection}")
    pool = {"db.client.connection.pool.name": "orders"}
    active.add(3, {"http.request.method": "GET", "url.scheme": "https"})
    most.add(8, pool)
    for state, many in (("used", 6), ("idle", 2)):
        used.add(many, {**pool, "db.client.connection.state": state})
    assert meters.force_flush()
    meters.shutdown()

    held = server.platform.keeping.database.read(
        lambda tx: tx.monitoring.looks_under("till/otlp/level/")
    )
    found = {series: value for look in held.values() for series, value in look.values.items()}
    assert sorted(found.values()) == [3, 6, 8]
    assert {key.partition("\x1f")[0] for key in found} == {
        "http_server_active_requests",
        "db_client_connections_used",
        "db_client_connections_max",
    }


def test_a_service_that_nobody_names_is_told_so_and_shows_on_the_overview(
    server: Standfast,
) -> None:
    meters = provider(server, "shop-unknown", AggregationTemporality.DELTA)
    serve(meters, 1, 0)
    meters.shutdown()

    with server.client("read") as client:
        problems = client.get("/api/v1/overview").json()["problems"]
    assert any("shop-unknown" in one for one in problems)


def test_answers_follow_the_rules_of_otlp(server: Standfast) -> None:
    url, token = f"{server.address}/v1/metrics", server.token("metrics")

    def post(
        body: bytes = b"", headers: dict[str, str] | None = None, **kind: str
    ) -> httpx2.Response:
        return httpx2.post(url, content=body, headers={**(headers or token), **(kind or BINARY)})

    empty = post()
    assert (empty.status_code, empty.content) == (200, b"")
    assert empty.headers["content-type"] == "application/x-protobuf"
    json_ = post(b"{}", **{"content-type": "application/json"})
    assert (json_.status_code, json_.json()) == (200, {})
    assert post(b"\xff").status_code == 400
    assert b"not an export" in post(b"\xff").content
    assert post(b"{", **{"content-type": "application/json"}).json()["message"]
    assert post(b"", **{"content-type": "text/plain"}).status_code == 415
    assert httpx2.post(url, headers=BINARY).status_code == 401
    assert post(headers=server.token("read")).status_code == 403
    unread = ExportMetricsServiceResponse()
    unread.ParseFromString(empty.content)
    assert not unread.HasField("partial_success")

"""OTLP metrics: read whatever they turn out to be, and counted once, by the rules of a scrape."""

from __future__ import annotations

import contextlib
import gzip
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import json_format
from hand_built import api, level, shop_system
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from standfast.drivers import otlp
from standfast.engine.observe import Observe
from standfast.engine.pushes import Pushes, Received
from standfast.errors import SourceError
from standfast.monitoring.health import Health
from standfast.slo.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.store.database import Database

BOUNDS = (0.1, 0.2, 1.0)
DELTA, CUMULATIVE = 1, 2
MINUTE = timedelta(minutes=1)


def nano(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1_000_000) * 1000)


def point(start: datetime, end: datetime, counts: tuple[int, ...], **attributes: Any) -> dict:
    said = {"http.response.status_code": 200, "http.route": "/cart"} | attributes
    return {
        "startTimeUnixNano": nano(start),
        "timeUnixNano": nano(end),
        "count": str(sum(counts)),
        "sum": 0.1 * sum(counts),
        "bucketCounts": [str(one) for one in counts],
        "explicitBounds": list(BOUNDS),
        "attributes": [
            {
                "key": key,
                "value": {"intValue": str(one)} if isinstance(one, int) else {"stringValue": one},
            }
            for key, one in said.items()
            if one is not None
        ],
        "exemplars": [
            {"spanId": "eee19b7ec3c1b174", "traceId": "5b8efff798038103d269b633813fc60c"}
        ],
    }


def export(
    *points: dict,
    service: str = "shop-api",
    instance: str = "one",
    temporality: int = CUMULATIVE,
    name: str = otlp.DURATION,
    **metric: Any,
) -> dict:
    resource = [
        {"key": "service.name", "value": {"stringValue": service}},
        {"key": "service.instance.id", "value": {"stringValue": instance}},
    ]
    histogram = {"aggregationTemporality": temporality, "dataPoints": list(points)}
    one = {"name": name, "unit": "s", "histogram": histogram} | metric
    return {
        "resourceMetrics": [
            {"resource": {"attributes": resource}, "scopeMetrics": [{"metrics": [one]}]}
        ]
    }


def read(said: dict):
    return otlp.read(json.dumps(said).encode(), otlp.JSON)


class Shop:
    def __init__(self, database: Database, clock) -> None:
        self.database, self.clock = database, clock
        component = api("", url=None, scrape=None, health={}, needs={}, otlp="shop-api")
        levels = {one.name: one for one in (level("a", "api"), level("l", "api", "latency"))}
        self.system = shop_system(components={"api": component}, journeys={}, service_levels=levels)
        self.pushes = Pushes(database, lambda: self.system, clock)
        self.observe = Observe(database, {}, clock)
        self.began = clock.now - timedelta(hours=1)

    def send(self, good: tuple[int, ...], bad: int = 0, **more: Any) -> Received:
        """After a minute, everything since the process began."""
        now = self.clock.pass_by(seconds=60)
        began = more.pop("began", self.began)
        failed = (bad, 0, 0, 0)
        codes = {"http.response.status_code": 503}
        points = [point(began, now, good), point(began, now, failed, **codes)]
        return self.pushes.take(read(export(*points, **more)))

    def tally(self, key: str) -> Tally:
        start = self.clock.now - timedelta(hours=2)
        return self.database.read(lambda tx: tx.levels.tally(key, start, self.clock.now))

    def counted(self, key: str = "api/requests") -> tuple[int, int]:
        return self.tally(key).bad, self.tally(key).total

    @property
    def signals(self) -> dict[str, float]:
        newest = self.database.read(lambda tx: tx.monitoring.newest())
        return {name: one.value for name, one in newest.get("api", {}).items()}


@pytest.fixture
def shop(database: Database, clock) -> Iterator[Shop]:
    shop = Shop(database, clock)
    yield shop
    shop.observe.close()


# ------------------------------------------------------------------ counting


def test_totals_are_counted_from_the_second_export_on(shop: Shop) -> None:
    assert shop.send((90, 10, 0, 0), bad=5) == Received()
    assert shop.counted() == (0, 0)
    shop.send((150, 20, 10, 20), bad=9)

    assert shop.counted() == (4, 104)
    assert shop.counted("api/latency<0.2") == (30, 100)
    assert shop.tally("api/requests").covered == MINUTE


def test_deltas_are_counted_from_the_first_and_a_second_try_is_not(shop: Shop) -> None:
    start = shop.clock.now
    end = shop.clock.pass_by(seconds=60)
    one = read(export(point(start, end, (7, 1, 0, 2)), temporality=DELTA))

    assert shop.pushes.take(one) == Received()
    again = shop.pushes.take(one)
    assert (again.rejected, again.why) == (1, ("deltas that were counted before",))
    assert shop.counted() == (0, 10)
    assert shop.counted("api/latency<0.2") == (2, 10)
    later = shop.clock.pass_by(seconds=60)
    shop.pushes.take(read(export(point(end, later, (1, 0, 0, 0)), temporality=DELTA)))
    assert shop.counted() == (0, 11)
    assert shop.tally("api/requests").covered == 2 * MINUTE


def test_a_restart_counts_from_nothing_even_past_the_old_value(shop: Shop) -> None:
    shop.send((100, 0, 0, 0))
    shop.send((120, 0, 0, 0))
    shop.send((150, 0, 0, 0), bad=2, began=shop.clock.now + timedelta(seconds=20))

    assert shop.counted() == (2, 20 + 152)


def test_processes_are_counted_each_by_itself_and_cover_their_time_once(shop: Shop) -> None:
    for count in (10, 20):
        shop.send((count, 0, 0, 0))
        shop.pushes.take(
            read(export(point(shop.began, shop.clock.now, (3 * count, 0, 0, 0)), instance="two"))
        )

    assert shop.counted() == (0, 10 + 30)
    assert shop.tally("api/requests").covered == MINUTE


def test_a_process_that_began_while_we_listened_loses_nothing(shop: Shop) -> None:
    for count in (10, 20, 30):
        shop.send((count, 0, 0, 0))
    shop.send((5, 0, 0, 0), bad=3, instance="new", began=shop.clock.now + timedelta(seconds=9))

    assert shop.counted() == (3, 20 + 8)


def test_two_processes_under_one_name_are_named_and_not_added_up(shop: Shop) -> None:
    shop.observe.tick(shop.system, shop.clock.now)
    for i in range(6):
        shop.send(
            (1000 + i, 0, 0, 0) if i % 2 else (10, 0, 0, 0), began=shop.began - i % 2 * MINUTE
        )

    states = shop.database.read(lambda tx: tx.monitoring.target_states())
    assert shop.counted() == (0, 0)
    assert "two processes send as one" in states["api/otlp"].notes[0]


def test_rates_and_percentiles_are_of_all_processes_together(shop: Shop) -> None:
    for count in (0, 60, 120, 180):
        now = shop.clock.pass_by(seconds=60)
        for instance in ("one", "two"):
            points = [point(shop.began, now, (count, 0, 0, 0))]
            shop.pushes.take(read(export(*points, instance=instance)))

    assert shop.signals["requests per second"] == pytest.approx(2, rel=0.6)
    assert shop.signals["error rate"] == 0
    assert shop.signals["p95 latency"] <= 0.1


def test_silence_is_a_state(shop: Shop) -> None:
    def health() -> tuple[Health, str]:
        shop.observe.tick(shop.system, shop.clock.now)
        found = shop.database.read(lambda tx: tx.monitoring.component_healths())["api"]
        return found.state, found.because

    assert health() == (Health.UNKNOWN, "otlp: no OTLP metrics have come yet")
    shop.send((1, 0, 0, 0))
    assert health()[0] is Health.HEALTHY
    shop.clock.pass_by(minutes=4)
    assert health()[0] is Health.UNKNOWN
    assert "no OTLP metrics since" in health()[1]


def test_what_no_component_names_is_refused_and_remembered_for_a_while(shop: Shop) -> None:
    refused = shop.send((1, 0, 0, 0), service="cart")

    assert refused.rejected == 2
    assert refused.why == ("no component of the file has `otlp: cart`",)
    assert shop.pushes.unknown(shop.clock.now) == ("cart",)
    assert shop.pushes.unknown(shop.clock.now + timedelta(minutes=11)) == ()


def test_an_explosion_of_routes_is_refused_whole(shop: Shop) -> None:
    small = replace(shop.system.components["api"], series=100)
    shop.system = replace(shop.system, components={"api": small})
    points = [
        point(shop.began, shop.clock.now, (1, 0, 0, 0), **{"http.route": f"/{i}"})
        for i in range(20)
    ]

    refused = shop.pushes.take(read(export(*points)))
    assert refused.rejected == 20
    assert "more than 100 series" in refused.why[0]
    assert "'route' of http.server.request.duration alone has 20 values" in refused.why[0]
    shop.observe.tick(shop.system, shop.clock.now)
    state = shop.database.read(lambda tx: tx.monitoring.target_states())["api/otlp"]
    assert (state.ok, f"api {state.because}") == (False, refused.why[0])
    shop.clock.pass_by(minutes=4)
    shop.send((1, 0, 0, 0))
    shop.observe.tick(shop.system, shop.clock.now)
    assert shop.database.read(lambda tx: tx.monitoring.target_states())["api/otlp"].ok


def test_without_a_bucket_on_the_threshold_a_note_says_what_stands_for_it(shop: Shop) -> None:
    shop.observe.tick(shop.system, shop.clock.now)
    odd = {"explicitBounds": [0.15, 1.0], "bucketCounts": ["8", "1", "1"]}
    for _ in range(2):
        now = shop.clock.pass_by(seconds=60)
        start = now - timedelta(seconds=60)
        one = point(start, now, (10,)) | odd
        shop.pushes.take(read(export(one, temporality=DELTA)))

    states = shop.database.read(lambda tx: tx.monitoring.target_states())
    assert shop.counted("api/latency<0.2") == (4, 20)
    assert (
        "no bucket of http_server_request_duration_seconds lies on 0.2s"
        in states["api/otlp"].notes[0]
    )


def test_the_first_of_a_stream_counts_in_a_process_that_is_known(shop: Shop) -> None:
    """An exporter of totals sends all of its streams each time: what is new in it had counted nothing."""
    for good in (10, 20, 30):
        now = shop.clock.pass_by(seconds=60)
        shop.pushes.take(read(export(point(shop.began, now, (good, 0, 0, 0)))))
    shop.send((40, 0, 0, 0), bad=7)

    assert shop.counted() == (7, 20 + 17)


def test_a_first_stream_of_a_process_just_met_may_be_old(shop: Shop) -> None:
    now = shop.clock.pass_by(seconds=60)
    shop.pushes.take(read(export(point(shop.began, now, (10, 0, 0, 0)))))
    codes = {"http.response.status_code": 503}
    shop.pushes.take(read(export(point(shop.began, now, (9000, 0, 0, 0), **codes))))
    shop.send((11, 0, 0, 0), bad=9001)

    assert shop.counted() == (1, 2)


def test_a_stream_that_says_when_it_began_counts_from_nothing(shop: Shop) -> None:
    """As the SDK of Python does, whose streams each begin with their own first event."""
    shop.send((10, 0, 0, 0))
    began = shop.clock.now + timedelta(seconds=30)
    now = shop.clock.pass_by(seconds=60)
    points = [point(shop.began, now, (11, 0, 0, 0))]
    points += [point(began, now, (3, 0, 0, 0), **{"http.response.status_code": 500})]
    shop.pushes.take(read(export(*points)))

    assert shop.counted() == (3, 4)


def test_a_total_whose_beginning_nobody_knows_is_a_baseline(shop: Shop) -> None:
    for good in (10, 20, 30):
        shop.send((good, 0, 0, 0))
    for total in (70_000, 70_001):
        now = shop.clock.pass_by(seconds=60)
        one = point(now if total == 70_000 else now - MINUTE, now, (total, 0, 0, 0))
        shop.pushes.take(read(export(one, instance="bridge")))

    assert shop.counted() == (0, 20 + 1)


def test_without_buckets_requests_count_and_latency_is_not_told(shop: Shop) -> None:
    shop.observe.tick(shop.system, shop.clock.now)
    for _ in range(2):
        now = shop.clock.pass_by(seconds=60)
        one = point(now - MINUTE, now, (10,)) | {"explicitBounds": [], "bucketCounts": []}
        shop.pushes.take(read(export(one, temporality=DELTA)))

    states = shop.database.read(lambda tx: tx.monitoring.target_states())
    assert (shop.counted(), shop.counted("api/latency<0.2")) == ((0, 20), (0, 0))
    assert "no latency is told" in states["api/otlp"].notes[0]


# ------------------------------------------------------------------ what is open, and calls


def number(name: str, *values: tuple[int, dict[str, str]], temporality: int = CUMULATIVE) -> dict:
    """An up-down counter."""
    points = [
        {
            "asInt": str(value),
            "timeUnixNano": "1",
            "attributes": [
                {"key": key, "value": {"stringValue": one}} for key, one in said.items()
            ],
        }
        for value, said in values
    ]
    total = {"aggregationTemporality": temporality, "isMonotonic": False, "dataPoints": points}
    return {"name": name, "histogram": None, "sum": total}


def pool(used: int, most: int, name: str = "orders") -> tuple[dict, dict]:
    named = {"db.client.connection.pool.name": name}
    state = "db.client.connection.state"
    count = number(
        "db.client.connection.count",
        (used, {**named, state: "used"}),
        (9, {**named, state: "idle"}),
    )
    return count, number("db.client.connection.max", (most, named))


def test_what_is_open_now_is_told_of_all_processes_until_they_fall_silent(shop: Shop) -> None:
    for minute in range(3):
        shop.clock.pass_by(seconds=60)
        for instance, many in (("one", 4), ("two", 3)):
            if instance == "two" and minute > 1:
                continue
            active = number(
                "http.server.active_requests",
                (many, {"http.request.method": "GET"}),
                (2, {"http.request.method": "POST"}),
            )
            for metric in (active, *pool(many * 2, 10)):
                assert shop.pushes.take(read(export(instance=instance, **metric))) == Received()
    assert shop.signals["connections used"] == pytest.approx(0.8)
    assert shop.signals["connections"] == 4 + 2 + 3 + 2
    for minutes in (4, 1):
        shop.clock.pass_by(minutes=minutes)
        for metric in pool(1, 10):
            shop.pushes.take(read(export(instance="two", **metric)))
    assert shop.signals["connections used"] == pytest.approx(0.1)


def test_a_level_is_a_number_that_holds_now() -> None:
    name = "http.server.active_requests"
    delta = read(export(**number(name, (1, {}), temporality=DELTA)))
    assert (delta.rejected, delta.levels) == (1, ())
    assert "cumulative temporality only" in delta.why[0]
    assert "is a number, and came as histogram" in read(export(name=name)).why[0]
    (below,) = read(export(**number(name, (-2, {})))).levels
    assert below.value == 0


def test_a_component_of_grpc_counts_its_calls_by_their_status(shop: Shop) -> None:
    api = replace(shop.system.components["api"], type="grpc")
    shop.system = replace(shop.system, components={"api": api})
    shop.observe.tick(shop.system, shop.clock.now)
    now = shop.clock.pass_by(seconds=60)
    start, calls = now - MINUTE, []
    for status in ("OK", "NOT_FOUND", "UNAVAILABLE", "DEADLINE_EXCEEDED"):
        said = {"rpc.response.status_code": status, "rpc.method": "shop.Cart/Get"}
        none = {"http.response.status_code": None, "http.route": None}
        calls.append(point(start, now, (10, 0, 0, 0), **none, **said))
    calls_ = export(*calls, name="rpc.server.call.duration", temporality=DELTA)
    below = export(point(start, now, (40, 0, 0, 0)), temporality=DELTA)

    assert dict(read(calls_).streams[2].labels) == {"code": "503", "route": "shop.Cart/Get"}
    assert shop.pushes.take(read(calls_)) == shop.pushes.take(read(below)) == Received()
    assert shop.counted() == (20, 40)
    state = shop.database.read(lambda tx: tx.monitoring.target_states())["api/otlp"]
    assert state.notes == ("only rpc.server.call.duration is counted for a component of type grpc",)


def test_a_call_of_another_kind_is_known_to_have_failed_or_not() -> None:
    now = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
    none = {"http.response.status_code": None, "http.route": None}
    failed = {"rpc.response.status_code": "-32602", "error.type": "-32602"}
    points = [point(now, now, (1, 0, 0, 0), **none, **said) for said in (failed, {})]
    streams = read(export(*points, name="rpc.server.call.duration")).streams

    assert [dict(one.labels)["code"] for one in streams] == ["500", "200"]


@pytest.mark.parametrize("temporality", [DELTA, CUMULATIVE])
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 50), st.booleans()), max_size=12))
def test_whatever_restarts_and_is_lost_no_event_is_invented(temporality, steps) -> None:
    """The same life told in both ways: what was sent again or lost never adds."""
    from standfast.monitoring.counters import increase, remembered
    from standfast.monitoring.pushed import look_of, samples, unseen
    from standfast.monitoring.signals import names_of

    names = names_of(api(""))
    now = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
    began, total, happened, counted = now, 0, 0, 0.0
    before, ends = None, {}
    for restarts, events, lost in steps:
        start, now = now, now + MINUTE
        if restarts:
            began, total = start + timedelta(seconds=30), 0
        total, happened = total + events, happened + events
        if lost:
            continue
        if temporality == DELTA:
            push = read(export(point(start, now, (events, 0, 0, 0)), temporality=DELTA))
            for streams in (push.streams, push.streams):
                fresh, _ = unseen(streams, ends)
                counted += sum(one.total for one in fresh)
                ends |= {one.key: one.end.timestamp() for one in fresh}
        else:
            streams = read(export(point(began, now, (total, 0, 0, 0)))).streams
            shown = samples(names, streams)
            look = look_of(streams, shown, now)
            counted += increase(before, look).by.get(shown[0].series, 0)
            before = remembered(before, look)
    assert counted <= happened


# ------------------------------------------------------------------ reading


def test_protobuf_json_and_gzip_are_read_alike() -> None:
    now = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
    said = export(point(now - MINUTE, now, (1, 2, 3, 4)))
    for one in said["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]:
        del one["histogram"]["dataPoints"][0]["exemplars"]
    binary = json_format.ParseDict(said, ExportMetricsServiceRequest()).SerializeToString()

    plain = otlp.read(binary, f"{otlp.PROTOBUF}; charset=x")
    assert plain == read(said) == otlp.read(gzip.compress(binary), otlp.PROTOBUF, "gzip")
    (stream,) = plain.streams
    assert (stream.service, stream.instance, stream.counts) == ("shop-api", "one", (1, 2, 3, 4))
    assert stream.labels == (("code", "200"), ("route", "/cart"))
    assert (stream.end, stream.delta) == (now, False)


def test_an_error_without_an_answer_is_ours_and_milliseconds_become_seconds() -> None:
    now = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
    failed = point(
        now, now, (1, 0, 0, 0), **{"http.response.status_code": None, "error.type": "timeout"}
    )
    (stream,) = read(export(failed | {"explicitBounds": [100, 200, 1000]}, unit="ms")).streams

    assert dict(stream.labels)["code"] == "500"
    assert stream.bounds == pytest.approx(BOUNDS)


def test_exponential_deltas_are_told_in_the_advised_buckets_and_of_totals_the_number() -> None:
    now = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
    one = point(now - MINUTE, now, (1,))
    for name in ("bucketCounts", "explicitBounds"):
        del one[name]
    # Scale 0: the bucket with index i holds (2^i, 2^(i+1)]; from 2^-4 on: up to 0.125, 0.25, 0.5, 1, 2 s.
    one |= {
        "count": "16",
        "scale": 0,
        "zeroCount": "1",
        "positive": {"offset": -4, "bucketCounts": [1, 2, 3, 4, 5]},
    }
    body = {"aggregationTemporality": DELTA, "dataPoints": [one]}

    (stream,) = read(export(histogram=None, exponentialHistogram=body)).streams
    held = dict(zip(stream.bounds, stream.counts, strict=False))
    assert (held[0.005], held[0.25], held[0.5], held[1.0], held[2.5]) == (1, 3, 3, 4, 5)
    assert stream.total == 16
    totals = read(
        export(histogram=None, exponentialHistogram=body | {"aggregationTemporality": CUMULATIVE})
    )
    assert (totals.rejected, "delta temporality only" in totals.why[0]) == (0, True)
    (stream,) = totals.streams
    assert (stream.bounds, stream.total) == ((), 16)


@pytest.mark.parametrize(
    "odd",
    [
        {"bucketCounts": ["1"]},
        {"count": "5"},
        {"explicitBounds": [1.0, 0.5, 2.0]},
        {"sum": -1},
        {"sum": "NaN"},
        {"timeUnixNano": "1"},
        {"startTimeUnixNano": "0"},
        {"timeUnixNano": str(2**64 - 1)},
    ],
)
def test_a_point_that_makes_no_sense_is_refused_and_the_others_are_not(odd) -> None:
    now = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
    good = point(now - MINUTE, now, (1, 0, 0, 0))

    push = read(export(good | odd, good))
    assert (push.rejected, len(push.streams)) == (1, 1)
    assert push.why


def test_other_metrics_are_left_and_the_old_name_is_told_what_to_do() -> None:
    now = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
    other = read(export(point(now, now, (1, 0, 0, 0)), name="http.server.request.body.size"))
    old = read(export(point(now, now, (1, 0, 0, 0)), name="http.server.duration"))

    assert (other.rejected, other.why) == (0, ())
    calls = read(export(point(now, now, (1, 0, 0, 0)), name="rpc.server.duration"))
    assert (old.rejected, "OTEL_SEMCONV_STABILITY_OPT_IN=http" in old.why[0]) == (1, True)
    assert (calls.rejected, "OTEL_SEMCONV_STABILITY_OPT_IN=rpc" in calls.why[0]) == (0, True)


def test_what_is_no_export_is_refused_in_words() -> None:
    deep = b'{"resourceMetrics":' + b"[" * 100_000
    bomb = gzip.compress(b"\0" * 20_000_000)
    for body, kind, encoding, said in (
        (b"\xff\xff", otlp.PROTOBUF, "", "not an export"),
        (b"{", otlp.JSON, "", "not an export"),
        (b"[1]", otlp.JSON, "", "not an export"),
        (deep, otlp.JSON, "", "not an export"),
        (b"xyz", otlp.PROTOBUF, "gzip", "not gzip"),
        (gzip.compress(b"x" * 100)[:-9], otlp.PROTOBUF, "gzip", "cut off"),
        (bomb, otlp.PROTOBUF, "gzip", "unpacks to more than"),
        (b"", otlp.PROTOBUF, "br", "encoded as 'br'"),
        (b"", "text/plain", "", "comes as 'text/plain'"),
    ):
        with pytest.raises(SourceError, match=said):
            otlp.read(body, kind, encoding)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with contextlib.suppress(SourceError):
        assert otlp.read(body, otlp.PROTOBUF).rejected >= 0


@given(st.integers(0, 2**40), st.text(max_size=300))
def test_an_answer_is_what_the_exporter_reads(rejected: int, why: str) -> None:
    response = ExportMetricsServiceResponse()
    response.ParseFromString(otlp.answer(otlp.PROTOBUF, rejected, (why,)))
    spoken = json.loads(otlp.answer(otlp.JSON, rejected, ("x",)))

    assert response.partial_success.error_message == why
    assert response.partial_success.rejected_data_points == (rejected if why else 0)
    assert spoken["partialSuccess"]["errorMessage"] == "x"

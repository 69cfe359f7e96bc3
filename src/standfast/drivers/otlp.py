"""OTLP/HTTP: metrics as OpenTelemetry's exporters send them, in protobuf or JSON, plain or gzipped.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

from __future__ import annotations

import itertools
import json
import math
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from standfast.errors import SourceError
from standfast.monitoring.pushed import BOUNDS, CALLS, DURATION, Level, Push, Stream
from standfast.monitoring.signals import ACTIVE, POOL_MOST, POOL_USED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.metrics.v1.metrics_pb2 import (
        ExponentialHistogramDataPoint,
        HistogramDataPoint,
        Metric,
    )

PROTOBUF, JSON = "application/x-protobuf", "application/json"
_OLD = {
    "http.server.duration": "http",
    "rpc.server.duration": "rpc",
}  # names of before the conventions were stable, and the word that brings the new ones
_ACTIVE, _POOL, _POOL_MOST = (
    "http.server.active_requests",
    "db.client.connection.count",
    "db.client.connection.max",
)
_LEVELS = {_ACTIVE: ACTIVE, _POOL: POOL_USED, _POOL_MOST: POOL_MOST}
_STATUS = {
    "OK": "200",
    "CANCELLED": "499",
    "UNKNOWN": "500",
    "INVALID_ARGUMENT": "400",
    "DEADLINE_EXCEEDED": "504",
    "NOT_FOUND": "404",
    "ALREADY_EXISTS": "409",
    "PERMISSION_DENIED": "403",
    "RESOURCE_EXHAUSTED": "429",
    "FAILED_PRECONDITION": "400",
    "ABORTED": "409",
    "OUT_OF_RANGE": "400",
    "UNIMPLEMENTED": "501",
    "INTERNAL": "500",
    "UNAVAILABLE": "503",
    "DATA_LOSS": "500",
    "UNAUTHENTICATED": "401",
}  # the statuses of gRPC as google.rpc.Code maps them to those of HTTP
_UNPACKED = 16_000_000  # bytes
_DELTA, _CUMULATIVE = 1, 2
_NOTHING_RECORDED = 1  # flag of a data point
_MOST_BUCKETS = 1_000
_LATEST = 4_000_000_000  # seconds
_TEXT = 200  # characters of what an attribute says
_INSTANCE = ("service.instance.id", "k8s.pod.uid", "k8s.pod.name", "container.id", "host.name")


class Unsupported(SourceError):
    """A content type or encoding that is none of OTLP's."""


def read(body: bytes, content_type: str, encoding: str = "") -> Push:
    """Raises SourceError where it cannot be read, with what is wrong."""
    data = _unpacked(body, encoding.strip().lower())
    request = ExportMetricsServiceRequest()
    try:
        if media(content_type) == JSON:
            said = json.loads(data)
            json_format.ParseDict(_without_exemplars(said), request, ignore_unknown_fields=True)
        else:
            request.ParseFromString(data)
    except (DecodeError, json_format.ParseError, ValueError, TypeError, RecursionError) as error:
        raise SourceError(f"not an export of OTLP metrics: {str(error)[:200]}") from error
    return _Reading().read(request)


def media(content_type: str) -> str:
    """The one of both media types that is meant. Raises Unsupported."""
    found = content_type.partition(";")[0].strip().lower()
    if found not in {PROTOBUF, JSON}:
        raise Unsupported(
            f"no OTLP comes as {found[:60]!r}", fix=f"send {PROTOBUF} or {JSON} (OTLP/HTTP)"
        )
    return found


def answer(content_type: str, rejected: int, why: Iterable[str]) -> bytes:
    """The response of a request that was taken, in the exporter's own encoding."""
    response = ExportMetricsServiceResponse()
    if said := "; ".join(why):
        response.partial_success.rejected_data_points = rejected
        response.partial_success.error_message = said[:2_000]
    if content_type == JSON:
        return json_format.MessageToJson(response, indent=None).encode()
    return response.SerializeToString()


def refusal(content_type: str, words: str) -> bytes:
    """A google.rpc.Status that says why; its field 2 is the message."""
    if content_type == JSON:
        return json.dumps({"message": words}).encode()
    text = words.encode()[:2_000]
    length, size = bytearray(), len(text)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return b"\x12" + bytes(length) + bytes([size]) + text


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding in {"", "identity"}:
        return body
    if encoding not in {"gzip", "x-gzip"}:
        raise Unsupported(f"no OTLP is encoded as {encoding[:60]!r}", fix="send gzip or nothing")
    unpack = zlib.decompressobj(31)
    try:
        data = unpack.decompress(body, _UNPACKED)
    except zlib.error as error:
        raise SourceError(f"not gzip: {error}") from error
    if unpack.unconsumed_tail:
        raise SourceError(f"unpacks to more than {_UNPACKED:,} bytes", fix="send smaller batches")
    if not unpack.eof:
        raise SourceError("the gzip was cut off")
    return data


def _without_exemplars(said: Any) -> Any:
    """Their ids are hexadecimal here, which protobuf's own JSON does not know; nobody reads them."""
    if isinstance(said, dict):
        return {key: _without_exemplars(one) for key, one in said.items() if key != "exemplars"}
    return [_without_exemplars(one) for one in said] if isinstance(said, list) else said


@dataclass(slots=True)
class _Reading:
    streams: list[Stream] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    rejected: int = 0
    why: dict[str, None] = field(default_factory=dict)  # in order, each once

    def read(self, request: ExportMetricsServiceRequest) -> Push:
        for resource in request.resource_metrics:
            attributes = _texts(resource.resource.attributes)
            service = attributes.get("service.name", "")
            instance = next((attributes[one] for one in _INSTANCE if attributes.get(one)), "")
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    self._metric(metric, service, instance)
        return Push(
            streams=tuple(self.streams),
            levels=tuple(self.levels),
            rejected=self.rejected,
            why=tuple(self.why),
        )

    def _metric(self, metric: Metric, service: str, instance: str) -> None:
        """What nothing here reads is taken and left."""
        if metric.name in _OLD:
            word = _OLD[metric.name]
            said = f"{metric.name} is the old name: set OTEL_SEMCONV_STABILITY_OPT_IN={word}"
            # Of calls only a warning: most who send them are counted by their requests.
            self._refuse(len(metric.histogram.data_points) if word == "http" else 0, said)
        elif metric.name in _LEVELS:
            self._level(metric, service, instance)
        elif metric.name in {DURATION, CALLS}:
            self._histogram(metric, service, instance)

    def _level(self, metric: Metric, service: str, instance: str) -> None:
        kind = metric.WhichOneof("data")
        if kind not in {"sum", "gauge"}:
            self._refuse(1, f"{metric.name} is a number, and came as {kind or 'nothing'}")
            return
        data = metric.sum if kind == "sum" else metric.gauge
        if kind == "sum" and metric.sum.aggregation_temporality != _CUMULATIVE:
            said = f"{metric.name} is read with cumulative temporality only: what is open now"
            self._refuse(len(data.data_points), said)
            return
        found: dict[tuple[tuple[str, str], ...], float] = {}
        for point in data.data_points:
            told = _texts(point.attributes)
            value = point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
            if point.flags & _NOTHING_RECORDED or told.get("db.client.connection.state") == "idle":
                continue
            if not math.isfinite(value):
                self._refuse(1, f"{metric.name} is no number")
                continue
            pool = told.get("db.client.connection.pool.name", "")
            labels = (("pool", pool),) if pool else ()
            # More of them than were begun is a slip of an instrumentation, and no less than none.
            found[labels] = found.get(labels, 0.0) + max(0.0, value)
        self.levels += [
            Level(
                service=service[:_TEXT],
                instance=instance[:_TEXT],
                name=_LEVELS[metric.name],
                labels=labels,
                value=value,
            )
            for labels, value in found.items()
        ]

    def _histogram(self, metric: Metric, service: str, instance: str) -> None:
        kind = metric.WhichOneof("data")
        if kind not in {"histogram", "exponential_histogram"}:
            self._refuse(1, f"{metric.name} is a histogram, and came as {kind or 'nothing'}")
            return
        data = metric.histogram if kind == "histogram" else metric.exponential_histogram
        scale = {"s": 1.0, "": 1.0, "ms": 0.001}.get(metric.unit)
        if scale is None or data.aggregation_temporality not in {_DELTA, _CUMULATIVE}:
            said = (
                f"{metric.name} in {metric.unit!r}" if scale is None else "no temporality is told"
            )
            self._refuse(len(data.data_points), f"{said}: not understood")
            return
        if kind == "exponential_histogram" and data.aggregation_temporality != _DELTA:
            said = "exponential histograms tell latency with delta temporality only:"
            self._refuse(0, f"{said} else their buckets change")
        delta = data.aggregation_temporality == _DELTA
        for point in data.data_points:
            self._point(point, metric.name, service, instance, scale, delta)

    def _point(
        self,
        point: HistogramDataPoint | ExponentialHistogramDataPoint,
        metric: str,
        service: str,
        instance: str,
        scale: float,
        delta: bool,
    ) -> None:
        if point.flags & _NOTHING_RECORDED:
            return
        start, end = _instant(point.start_time_unix_nano), _instant(point.time_unix_nano)
        buckets = (
            _explicit(point) if hasattr(point, "explicit_bounds") else _exponential(point, delta)
        )
        if buckets is None or start is None or end is None or start > end:
            self._refuse(1, "a data point whose buckets or times make no sense")
            return
        if not math.isfinite(point.sum) or point.sum < 0:
            self._refuse(1, "a data point whose sum is negative or no number")
            return
        bounds, counts = buckets
        self.streams.append(
            Stream(
                service=service[:_TEXT],
                instance=instance[:_TEXT],
                metric=metric,
                labels=_LABELS[metric](_texts(point.attributes)),
                bounds=tuple(one * scale for one in bounds),
                counts=counts,
                seconds=point.sum * scale,
                delta=delta,
                start=start,
                end=end,
            )
        )

    def _refuse(self, points: int, why: str) -> None:
        self.rejected += points
        self.why[why] = None


def _explicit(point: Any) -> tuple[tuple[float, ...], tuple[int, ...]] | None:
    bounds, counts = tuple(point.explicit_bounds), tuple(point.bucket_counts)
    if not counts and not bounds:
        return (), (point.count,)
    rising = all(low < high for low, high in itertools.pairwise(bounds))
    whole = len(counts) == len(bounds) + 1 <= _MOST_BUCKETS and sum(counts) == point.count
    finite = all(math.isfinite(one) for one in bounds)
    return (bounds, counts) if rising and whole and finite else None


def _exponential(point: Any, delta: bool) -> tuple[tuple[float, ...], tuple[int, ...]] | None:
    """In the bounds that the conventions advise; what lies across one counts as slower than it.

    Of totals since the beginning only how many there are: their buckets are joined as time goes on, so that
    what was within a bound yesterday may lie across it today.
    """
    many = len(point.positive.bucket_counts)
    if many > _MOST_BUCKETS or sum(point.negative.bucket_counts) or not -10 <= point.scale <= 20:
        return None
    if point.zero_count + sum(point.positive.bucket_counts) != point.count:
        return None
    if not delta:
        return (), (point.count,)
    counts = [0] * (len(BOUNDS) + 1)
    counts[0] = point.zero_count
    for place, count in enumerate(point.positive.bucket_counts):
        upper = (point.positive.offset + place + 1) * math.log(2) * 2.0**-point.scale
        slot = next(
            (i for i, bound in enumerate(BOUNDS) if upper <= math.log(bound) + 1e-9), len(BOUNDS)
        )
        counts[slot] += count
    return BOUNDS, tuple(counts)


def _of_request(attributes: dict[str, str]) -> tuple[tuple[str, str], ...]:
    code = attributes.get("http.response.status_code", "")
    if not code and attributes.get("error.type"):
        code = "500"  # it ended without an answer
    method, route = attributes.get("http.request.method", ""), attributes.get("http.route", "")
    return _labels(code=code, method=method, route=route)


def _of_call(attributes: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """By the status of gRPC; of other kinds of calls it is known whether they failed."""
    status = attributes.get("rpc.response.status_code", "").upper()
    code = _STATUS.get(status) or ("500" if attributes.get("error.type") else "200")
    return _labels(code=code, route=attributes.get("rpc.method", ""))


_LABELS = {DURATION: _of_request, CALLS: _of_call}


def _labels(**found: str) -> tuple[tuple[str, str], ...]:
    """In the order of their names, those that say something."""
    return tuple((name, value) for name, value in sorted(found.items()) if value)


def _texts(attributes: Sequence[KeyValue]) -> dict[str, str]:
    return dict(_pairs(attributes))


def _pairs(attributes: Sequence[KeyValue]) -> Iterator[tuple[str, str]]:
    for one in attributes:
        kind = one.value.WhichOneof("value")
        if kind in {"string_value", "int_value"}:
            text = str(getattr(one.value, kind))[:_TEXT]
            yield one.key, "".join(each for each in text if each.isprintable())


def _instant(nanoseconds: int) -> datetime | None:
    seconds = nanoseconds / 1e9
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LATEST else None

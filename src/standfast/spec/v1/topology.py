"""The system, its regions, its components and what they need."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from standfast.spec.v1.probes import (
    DnsOrName,
    GrpcOrAddress,
    ProbeShape,
    RequestShape,
    TalkOrWord,
    WebSocketOrUrl,
)
from standfast.spec.v1.shape import (
    Address,
    Count,
    Day,
    Duration,
    Flag,
    Growth,
    Host,
    Line,
    Lines,
    Name,
    OneOf,
    Percentage,
    Rate,
    Reference,
    References,
    Secret,
    Shape,
    Shorthand,
    Size,
    Tripping,
    Url,
    written_as,
)

CriticalityWord = Annotated[str, OneOf("critical", "high", "medium", "low")]
PlatformWord = Annotated[str, OneOf("kubernetes", "compose", "systemd")]
TYPES = (
    "web", "http", "grpc", "worker", "external", "cdn", "search", "host", "cron", "other",
    "postgresql", "mysql", "mariadb", "redis", "mongodb", "elasticsearch", "kafka", "queue",
    "object-store", "volume", "sqlite",
)  # fmt: skip


class SystemShape(Shape):
    name: Name
    criticality: CriticalityWord | None = None
    timezone: Line | None = None
    budget_window: Duration | None = None
    platform: PlatformWord | None = None


class RegionShape(Shape):
    role: Annotated[str, OneOf("primary", "standby")] | None = None
    mode: (
        Annotated[str, OneOf(
            "cold", "warm", "hot", "active",
            backup_and_restore="cold", pilot_light="warm", warm_standby="warm", hot_standby="hot",
            multi_site_active_active="active", active_active="active",
        )]
        | None
    ) = None  # fmt: skip
    zones: Annotated[Count, Field(ge=1)] | None = None


class CheckShape(Shape):
    path: Line
    every: Duration | None = None
    timeout: Duration | None = None
    touches: References | None = None
    public: Flag = False
    authenticated: Flag = False


CheckOrPath = Annotated[CheckShape, written_as("path"), Shorthand(type="string")]


class HealthShape(Shape):
    live: CheckOrPath | None = None
    ready: CheckOrPath | None = None
    deep: CheckOrPath | None = None


class HeartbeatShape(Shape):
    every: Duration
    grace: Duration | None = None
    takes: Duration | None = None


HeartbeatOrEvery = Annotated[HeartbeatShape, written_as("every"), Shorthand(type="string")]


class BreakerShape(Shape):
    open: Tripping
    reset: Duration | None = None
    min_calls: Count | Literal["none"] | None = None


class NeedShape(Shape):
    strength: Annotated[str, OneOf("hard", "soft")] | None = None
    users_see: Line | None = None
    fallback: Line | None = None
    stale_at_most: Duration | None = None
    effectiveness: Percentage | None = None
    breaker: BreakerShape | None = None
    timeout: Duration | None = None
    retries: Count | None = None
    idempotency_key: Line | None = None
    queue_limit: Count | None = None


def _need(value: object) -> object:
    return {} if value is None else value


def _needs(value: object) -> object:
    """A list names needs whose strength nobody has stated."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return {one: {} for one in value}
    return value


NeedOrWord = Annotated[
    NeedShape,
    written_as("strength"),
    BeforeValidator(_need),
    Shorthand(enum=["hard", "soft", None]),
]
Needs = Annotated[
    dict[Name, NeedOrWord],
    BeforeValidator(_needs),
    Shorthand(type="array", items={"type": "string"}),
]


class BaselineShape(Shape):
    rps: Rate | None = None
    p95: Duration | None = None
    p99: Duration | None = None
    errors: Percentage | None = None
    peak: Rate | None = None
    growth: Growth | None = None
    capacity: Rate | None = None
    measured: Day | None = None
    by: Line | None = None


def _everywhere(value: object) -> object:
    """A bare number of replicas runs in the primary region."""
    return {"*": value} if isinstance(value, int) else value


Replicas = Annotated[
    dict[str, Count], BeforeValidator(_everywhere), Shorthand(type="integer", minimum=0)
]


def _signals(value: object) -> object:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return {one: [] for one in value}
    return value


Golden = Annotated[str, OneOf("latency", "traffic", "errors", "saturation")]
Signals = Annotated[
    dict[Golden, Lines],
    BeforeValidator(_signals),
    Shorthand(type="array", items={"enum": ["latency", "traffic", "errors", "saturation"]}),
]


class ComponentShape(Shape):
    type: Annotated[
        str, OneOf(*TYPES, postgres="postgresql", api="http", website="web", s3="object-store")
    ]
    owner: Reference | None = None
    url: Url | None = None
    address: Address | None = None
    request: RequestShape | None = None
    probe: ProbeShape | None = None
    talk: TalkOrWord | None = None
    websocket: WebSocketOrUrl | None = None
    grpc: GrpcOrAddress | None = None
    dns: DnsOrName | None = None
    ping: Host | None = None
    host: Annotated[str, OneOf("local")] | None = None
    container: Line | None = None
    heartbeats: dict[Name, HeartbeatOrEvery] | None = None
    scrape: Url | None = None
    exporter: Url | None = None
    otlp: Line | None = None
    metrics: dict[Line, Line] | None = None
    series: Annotated[Count, Field(ge=1, le=1_000_000)] | None = None
    replicas: Replicas | None = None
    replication: dict[str, Annotated[str, OneOf("sync", "async")]] | None = None
    availability: Percentage | None = None
    sla: Percentage | None = None
    vendor: Line | None = None
    status_page: Url | None = None
    size: Size | None = None
    health: HealthShape | None = None
    baseline: BaselineShape | None = None
    needs: Needs | None = None
    probe_every: Duration | None = None
    probe_timeout: Duration | None = None
    scrape_every: Duration | None = None
    traced: Flag = False
    probed_from: Line | None = None
    signals: Signals | None = None
    dsn: Secret | None = None
    rebuild_from: Line | None = None

# ruff: noqa: RUF012 - pydantic copies a default for every instance
"""Data, backups, locations, failover, degradation, compliance, waivers, the server's own settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from standfast.spec.v1.shape import (
    Daily,
    Day,
    Duration,
    Flag,
    Line,
    Lines,
    Many,
    Name,
    OneOf,
    Reference,
    References,
    Secret,
    Shape,
    Shorthand,
    Speed,
    Url,
    written_as,
)


class RpoShape(Shape):
    """Of a lost node, and of a lost region where that differs."""

    node: Duration
    region: Duration | None = None


class DataShape(Shape):
    store: Reference
    class_: Annotated[
        Annotated[str, OneOf("critical", "important", "normal")] | None, Field(alias="class")
    ] = None
    kinds: Annotated[list[Annotated[str, OneOf("personal", "card", "health")]], Many()] | None = (
        None
    )
    sensitive: Lines = []
    rpo: Annotated[RpoShape, written_as("node"), Shorthand(type="string")] | None = None
    rto: Duration | None = None
    rpo_region: Duration | None = None
    backup: Line | None = None
    residency: Lines = []
    purpose: Line | None = None
    keep: Duration | None = None
    tables: Lines = []


class CopyShape(Shape):
    keep: Duration | None = None
    to: References | None = None
    at: Daily | None = None
    every: Duration | None = None
    continuous: Flag = False
    archive_timeout: Duration | None = None
    streaming: Flag = False
    takes: Duration | None = None


CHECKS = ("finished", "size", "checksum", "restore", "dr-drill")


class VerifyShape(Shape):
    what: Annotated[list[Annotated[str, OneOf(*CHECKS)]], Many()]
    by: Annotated[str, OneOf("standfast", "hand")] = "standfast"


def _verify(value: object) -> object:
    return {"what": value} if isinstance(value, str | list) else value


VerifyOrWords = Annotated[
    VerifyShape,
    BeforeValidator(_verify),
    Shorthand(anyOf=[{"type": "string"}, {"type": "array", "items": {"type": "string"}}]),
]


class BackupShape(Shape):
    full: CopyShape | None = None
    incremental: CopyShape | None = None
    wal: CopyShape | None = None
    verify: dict[Line, VerifyOrWords] | None = None
    restore_speed: Speed | None = None
    key: Secret | None = None
    key_kept_at: Lines = []
    timezone: Line | None = None


class LocationShape(Shape):
    path: Line | None = None
    bucket: Line | None = None
    region: Line | None = None
    account: Line | None = None
    object_lock: Duration | None = None


class StepShape(Shape):
    do: Line
    takes: Duration
    run: Line | None = None
    check: Line | None = None
    manual: Flag = False
    parallel: Line | None = None
    owner: Reference | None = None


class DrillShape(Shape):
    date: Day
    rto: Duration
    rpo: Duration | None = None
    passed: Flag = True


class FailoverShape(Shape):
    rto: Duration | None = None
    rpo: Duration | None = None
    wait_before: Duration | None = None
    steps: list[StepShape] | None = None
    failback: list[StepShape] = []
    fence: Line | None = None
    dns_ttl: Duration | None = None
    last_drill: DrillShape | None = None


class DegradationShape(Shape):
    of: Reference | None = None
    do: Line
    users_see: Line
    stale_at_most: Duration | None = None


class RetentionShape(Shape):
    hot: Annotated[Duration | None, Field(alias="hot")] = None
    active: Duration | None = None
    archive: Duration | None = None


class EventShape(Shape):
    type: Annotated[str, Field(pattern=r"^[A-Za-z0-9_*-]+(\.[A-Za-z0-9_*-]+)*$", max_length=120)]
    category: (
        Annotated[str, OneOf("authentication", "data", "administration", "operations")] | None
    ) = None
    priority: Annotated[str, OneOf("high", "medium", "low")] | None = None
    capture: Lines | None = None
    description: Line | None = None


class AuditShape(Shape):
    hot: Duration | None = None
    archive: Duration | None = None
    retention: dict[
        Line, Annotated[RetentionShape, written_as("hot"), Shorthand(type="string")]
    ] = {}
    readers: Lines = []
    events: list[Annotated[EventShape, written_as("type"), Shorthand(type="string")]] | None = None
    mask: Lines | None = None
    anchors: Lines = []
    spool: Line | None = None


def _none(value: object) -> object:
    return [] if value == "none" else value


class ComplianceShape(Shape):
    regimes: Annotated[list[Line] | None, BeforeValidator(_none), Shorthand(const="none")] = None
    audit: AuditShape | None = None
    basis: dict[Line, Line] = {}
    purpose: dict[Line, Line] = {}
    legal_hold: Lines = []
    evidence: dict[Line, Line] = {}


class WaiverShape(Shape):
    rule: Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{2}$")]
    at: Line
    because: Line
    by: Reference
    until: Day


class TlsShape(Shape):
    certificate: Line
    key: Line


class PrometheusShape(Shape):
    url: Url
    token: Secret | None = None
    username: Secret | None = None
    password: Secret | None = None
    tenant: Line | None = None
    lag: Duration | None = None
    timeout: Duration | None = None
    lookback: Duration | None = None
    catch_up: Duration | None = None


class ExperienceShape(Shape):
    of: Reference | None = None
    origins: Annotated[list[Url], Field(min_length=1, max_length=50)]
    pages: Annotated[dict[Name, Lines], Field(max_length=50)] = {}


class S3Shape(Shape):
    region: Line | None = None
    endpoint: Url | None = None
    access_key: Secret | None = None
    secret_key: Secret | None = None


class ServerShape(Shape):
    source: Annotated[str, OneOf("standfast", "prometheus", "remote-write")] | None = None
    prometheus: Annotated[PrometheusShape, written_as("url"), Shorthand(type="string")] | None = (
        None
    )
    public_url: Url | None = None
    tls: TlsShape | None = None
    trusted_proxies: Lines = []
    keep_samples: Duration | None = None
    keep_history: Duration | None = None
    metrics_retention: Duration | None = None
    dead_man: Line | None = None
    runs_in: Line | None = None
    catch_all: Reference | None = None
    channels_verified_for: Duration | None = None
    status_page: Line | None = None
    s3: S3Shape | None = None


DataMap = dict[Name, DataShape]
BackupMap = dict[Name, BackupShape]
LocationMap = dict[Name, LocationShape]

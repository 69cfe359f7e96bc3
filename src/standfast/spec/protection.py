"""What is kept from being lost: data, its backups and where they lie, and how a disaster is survived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, time, timedelta

    from standfast.spec.values import SecretRef


@dataclass(frozen=True, slots=True, kw_only=True)
class DataType:
    name: str
    store: str  # a component
    classification: str | None  # critical | important | normal
    kinds: tuple[str, ...] = ()  # personal | card | health
    sensitive: tuple[str, ...] = ()
    rpo: timedelta | None = None
    rto: timedelta | None = None
    rpo_region: timedelta | None = None  # of a lost region, where it differs
    backup: str = ""  # "real-time replication", "continuous", "hourly", "daily": the seed's column
    residency: tuple[str, ...] = ()
    purpose: str = ""
    keep: timedelta | None = None  # how long its purpose needs it
    tables: tuple[str, ...] = ()  # what of the store it is


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyPlan:
    """One kind of copy of one store: when, kept how long, where to."""

    kind: str  # full | incremental | wal
    keep: timedelta
    to: tuple[str, ...]
    at: time | None = None  # daily at
    every: timedelta | None = None
    continuous: bool = False
    archive_timeout: timedelta | None = None
    streaming: bool = False  # received over a replication slot
    takes: timedelta | None = None  # how long a copy and its upload take


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    every: timedelta
    what: tuple[str, ...]  # finished | size | checksum | restore | dr-drill
    automatic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    store: str  # a component
    copies: Mapping[str, CopyPlan]  # full | incremental | wal
    verify: tuple[Verification, ...] = ()
    restore_speed: int | None = None  # bytes a second
    key: SecretRef | None = None
    key_kept_at: tuple[str, ...] = ()
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    name: str
    path: str | None = None
    bucket: str | None = None
    region: str | None = None
    account: str = ""
    object_lock: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailoverStep:
    do: str
    takes: timedelta
    run: str | None = None
    check: str | None = None
    manual: bool = False
    parallel: str = ""  # steps that share a word run side by side
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    date: date
    rto: timedelta
    rpo: timedelta | None = None
    passed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failover:
    source: str
    target: str
    rto: timedelta | None
    rpo: timedelta | None
    wait_before: timedelta
    steps: tuple[FailoverStep, ...]
    failback: tuple[FailoverStep, ...] = ()
    fence: str = ""
    dns_ttl: timedelta | None = None
    last_drill: Drill | None = None

    @property
    def name(self) -> str:
        return f"{self.source} -> {self.target}"

"""What the file says of standfast's own server, and of the one that counts in its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standfast.spec.bucket import Bucket
    from standfast.spec.values import SecretRef


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusSettings:
    """A Prometheus-compatible server that levels are read from, and how it is asked."""

    url: str  # below which /api/v1/query_range lies
    token: SecretRef | None = None
    username: SecretRef | None = None
    password: SecretRef | None = None
    tenant: str = ""  # told as X-Scope-OrgID
    lag: timedelta = timedelta(minutes=1)  # a minute is asked for once it is older than this
    timeout: timedelta = timedelta(seconds=10)
    lookback: timedelta | None = None  # of a rate; None: four scrapes, at least a minute
    catch_up: timedelta = timedelta(days=1)  # how far back minutes are still filled in


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """What the file says of standfast itself."""

    source: str = "standfast"  # of every level that names none
    prometheus: PrometheusSettings | None = None
    public_url: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    keep_samples: timedelta = timedelta(days=100)  # counts by the minute
    keep_history: timedelta = timedelta(days=3 * 365)  # counts by the quarter-hour
    metrics_retention: timedelta | None = None
    dead_man: SecretRef | str | None = None  # told outside that we live
    runs_in: str | None = None  # the region standfast itself runs in
    catch_all: str | None = None  # the person who is paged when everyone else was
    channels_verified_for: timedelta = timedelta(days=90)  # from the answer to a test page
    status_page: Bucket | str | None = None  # a relative folder begins at the reliability file
    tls_certificate: str | None = None  # a file
    tls_key: str | None = None  # a file

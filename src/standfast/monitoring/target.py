"""Targets: what is looked at, how often, and how the last looks ended."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from zlib import crc32

from standfast.spec.asking import REDIRECTS
from standfast.spec.once import once

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from standfast.monitoring.exposition import Sample
    from standfast.spec.asking import GrpcHealth, Request, Secure, Talk, WebSocket
    from standfast.spec.expectation import DnsQuestion, Expectation
    from standfast.spec.system import Component, Heartbeat, System

PROBES = frozenset(
    {"http", "tcp", "websocket", "grpc", "dns", "icmp"}
)  # kinds that look from outside
OTLP = "otlp"
SCRAPES = frozenset({"scrape", "exporter"})
MEASURES = SCRAPES | {"host", "container", OTLP}  # kinds that bring figures
PUSHED_EVERY = timedelta(minutes=1)  # as OpenTelemetry's exporters do where nobody says otherwise
HEARTBEAT = "heartbeat"
BOOKS = frozenset({HEARTBEAT, OTLP})  # kinds that are looked at in our own books
BOOKS_EVERY = timedelta(seconds=15)  # what others tell us is looked at so often
STILL = "http-still"  # the driver that follows no redirect
REQUEST, TALK = "http-request", "tcp-talk"  # the drivers that are told how to ask
LONGEST = timedelta(seconds=10)
_TLS_EVERY = timedelta(hours=1)
_PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "redis": 6379, "mongodb": 27017}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    key: str  # "api/scrape", "web/http", "api/health/deep"
    component: str
    kind: str  # of SCRAPES, PROBES, MEASURES or BOOKS, or tls, or health
    address: str  # a URL, host:port, a host, or what is asked of DNS
    every: timedelta
    timeout: timedelta
    check: str = ""  # live | ready | deep
    driver: str = ""  # that looks, where it is not the one of the kind
    how: Request | Talk | WebSocket | GrpcHealth | Secure | None = (
        None  # where an address is not enough
    )
    expect: Expectation | None = None  # of http
    answers: tuple[str, ...] = ()  # of dns


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one look ended, as a driver tells it; a target that is down is an outcome, no error."""

    ok: bool
    because: str = ""  # in words, where it is not ok
    latency: timedelta | None = None
    status: int | None = None  # of HTTP
    text: str = ""  # the body, where it was asked for
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)  # of HTTP, names in lower case
    answers: tuple[str, ...] = ()  # of DNS
    samples: tuple[Sample, ...] = ()  # what a look measured itself, in place of a text
    notes: tuple[str, ...] = ()  # what is odd, and no failure
    known: bool = True  # False: it could not be looked at, which says nothing of the target
    expires: datetime | None = None  # a certificate's end
    flooded: bool = False  # it gave more than is taken


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetState:
    """What is known of a target since it was looked at last."""

    target: str
    component: str
    kind: str
    ok: bool
    because: str
    at: datetime
    since: datetime  # of `ok`
    failures: int = 0  # in a row
    latency: timedelta | None = None
    expires: datetime | None = None
    check: str = ""
    says: str = ""  # healthy | degraded | unhealthy, of a health endpoint
    detail: Mapping[str, object] = field(default_factory=dict)  # its checks
    notes: tuple[str, ...] = ()  # odd, but no failure: "a series given twice"


@once
def targets(system: System) -> tuple[Target, ...]:
    """Everything of the file that can be looked at from here."""
    return tuple(one for component in system.components.values() for one in of_component(component))


def of_component(component: Component) -> list[Target]:
    found = [
        _target(component, kind, address, component.scrape_every)
        for kind, address in (("scrape", component.scrape), ("exporter", component.exporter))
        if address
    ]
    if component.url:
        found.append(_http(component, component.url))
        if component.url.startswith("https:"):
            found.append(_certificate(component, component.url))
    found += _on_ports(component)
    if component.dns:
        asked = _probe(component, "dns", _question(component.dns))
        found.append(replace(asked, answers=component.dns.expect))
    for kind, address in (("host", component.host), ("container", component.container)):
        if address:
            found.append(_target(component, kind, address, component.scrape_every))
    if component.otlp:
        found.append(otlp_of(component))
    found += [_heartbeat(component, one) for one in component.heartbeats.values()]
    if component.ping:
        found.append(_probe(component, "icmp", component.ping))
    return found + _health(component)


def otlp_of(component: Component) -> Target:
    """Looked at in our own books: the application pushes."""
    return Target(
        key=f"{component.name}/{OTLP}",
        component=component.name,
        kind=OTLP,
        address=component.otlp or "",
        every=BOOKS_EVERY,
        timeout=LONGEST,
    )


def _heartbeat(component: Component, job: Heartbeat) -> Target:
    """Looked at in our own books: a job tells, nobody asks it."""
    return Target(
        key=f"{component.name}/{HEARTBEAT}/{job.name}",
        component=component.name,
        kind=HEARTBEAT,
        address=job.name,
        every=min(max(job.every / 20, timedelta(seconds=1)), BOOKS_EVERY),
        timeout=LONGEST,
        check=job.name,
    )


def _on_ports(component: Component) -> Iterator[Target]:
    if component.address:
        plain = _probe(component, "tcp", _with_port(component))
        talk = component.talk
        yield plain if talk is None else replace(plain, how=talk, driver=TALK)
    if component.websocket:
        yield replace(
            _probe(component, "websocket", component.websocket.url), how=component.websocket
        )
    if component.grpc:
        yield replace(_probe(component, "grpc", component.grpc.address), how=component.grpc)


def _http(component: Component, url: str) -> Target:
    target = replace(_probe(component, "http", url), expect=component.expect)
    still = component.expect is not None and not component.expect.redirected
    if component.request is not None:
        return replace(target, driver=REQUEST, how=_redirecting(component.request, still=still))
    return replace(target, driver=STILL if still else "")


def _redirecting(request: Request, *, still: bool) -> Request:
    """Where a redirect is what is expected, none is followed; what the file says comes first."""
    if request.redirects is not None:
        return request
    return replace(request, redirects=0 if still else REDIRECTS)


def _certificate(component: Component, url: str) -> Target:
    """Read far more seldom than the site is asked: it changes a few times a year."""
    target = _target(component, "tls", _host(url), _TLS_EVERY)
    return replace(target, how=component.request.tls if component.request else None)


def _question(dns: DnsQuestion) -> str:
    """As `dig` takes it: "MX shop.test @192.0.2.53"."""
    return f"{dns.type} {dns.name}" + (f" @{dns.server}" if dns.server else "")


def _health(component: Component) -> list[Target]:
    base = component.url or _root(component.scrape)
    if not base:
        return []
    return [
        Target(
            key=f"{component.name}/health/{name}",
            component=component.name,
            kind="health",
            address=urljoin(base, check.path),
            every=check.every,
            timeout=min(check.timeout, timedelta(seconds=30)),
            check=name,
        )
        for name, check in component.health.items()
    ]


def _target(component: Component, kind: str, address: str, every: timedelta) -> Target:
    return Target(
        key=f"{component.name}/{kind}",
        component=component.name,
        kind=kind,
        address=address,
        every=every,
        timeout=LONGEST,
    )


def _probe(component: Component, kind: str, address: str) -> Target:
    target = _target(component, kind, address, component.probe_every)
    return replace(target, timeout=component.probe_timeout)


def next_due(target: Target, now: datetime) -> datetime:
    """The next instant after `now` on the target's own grid, so that looks are spread over time."""
    since = now - _EPOCH
    offset = target.every * (crc32(target.key.encode()) % 1000) / 1000
    return _EPOCH + offset + ((since - offset) // target.every + 1) * target.every


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def after(
    before: TargetState | None, target: Target, outcome: Outcome, now: datetime
) -> TargetState:
    """The state once this look has ended."""
    same = before is not None and before.ok == outcome.ok
    return TargetState(
        target=target.key,
        component=target.component,
        kind=target.kind,
        ok=outcome.ok,
        because=outcome.because,
        at=now,
        since=min(before.since, now) if before is not None and same else now,
        failures=0 if outcome.ok or not outcome.known else (before.failures if before else 0) + 1,
        latency=outcome.latency,
        expires=outcome.expires,
        check=target.check,
        says="" if outcome.known else "unknown",
        notes=outcome.notes,
    )


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 443}"


def _root(url: str | None) -> str | None:
    if not url:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _with_port(component: Component) -> str:
    address = component.address or ""
    if ":" in address:
        return address
    return f"{address}:{_PORTS.get(component.type, 443)}"


def by_component(states: Iterable[TargetState]) -> dict[str, tuple[TargetState, ...]]:
    """The looks at each component, always in the same order."""
    found: dict[str, list[TargetState]] = defaultdict(list)
    for state in sorted(states, key=lambda one: one.target):
        found[state.component].append(state)
    return {name: tuple(mine) for name, mine in found.items()}

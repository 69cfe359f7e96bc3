"""The System that a reliability file means: every default filled in, every reference checked, exact.

The file's own shape is `spec.v1`; one conversion leads from there to here. Mappings keep the file's order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.spec.asking import PATIENCE
from standfast.spec.values import Criticality, Grade, Place, Severity, Strength

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.spec.asking import GrpcHealth, Request, Talk, WebSocket
    from standfast.spec.calling import (
        AlertRule,
        Channel,
        IncidentPolicy,
        OnCall,
        Person,
        Runbook,
        SeverityRule,
        Team,
    )
    from standfast.spec.contract import Contract
    from standfast.spec.expectation import DnsQuestion, Expectation
    from standfast.spec.protection import (
        Backup,
        DataType,
        Failover,
        Location,
    )
    from standfast.spec.server import ServerSettings
    from standfast.spec.values import Assumption, Money, Promise, SecretRef


# ------------------------------------------------------------------ where it runs, what it is made of


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    name: str
    role: str = "primary"  # primary | standby
    mode: str = "hot"  # cold | warm | hot | active
    zones: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A health endpoint and how it is polled."""

    path: str
    every: timedelta
    timeout: timedelta
    touches: tuple[str, ...] = ()  # the dependencies it looks at
    public: bool = False
    authenticated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    rate: Fraction  # share of failures that opens it
    window: timedelta
    reset: timedelta
    min_calls: int | None = 10  # None: the file says there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """An edge of the graph: what a component needs, and how badly."""

    to: str
    strength: Strength
    stated: bool = True  # False: the strength was assumed
    users_see: str = ""
    fallback: str = ""  # queue | cache | static | origin | none ... ; "" is not stated
    stale_at_most: timedelta | None = None
    effectiveness: Fraction | None = None  # how often the fallback works; None until drilled
    breaker: Breaker | None = None
    timeout: timedelta | None = None
    retries: int | None = None
    idempotency_key: str = ""
    queue_limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    rps: Fraction | None = None
    p95: timedelta | None = None
    p99: timedelta | None = None
    errors: Fraction | None = None
    peak: Fraction | None = None  # requests per second at the yearly peak
    growth: Fraction | None = None  # share a year
    capacity: Fraction | None = None  # requests per second of one replica
    measured: date | None = None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A job that tells standfast when it ran; missed once `every` and `grace` have passed."""

    name: str
    every: timedelta
    grace: timedelta
    takes: timedelta | None = None  # a run that began and has not ended by then hangs


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    name: str
    type: str  # web | http | worker | postgresql | mysql | redis | queue | external | cdn | search | host ...
    owner: str | None = None  # a team
    url: str | None = None
    address: str | None = None  # host:port, for TCP probes
    request: Request | None = None  # what is sent to `url`; None is a plain GET
    expect: Expectation | None = None  # of the answer of `url`
    talk: Talk | None = None  # on a connection to `address`
    websocket: WebSocket | None = None
    grpc: GrpcHealth | None = None
    dns: DnsQuestion | None = None
    ping: str | None = None  # a host
    host: str | None = None  # "local": the machine that standfast runs on
    container: str | None = None  # a control group's path, or a pattern of names
    heartbeats: Mapping[str, Heartbeat] = field(default_factory=dict)
    scrape: str | None = None  # URL of Prometheus text
    exporter: str | None = None  # the same, of an exporter beside it
    otlp: str | None = None  # the service.name under which it pushes its metrics
    metrics: Mapping[str, str] = field(default_factory=dict)  # signal -> own metric name
    series: int = 20_000  # of one scrape; with more it is not counted at all
    replicas: Mapping[str, int] = field(default_factory=dict)  # region -> number
    replication: Mapping[str, str] = field(default_factory=dict)  # region -> sync | async
    availability: Fraction | None = None  # the provider's SLA, or one's own measurement
    sla: Fraction | None = None  # an external vendor's
    vendor: str = ""
    status_page: str | None = None
    size: int | None = None  # bytes held
    health: Mapping[str, Check] = field(default_factory=dict)  # live | ready | deep -> check
    baseline: Baseline | None = None
    needs: Mapping[str, Need] = field(default_factory=dict)
    probe_every: timedelta = timedelta(seconds=15)
    probe_timeout: timedelta = PATIENCE
    scrape_every: timedelta = timedelta(seconds=15)
    traced: bool = False
    probed_from: str = ""  # "outside" where a probe comes from elsewhere
    signals: tuple[
        str, ...
    ] = ()  # golden signals declared as measured: latency traffic errors saturation
    signal_detail: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # golden signal -> what is measured: "connections", "concurrent users"
    dsn: SecretRef | None = None  # how standfast reaches a database for backups
    rebuild_from: str = ""  # "source" where a data store can be rebuilt

    @property
    def counted(self) -> bool:
        """Does somebody count its requests, so that no probe has to stand for them?"""
        return bool(self.scrape or self.exporter or self.otlp)

    @property
    def probed(self) -> bool:
        """Is it looked at from outside?"""
        asked = (self.url, self.address, self.dns, self.ping, self.websocket, self.grpc)
        return any(asked)

    @property
    def certified(self) -> Mapping[str, str]:
        """Key -> address, of those of its addresses that show a certificate."""
        shown = {
            "url": self.url if (self.url or "").lower().startswith("https:") else None,
            "talk": self.address if self.talk and self.talk.encrypted else None,
            "websocket": self.websocket.url if self.websocket else None,
            "grpc": self.grpc.address if self.grpc and self.grpc.tls else None,
        }
        return {
            key: address
            for key, address in shown.items()
            if address and not address.startswith("ws:")
        }

    @property
    def stateful(self) -> bool:
        return self.type in STATEFUL

    @property
    def serves(self) -> bool:
        """Does it answer requests of its own, so that a baseline and an SLO make sense?"""
        return self.type in SERVING


STATEFUL = frozenset(
    {
        "postgresql",
        "mysql",
        "mariadb",
        "redis",
        "mongodb",
        "elasticsearch",
        "kafka",
        "queue",
        "object-store",
        "volume",
        "sqlite",
    }
)
SERVING = frozenset({"web", "http", "grpc"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """A step that users take on their way, counted by the requests of one route that end well."""

    name: str
    of: str
    route: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    name: str
    path: tuple[str, ...]
    steps: tuple[FunnelStep, ...] = ()
    slo: Promise | None = None
    sla: Promise | None = None
    revenue_per_hour: Money | None = None
    critical: bool = True


# ------------------------------------------------------------------ what is promised


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositePart:
    of: str  # a service level, one promise of it, or a journey
    weight: Fraction = Fraction(1)
    promise: Promise | None = None  # of a service level: what is good by it counts
    level: str = ""  # "" is a journey


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """One promise on several service levels and journeys: on all of them working, or on their weighted mean."""

    name: str
    parts: tuple[CompositePart, ...]
    weighted: bool
    slo: Promise
    sla: Promise | None = None
    window: timedelta = timedelta(days=30)
    also: tuple[timedelta, ...] = ()  # further windows that the same promise holds over
    calendar: str = ""  # "week", "month", "quarter" or "year" instead of the rolling window
    min_coverage: Fraction | None = None  # below this share of observed time the state is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """PromQL that counts a level's events over `$window`; a Prometheus-compatible engine evaluates it."""

    total: str
    bad: str = ""  # either this or `good`
    good: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventNames:
    """Counters of a component's own: all events, and either the bad or the good ones."""

    total: str
    bad: str = ""
    good: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.total, self.bad, self.good)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Stretches of time that count in place of events: each is good or bad as a whole."""

    of: timedelta  # how long each is; an hour is a whole number of them
    good: Fraction  # from this share of good events on


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """One indicator of one component and the promises on it; `latency` may carry several percentiles."""

    name: str
    of: str  # a component
    sli: str  # availability | latency | errors | probe | freshness | saturation | correctness | query
    slos: tuple[Promise, ...]
    slas: tuple[Promise, ...] = ()
    window: timedelta = timedelta(days=30)
    also: tuple[timedelta, ...] = ()  # further windows that the same promises hold over
    calendar: str = ""  # "week", "month", "quarter" or "year" instead of the rolling window
    sla_window: str = ""  # the contract's, where it differs
    bad_codes: tuple[str, ...] = ("5xx",)  # status classes or codes that are ours
    route: str = ""  # "" is all of them
    average: bool = False  # the file promises an average
    min_coverage: Fraction | None = None  # below this share of observed time the state is unknown
    query: EventQuery | None = None  # of the SLI `query` only
    source: str = "standfast"  # standfast | prometheus | remote-write: who counts its events
    events: EventNames | None = None  # of the SLI `correctness` only
    signal: str = ""  # of freshness and saturation: what is compared with the limit
    limit: Fraction | None = None  # in seconds, a share, or a plain number, by the signal's unit
    slices: Slices | None = None  # what is promised is a share of these, not of events


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyBand:
    """While the budget left lies between low and high of its whole, this is done. The lowest is `exhausted`."""

    low: Fraction | None  # None: no lower end
    high: Fraction
    action: str
    text: str  # "25-50%"
    freezes: bool = False
    with_low: bool = False  # exactly `low` lies in it: of "25-50%" yes, of "> 50%" no


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPolicy:
    bands: tuple[PolicyBand, ...]  # from most left to exhausted
    owner: str | None = None


# ------------------------------------------------------------------ degradation, compliance, the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Degradation:
    """The seed's graceful degradation: what is done in a scenario, and what users notice."""

    scenario: str
    of: str | None
    do: str
    users_see: str
    stale_at_most: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEventKind:
    """One kind of event in the catalogue."""

    type: str  # "user.login"
    category: str  # authentication | data | administration
    priority: str  # high | medium | low
    capture: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long audit events are kept for one regime (or in general)."""

    hot: timedelta
    archive: timedelta = timedelta(0)

    @property
    def total(self) -> timedelta:
        return self.hot + self.archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Compliance:
    regimes: tuple[str, ...] | None  # None: not stated; (): stated as none
    retention: Mapping[str, Retention]  # regime -> kept; "" is the general one
    events: tuple[AuditEventKind, ...]
    patterns: tuple[str, ...]  # as the file selected them
    readers: tuple[str, ...]
    mask: tuple[str, ...]
    basis: Mapping[str, str] = field(default_factory=dict)  # regime -> legal basis stated
    purpose: Mapping[str, str] = field(default_factory=dict)  # regime or data -> why it is kept
    legal_hold: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()  # where checkpoints go beside the database
    spool: str | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    rule: str
    at: str
    because: str
    by: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """Whose pages tell how fast they load, from where, and how they are grouped."""

    of: str  # a component
    origins: tuple[str, ...]  # "https://shop.example"
    pages: Mapping[str, tuple[str, ...]]  # group -> patterns of paths


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Everything the reliability file says, resolved. Immutable; two equal files give equal Systems."""

    name: str
    digest: str  # SHA-256, hex, of the file's text with its includes
    criticality: Criticality
    timezone: str
    budget_window: timedelta
    regions: Mapping[str, Region]
    components: Mapping[str, Component]
    journeys: Mapping[str, Journey]
    service_levels: Mapping[str, ServiceLevel]
    budget_policy: BudgetPolicy
    alerts: Mapping[str, AlertRule]
    severities: Mapping[Severity, SeverityRule]
    people: Mapping[str, Person]
    teams: Mapping[str, Team]
    on_call: Mapping[str, OnCall]
    channels: Mapping[str, Channel]
    incidents: IncidentPolicy
    runbooks: Mapping[str, Runbook]
    data: Mapping[str, DataType]
    backups: Mapping[str, Backup]
    locations: Mapping[str, Location]
    failovers: Mapping[str, Failover]
    degradations: tuple[Degradation, ...]
    compliance: Compliance
    waivers: tuple[Waiver, ...]
    server: ServerSettings
    places: Mapping[str, Place]  # dotted path -> where it stands
    assumptions: tuple[Assumption, ...]
    stated: frozenset[str]  # dotted paths that the file itself gives
    literal_secrets: tuple[
        str, ...
    ] = ()  # dotted paths at which a secret stands; the secret is not kept
    platform: str = "kubernetes"  # kubernetes | compose | systemd: whose commands runbooks tell
    composites: Mapping[str, Composite] = field(default_factory=dict)
    agreements: Mapping[str, Contract] = field(default_factory=dict)
    experience: Experience | None = None
    environment: str = ""  # the overlay that was laid over the file
    imported: frozenset[str] = frozenset()  # dotted paths that still say what an importer read
    sources: Mapping[str, str] = field(default_factory=dict)  # imported file -> SHA-256 as it was
    levels_of: Mapping[str, tuple[ServiceLevel, ...]] = field(init=False, repr=False, compare=False)
    """Component -> its service levels: many ask of every component, and none looks through all of them."""

    def __post_init__(self) -> None:
        found: dict[str, list[ServiceLevel]] = {}
        for level in self.service_levels.values():
            found.setdefault(level.of, []).append(level)
        known = {name: tuple(levels) for name, levels in found.items()}
        object.__setattr__(self, "levels_of", known)

    def place(self, path: str) -> Place | None:
        """Where `path` stands, or else the nearest thing above it that does."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path)

    def grade(self, path: str) -> Grade:
        if path in self.imported:
            return Grade.IMPORTED
        return Grade.STATED if path in self.stated else Grade.ASSUMED

    def team_of(self, component: str) -> Team | None:
        owner = self.components[component].owner
        return self.teams.get(owner) if owner else None

    def rota_of(self, component: str) -> OnCall | None:
        """The rotation that covers a component's owner; the only one there is covers the ownerless."""
        owner = self.components[component].owner
        for rota in self.on_call.values():
            if owner in rota.covers:
                return rota
        return next(iter(self.on_call.values())) if len(self.on_call) == 1 else None

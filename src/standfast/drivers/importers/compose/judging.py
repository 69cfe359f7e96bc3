"""What a service is: a store, a program that serves or works, a tool that is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.drivers.importers.images import Kind, Role, image_name, kind_by_name, kind_of

if TYPE_CHECKING:
    from standfast.drivers.importers.compose.services import Service

_ONCE = re.compile(
    r"(?:^|[-_.])(?:migrat\w*|init|initdb|setup|seed\w*|bootstrap|create[-_]?buckets?|createbuckets?"
    r"|create[-_]?topics?|permissions?|fixtures?|installer|provision\w*|db[-_]?prepare)(?:[-_.]|$)|-init$"
    r"|(?:^|[-_])(?:e2e|tests?|testing|unittests?|integration[-_]?tests?|lint\w*|cypress|benchmark)(?:[-_]|$)"
)
_RUNS_ONCE = re.compile(
    r"\b(?:migrate|db:prepare|db:migrate|db:setup|alembic upgrade|flyway)\b[^;&|]*$"
)
_LOAD = re.compile(r"(?:^|[-_])load[-_]?(?:gen\w*|tests?)(?:[-_]|$)")
_WORKER = re.compile(
    r"(?:^|[-_])(?:workers?|consumers?|sidekiq|celery|scheduler|beat|queues?|jobs?|processor|horizon|delayed"
    r"|triggerer|background)(?:[-_]|$|\d)"
)
_CRON = re.compile(r"(?:^|[-_])cron(?:job)?s?(?:[-_]|$)")
_FRONT = re.compile(
    r"^(?:web\w{0,4}|www|front\w*|ui|client|site|spa|portal|storefront)$"
    r"|(?:^|[-_])(?:frontend|front-end|web|ui|client|website|webapp|webui|studio)(?:[-_]|$)"
)
_SERVES = re.compile(r"(?:^|[-_])(?:api|backend|server|gateway|service|svc|bff)(?:[-_]|$)")
_PROBED = re.compile(
    r"(?:https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|\$\{?HOSTNAME\}?|(?P<host>[A-Za-z0-9_.-]+))"
    r"|(?<![\w.@/:-])(?:localhost|127\.0\.0\.1)(?=:\d))"
    r"(?::(?:\d+|\$\{?\w+\}?))?(?P<path>/[^\s\"'|;&)`]*)?"
)
_ENGINE_PORTS = {
    5432: "postgresql", 3306: "mysql", 27017: "mongodb", 6379: "redis", 5672: "queue", 4222: "queue",
    9092: "kafka",
}  # fmt: skip
_ENGINE_SCHEMES = {
    "postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mariadb",
    "mongodb": "mongodb", "mongodb+srv": "mongodb", "redis": "redis", "rediss": "redis", "amqp": "queue",
    "amqps": "queue", "nats": "queue",
}  # fmt: skip
_ENGINE_FOLDERS = (
    ("/var/lib/postgresql", "postgresql"), ("/var/lib/mysql", "mysql"), ("/data/db", "mongodb"),
    ("/bitnami/postgresql", "postgresql"), ("/var/lib/rabbitmq", "queue"),
)  # fmt: skip
# A container that is called a database and sets these for itself is one.
_ENGINE_VARIABLES = {
    "POSTGRES_DB": "postgresql", "POSTGRES_PASSWORD": "postgresql", "MYSQL_ROOT_PASSWORD": "mysql",
    "MYSQL_DATABASE": "mysql", "MARIADB_ROOT_PASSWORD": "mariadb", "MONGO_INITDB_ROOT_USERNAME": "mongodb",
}  # fmt: skip
_DATABASE = re.compile(
    r"(?:^|[-_.])(?:db|database|sql|mysql|mariadb|postgres\w*|pg|mongo\w*)(?:[-_.]|\d|$)"
)
# Ports of protocols that are surely not HTTP: mail, DNS, LDAP, MQTT, games, tunnels.
_OTHER_PORTS = frozenset(
    {
        21,
        22,
        25,
        53,
        110,
        123,
        143,
        389,
        465,
        587,
        636,
        993,
        995,
        1194,
        1883,
        3478,
        5060,
        5222,
        5349,
        8883,
    }
    | {25565, 27015, 51820}
)
_NOT_HTTP = frozenset({"postgresql", "mysql", "mariadb", "redis", "mongodb", "kafka"})
_WEB = frozenset({"http", "https", "ws", "wss"})
_TEMPLATE = re.compile(r"^(?:.*[-_.])?(?:base|common|template|defaults?)$")
LEFT = {
    Role.MONITOR: "watches the others; users do not need it",
    Role.TOOL: "is a tool of developers",
    Role.OPERATOR: "looks after containers; nobody's requests need it",
    Role.COLLECTOR: "telemetry that none of the services names",
    Role.FLAGS: "feature flags that none of the services names",
}
SOFT = frozenset({Role.COLLECTOR, Role.FLAGS})


@dataclass(slots=True)
class Heard:
    """How others speak to a service."""

    schemes: set[str] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    called: bool = False
    behind_gateway: bool = False


def kind(service: Service) -> Kind:
    """By its image; what is built here, or is nobody's known image, by its name."""
    if service.image:
        found = kind_of(service.image)
        if found.role is not Role.PART or found.type:
            return found
    named = kind_by_name(service.name)
    # An image that nobody knows is believed to be a store that the service is called by, and no tool.
    return named if service.built or named.role is Role.STORE else Kind(role=Role.PART)


def engine(service: Service, heard: Heard) -> str:
    """The database that a service of unknown image is: by its folder, its callers or its own variables."""
    if heard.schemes & _WEB:
        return ""
    folders = [
        found
        for mount in service.mounts
        for at, found in _ENGINE_FOLDERS
        if mount.target.startswith(at)
    ]
    spoken = [_ENGINE_SCHEMES[one] for one in sorted(heard.schemes) if one in _ENGINE_SCHEMES]
    ports = [_ENGINE_PORTS[one] for one in sorted(heard.ports) if one in _ENGINE_PORTS]
    own = []
    if _DATABASE.search(service.name.lower()):
        own = [
            _ENGINE_VARIABLES[one.key] for one in service.variables if one.key in _ENGINE_VARIABLES
        ]
    return next(iter((*folders, *spoken, *ports, *own)), "")


# ------------------------------------------------------------------ what is part of the system


def why_not(service: Service, found: Kind, profiles: frozenset[str], finished: set[str]) -> str:
    """Why a service is no part of the running system; "" where it is one."""
    if service.profiles and not profiles & {*service.profiles} and "*" not in profiles:
        return f"started with the profile {' or '.join(service.profiles)} only"
    if service.replicas is not None and service.replicas[0] == 0:
        return "no replica is started"
    if service.name in finished:
        return "runs once, and the others wait until it has finished"
    if found.role in (Role.MONITOR, Role.TOOL, Role.OPERATOR):
        return f"{image_name(service.image) or service.name} {LEFT[found.role]}"
    if _LOAD.search(service.name) or _LOAD.search(image_name(service.image).rpartition("/")[2]):
        return "makes load for tests"
    if _TEMPLATE.fullmatch(service.name) and not (
        service.published or service.restart or service.command
    ):
        return "a template of the others by its name"
    if found.role is Role.PART and _looks_done(service):
        return "by its name and command it runs once"
    return ""


def _looks_done(service: Service) -> bool:
    stays = service.published or service.exposed or service.restart in ("always", "unless-stopped")
    return not stays and bool(_ONCE.search(service.name) or _RUNS_ONCE.search(service.command))


# ------------------------------------------------------------------ what a program does


def type_of(service: Service, heard: Heard) -> tuple[str, str]:
    """The type of a program of one's own, and the note that it takes where that is a guess."""
    name, probed = service.name.lower(), service.health.test if service.health else ""
    serving = "web" if _front(name) else "http"
    if "grpc_health_probe" in probed or heard.schemes & {"grpc", "grpcs"}:
        return "grpc", ""
    if not heard.schemes & _WEB and not service.published:
        if _CRON.search(name):
            return "cron", ""
        if _WORKER.search(name):
            return "worker", ""
    if heard.schemes & _WEB or _PROBED.search(probed):
        return serving, ""
    if service.ports - _OTHER_PORTS:
        return ("grpc" if 50051 in service.ports else serving), ""
    if heard.called or heard.behind_gateway:
        return serving, f"{service.name} is called by others over the network; taken as {serving}"
    if _front(name) or _SERVES.search(name):
        return serving, f"{service.name} is taken as {serving} by its name"
    return ("worker" if service.built or service.command else "other"), ""


def _front(name: str) -> bool:
    return bool(_FRONT.search(name)) and "websocket" not in name


def health_path(service: Service, found: Kind) -> str:
    """The path that the health check asks of the service itself; "" where it asks none."""
    if service.health is None or found.type in _NOT_HTTP:
        return ""
    probed = _PROBED.search(service.health.test)
    own = {service.name.lower(), *service.aliases}
    if probed is None or (probed["host"] and probed["host"].lower() not in own):
        return ""
    return (probed["path"] or "/").partition("?")[0].partition("#")[0][:200]

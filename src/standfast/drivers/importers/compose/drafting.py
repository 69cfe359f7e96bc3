"""From services to a draft: components, their needs, and what is left out and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.drivers.importers.compose.services import FINISHED
from standfast.drivers.importers.hosts import hosts, hosts_in_command, is_address, ports, schemes
from standfast.drivers.importers.images import Kind, Role, image_name, kind_by_name, kind_of
from standfast.drivers.importers.secrets import few, is_secret, secret_note
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Draft, Fact, Note, NoteKind
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from standfast.drivers.importers.compose.loading import Project
    from standfast.drivers.importers.compose.services import Service
    from standfast.spec.drafting.draft import Path, Plain

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
_NOT_HTTP = frozenset({"postgresql", "mysql", "mariadb", "redis", "mongodb", "kafka"})
_WEB = frozenset({"http", "https", "ws", "wss"})
_TEMPLATE = re.compile(r"^(?:.*[-_.])?(?:base|common|template|defaults?)$")
_SCRATCH = re.compile(
    r"node_modules|cache|/tmp|/run(?:/|$)|/var/run|venv|site-packages|/vendor|\.m2|go/pkg|gradle|/target$|/logs?(?:/|$)"
    r"|/var/log|/certs?(?:/|$)|docker\.sock|/dist$|/build$|\.next|/static|/bundle|/gems|/cargo|\.npm|pnpm|/socket"
    r"|/plugins?$|/etc/",
    re.IGNORECASE,
)
_KEPT = re.compile(
    r"(?:^|[/_.-])(?:data|uploads?|storage|media|library|files|documents|attachments|repos\w*)(?:[/_-]|$)",
    re.IGNORECASE,
)
_LEFT = {
    Role.MONITOR: "watches the others; users do not need it",
    Role.TOOL: "is a tool of developers",
    Role.OPERATOR: "looks after containers; nobody's requests need it",
    Role.COLLECTOR: "telemetry that none of the services names",
    Role.FLAGS: "feature flags that none of the services names",
}
_SOFT = frozenset({Role.COLLECTOR, Role.FLAGS})


@dataclass(slots=True)
class _Drafting:
    project: Project
    services: Mapping[str, Service]
    kinds: dict[str, Kind]
    names: Mapping[str, str]  # service -> component, where two projects share a name
    skipped: set[str] = field(default_factory=set)
    facts: dict[Path, tuple[Plain, list[Place]]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    schemes: dict[str, set[str]] = field(default_factory=dict)  # service -> how others speak to it
    ports: dict[str, set[int]] = field(default_factory=dict)  # service -> where others call it
    called: set[str] = field(default_factory=set)
    edges: dict[tuple[str, str], list[Place]] = field(default_factory=dict)

    def note(self, kind: NoteKind, at: Place, text: str) -> None:
        self.notes.append(Note(kind=kind, place=at, text=text))

    def fact(self, path: Path, value: Plain, *places: Place) -> None:
        _, known = self.facts.setdefault(path, (value, []))
        known += [one for one in places if one not in known]

    def component(self, service: str) -> str:
        return self.names.get(service, service)


def draft_of(
    project: Project, services: Iterable[Service], names: Mapping[str, str], profiles: Iterable[str]
) -> Draft:
    """What the services of one project say; `names` are those that are called otherwise in the file."""
    by_name = {one.name: one for one in services}
    kinds = {one.name: _kind(one) for one in by_name.values()}
    drafting = _Drafting(project=project, services=by_name, kinds=kinds, names=names)
    _listen(drafting)
    _skip(drafting, frozenset(profiles))
    for service in by_name.values():
        if service.name not in drafting.skipped:
            _needs(drafting, service)
    _skip_unnamed(drafting)
    if project.name and project.named_at:
        drafting.fact(("system", "name"), project.name, project.named_at)
    for service in by_name.values():
        if service.name not in drafting.skipped:
            _component(drafting, service)
    _variables(drafting)
    facts = tuple(
        Fact(path=path, value=value, places=tuple(places))
        for path, (value, places) in drafting.facts.items()
    )
    return Draft(facts=facts, notes=(*project.notes, *drafting.notes))


def _kind(service: Service) -> Kind:
    """By its image; what is built here, or is nobody's known image, by its name."""
    if service.image:
        kind = kind_of(service.image)
        if kind.role is not Role.PART or not service.built:
            return kind
    return kind_by_name(service.name)


def _listen(drafting: _Drafting) -> None:
    """How services are spoken to tells what those are whose image does not."""
    for service in drafting.services.values():
        own = _addresses(drafting, service)
        for text in (*(one.value or "" for one in service.variables), service.command):
            for host, scheme in schemes(text):
                if host in own and own[host] != service.name:
                    drafting.schemes.setdefault(own[host], set()).add(scheme)
            for host, port in ports(text):
                if host in own and own[host] != service.name:
                    drafting.ports.setdefault(own[host], set()).add(port)
    for name, service in drafting.services.items():
        engine = _engine(drafting, service)
        if drafting.kinds[name].role is Role.PART and engine:
            drafting.kinds[name] = Kind(role=Role.STORE, type=engine)
            said = f"{name} is taken as {engine}: by its volume or by how others call it"
            drafting.note(NoteKind.DETECTED, service.place, said)


def _engine(drafting: _Drafting, service: Service) -> str:
    folders = [
        kind
        for mount in service.mounts
        for at, kind in _ENGINE_FOLDERS
        if mount.target.startswith(at)
    ]
    spoken = drafting.schemes.get(service.name, set())
    found = [_ENGINE_SCHEMES[one] for one in sorted(spoken) if one in _ENGINE_SCHEMES]
    called = drafting.ports.get(service.name, set())
    by_port = [_ENGINE_PORTS[one] for one in sorted(called) if one in _ENGINE_PORTS]
    return next(iter((*folders, *found, *by_port)), "") if not spoken & _WEB else ""


# ------------------------------------------------------------------ what is part of the system


def _skip(drafting: _Drafting, profiles: frozenset[str]) -> None:
    finished = {
        name
        for one in drafting.services.values()
        for name, (condition, _) in one.waits_for.items()
        if condition == FINISHED
    }
    for service in drafting.services.values():
        why = _why_not(service, drafting.kinds[service.name], profiles, finished)
        if why:
            drafting.skipped.add(service.name)
            drafting.note(NoteKind.SKIPPED, service.place, f"{service.name}: {why}")


def _why_not(service: Service, kind: Kind, profiles: frozenset[str], finished: set[str]) -> str:
    """Why a service is no part of the running system; "" where it is one."""
    if service.profiles and not profiles & {*service.profiles} and "*" not in profiles:
        return f"started with the profile {' or '.join(service.profiles)} only"
    if service.replicas is not None and service.replicas[0] == 0:
        return "no replica is started"
    if service.name in finished:
        return "runs once, and the others wait until it has finished"
    if kind.role in (Role.MONITOR, Role.TOOL, Role.OPERATOR):
        return f"{image_name(service.image) or service.name} {_LEFT[kind.role]}"
    if _LOAD.search(service.name) or _LOAD.search(image_name(service.image).rpartition("/")[2]):
        return "makes load for tests"
    if _TEMPLATE.fullmatch(service.name) and not (
        service.published or service.restart or service.command
    ):
        return "a template of the others by its name"
    if kind.role is Role.PART and _looks_done(service):
        return "by its name and command it runs once"
    return ""


def _looks_done(service: Service) -> bool:
    stays = service.published or service.exposed or service.restart in ("always", "unless-stopped")
    return not stays and bool(_ONCE.search(service.name) or _RUNS_ONCE.search(service.command))


def _skip_unnamed(drafting: _Drafting) -> None:
    """Collectors and flag services count only where somebody sends to them."""
    needed = {to for _, to in drafting.edges}
    for name, kind in drafting.kinds.items():
        if kind.role in _SOFT and name not in needed and name not in drafting.skipped:
            drafting.skipped.add(name)
            service = drafting.services[name]
            said = f"{name}: {image_name(service.image)} takes {_LEFT[kind.role]}"
            drafting.note(NoteKind.SKIPPED, service.place, said)


# ------------------------------------------------------------------ what needs what


def _needs(drafting: _Drafting, service: Service) -> None:
    own = _addresses(drafting, service)
    for name, (_, at) in service.waits_for.items():
        _edge(drafting, service, name, at)
    for name, (_, at) in service.linked.items():
        _edge(drafting, service, name, at)
    for one in service.variables:
        for host in hosts(one.key, one.value or ""):
            if host in own:
                _edge(drafting, service, own[host], one.place)
                drafting.called.add(own[host])
    for host in hosts_in_command(service.command):
        if host in own:
            _edge(drafting, service, own[host], service.command_place)
            drafting.called.add(own[host])
    _routed(drafting, service)


def _addresses(drafting: _Drafting, service: Service) -> dict[str, str]:
    """Every name by which `service` can call another."""
    found = {}
    for other in drafting.services.values():
        for name in (*other.aliases, other.name.lower()):
            found[name] = other.name
    for name, (alias, _) in service.linked.items():
        if alias:
            found[alias.lower()] = name
    return found


def _edge(drafting: _Drafting, service: Service, to: str, at: Place) -> None:
    if to == service.name or to not in drafting.services or to in drafting.skipped:
        return
    known = drafting.edges.setdefault((service.name, to), [])
    if at not in known:
        known.append(at)


def _routed(drafting: _Drafting, service: Service) -> None:
    """Traefik reads labels: the router needs the service that carries them."""
    rules = [
        at
        for key, (_, at) in service.labels.items()
        if re.match(r"traefik\.http\.(routers|services)\.", key)
    ]
    if not rules:
        return
    for other in drafting.services.values():
        if (
            image_name(other.image).rpartition("/")[2] == "traefik"
            and other.name not in drafting.skipped
        ):
            _edge(drafting, other, service.name, rules[0])
            drafting.schemes.setdefault(service.name, set()).add("http")


# ------------------------------------------------------------------ what a component is


def _component(drafting: _Drafting, service: Service) -> None:
    kind = drafting.kinds[service.name]
    path = ("components", drafting.component(service.name))
    drafting.fact((*path, "type"), _type(drafting, service, kind), service.place)
    if kind.role is Role.STORE and kind.type == "other":
        said = f"{service.name} keeps data by its image ({kind.what}); the file has no type for it: other"
        drafting.note(NoteKind.DETECTED, service.place, said)
    if service.image_missing:
        said = f"the image of {service.name} needs {', '.join(service.image_missing)}, which has no value here"
        drafting.note(NoteKind.PLACEHOLDER, service.place, said)
    if service.replicas is not None:
        drafting.fact((*path, "replicas"), service.replicas[0], service.replicas[1])
    _health(drafting, service, path)
    _dsn(drafting, service, path)
    for (needer, to), places in drafting.edges.items():
        if needer == service.name and to not in drafting.skipped:
            _need(drafting, path, to, places)
    _volumes(drafting, service, path, kind)


def _need(drafting: _Drafting, path: Path, to: str, places: Iterable[Place]) -> None:
    """Start order says nothing about strength; only what users cannot notice is soft for sure."""
    edge = (*path, "needs", drafting.component(to))
    if drafting.kinds[to].role in _SOFT:
        drafting.fact((*edge, "strength"), "soft", *places)
    else:
        drafting.fact(edge, None, *places)


def _type(drafting: _Drafting, service: Service, kind: Kind) -> str:
    if kind.type:
        return kind.type
    name, spoken = service.name.lower(), drafting.schemes.get(service.name, set())
    probed = service.health.test if service.health else ""
    if "grpc_health_probe" in probed or spoken & {"grpc", "grpcs"}:
        return "grpc"
    if not spoken & _WEB and not service.published:
        if _CRON.search(name):
            return "cron"
        if _WORKER.search(name):
            return "worker"
    if spoken & _WEB or _PROBED.search(probed):
        return "web" if _front(service) else "http"
    if 50051 in service.ports:
        return "grpc"
    if service.ports:
        return "web" if _front(service) else "http"
    if service.name in drafting.called:
        said = f"{service.name} is called by others over the network; taken as http"
        drafting.note(NoteKind.DETECTED, service.place, said)
        return "http"
    return "worker" if service.built or service.command else "other"


def _front(service: Service) -> bool:
    return bool(_FRONT.search(service.name.lower())) and "websocket" not in service.name.lower()


def _health(drafting: _Drafting, service: Service, path: Path) -> None:
    check = service.health if drafting.kinds[service.name].type not in _NOT_HTTP else None
    found = _PROBED.search(check.test) if check else None
    if (
        check is None
        or found is None
        or (found["host"] and found["host"].lower() != service.name.lower())
    ):
        return
    asked = (found["path"] or "/").partition("?")[0].partition("#")[0][:200]
    kind = "live" if re.search(r"live", asked, re.IGNORECASE) else "ready"
    drafting.fact((*path, "health", kind, "path"), asked, check.place)
    for key, value in (("every", check.every), ("timeout", check.timeout)):
        if value:
            drafting.fact((*path, "health", kind, key), value, check.place)


def _dsn(drafting: _Drafting, service: Service, path: Path) -> None:
    """A whole connection string that others have for this database is referred to by its variable's name."""
    if drafting.kinds[service.name].type != "postgresql":
        return
    for other in drafting.services.values():
        if other.name in drafting.skipped:
            continue
        own = _addresses(drafting, other)
        for one in other.variables:
            spoken = [
                own.get(host)
                for host, scheme in schemes(one.value or "")
                if scheme in ("postgres", "postgresql")
            ]
            if service.name in spoken and re.fullmatch(r"[A-Za-z_]\w{0,100}", one.key, re.ASCII):
                drafting.fact((*path, "dsn"), f"env:{one.key}", one.place)
                return


def _volumes(drafting: _Drafting, service: Service, path: Path, kind: Kind) -> None:
    """A volume beside a program is state of its own; a database's volume is the database."""
    if kind.role is not Role.PART:
        return
    for mount in service.mounts:
        if mount.read_only or _SCRATCH.search(mount.target) or _SCRATCH.search(mount.source):
            continue
        if not mount.named:
            if _KEPT.search(mount.source) and not re.search(r"\.\w{1,5}$", mount.source):
                said = f"{service.name} writes to {mount.source} of its host; if it counts, say so in `data:`"
                drafting.note(NoteKind.DETECTED, mount.place, said)
            continue
        if mount.source not in drafting.project.volumes:
            continue
        name = mount.source if mount.source not in drafting.services else f"{mount.source}-volume"
        name = drafting.component(name)
        mark, _ = drafting.project.volumes[mount.source]
        drafting.fact(("components", name, "type"), "volume", place(mark))
        drafting.fact((*path, "needs", name), None, mount.place)


# ------------------------------------------------------------------ variables worth a note


def _variables(drafting: _Drafting) -> None:
    unknown: dict[str, tuple[Place, set[str]]] = {}
    told: set[Place] = set()
    for service in drafting.services.values():
        written = [
            one
            for one in service.variables
            if one.written and one.value and one.place not in told and is_secret(one.key, one.value)
        ]
        told |= {one.place for one in written}
        if written:
            keys = [one.key for one in written]
            drafting.notes.append(secret_note(keys, service.name, written[0].place))
        for one in service.variables if service.name not in drafting.skipped else ():
            if one.missing and is_address(one.key) and not hosts(one.key, one.value or ""):
                _, names = unknown.setdefault(" ".join(one.missing), (one.place, set()))
                names.add(f"{service.name}'s {one.key}")
    for missing, (at, names) in unknown.items():
        whose = ", ".join(sorted(names)[:4])
        said = f"{' and '.join(missing.split())} has no value here; what {whose} calls is not known"
        drafting.note(NoteKind.PLACEHOLDER, at, said)
    _kept_secrets(drafting)


def _kept_secrets(drafting: _Drafting) -> None:
    """An `.env` is where secrets belong; that it is beside the sources is worth a word."""
    for file, held in drafting.project.held.items():
        found = [key for key, one in held.items() if is_secret(key, one.value)]
        if found:
            said = f"secrets stand here ({few(found)}); none is copied. Keep the file out of version control"
            drafting.note(
                NoteKind.SECRET, Place(file=file, line=held[found[0]].line, column=1), said
            )

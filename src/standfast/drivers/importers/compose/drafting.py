"""From services to a draft: components, their needs, and what is left out and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.drivers.importers.compose import judging
from standfast.drivers.importers.compose.judging import LEFT, SOFT, Heard
from standfast.drivers.importers.compose.services import FINISHED
from standfast.drivers.importers.hosts import hosts, hosts_in_command, is_address, ports, schemes
from standfast.drivers.importers.images import Kind, Role, image_name
from standfast.drivers.importers.secrets import few, is_secret, secret_note
from standfast.drivers.importers.source import place
from standfast.errors import StandfastError
from standfast.spec.drafting.draft import Draft, Fact, Note, NoteKind
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from standfast.drivers.importers.compose.loading import Project
    from standfast.drivers.importers.compose.services import Service
    from standfast.spec.drafting.draft import Path, Plain

_SCRATCH = re.compile(
    r"node_modules|cache|/tmp|/run(?:/|$)|/var/run|venv|site-packages|/vendor|\.m2|go/pkg|gradle|/target$|/logs?(?:/|$)"
    r"|/var/log|/certs?(?:/|$)|docker\.sock|/dist$|/build$|\.next|/static|/bundle|/gems|/cargo|\.npm|pnpm|/socket"
    r"|/plugins?$|/etc/",
    re.IGNORECASE,
)
_SETTINGS = re.compile(
    r"(?:^|[-_])(?:configs?|conf|certs?|html|acme|letsencrypt|ssl|static|sockets?|logs?|tmp|plugins?)$",
    re.IGNORECASE,
)
_KEPT = re.compile(
    r"(?:^|[/_.-])(?:data|uploads?|storage|media|library|files|documents|attachments|repos\w*)(?:[/_-]|$)",
    re.IGNORECASE,
)
_CONFIGURATION = re.compile(
    r"\.(?:conf|ya?ml|toml|cfg|template|json|envoy)$|(?:^|/)Caddyfile$", re.IGNORECASE
)
_LARGEST_CONFIGURATION = 200_000
_USUAL_DSN = re.compile(r"(?:DATABASE|DB|POSTGRES(?:QL)?|PG)_?(?:URL|URI|DSN)")
_SHARED = re.compile(r"[A-Za-z_]\w{0,100}", re.ASCII)


@dataclass(slots=True)
class _Drafting:
    project: Project
    services: Mapping[str, Service]
    kinds: dict[str, Kind]
    names: Mapping[str, str]  # service -> component, where two projects share a name
    addresses: Mapping[str, str]  # every name by which a service can be called -> the service
    heard: dict[str, Heard]
    skipped: set[str] = field(default_factory=set)
    facts: dict[Path, tuple[Plain, list[Place]]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    edges: dict[str, dict[str, list[Place]]] = field(
        default_factory=dict
    )  # who needs -> what -> where
    dsns: dict[str, tuple[str, Place]] = field(
        default_factory=dict
    )  # database -> a variable that has it whole

    def note(self, kind: NoteKind, at: Place, text: str) -> None:
        self.notes.append(Note(kind=kind, place=at, text=text))

    def fact(self, path: Path, value: Plain, *places: Place) -> None:
        _, known = self.facts.setdefault(path, (value, []))
        known += [one for one in places if one not in known]

    def component(self, service: str) -> str:
        return self.names.get(service, service)

    def calling(self, service: Service, host: str) -> str:
        """The service that `service` means by a host; "" where it is none of the others."""
        linked = next(
            (name for name, (alias, _) in service.linked.items() if alias.lower() == host), ""
        )
        found = linked or self.addresses.get(host, "")
        return found if found != service.name else ""


def draft_of(
    project: Project, services: Iterable[Service], names: Mapping[str, str], profiles: Iterable[str]
) -> Draft:
    """What the services of one project say; `names` are those that are called otherwise in the file."""
    by_name = {one.name: one for one in services}
    drafting = _Drafting(
        project=project,
        services=by_name,
        kinds={one.name: judging.kind(one) for one in by_name.values()},
        names=names,
        addresses=_addresses(by_name.values()),
        heard={name: Heard() for name in by_name},
    )
    _listen(drafting)
    _skip(drafting, frozenset(profiles))
    _all_needs(drafting)
    _skip_unnamed(drafting)
    if project.name and project.named_at:
        drafting.fact(("system", "name"), project.name, project.named_at)
    kept = [one for one in by_name.values() if one.name not in drafting.skipped]
    if kept:
        drafting.fact(("system", "platform"), "compose", kept[0].place)
    for service in kept:
        _component(drafting, service)
    _variables(drafting)
    facts = tuple(
        Fact(path=path, value=value, places=tuple(places))
        for path, (value, places) in drafting.facts.items()
    )
    return Draft(facts=facts, notes=(*project.notes, *drafting.notes))


def _addresses(services: Iterable[Service]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in services:
        found |= dict.fromkeys(sorted(one.aliases), one.name)
    return found | {one.name.lower(): one.name for one in services}


def _listen(drafting: _Drafting) -> None:
    """How services are spoken to tells what those are whose image does not."""
    for service in drafting.services.values():
        for one in service.variables:
            _hear(drafting, service, one.value or "", one.key, one.place)
        _hear(drafting, service, service.command)
    for name, service in drafting.services.items():
        found = judging.engine(service, drafting.heard[name])
        if drafting.kinds[name].role is Role.PART and not drafting.kinds[name].type and found:
            drafting.kinds[name] = Kind(role=Role.STORE, type=found)
            said = f"{name} is taken as {found}: by its volume, its variables or how others call it"
            drafting.note(NoteKind.DETECTED, service.place, said)


def _hear(
    drafting: _Drafting, service: Service, text: str, key: str = "", at: Place | None = None
) -> None:
    for host, scheme in schemes(text):
        if other := drafting.calling(service, host):
            drafting.heard[other].schemes.add(scheme)
            if at and scheme in ("postgres", "postgresql") and _SHARED.fullmatch(key):
                known = drafting.dsns.setdefault(other, (key, at))
                if _USUAL_DSN.fullmatch(key) and not _USUAL_DSN.fullmatch(known[0]):
                    drafting.dsns[other] = (key, at)
    for host, port in ports(text):
        if other := drafting.calling(service, host):
            drafting.heard[other].ports.add(port)


# ------------------------------------------------------------------ what is part of the system


def _skip(drafting: _Drafting, profiles: frozenset[str]) -> None:
    finished = {
        name
        for one in drafting.services.values()
        for name, (condition, _) in one.waits_for.items()
        if condition == FINISHED
    }
    for service in drafting.services.values():
        why = judging.why_not(service, drafting.kinds[service.name], profiles, finished)
        if why:
            drafting.skipped.add(service.name)
            drafting.note(NoteKind.SKIPPED, service.place, f"{service.name}: {why}")


def _skip_unnamed(drafting: _Drafting) -> None:
    """Collectors and flag services count only where somebody sends to them."""
    needed = {to for found in drafting.edges.values() for to in found}
    for name, kind in drafting.kinds.items():
        if kind.role in SOFT and name not in needed and name not in drafting.skipped:
            drafting.skipped.add(name)
            service = drafting.services[name]
            said = f"{name}: {image_name(service.image) or name} takes {LEFT[kind.role]}"
            drafting.note(NoteKind.SKIPPED, service.place, said)


# ------------------------------------------------------------------ what needs what


def _all_needs(drafting: _Drafting) -> None:
    routers = [
        one
        for one in drafting.services.values()
        if image_name(one.image).rpartition("/")[2] == "traefik"
        and one.name not in drafting.skipped
    ]
    for service in drafting.services.values():
        if service.name in drafting.skipped:
            continue
        _needs(drafting, service)
        if routers and (rule := _rule(service)):
            for router in routers:
                _edge(drafting, router, service.name, rule)
                drafting.heard[service.name].schemes.add("http")
    for needer, found in drafting.edges.items():
        if drafting.kinds[needer].role is Role.GATEWAY:
            for to in found:
                drafting.heard[to].behind_gateway = True


def _needs(drafting: _Drafting, service: Service) -> None:
    for name, (_, at) in (*service.waits_for.items(), *service.linked.items()):
        _edge(drafting, service, name, at)
    for host, at in _calls(drafting, service):
        if other := drafting.calling(service, host):
            _edge(drafting, service, other, at)
            drafting.heard[other].called = True


def _calls(drafting: _Drafting, service: Service) -> Iterator[tuple[str, Place]]:
    """Every host that a service names, and where.

    A file of variables is often given to all alike; a store or a gateway does not call what stands there.
    """
    role = drafting.kinds[service.name].role
    shared = drafting.project.held if role in (Role.STORE, Role.GATEWAY) else {}
    for one in service.variables:
        if one.place.file in shared:
            continue
        yield from ((host, one.place) for host in hosts(one.key, one.value or ""))
    yield from ((host, service.command_place) for host in hosts_in_command(service.command))
    if role is Role.GATEWAY:
        yield from _configured(drafting, service)


def _configured(drafting: _Drafting, service: Service) -> Iterator[tuple[str, Place]]:
    """What a gateway passes on to stands in the configuration that is mounted into it."""
    folder = drafting.project.folder
    for mount in service.mounts:
        file = mount.place.file
        if (
            mount.named
            or not _CONFIGURATION.search(mount.source)
            or not folder.exists(mount.source, file)
        ):
            continue
        try:
            source = folder.read(mount.source, file)
        except StandfastError:
            continue  # its place in the graph is all that is wanted of it
        for number, line in enumerate(source.text[:_LARGEST_CONFIGURATION].splitlines(), 1):
            bare = line.partition("#")[0]
            for host in hosts_in_command(bare) + _upstream(bare):
                yield host, Place(file=source.path, line=number, column=1)


def _upstream(line: str) -> tuple[str, ...]:
    """The name behind nginx's `server`, Caddy's `reverse_proxy` and the like, without a port."""
    found = re.search(
        r"^\s*(?:server|reverse_proxy|fastcgi_pass|php_fastcgi|proxy_pass)\s+([A-Za-z0-9_.-]+)\s*[;{]?\s*$",
        line,
    )
    return (found[1].lower(),) if found else ()


def _rule(service: Service) -> Place | None:
    """Traefik reads labels: the router needs the service that carries them."""
    for key, (_, at) in service.labels.items():
        if re.match(r"traefik\.http\.(routers|services)\.", key):
            return at
    return None


def _edge(drafting: _Drafting, service: Service, to: str, at: Place) -> None:
    if to == service.name or to not in drafting.services or to in drafting.skipped:
        return
    known = drafting.edges.setdefault(service.name, {}).setdefault(to, [])
    if at not in known:
        known.append(at)


# ------------------------------------------------------------------ what a component is


def _component(drafting: _Drafting, service: Service) -> None:
    kind = drafting.kinds[service.name]
    path = ("components", drafting.component(service.name))
    found, guess = (
        (kind.type, "") if kind.type else judging.type_of(service, drafting.heard[service.name])
    )
    drafting.fact((*path, "type"), found, service.place)
    if guess:
        drafting.note(NoteKind.DETECTED, service.place, guess)
    if kind.role is Role.STORE and kind.type == "other":
        said = f"{service.name} keeps data by its image ({kind.what}); the file has no type for it: other"
        drafting.note(NoteKind.DETECTED, service.place, said)
    if service.image_missing:
        missing = ", ".join(service.image_missing)
        said = f"the image of {service.name} needs {missing}, which has no value here"
        drafting.note(NoteKind.PLACEHOLDER, service.place, said)
    if service.replicas is not None:
        drafting.fact((*path, "replicas"), service.replicas[0], service.replicas[1])
    _health(drafting, service, path)
    if kind.type == "postgresql" and service.name in drafting.dsns:
        key, at = drafting.dsns[service.name]
        drafting.fact((*path, "dsn"), f"env:{key}", at)
    for to, places in drafting.edges.get(service.name, {}).items():
        if to not in drafting.skipped:
            _need(drafting, path, to, places)
    _volumes(drafting, service, path, kind)


def _need(drafting: _Drafting, path: Path, to: str, places: Iterable[Place]) -> None:
    """Start order says nothing about strength; only what users cannot notice is soft for sure."""
    edge = (*path, "needs", drafting.component(to))
    if drafting.kinds[to].role in SOFT:
        drafting.fact((*edge, "strength"), "soft", *places)
    else:
        drafting.fact(edge, None, *places)


def _health(drafting: _Drafting, service: Service, path: Path) -> None:
    asked, check = judging.health_path(service, drafting.kinds[service.name]), service.health
    if not asked or check is None:
        return
    kind = "live" if "live" in asked.lower() else "ready"
    drafting.fact((*path, "health", kind, "path"), asked, check.place)
    for key, value in (("every", check.every), ("timeout", check.timeout)):
        if value:
            drafting.fact((*path, "health", kind, key), value, check.place)


def _volumes(drafting: _Drafting, service: Service, path: Path, kind: Kind) -> None:
    """A volume beside a program is state of its own; a database's volume is the database."""
    if kind.role is not Role.PART:
        return
    for mount in service.mounts:
        passing = _SCRATCH.search(mount.target) or _SCRATCH.search(mount.source)
        if mount.read_only or passing or _SETTINGS.search(mount.source):
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

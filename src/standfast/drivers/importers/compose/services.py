"""One service of a Compose file, as far as it tells something about reliability."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.drivers.importers.compose.loading import env_source, held
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import NoteKind
from standfast.spec.units import show_duration
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.drivers.importers.compose.loading import Project
    from standfast.spec.tree import Node

FINISHED = "service_completed_successfully"
_MOST_ENV_FILES = 50
_MOST_PORTS = 2000
_GO_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|us|s)", re.ASCII)
_UNITS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1, "us": 0.001}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of a service's environment, filled in."""

    key: str
    value: str | None  # None: it comes from outside
    place: Place
    missing: tuple[str, ...] = ()  # variables of the file that have no value here
    written: bool = True  # the value stands in the Compose file, not in an `.env` file


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    source: str  # the name of a volume, or a path
    target: str
    place: Place
    named: bool
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    test: str
    place: Place
    every: str = ""
    timeout: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    name: str
    place: Place
    image: str
    image_missing: tuple[str, ...]
    built: bool
    variables: tuple[Variable, ...]
    command: str
    command_place: Place
    waits_for: dict[str, tuple[str, Place]]  # service -> condition, of depends_on
    linked: dict[
        str, tuple[str, Place]
    ]  # service -> alias; of links, volumes_from and shared namespaces
    ports: frozenset[int]  # within the container
    published: bool
    exposed: bool
    mounts: tuple[Mount, ...]
    profiles: tuple[str, ...]
    replicas: tuple[int, Place] | None
    health: Health | None
    labels: dict[str, tuple[str, Place]]
    aliases: frozenset[str]
    restart: str


def services(project: Project) -> tuple[Service, ...]:
    found = []
    for name, (mark, node) in project.services.items():
        if node.entries is None:
            said = f"the service {name} is not a mapping"
            project.note(NoteKind.UNREADABLE, place(mark), said)
        else:
            found.append(_service(project, name, mark, node))
    return tuple(found)


def _service(project: Project, name: str, mark: Node, node: Node) -> Service:
    image = node.child("image")
    filled = project.filled(image) if image is not None else None
    words = [part for key in ("entrypoint", "command") for part in _words(project, node.child(key))]
    command = node.child("command") or node.child("entrypoint") or mark
    ports, published = _ports(project, node)
    exposed = [project.text(one) for one in _items(node.child("expose"))]
    return Service(
        name=name,
        place=place(mark),
        image=filled.text if filled else "",
        image_missing=filled.missing if filled else (),
        built=node.child("build") is not None,
        variables=tuple(_environment(project, node).values()),
        command=" ".join(words),
        command_place=place(command),
        waits_for=_waits_for(project, node.child("depends_on")),
        linked=dict(_linked(project, node)),
        ports=frozenset(ports | {int(one) for one in exposed if one.isdigit() and len(one) < 6}),
        published=published,
        exposed=bool(exposed),
        mounts=tuple(_mounts(project, node.child("volumes"))),
        profiles=tuple(project.text(one) for one in _items(node.child("profiles"))),
        replicas=_replicas(project, node),
        health=_health(project, node.child("healthcheck")),
        labels={
            key: (project.text(value), place(at))
            for key, (at, value) in _entries(node.child("labels")).items()
        },
        aliases=frozenset(_aliases(project, node)),
        restart=project.text(node.child("restart")),
    )


def _items(node: Node | None) -> list[Node]:
    """A list's items, or the one that stands without brackets."""
    if node is None:
        return []
    if node.items is not None:
        return node.items
    return [node] if node.kind == "scalar" and node.scalar is not None else []


def _entries(node: Node | None) -> dict[str, tuple[Node, Node]]:
    return (node.entries or {}) if node is not None else {}


def _words(project: Project, node: Node | None) -> list[str]:
    return [project.text(one) for one in _items(node)]


# ------------------------------------------------------------------ environment


def _environment(project: Project, node: Node) -> dict[str, Variable]:
    """`env_file` first, then what `environment` says over it."""
    found: dict[str, Variable] = {}
    for one in _items(node.child("env_file"))[:_MOST_ENV_FILES]:
        found |= _from_file(project, one)
    for key, (mark, value) in _entries(node.child("environment")).items():
        if value.kind != "scalar":
            said = f"the variable {key} is no single value"
            project.note(NoteKind.UNREADABLE, place(mark), said)
            continue
        filled = project.filled(value)
        scope = project.scopes.get(value.file, {})
        outside = value.scalar is None
        found[key] = Variable(
            key=key,
            value=scope.get(key) if outside else filled.text,
            place=place(mark),
            missing=(key,) if outside and key not in scope else filled.missing,
            written=not outside and not filled.used,
        )
    return found


def _from_file(project: Project, item: Node) -> Iterator[tuple[str, Variable]]:
    path = item.child("path") if item.entries is not None else item
    name = project.text(path)
    source = env_source(project, name, item.file) if name else None
    if source is None:
        required = item.child("required")
        if name and (required is None or required.scalar is not False):
            said = f"the env_file {name} is not there; what it names is not known"
            project.note(NoteKind.PLACEHOLDER, place(item), said)
        return
    for key, one in held(project, source).items():
        at = Place(file=source.path, line=one.line, column=1)
        yield key, Variable(key=key, value=one.value, place=at, written=False)


# ------------------------------------------------------------------ what it waits for, what it is linked to


def _waits_for(project: Project, node: Node | None) -> dict[str, tuple[str, Place]]:
    return {
        name: (project.text(about.child("condition")), place(mark))
        for name, (mark, about) in _entries(node).items()
    }


def _linked(project: Project, node: Node) -> Iterator[tuple[str, tuple[str, Place]]]:
    for one in _items(node.child("links")):
        name, _, alias = project.text(one).partition(":")
        yield name, (alias or name, place(one))
    for one in _items(node.child("volumes_from")):
        text = project.text(one)
        if not text.startswith("container:"):
            yield text.partition(":")[0], ("", place(one))
    for key in ("network_mode", "ipc", "pid"):
        shared = node.child(key)
        if shared is not None and project.text(shared).startswith("service:"):
            yield project.text(shared).removeprefix("service:"), ("", place(shared))


def _aliases(project: Project, node: Node) -> Iterator[str]:
    for key in ("container_name", "hostname"):
        if text := project.text(node.child(key)):
            yield text.lower()
    for _, about in _entries(node.child("networks")).values():
        for one in _items(about.child("aliases")):
            yield project.text(one).lower()


# ------------------------------------------------------------------ ports, volumes, numbers


def _ports(project: Project, node: Node) -> tuple[set[int], bool]:
    """The container's own ports, and whether any of them is published to the host."""
    found: set[int] = set()
    listed = _items(node.child("ports"))
    for one in listed:
        if one.entries is not None:
            text, protocol = project.text(one.child("target")), project.text(one.child("protocol"))
        else:
            text, _, protocol = project.text(one).partition("/")
            text = text.rpartition(":")[2]
        if protocol == "udp":
            continue
        first, _, last = text.partition("-")
        if first.isdigit() and len(first) < 6 and len(found) < _MOST_PORTS:
            end = int(last) if last.isdigit() and len(last) < 6 else int(first)
            found |= set(range(int(first), min(end, int(first) + _MOST_PORTS) + 1))
    return found, bool(listed)


def _mounts(project: Project, node: Node | None) -> Iterator[Mount]:
    for one in _items(node):
        if one.entries is not None:
            kind, source = project.text(one.child("type")), project.text(one.child("source"))
            target, options = (
                project.text(one.child("target")),
                project.text(one.child("read_only")),
            )
            if source and target and kind in ("volume", "bind", ""):
                yield Mount(
                    source=source,
                    target=target,
                    place=place(one),
                    named=kind != "bind",
                    read_only=options == "true",
                )
            continue
        parts = project.text(one).split(":")
        if len(parts) < 2 or not parts[0] or len(parts[0]) == 1:  # anonymous, or a drive of Windows
            continue
        yield Mount(
            source=parts[0],
            target=parts[1],
            place=place(one),
            named=not re.match(r"[./~$\\]", parts[0]),
            read_only=len(parts) > 2 and "ro" in parts[2].split(","),
        )


def _replicas(project: Project, node: Node) -> tuple[int, Place] | None:
    """`deploy.replicas`, or else `scale`; a service that runs once on every machine has no number."""
    deploy = node.child("deploy")
    found = deploy.child("replicas") if deploy is not None else None
    found = found if found is not None else node.child("scale")
    text = project.text(found)
    if found is None or not text.isdigit() or len(text) > 6:
        return None
    return int(text), place(found)


def _health(project: Project, node: Node | None) -> Health | None:
    if node is None or node.entries is None or project.text(node.child("disable")) == "true":
        return None
    test = node.child("test")
    text = " ".join(_words(project, test))
    if test is None or text in ("", "NONE"):
        return None
    return Health(
        test=text,
        place=place(test),
        every=duration(project.text(node.child("interval"))),
        timeout=duration(project.text(node.child("timeout"))),
    )


def duration(text: str) -> str:
    """Compose's `1m30s` or `1.5s` as the reliability file spells it; "" where it is none."""
    pieces = _GO_DURATION.findall(text)
    if not pieces or "".join(number + unit for number, unit in pieces) != text or len(text) > 40:
        return ""
    spent = sum(float(number) * _UNITS[unit] for number, unit in pieces)
    return show_duration(timedelta(milliseconds=round(spent))) if 1 <= spent < 1e11 else ""

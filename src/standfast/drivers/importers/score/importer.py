"""Score files in, a draft out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import bounded, shown
from standfast.drivers.importers.hosts import hosts
from standfast.drivers.importers.images import Role, kind_of
from standfast.drivers.importers.loads import is_load
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.score.workload import (
    NO_NEED,
    TO_WORKLOADS,
    Resource,
    Workload,
    references,
    referred,
    variables,
    workload,
)
from standfast.drivers.importers.secrets import is_secret, secret_note
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Draft, Fact, Note, NoteKind, join
from standfast.spec.drafting.mending import fit
from standfast.spec.tree import Node, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.drivers.importers.source import Folder, Source

_MARK = re.compile(
    r"(?:^|[{,])[ \t]*[\"']?apiVersion[\"']?[ \t]*:[ \t]*[\"']?score\.dev/", re.MULTILINE
)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?", re.IGNORECASE)
_PLAIN = re.compile(r"(?:^|/)score\.ya?ml$")
_PROBES = ("livenessProbe", "readinessProbe")
_HTTP_PORTS = frozenset({"80", "443", "3000", "5000", "8000", "8080", "8443"})
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?")


class Score:
    """Several files together are one system: a workload may ask for another one."""

    name = "score"

    def claims(self, source: Source) -> bool:
        if not _MARK.search(source.text):
            return False
        try:
            return any(
                nodes.text(one, "apiVersion").startswith("score.dev/") for one in source.documents
            )
        except Refused:
            return True

    def read(self, sources: Sequence[Source], folder: Folder) -> Draft:  # noqa: ARG002 - the port's shape
        notes: list[Note] = []
        reading = _Reading(_workloads(sources, notes), notes)
        joined = join([Draft(facts=tuple(reading.facts()))])
        order = {name: index for index, name in enumerate(joined.names("components"))}
        ordered = sorted(joined.facts, key=lambda fact: order[fact.path[1]])
        return Draft(facts=tuple(ordered), notes=bounded((*notes, *joined.notes)))


def _workloads(sources: Sequence[Source], notes: list[Note]) -> dict[str, Workload]:
    found: dict[str, Workload] = {}
    # `score.yaml` before `score-ai.yaml`: the plain one is what runs.
    for source in sorted(sources, key=lambda one: not _PLAIN.search(one.path)):
        try:
            trees = source.documents
        except Refused as refused:
            problem = refused.problem
            spot = place(Node(source.path, problem.line, problem.column))
            said = f"not read: {problem.sentence}"
            notes.append(Note(kind=NoteKind.UNREADABLE, place=spot, text=said))
            continue
        for one in filter(None, map(workload, trees)):
            if not one.name or "{" in one.name:
                notes.append(one.note(NoteKind.PLACEHOLDER, "a workload without a plain name"))
            elif is_load(one.name):
                said = f"{one.name} makes load for tests: not part of the system"
                notes.append(one.note(NoteKind.SKIPPED, said))
            elif (first := found.setdefault(fit(one.name), one)) is not one:
                said = f"the workload {one.name} stands at {first.place} too; that one counts"
                notes.append(one.note(NoteKind.SKIPPED, said))
    return found


class _Reading:
    """Workloads on their way to facts; `shared` are the resources that several mean by one id."""

    def __init__(self, workloads: dict[str, Workload], notes: list[Note]) -> None:
        self.workloads, self.notes = workloads, notes

    def facts(self) -> Iterator[Fact]:
        for name, one in self.workloads.items():
            yield from self._own(name, one)
            yield from self._asked_for(name, one)
            yield from self._spoken_of(name, one)

    def _own(self, name: str, one: Workload) -> Iterator[Fact]:
        kind, spot = self._type(one)
        yield _fact(name, "type", kind, spot)
        yield from self._health(name, one)
        for resource in one.resources.values():
            if resource.type == "route":
                yield from self._route(name, one, resource)
            if resource.type in {"horizontal-pod-autoscaler", "hpa"}:
                least = at(resource.params, "minReplicas") or at(resource.params, "min")
                if least is not None and (many := nodes.number(least)) is not None:
                    yield _fact(name, "replicas", many, least)

    def _type(self, one: Workload) -> tuple[str, Node]:
        """By its image, its ports, its route; a workload without any of them works for itself."""
        images = [
            (at(node, "image"), kind_of(nodes.text(node, "image"))) for _, node in one.containers
        ]
        for image, known in images:
            if known.type and len(one.containers) == 1:
                return known.type, image or one.node
            if known.role is Role.STORE:
                said = f"{one.name} holds a {known.what or known.type} beside its work, in the same workload"
                self.notes.append(one.note(NoteKind.DETECTED, said, image))
        ports = list(nodes.entries(one.node, "service", "ports"))
        if any("grpc" in key for key, _, _ in ports):
            return "grpc", ports[0][1]
        asked = [at(node, key, "httpGet") for _, node in one.containers for key in _PROBES]
        if ports and (any(asked) or any(_is_http(key, port) for key, _, port in ports)):
            return "http", ports[0][1]
        routed = next(
            (each for each in one.resources.values() if each.type in {"route", "dns"}), None
        )
        if routed is not None:
            return "http", routed.spot
        if ports:
            return "other", ports[0][1]
        return "worker", at(one.node, "containers") or one.node

    def _health(self, name: str, one: Workload) -> Iterator[Fact]:
        for kind, key in (("live", "livenessProbe"), ("ready", "readinessProbe")):
            probes = [probe for _, node in one.containers if (probe := at(node, key)) is not None]
            paths = [path for probe in probes if (path := at(probe, "httpGet", "path")) is not None]
            path = next((each for each in paths if nodes.text(each).startswith("/")), None)
            if path is not None:
                fact = ("components", name, "health", kind, "path")
                yield Fact(path=fact, value=nodes.text(path), places=(place(path),))
            elif probes:
                said = f"the {key} of {name} has no path; health checks of the file are paths, so none is taken"
                self.notes.append(one.note(NoteKind.UNSUPPORTED, said, probes[0]))

    def _route(self, name: str, one: Workload, route: Resource) -> Iterator[Fact]:
        host = at(route.params, "host")
        if (to := referred(nodes.text(host))) and to in one.resources:
            host = at(one.resources[to].params, "host") or host
        text = one.filled(nodes.text(host))
        if host is None or not _HOST.fullmatch(text):
            said = f"the host of {name} is given by its platform ({shown(text, 100) or 'no host'}); add its url"
            self.notes.append(one.note(NoteKind.PLACEHOLDER, said, host or route.spot))
            return
        path = nodes.text(route.params, "path").rstrip("/")
        path = path if _PATH.fullmatch(path) else ""
        said = f"nothing says whether {text} is reached by https; taken so"
        self.notes.append(one.note(NoteKind.DETECTED, said, host))
        yield _fact(name, "url", f"https://{text}{path}", host)

    def _asked_for(self, name: str, one: Workload) -> Iterator[Fact]:
        for resource in one.resources.values():
            to = self._target(name, one, resource)
            if not to or to == name:
                continue
            yield _edge(name, to, resource.spot)
            if to not in self.workloads:
                kind = resource.kind()
                if not kind:
                    what = resource.type or "resource without a type"
                    said = f"{to} is a {what}, which the file has no type for"
                    self.notes.append(one.note(NoteKind.DETECTED, said, resource.spot))
                yield _fact(to, "type", kind or "other", resource.spot)

    def _target(self, name: str, one: Workload, resource: Resource) -> str:
        """The component that a resource is; "" where it is none."""
        if "{" in resource.type:
            said = f"the type of {resource.key} is a placeholder: {resource.type[:100]}"
            self.notes.append(one.note(NoteKind.PLACEHOLDER, said, resource.spot))
            return ""
        if resource.type in NO_NEED:
            return ""
        if resource.type in TO_WORKLOADS:
            return self._other(name, one, resource)
        shared = resource.id.rpartition(".")[2] if resource.id else ""
        return fit(shared or f"{name}-{resource.key}")

    def _other(self, name: str, one: Workload, resource: Resource) -> str:
        """Another workload, by its parameter, its id or the resource's own name."""
        asked = nodes.text(resource.params, "workload")
        for wanted in filter(None, (asked, resource.id.rpartition(".")[2], resource.key)):
            if fit(wanted) in self.workloads:
                return fit(wanted)
        said = (
            f"{name} asks for the {resource.type} {asked or resource.key}, which no source defines"
        )
        self.notes.append(one.note(NoteKind.DETECTED, said, resource.spot))
        return ""

    def _spoken_of(self, name: str, one: Workload) -> Iterator[Fact]:
        for key, node in references(one):
            resource = one.resources.get(key)
            if resource is None:
                said = f"{name} refers to the resource {key}, which it does not declare"
                self.notes.append(one.note(NoteKind.PLACEHOLDER, said, node))
            elif (to := self._known_target(name, resource)) and to != name:
                yield _edge(name, to, node)
        unknown: dict[str, Node] = {}
        secret = [(key, node) for key, value, node in variables(one) if is_secret(key, value)]
        if secret:
            keys = [key for key, _ in secret]
            self.notes.append(secret_note(keys, name, place(secret[0][1])))
        for variable, value, node in variables(one):
            for host in hosts(variable, value):
                to = fit(host.partition(".")[0])
                if to in self.workloads and to != name:
                    yield _edge(name, to, node)
                elif to != name and host not in {"localhost", "127.0.0.1", "0.0.0.0"}:  # noqa: S104 - a word to look for
                    unknown.setdefault(host, node)
        for host, node in unknown.items():
            said = f"{name} is told of {host}, which no source defines; "
            said += "if users depend on it, add it as a component"
            self.notes.append(one.note(NoteKind.DETECTED, said, node))

    def _known_target(self, name: str, resource: Resource) -> str:
        """As `_target`, without telling a second time what was told."""
        before = len(self.notes)
        found = self._target(name, self.workloads[name], resource)
        del self.notes[before:]
        return found


def _is_http(name: str, port: Node) -> bool:
    numbers = {nodes.text(port, "port"), nodes.text(port, "targetPort")}
    return name.startswith(("http", "web", "www")) or bool(numbers & _HTTP_PORTS)


def _fact(name: str, key: str, value: str | int, node: Node) -> Fact:
    return Fact(path=("components", name, key), value=value, places=(place(node),))


def _edge(name: str, to: str, node: Node) -> Fact:
    return Fact(path=("components", name, "needs", to), value=None, places=(place(node),))

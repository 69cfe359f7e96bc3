"""What a container is told about others: its variables, its command, the files mounted into it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.hosts import hosts, hosts_in_command
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.stores import PORTS, SCHEMES, by_words
from standfast.spec.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standfast.drivers.importers.kubernetes.cluster import Cluster
    from standfast.drivers.importers.kubernetes.resource import Resource
    from standfast.drivers.importers.kubernetes.workload import Container, Workload

LONGEST = 4000
LARGEST_FILE = 256_000
_REFERENCE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
_INJECTED = re.compile(r"\$[({]([A-Z][A-Z0-9_]*)_SERVICE_(HOST|PORT)[)}]")
_SERVICE = re.compile(
    r"(?<![\w.-])([a-z0-9](?:[a-z0-9.-]{0,200}[a-z0-9])?\.svc(?:\.[a-z0-9.-]{1,100})?)(?![\w-])"
)
_ASKED = re.compile(
    r"(?:^|[\s;&|(])(?:-h|-H|--host(?:name)?|nslookup|getent hosts|ping(?: -c ?\d+)?|nc(?: -\w+)*(?: -w ?\d+)?)"
    r"[\s=]([a-z][a-z0-9.-]{0,200})(?=$|[\s;&|):,\"'])"
)
_NOT_SAID = re.compile(
    r"\$\{([A-Za-z_][A-Za-z0-9_.]*)[^}]{0,200}\}|\{\{\s*([\w.$]{0,80}).{0,200}?\}\}"
)
_COMMENT = ("#", "//", ";", "<!--", "*")
_NOWHERE = re.compile(r"localhost|[\d.:]+|kubernetes(?:\.default.*)?|host\.docker\.internal")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Word:
    """A host that was named, by what, and where; `value` is looked at and never shown."""

    host: str
    key: str
    value: str
    node: Node
    in_file: bool = False

    @property
    def port(self) -> str:
        match = re.search(
            rf"(?<![\w.-]){re.escape(self.host)}:(\d{{2,5}})(?!\d)", self.value, re.IGNORECASE
        )
        return match[1] if match else ""

    @property
    def type(self) -> str:
        """The type of a store that the address speaks of, by its scheme, its port or the variable's name."""
        spot = self.value.lower().find(self.host)
        schemes = re.findall(r"([a-z][a-z0-9+.-]*)://", self.value[: max(spot, 0)].lower())
        if schemes:
            return SCHEMES.get(schemes[-1].partition("+")[0], SCHEMES.get(schemes[-1], ""))
        return by_words(self.key) or PORTS.get(self.port, "")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variable:
    name: str
    value: str
    node: Node


def variables(container: Container, space: str, cluster: Cluster) -> dict[str, Variable]:
    """What the container's environment says literally or by a ConfigMap; references to it resolved."""
    found: dict[str, Variable] = {}
    for entry in nodes.items(container.node, "envFrom"):
        prefix = nodes.text(entry, "prefix")
        for key, value in _data(nodes.text(entry, "configMapRef", "name"), space, cluster):
            found[prefix + key] = _variable(prefix + key, value)
    for entry in nodes.items(container.node, "env"):
        name = nodes.text(entry, "name")
        stated = at(entry, "value")
        if stated is not None:
            found[name] = _variable(name, stated)
        elif (wanted := at(entry, "valueFrom", "configMapKeyRef")) is not None:
            key = nodes.text(wanted, "key")
            for own, value in _data(nodes.text(wanted, "name"), space, cluster):
                if own == key:
                    found[name] = _variable(name, value)
    return {name: _resolved(one, found) for name, one in found.items()}


def _variable(name: str, node: Node) -> Variable:
    return Variable(name=name, value=nodes.text(node)[:LONGEST], node=node)


def _resolved(one: Variable, known: Mapping[str, Variable]) -> Variable:
    value = expanded(one.value, known)
    return one if value == one.value else Variable(name=one.name, value=value, node=one.node)


def expanded(text: str, known: Mapping[str, Variable]) -> str:
    """With `$(NAME)` replaced as the kubelet does; what it injects for a Service is that Service's name."""
    for _ in range(3):
        before = text
        text = _REFERENCE.sub(
            lambda match: known[match[1]].value if match[1] in known else match[0], text
        )[:LONGEST]
        if text == before:
            break
    return _INJECTED.sub(_injected, text)


def _injected(match: re.Match[str]) -> str:
    return match[1].lower().replace("_", "-") if match[2] == "HOST" else "80"


def _data(name: str, space: str, cluster: Cluster) -> Iterator[tuple[str, Node]]:
    one = cluster.named("ConfigMap", name, space) if name else None
    if one is not None:
        for key, _, value in nodes.entries(one.node, "data"):
            yield key, value


def words(one: Workload, container: Container, cluster: Cluster) -> Iterator[Word]:
    """Every host that the container is told of, files aside."""
    known = variables(container, one.of.namespace, cluster)
    for variable in known.values():
        for host in (*hosts(variable.name, variable.value), *_SERVICE.findall(variable.value)):
            if _is_host(host) and not _is_package(host, variable.value):
                value = _with_port(variable, known)
                yield Word(host=host, key=variable.name, value=value, node=variable.node)
    for key in ("command", "args"):
        said = nodes.items(container.node, key)
        joined = " ".join(expanded(nodes.text(item)[:LONGEST], known) for item in said)[:20_000]
        in_all = set(hosts_in_command(joined))
        for item in said:
            text = expanded(nodes.text(item)[:LONGEST], known)
            found = [*hosts_in_command(text), *_SERVICE.findall(text), *_ASKED.findall(text)]
            # `--db-host`, `db` are two items: what only both together say is found in the second.
            found += [text] if text in in_all else []
            for host in dict.fromkeys(found):
                if _is_host(host):
                    yield Word(host=host.lower(), key=key, value=text, node=item)


def _with_port(variable: Variable, known: Mapping[str, Variable]) -> str:
    """DB_HOST with what DB_PORT says, where there is one."""
    beside = re.sub(r"(?i)host(?:name)?$|addr(?:ess)?$", "PORT", variable.name)
    port = known.get(beside) if beside != variable.name else None
    alone = re.fullmatch(r"[\w.-]+", variable.value) is not None
    return f"{variable.value}:{port.value}" if port and alone else variable.value


def _is_package(host: str, value: str) -> bool:
    """`--require @scope/name/register` looks like what follows the `@` of an address."""
    return f"@{host}/" in value.lower() and "://" not in value and "tcp(" not in value


def _is_host(host: str) -> bool:
    return not _NOWHERE.fullmatch(host.lower())


def mounted(one: Workload, cluster: Cluster) -> Iterator[Resource]:
    """The ConfigMaps that are files in its containers."""
    for volume in nodes.items(one.pod, "volumes"):
        names = [nodes.text(volume, "configMap", "name")]
        names += [
            nodes.text(part, "configMap", "name")
            for part in nodes.items(volume, "projected", "sources")
        ]
        for name in filter(None, names):
            found = cluster.named("ConfigMap", name, one.of.namespace)
            if found is not None:
                yield found


def words_in_files(config: Resource) -> tuple[Word, ...]:
    """Hosts in the text of a ConfigMap: only what is one by how it is written."""
    found = []
    for key, _, value in nodes.entries(config.node, "data"):
        text = nodes.text(value)[:LARGEST_FILE]
        for number, line in enumerate(text.splitlines()):
            if line.lstrip().startswith(_COMMENT) or not (
                ":" in line or "=" in line or "." in line
            ):
                continue
            spot = value.line + 1 + number if "\n" in text else value.line
            for host in dict.fromkeys(
                (*hosts("", line[:LONGEST]), *_SERVICE.findall(line[:LONGEST]))
            ):
                if _is_host(host):
                    node = Node(value.file, max(spot, 1), 1) if "\n" in text else value
                    found.append(
                        Word(host=host, key=key, value=line[:LONGEST], node=node, in_file=True)
                    )
    return tuple(found)


def not_said(variable: Variable) -> str:
    """The placeholder that a value still holds, or nothing; what it has as its default may be a secret."""
    match = _NOT_SAID.search(variable.value)
    if match is None:
        return ""
    return f"${{{match[1]}}}" if match[1] else f"{{{{ {match[2]} }}}}"


def secrets_used(one: Workload) -> Iterator[tuple[str, Node]]:
    """The names of the Secrets that its containers read, and where."""
    for container in one.containers:
        for entry in nodes.items(container.node, "env"):
            if wanted := at(entry, "valueFrom", "secretKeyRef"):
                yield nodes.text(wanted, "name"), wanted
        for entry in nodes.items(container.node, "envFrom"):
            if wanted := at(entry, "secretRef"):
                yield nodes.text(wanted, "name"), wanted
    for volume in nodes.items(one.pod, "volumes"):
        if wanted := at(volume, "secret", "secretName"):
            yield nodes.text(wanted), wanted

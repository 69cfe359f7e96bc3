"""Which component a rule is about: by its labels, by the series it reads, by what an exporter speaks for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes, promql
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.levels import Levels, Untold
from standfast.drivers.importers.prometheus import families
from standfast.spec.drafting.draft import NoteKind
from standfast.spec.drafting.mending import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from standfast.spec.drafting.draft import Draft
    from standfast.spec.tree import Node

LABELS = (
    "component",
    "service",
    "service_name",
    "app",
    "application",
    "job",
    "deployment",
    "workload",
)

_CONTAINERS = frozenset(
    {
        "name", "container", "container_name", "ingress", "statefulset", "daemonset",
        "container_label_com_docker_compose_service",
    }
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Subjects:
    """`types` are of the components that other sources know; `sure`: nothing outside of them may be named."""

    levels: Levels
    types: dict[str, str]
    sure: bool
    _told: set[str] = field(default_factory=set)

    def of(self, alert: str, rule: Node, expr: str, node: Node) -> str:
        """The one component; raises Untold where there is none, or more than one."""
        stated = dict(_stated(rule))
        if found := self._named(stated):
            return self.levels.component(*found)
        metrics = promql.metrics(expr)
        read = dict.fromkeys(_read(expr, metrics), node)
        if found := self._named(read) or self._running(expr, node):
            return self.levels.component(*found)
        if len(read) > 1 and not self.sure:
            raise Untold(
                NoteKind.UNSUPPORTED, f"the alert {alert} is about several: {listed(read)}", node
            )
        measured = families.of_metrics(metrics)
        words = {families.first_word(one) for one in metrics}
        if len(measured) == 1 and not words & (families.WATCHING | families.CLUSTER):
            return self._measured(alert, *measured.pop(), node)
        raise Untold(
            NoteKind.UNSUPPORTED,
            f"the alert {alert} is left out: {_why(metrics, [*stated, *read])}",
            node,
        )

    def _named(self, said: dict[str, Node]) -> tuple[str, Node] | None:
        """The component that is named, where one is; an unknown one only where no source knows any."""
        known = {fit(value): node for value, node in said.items() if fit(value) in self.types}
        if len(known) == 1:
            return next(iter(known.items()))
        able = {
            value: node
            for value, node in said.items()
            if value and "{{" not in value and not families.watches(value)
        }
        if self.sure or known or len(able) != 1:
            return None
        return next(iter(able.items()))

    def _running(self, expr: str, node: Node) -> tuple[str, Node] | None:
        """By the container that is looked at, where it is called like a component that a source knows."""
        found = {
            fit(value)
            for label, value in promql.equals(expr)
            if label in _CONTAINERS and fit(value) in self.types
        }
        return (found.pop(), node) if len(found) == 1 else None

    def _measured(self, alert: str, name: str, kind: str, node: Node) -> str:
        mine = [one for one, its in self.types.items() if its == kind]
        if len(mine) > 1:
            said = f"the alert {alert} is about one of {listed(mine)}; nothing says which"
            raise Untold(NoteKind.UNSUPPORTED, said, node)
        if not mine and self.sure:
            said = f"the alert {alert} is about a {name}, and no source has one"
            raise Untold(NoteKind.UNSUPPORTED, said, node)
        of = mine[0] if mine else name
        if of not in self._told:
            self._told.add(of)
            said = f"alerts on the metrics of a {name} exporter are taken to be about {of}"
            self.levels.note(NoteKind.DETECTED, said, node)
        if not mine:
            self.levels.put(("components", of, "type"), kind, node)
        return self.levels.component(of, node)


def _stated(rule: Node) -> Iterable[tuple[str, Node]]:
    """In the order of what names a component best."""
    for label in LABELS:
        for key, _, node in nodes.entries(rule, "labels"):
            if key == label and nodes.text(node):
                yield nodes.text(node), node


def _read(expr: str, metrics: tuple[str, ...]) -> Iterator[str]:
    """The values of labels that name what a query reads; an exporter's job only for what it says of itself."""
    for label, value in promql.equals(expr):
        if label in LABELS:
            name = value.rpartition("/")[2]
            own = re.sub(r"[^a-z0-9]+", "_", name.lower())
            if not families.speaks_for_others(name) or any(one.startswith(own) for one in metrics):
                yield name


def _why(metrics: tuple[str, ...], named: list[str]) -> str:
    words = {families.first_word(one) for one in metrics}
    if named:
        return f"it names {listed(named)}, which no source defines"
    if words and words <= families.WATCHING:
        return "it watches what watches; standfast has alerts of its own on that"
    if words & families.CLUSTER:
        return "it is about the cluster, not about one component; give it a label `component:`"
    return "nothing names the component that it is about; give it a label `component:`"


def known_types(known: Draft | None) -> dict[str, str]:
    names = dict.fromkeys(known.names("components"), "") if known else {}
    for fact in known.facts if known else ():
        if (
            fact.path[0] == "components"
            and fact.path[2:] == ("type",)
            and isinstance(fact.value, str)
        ):
            names[fact.path[1]] = fact.value
    return {fit(name): kind for name, kind in names.items()}

"""The objects of all OpenSLO files together, since they refer to each other by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.levels import Untold
from standfast.drivers.importers.manifests import group
from standfast.drivers.importers.nodes import at
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from standfast.drivers.importers.levels import Levels
    from standfast.spec.tree import Node

KINDS = (
    "Service",
    "SLO",
    "SLI",
    "DataSource",
    "AlertPolicy",
    "AlertCondition",
    "AlertNotificationTarget",
)
_PROMETHEUS = re.compile(r"prom|thanos|mimir|cortex|victoria|^amp$", re.IGNORECASE)


@dataclass(slots=True, kw_only=True, eq=False)
class Thing:
    kind: str
    name: str
    node: Node

    @property
    def spec(self) -> Node | None:
        return at(self.node, "spec")

    @property
    def named(self) -> Node:
        return at(self.node, "metadata", "name") or self.node


def is_openslo(node: Node) -> bool:
    return group(node) in {"openslo", "openslo.com"} and nodes.text(node, "kind") != ""


class Catalogue:
    def __init__(self, found: Iterable[Node], levels: Levels) -> None:
        self._things: dict[tuple[str, str], Thing] = {}
        for node in found:
            self._enter(node, levels)

    def _enter(self, node: Node, levels: Levels) -> None:
        kind, name = nodes.text(node, "kind"), nodes.text(node, "metadata", "name")
        if kind not in KINDS:
            levels.note(
                NoteKind.UNSUPPORTED, f"OpenSLO knows no kind {kind[:60]!r}; left out", node
            )
        elif not name or "{{" in name:
            levels.note(NoteKind.PLACEHOLDER, f"this {kind} has no plain name", node)
        elif (
            first := self._things.setdefault((kind, name), Thing(kind=kind, name=name, node=node))
        ).node is not node:
            said = f"the {kind} {name} stands at {first.node.file}:{first.node.line} too; that one counts"
            levels.note(NoteKind.CONFLICT, said, node)

    def of_kind(self, kind: str) -> Iterator[Thing]:
        return (one for one in self._things.values() if one.kind == kind)

    def named(self, kind: str, name: str) -> Thing | None:
        return self._things.get((kind, name))

    def source_type(self, metric: Node) -> tuple[str, Node]:
        """What a metric is asked of, however the versions of OpenSLO say it."""
        for path in (("metricSource", "type"), ("source",), ("dataSourceSpec", "type")):
            if (said := at(metric, *path)) is not None and nodes.text(said):
                return nodes.text(said), said
        for path in (("metricSource", "metricSourceRef"), ("dataSourceRef",)):
            ref = at(metric, *path)
            if ref is not None and nodes.text(ref):
                one = self.named("DataSource", nodes.text(ref))
                if one is not None:
                    return nodes.text(one.spec, "type"), at(one.spec, "type") or one.node
                return nodes.text(ref), ref
        return "", metric

    def query(self, metric: Node, what: str) -> tuple[str, Node]:
        """The text of a metric's PromQL; raises Untold where it is asked of something else."""
        kind, spot = self.source_type(metric)
        language = nodes.text(metric, "queryType").lower()
        if not _PROMETHEUS.search(kind) and language != "promql":
            said = f"asks {kind[:60]!r}" if kind else "does not say what it asks"
            raise Untold(
                NoteKind.UNSUPPORTED,
                f"{what} {said}; the file has queries for Prometheus only",
                spot,
            )
        for path in (("metricSource", "spec"), ("spec",), ("metricSource",), ()):
            for key in ("query", "promql", "expr"):
                found = at(metric, *path, key)
                if found is not None and nodes.text(found):
                    return nodes.text(found), found
        raise Untold(NoteKind.UNSUPPORTED, f"{what} has no query that could be read", metric)

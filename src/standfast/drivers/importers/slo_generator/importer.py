"""slo-generator's objectives in, a draft out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes, promql
from standfast.drivers.importers.bounding import bounded, listed
from standfast.drivers.importers.levels import Levels, Untold, ordered, percent, told
from standfast.drivers.importers.manifests import group, manifests, marked
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.slo_generator.indicator import counts
from standfast.drivers.importers.slo_generator.policies import Policies
from standfast.spec.drafting.draft import Draft, NoteKind, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.drivers.importers.source import Folder, Source
    from standfast.spec.tree import Node

_MARK = re.compile(r"sre\.google\.com/|[\"']?(?:error_budget_policies|slo_target)[\"']?\s*:")
_JOBS = ("job", "service", "app", "container")


def is_objective(node: Node) -> bool:
    return group(node) == "sre.google.com" and nodes.text(node, "kind") == "ServiceLevelObjective"


def is_shared(node: Node) -> bool:
    """The configuration that objectives have in common."""
    policies = at(node, "error_budget_policies")
    return policies is not None and policies.entries is not None and at(node, "kind") is None


def is_older(node: Node) -> bool:
    return all(at(node, key) is not None for key in ("slo_name", "slo_target", "backend"))


class SloGenerator:
    name = "slo-generator"

    def claims(self, source: Source) -> bool:
        return marked(
            source, _MARK, lambda node: is_objective(node) or is_shared(node) or is_older(node)
        )

    def read(self, sources: Sequence[Source], folder: Folder) -> Draft:  # noqa: ARG002 - the port's shape
        levels = Levels()
        found = [*manifests(sources, levels.notes)]
        policies = Policies(levels)
        policies.read(filter(is_shared, found))
        for one in found:
            if is_objective(one):
                _each(one, policies, levels)
            elif is_older(one):
                said = "this is an objective of slo-generator 1; let `slo-generator migrate` bring it to v2"
                levels.note(NoteKind.UNSUPPORTED, said, at(one, "slo_name") or one)
            elif is_shared(one):
                _rest(one, levels)
        joined = join([levels.draft()])
        return replace(joined, facts=tuple(ordered(joined.facts)), notes=bounded(joined.notes))


def _each(one: Node, policies: Policies, levels: Levels) -> None:
    named = at(one, "metadata", "name")
    name = nodes.text(named)
    if named is None or not name or _is_open(name):
        levels.note(NoteKind.PLACEHOLDER, "this objective has no plain name", named or one)
        return
    try:
        _objective(name, one, named, policies, levels)
    except Untold as error:
        told(levels, error, named)


def _is_open(text: str) -> bool:
    return "{{" in text or "${" in text


def _objective(name: str, one: Node, named: Node, policies: Policies, levels: Levels) -> None:
    spec = at(one, "spec") or one
    backend = at(spec, "backend")
    kind = nodes.text(backend).partition("/")[0]
    if kind != "prometheus":
        said = f"{name} is measured by {kind[:60] or 'a nameless backend'}, which the file cannot ask; "
        said += "where the same is counted in Prometheus, write `sli: query`"
        raise Untold(NoteKind.UNSUPPORTED, said, backend or named)
    sli, goal = at(spec, "service_level_indicator"), at(spec, "goal")
    if sli is None:
        raise Untold(NoteKind.PLACEHOLDER, f"{name} has no `service_level_indicator`", named)
    counted = counts(name, nodes.text(spec, "method"), sli, levels)
    try:
        slo = percent(nodes.text(goal), share=True)
    except ValueError as error:
        raise Untold(NoteKind.UNSUPPORTED, f"the goal of {name}: {error}", goal or named) from None
    of = _component(name, one, named, counted.total, levels)
    levels.level(
        name, of=of, counts=counted, slos=[(slo, goal or named)],
        window=policies.window(name, spec, named), named=named,
    )  # fmt: skip


def _component(name: str, one: Node, named: Node, total: str, levels: Levels) -> str:
    """By its label, else by the job that is counted; else it bears the objective's name."""
    label = at(one, "metadata", "labels", "service_name")
    if label is not None and nodes.text(label) and not _is_open(nodes.text(label)):
        return levels.component(nodes.text(label), label)
    equal = promql.equals(total)
    job = next((value for wanted in _JOBS for key, value in equal if key == wanted), "")
    if not job:
        said = f"nothing says which component {name} measures; it stands under the objective's own name: "
        levels.note(NoteKind.DETECTED, f"{said}rename it", named)
    return levels.component(job or name, named)


def _rest(config: Node, levels: Levels) -> None:
    """Where Prometheus is, and what is about slo-generator itself."""
    for name, own, backend in nodes.entries(config, "backends"):
        if name.partition("/")[0] == "prometheus":
            said = f"which Prometheus is asked ({name[:40]}) is a setting of the server: `server.prometheus`"
            levels.note(NoteKind.UNSUPPORTED, said, at(backend, "url") or own)
    exporters = [name for name, _, _ in nodes.entries(config, "exporters")]
    if exporters:
        said = f"exporters are about slo-generator itself, and left: {listed(exporters)}"
        levels.note(NoteKind.SKIPPED, said, at(config, "exporters") or config)

"""Rule files in, alerts out."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes, promql
from standfast.drivers.importers.annotations import describe, unreadable_runbook
from standfast.drivers.importers.bounding import bounded, listed
from standfast.drivers.importers.levels import Levels, Untold, ordered, told, usable
from standfast.drivers.importers.manifests import group, manifests, marked
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.prometheus.subjects import Subjects, known_types
from standfast.drivers.importers.severities import is_for_nobody
from standfast.spec.drafting.draft import Draft, NoteKind, join

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.drivers.importers.source import Folder, Source
    from standfast.spec.tree import Node

_MARK = re.compile(r"[\"']?(?:alert|record)[\"']?\s*:")
_SEVERITIES = ("severity", "priority", "level")


def is_rules(node: Node) -> bool:
    if group(node) == "monitoring.coreos.com":
        return nodes.text(node, "kind") == "PrometheusRule"
    return at(node, "apiVersion") is None and any(
        _rules(one) for one in nodes.items(node, "groups")
    )


def _rules(group_: Node) -> list[Node]:
    return [
        one
        for one in nodes.items(group_, "rules")
        if at(one, "alert") is not None or at(one, "record") is not None
    ]


class PrometheusRules:
    """Rule files and PrometheusRule objects; what an alert is about, other sources may know."""

    name = "prometheus-rules"

    def claims(self, source: Source) -> bool:
        return marked(source, _MARK, is_rules)

    def read(self, sources: Sequence[Source], folder: Folder, known: Draft | None = None) -> Draft:  # noqa: ARG002 - the port's shape
        levels = Levels()
        types = known_types(known)
        subjects = Subjects(levels=levels, types=types, sure=bool(types))
        reading = _Reading(levels, subjects)
        for one in filter(is_rules, manifests(sources, levels.notes)):
            for group_ in nodes.items(one, "groups") or nodes.items(one, "spec", "groups"):
                reading.group(group_)
        reading.rest()
        joined = join([levels.draft()])
        return replace(joined, facts=tuple(ordered(joined.facts)), notes=bounded(joined.notes))


class _Reading:
    def __init__(self, levels: Levels, subjects: Subjects) -> None:
        self.levels, self.subjects = levels, subjects
        self.left: dict[str, list[tuple[str, Node]]] = defaultdict(
            list
        )  # of alerts: what, which and where

    def group(self, group_: Node) -> None:
        rules = _rules(group_)
        recorded = [one for one in rules if at(one, "record") is not None]
        if recorded:
            said = (
                f"{len(recorded)} recording rules of the group "
                f"{nodes.text(group_, 'name') or 'without a name'} are not "
            )
            said += "taken over; what reads their series needs them still: "
            said += listed((nodes.text(one, "record") for one in recorded), 3)
            self.levels.note(NoteKind.UNSUPPORTED, said, recorded[0])
        for one in rules:
            if at(one, "alert") is not None:
                try:
                    self._alert(one)
                except Untold as error:
                    told(self.levels, error, one)

    def _alert(self, rule: Node) -> None:
        said = nodes.text(rule, "alert")
        named, expr = at(rule, "alert") or rule, at(rule, "expr")
        if not said or "{{" in said or expr is None:
            raise Untold(
                NoteKind.PLACEHOLDER,
                "an alert without a plain name or without an expression",
                named,
            )
        word = self._severity(rule)
        if word is not None and is_for_nobody(nodes.text(word)):
            raise Untold(
                NoteKind.SKIPPED,
                f"the alert {said} is for machines only (severity {nodes.text(word)})",
                named,
            )
        query = usable(nodes.text(expr), f"the alert {said}", expr)
        of = self.subjects.of(said, rule, query, named)
        severity = self.levels.severities.of(nodes.text(word), word or named)
        name = self.levels.free_alert(said, f"{severity}: {of}: {query}", severity)
        path = ("alerts", name)
        self.levels.put((*path, "of"), of, named)
        self.levels.put((*path, "when", "expr"), query, expr)
        for _ in self._lasting(rule, said):
            self.levels.put(
                (*path, "when", "for"), nodes.text(rule, "for"), at(rule, "for") or rule
            )
        self.levels.put((*path, "severity"), severity, word or named)
        annotations = at(rule, "annotations")
        if describe(name, (annotations,), self.levels):
            self.left["texts"].append((said, annotations or rule))
        unreadable_runbook(said, annotations, self.levels)
        if at(rule, "keep_firing_for") is not None:
            self.left["keep_firing_for"].append((said, at(rule, "keep_firing_for") or rule))

    def _severity(self, rule: Node) -> Node | None:
        return next(
            (node for key in _SEVERITIES if (node := at(rule, "labels", key)) is not None), None
        )

    def _lasting(self, rule: Node, said: str) -> Iterator[None]:
        text = nodes.text(rule, "for")
        if text and not promql.is_duration(text):
            node = at(rule, "for") or rule
            self.levels.note(
                NoteKind.PLACEHOLDER, f"the alert {said} must last {text[:40]!r}; left out", node
            )
        elif text and re.search(r"[1-9]", text):
            yield

    def rest(self) -> None:
        for what, said in (
            (
                "texts",
                "their texts are Go templates, which the file does not have; the alert's own words stand in",
            ),
            ("keep_firing_for", "`keep_firing_for` is left out: an alert ends when its cause does"),
        ):
            if found := self.left[what]:
                names = listed(name for name, _ in found)
                self.levels.note(NoteKind.UNSUPPORTED, f"{names}: {said}", found[0][1])

"""Gatus' configuration in, a draft out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import bounded, listed
from standfast.drivers.importers.checks import MOST, Checks
from standfast.drivers.importers.gatus.alerting import Alerting
from standfast.drivers.importers.gatus.condition import duration
from standfast.drivers.importers.gatus.endpoint import called, endpoint
from standfast.drivers.importers.levels import Levels, ordered
from standfast.drivers.importers.manifests import manifests, marked
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.prometheus.subjects import known_types
from standfast.spec import units
from standfast.spec.drafting.draft import Draft, NoteKind, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.drivers.importers.source import Folder, Source
    from standfast.spec.tree import Node

_MARK = re.compile(
    r"^\s*[\"'{]*(?:endpoints|external-endpoints|suites|alerting)[\"']?\s*:", re.MULTILINE
)
_OWN = ("external-endpoints", "suites", "alerting", "maintenance", "announcements", "remote")
_LEFT = (
    "announcements", "ui", "web", "security", "storage", "metrics", "connectivity", "concurrency", "remote",
    "tunneling", "api",
)  # fmt: skip


def is_gatus(node: Node) -> bool:
    """`endpoints:` is a word of many; with conditions, or beside Gatus' other words, it is Gatus'."""
    if at(node, "apiVersion") is not None or node.entries is None:
        return False
    if any(at(one, "conditions") is not None for one in nodes.items(node, "endpoints")):
        return True
    if any(at(one, "token") is not None for one in nodes.items(node, "external-endpoints")):
        return True
    if nodes.items(node, "suites") and at(nodes.items(node, "suites")[0], "endpoints") is not None:
        return True
    if any(at(said, "default-alert") is not None for _, _, said in nodes.entries(node, "alerting")):
        return True  # one of several files: what all alerts of a channel share
    return bool(nodes.items(node, "endpoints")) and any(at(node, key) is not None for key in _OWN)


class Gatus:
    """Several files are one configuration, as a folder of them is to Gatus."""

    name = "gatus"

    def claims(self, source: Source) -> bool:
        return marked(source, _MARK, is_gatus)

    def read(self, sources: Sequence[Source], folder: Folder, known: Draft | None = None) -> Draft:  # noqa: ARG002 - the port's shape
        checks = Checks(Levels(), known_types(known))
        configs = [*manifests(sources, checks.levels.notes)]
        alerting = Alerting(checks)
        for config in configs:
            alerting.read(config)
        found = [one for config in configs for one in nodes.items(config, "endpoints")]
        for one in found[:MOST]:
            endpoint(one, checks, alerting)
            _maintenance(nodes.items(one, "maintenance-windows"), nodes.text(one, "name"), checks)
        for config in configs:
            for one in nodes.items(config, "external-endpoints")[:MOST]:
                _external(one, checks, alerting)
            _rest(config, checks)
        if len(found) > MOST:
            words = f"{len(found):,} endpoints; at most {MOST:,} are read"
            checks.levels.note(NoteKind.UNREADABLE, words, found[MOST])
        checks.rest()
        joined = join([checks.levels.draft()])
        return replace(joined, facts=tuple(ordered(joined.facts)), notes=bounded(joined.notes))


def _external(one: Node, checks: Checks, alerting: Alerting) -> None:
    """Somebody tells Gatus how it went: a heartbeat, where it says how often."""
    if (known := called(one, checks)) is None:
        return
    named, name, group = known
    node = at(one, "heartbeat", "interval")
    try:
        every = duration(nodes.text(node)) if node is not None else timedelta(0)
    except ValueError:
        every = timedelta(0)
    if node is None or not every:
        words = f"{name[:60]} tells by itself how it went, at no fixed times; the file has heartbeats, which "
        words += "come every so often"
        checks.levels.note(NoteKind.UNSUPPORTED, words, node or named)
        return
    of = checks.component(name, group, named)
    checks.put(of, ("heartbeats", of), units.show_duration(every), node)
    words = f"the token of {of} is not copied: its job asks `POST /api/v1/heartbeats/{of}` with a token of "
    words += "standfast's own"
    checks.levels.note(NoteKind.SECRET, words, at(one, "token") or named)
    alerting.of(of, one, every, beats=True)


def _maintenance(windows: Sequence[Node], of: str, checks: Checks) -> None:
    for one in windows:
        if nodes.text(one, "enabled") == "false":
            continue
        days = listed((nodes.text(day) for day in nodes.items(one, "every")), 7) or "every day"
        when = f"{nodes.text(one, 'start')[:10]} for {nodes.text(one, 'duration')[:10]}, {days}"
        zone = nodes.text(one, "timezone")[:40] or "UTC"
        words = f"the maintenance of {of[:60] or 'everything'} ({when}, {zone}) is not carried over: plan each "
        words += "with `standfast slo exclude`"
        checks.levels.note(NoteKind.UNSUPPORTED, words, one)


def _rest(config: Node, checks: Checks) -> None:
    if (window := at(config, "maintenance")) is not None:
        _maintenance([window], "", checks)
    for one in nodes.items(config, "suites"):
        words = f"the suite {nodes.text(one, 'name')[:60]} is not carried over: its steps hand values on; a "
        words += "journey of the file is measured at its components"
        checks.levels.note(NoteKind.UNSUPPORTED, words, at(one, "name") or one)
    left = [(key, node) for key, node, _ in nodes.entries(config) if key in _LEFT]
    if left:
        words = f"about Gatus itself, and left: {', '.join(key for key, _ in left)}"
        checks.levels.note(NoteKind.SKIPPED, words, left[0][1])

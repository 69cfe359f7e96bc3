"""Sloth's specifications in, a draft out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes, promql
from standfast.drivers.importers.annotations import describe
from standfast.drivers.importers.bounding import bounded, listed
from standfast.drivers.importers.levels import (
    Counts,
    Levels,
    Untold,
    ordered,
    over_window,
    percent,
    told,
    usable,
)
from standfast.drivers.importers.manifests import group, manifests, marked
from standfast.drivers.importers.nodes import at
from standfast.spec.drafting.draft import Draft, NoteKind, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.drivers.importers.source import Folder, Source
    from standfast.spec.tree import Node

_MARK = re.compile(r"prometheus/v1\b|sloth\.slok\.dev/")
_PERIOD = "30d"  # Sloth's own, unless its command line says otherwise
_OWNERS = ("owner", "team")


def is_sloth(node: Node) -> bool:
    plain = nodes.text(node, "version") == "prometheus/v1" and at(node, "slos") is not None
    return plain or (
        group(node) == "sloth.slok.dev" and nodes.text(node, "kind") == "PrometheusServiceLevel"
    )


class Sloth:
    """Its own YAML (`version: prometheus/v1`) and its Kubernetes objects, which write keys in another way."""

    name = "sloth"

    def claims(self, source: Source) -> bool:
        return marked(source, _MARK, is_sloth)

    def read(self, sources: Sequence[Source], folder: Folder) -> Draft:  # noqa: ARG002 - the port's shape
        levels = Levels()
        for one in filter(is_sloth, manifests(sources, levels.notes)):
            _specification(one if at(one, "slos") is not None else at(one, "spec"), one, levels)
        joined = join([levels.draft()])
        return replace(joined, facts=tuple(ordered(joined.facts)), notes=bounded(joined.notes))


def _either(node: Node | None, snake: str) -> Node | None:
    """`page_alert` of a file is `pageAlert` of an object."""
    first, *rest = snake.split("_")
    return at(node, snake) or at(node, first + "".join(word.capitalize() for word in rest))


def _specification(spec: Node | None, whole: Node, levels: Levels) -> None:
    service = at(spec, "service")
    if service is None or not nodes.text(service) or "{{" in nodes.text(service):
        levels.note(NoteKind.PLACEHOLDER, "this specification names no service", service or whole)
        return
    of = levels.component(nodes.text(service), service)
    for word in _OWNERS:
        if (owner := at(spec, "labels", word)) is not None and nodes.text(owner):
            levels.owner(of, nodes.text(owner), owner)
            break
    _plugins(_either(spec, "slo_plugins"), nodes.text(service), levels)
    tickets = [
        one
        for slo in nodes.items(spec, "slos")
        if (one := _level(slo, of, nodes.text(service), levels))
    ]
    if tickets:
        names = listed(nodes.text(one, "name") for one in tickets)
        said = f"ticket alerts of {names} are left out: a burn-rate alert of the file "
        said += "wakes people, and its slow windows make no alert of their own beside it"
        levels.note(
            NoteKind.UNSUPPORTED,
            said,
            _either(at(tickets[0], "alerting"), "ticket_alert") or tickets[0],
        )


def _plugins(plugins: Node | None, of: str, levels: Levels) -> None:
    ids = [nodes.text(one, "id")[:80] for one in nodes.items(plugins, "chain")]
    if plugins is not None and ids:
        said = f"the plugins of {of} are Go programs that run in Sloth only: {listed(ids)}"
        levels.note(NoteKind.UNSUPPORTED, said, plugins)


def _level(slo: Node, of: str, service: str, levels: Levels) -> Node | None:
    """One SLO; itself again where its ticket alert is lost."""
    named = at(slo, "name") or slo
    full = f"{service}-{nodes.text(slo, 'name') or 'unnamed'}"  # as Sloth calls it in its rules
    _plugins(_either(slo, "plugins"), full, levels)
    try:
        counts = _counts(slo, full, levels)
        objective = at(slo, "objective")
        target = _target(objective, full, slo)
        slos = [(target, objective or slo)]
        window = (_PERIOD, named)
        name = levels.level(full, of=of, counts=counts, slos=slos, window=window, named=named)
    except Untold as error:
        told(levels, error, named)
        return None
    return slo if _alerts(slo, name, of, levels) else None


def _target(objective: Node | None, full: str, slo: Node) -> str:
    if objective is None:
        raise Untold(NoteKind.PLACEHOLDER, f"{full} has no objective", slo)
    try:
        return percent(nodes.text(objective))
    except ValueError as error:
        raise Untold(NoteKind.UNSUPPORTED, f"the objective of {full}: {error}", objective) from None


def _counts(slo: Node, full: str, levels: Levels) -> Counts:
    sli = at(slo, "sli")
    if (plugin := at(sli, "plugin")) is not None:
        name = nodes.text(plugin, "id")[:100] or nodes.text(plugin, "name")[:100]
        options = ", ".join(
            f"{key}: {value[:60]}" for key, value in nodes.texts(plugin, "options").items()
        )
        said = f"{full} is measured by the plugin {name}, a Go program that runs in Sloth only"
        said += f" (options {options[:300]})" if options else ""
        raise Untold(NoteKind.UNSUPPORTED, f"{said}; write what it queries as `sli: query`", plugin)
    if (raw := at(sli, "raw")) is not None:
        return _ratio(_either(raw, "error_ratio_query"), full, raw, levels)
    events = at(sli, "events")
    bad, total = _either(events, "error_query"), _either(events, "total_query")
    if bad is None or total is None:
        raise Untold(
            NoteKind.PLACEHOLDER,
            f"{full} has no query for its errors and for all of its events",
            sli or slo,
        )
    some = usable(nodes.text(bad), f"{full}: its errors", bad)
    whole = usable(nodes.text(total), f"{full}: its total", total)
    whole, some = over_window(whole, some, total, levels, full)
    return Counts(total=whole, part=some, good=False, total_node=total, part_node=bad)


def _ratio(query: Node | None, full: str, raw: Node, levels: Levels) -> Counts:
    text = usable(nodes.text(query), f"{full}: its error ratio", query or raw)
    halves = promql.quotient(text)
    if halves is None:
        raise Untold(
            NoteKind.UNSUPPORTED,
            f"{full} gives a ratio of errors only (`raw`), which tells nothing of how many events "
            "it weighs; write "
            "its total and its bad events as `sli: query`",
            query or raw,
        )
    node = query or raw
    part, whole, good = halves
    whole, part = over_window(whole, part, node, levels, full)
    levels.note(NoteKind.DETECTED, f"the ratio of {full} is taken as its two counts", node)
    return Counts(total=whole, part=part, good=good, total_node=node, part_node=node)


def _alerts(slo: Node, level: str, of: str, levels: Levels) -> bool:
    """The page alert; whether there is a ticket alert that gets lost beside it."""
    alerting = at(slo, "alerting")
    if alerting is None:
        return False  # Sloth's defaults, and so are ours
    page, ticket = _either(alerting, "page_alert"), _either(alerting, "ticket_alert")
    silent = nodes.text(page, "disable") == "true"
    quiet = nodes.text(ticket, "disable") == "true"
    if silent:
        said = (
            f"{level} wakes nobody in Sloth (its page alert is disabled); the file alerts on each of "
            "its objectives"
        )
        levels.note(NoteKind.UNSUPPORTED, said, page or alerting)
        return False
    spot = at(alerting, "name") or alerting
    alert = levels.free_alert(nodes.text(alerting, "name") or f"{level}-burns", level)
    severity = at(page, "labels", "severity") or at(alerting, "labels", "severity")
    word = levels.severities.of(nodes.text(severity) or "page", severity or page or alerting, "P2")
    levels.burn(alert, level, of, word, spot)
    describe(alert, (at(page, "annotations"), at(alerting, "annotations")), levels)
    return not quiet

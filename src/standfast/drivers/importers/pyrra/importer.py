"""Pyrra's objectives in, a draft out."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes, promql
from standfast.drivers.importers.bounding import bounded, listed
from standfast.drivers.importers.levels import (
    Counts,
    Levels,
    Untold,
    ordered,
    percent,
    span,
    told,
    usable,
)
from standfast.drivers.importers.manifests import group, manifests, marked
from standfast.drivers.importers.nodes import at
from standfast.spec import units
from standfast.spec.drafting.draft import Draft, NoteKind, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.drivers.importers.source import Folder, Source
    from standfast.spec.tree import Node

_MARK = re.compile(r"pyrra\.dev/")
_SERVICES = (
    "pyrra.dev/service",
    "pyrra.dev/component",
    "pyrra.dev/app",
    "app.kubernetes.io/name",
    "service",
    "app",
)
_TEAMS = ("pyrra.dev/team", "pyrra.dev/owner", "team", "owner")
_W = promql.WINDOW


def is_pyrra(node: Node) -> bool:
    return group(node) == "pyrra.dev" and nodes.text(node, "kind") == "ServiceLevelObjective"


class Pyrra:
    name = "pyrra"

    def claims(self, source: Source) -> bool:
        return marked(source, _MARK, is_pyrra)

    def read(self, sources: Sequence[Source], folder: Folder, known: Draft | None = None) -> Draft:  # noqa: ARG002 - the port's shape
        levels = Levels()
        names = set(known.names("components")) if known else set()
        for one in filter(is_pyrra, manifests(sources, levels.notes)):
            named = at(one, "metadata", "name")
            if named is None or not nodes.text(named) or "{{" in nodes.text(named):
                levels.note(NoteKind.PLACEHOLDER, "this objective has no plain name", named or one)
                continue
            try:
                _objective(one, named, names, levels)
            except Untold as error:
                told(levels, error, named)
        joined = join([levels.draft()])
        return replace(joined, facts=tuple(ordered(joined.facts)), notes=bounded(joined.notes))


def _objective(one: Node, named: Node, known: set[str], levels: Levels) -> None:
    name, spec = nodes.text(named), at(one, "spec")
    counts = _counts(name, at(spec, "indicator"), named)
    target = at(spec, "target") or named
    try:
        slos = [(percent(nodes.text(target)), target)]
    except ValueError as error:
        raise Untold(NoteKind.UNSUPPORTED, f"the target of {name}: {error}", target) from None
    window = at(spec, "window") or named
    try:
        rolling = (span(nodes.text(window)), window)
    except ValueError as error:
        raise Untold(NoteKind.UNSUPPORTED, f"the window of {name}: {error}", window) from None
    of = _component(one, named, counts, known, levels)
    _grouping(name, at(spec, "indicator"), levels)
    level = levels.level(name, of=of, counts=counts, slos=slos, window=rolling, named=named)
    _alerting(level, of, at(spec, "alerting"), levels)
    for key in ("performanceOverAccuracy", "partial_response_strategy", "ruleOutput"):
        if (said := at(spec, key)) is not None and nodes.text(said) != "false":
            text = (
                f"{key} of {name} is about Pyrra's own rules; those of the file add up every event"
            )
            levels.note(NoteKind.UNSUPPORTED, text, said)


def _component(one: Node, named: Node, counts: Counts, known: set[str], levels: Levels) -> str:
    """By a label, by the job that is counted, by other sources; else it bears the objective's name."""
    labels = {key: node for key, _, node in nodes.entries(one, "metadata", "labels")}
    node = next((labels[key] for key in _SERVICES if nodes.text(labels.get(key))), None)
    said = nodes.text(node)
    if node is None:
        jobs = [
            value
            for wanted in ("job", "service", "app", "container", "ingress")
            for label, value in promql.equals(counts.total)
            if label == wanted
        ]
        near = [
            name
            for name in sorted(known, key=len, reverse=True)
            if nodes.text(named).startswith(name)
        ]
        said, node = (jobs[0] if jobs else "") or (near[0] if near else ""), counts.total_node
    if not said:
        said, node = nodes.text(named), named
        text = (
            f"nothing says which component {said} measures; it stands under the objective's own name: "
            "rename it"
        )
        levels.note(NoteKind.DETECTED, text, named)
    of = levels.component(said, node)
    team = next((labels[key] for key in _TEAMS if nodes.text(labels.get(key))), None)
    if team is not None:
        levels.owner(of, nodes.text(team), team)
    return of


def _grouping(name: str, indicator: Node | None, levels: Levels) -> None:
    """A promise for each of many is more than one for all: an outage of one can hide among the others."""
    for _, _, found in nodes.entries(indicator):
        if grouped := [nodes.text(one) for one in nodes.items(found, "grouping")]:
            said = (
                f"{name} is promised for each {listed(grouped)} on its own; here it is promised for "
                "all together: "
            )
            said += f"write a level of its own for each {grouped[0]} that matters"
            levels.note(NoteKind.UNSUPPORTED, said, at(found, "grouping") or found)


# ------------------------------------------------------------------ indicators


def _counts(name: str, indicator: Node | None, named: Node) -> Counts:
    for kind, read in (
        ("ratio", _ratio),
        ("latency", _latency),
        ("latencyNative", _native),
        ("bool_gauge", _gauge),
    ):
        if (found := at(indicator, kind)) is not None:
            return read(name, found)
    raise Untold(NoteKind.UNSUPPORTED, f"{name} has no indicator that is known", indicator or named)


def _series(name: str, what: str, node: Node | None, above: Node) -> tuple[str, Node]:
    """A selector, which Pyrra itself asks for; anything more would be counted wrongly."""
    found = at(node, "metric")
    if found is None or not nodes.text(found):
        raise Untold(NoteKind.PLACEHOLDER, f"{name} has no metric for {what}", node or above)
    text = usable(nodes.text(found), f"{name}: {what}", found)
    if promql.selector(text) != text:
        said = f"{name}: {what} is no plain selector of a metric, as Pyrra has it"
        raise Untold(NoteKind.UNSUPPORTED, said, found)
    return text, found


def _ratio(name: str, found: Node) -> Counts:
    errors, errors_node = _series(name, "its errors", at(found, "errors"), found)
    total, total_node = _series(name, "its total", at(found, "total"), found)
    return Counts(
        total=f"sum(rate({total}[{_W}]))", part=f"sum(rate({errors}[{_W}]))", good=False,
        total_node=total_node, part_node=errors_node,
    )  # fmt: skip


def _latency(name: str, found: Node) -> Counts:
    success, success_node = _series(name, "what was quick enough", at(found, "success"), found)
    total, total_node = _series(name, "its total", at(found, "total"), found)
    if not any(label == "le" for label, _, _ in promql.matchers(success)):
        said = f"{name}: what was quick enough names no bucket (`le`), so that all would be"
        raise Untold(NoteKind.UNSUPPORTED, said, success_node)
    return Counts(
        total=f"sum(rate({total}[{_W}]))", part=f"sum(rate({_any_le(success)}[{_W}]))", good=True,
        total_node=total_node, part_node=success_node,
    )  # fmt: skip


def _any_le(success: str) -> str:
    """Prometheus 2 stores the bound "1" as it was scraped, Prometheus 3 as "1.0"."""
    return re.sub(
        r"\ble\s*=\s*\"(\d{1,9})(?:\.0+)?\"", lambda found: f'le=~"{found[1]}(\\\\.0*)?"', success
    )


def _native(name: str, found: Node) -> Counts:
    total, node = _series(name, "its total", at(found, "total"), found)
    spot = at(found, "latency") or found
    try:
        limit = units.duration(nodes.text(spot))
    except ValueError as error:
        raise Untold(NoteKind.UNSUPPORTED, f"the latency of {name}: {error}", spot) from None
    seconds = f"{limit / timedelta(seconds=1):.6f}".rstrip("0").rstrip(".")
    rate = f"sum(rate({total}[{_W}]))"
    return Counts(
        total=f"histogram_count({rate})",
        part=f"histogram_fraction(0, {seconds}, {rate}) * histogram_count({rate})",
        good=True, total_node=node, part_node=spot,
    )  # fmt: skip


def _gauge(name: str, found: Node) -> Counts:
    metric, node = _series(name, "its gauge", found, found)
    return Counts(
        total=f"sum(count_over_time({metric}[{_W}]))", part=f"sum(sum_over_time({metric}[{_W}]))", good=True,
        total_node=node, part_node=node,
    )  # fmt: skip


def _alerting(level: str, of: str, alerting: Node | None, levels: Levels) -> None:
    """Where Pyrra does as it does without being told, the file does too."""
    if alerting is None:
        return
    for key, off in (("disabled", "true"), ("burnrates", "false")):
        if nodes.text(alerting, key) == off:
            said = f"{level} wakes nobody in Pyrra ({key}: {off}); the file alerts on each of its objectives"
            levels.note(NoteKind.UNSUPPORTED, said, at(alerting, key) or alerting)
            return
    name, quick = at(alerting, "name"), at(alerting, "severities", "fastBurn")
    if name is not None or quick is not None:
        spot = name or quick
        assert spot is not None  # noqa: S101 - one of both is there
        severity = levels.severities.of(nodes.text(quick) or "critical", quick or spot)
        levels.burn(
            levels.free_alert(nodes.text(name) or f"{level}-burns", level),
            level,
            of,
            severity,
            spot,
        )
    for key in ("absent", "absentName"):
        if (said_ := at(alerting, key)) is not None:
            text = (
                f"whether {level} has data is watched by the file's own alert {of}-not-scraped; "
                f"`{key}` is left out"
            )
            levels.note(NoteKind.UNSUPPORTED, text, said_)
    others = [
        key
        for key in ("mediumBurn", "slowBurn", "longTermBurn")
        if at(alerting, "severities", key) is not None
    ]
    if others:
        text = f"severities of single burn windows of {level} are left out ({', '.join(others)})"
        levels.note(NoteKind.UNSUPPORTED, text, at(alerting, "severities") or alerting)

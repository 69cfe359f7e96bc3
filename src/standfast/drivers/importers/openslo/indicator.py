"""An OpenSLO indicator as two counts of events, by the method that the objective's budget is kept with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes, promql
from standfast.drivers.importers.levels import Counts, Untold, over_window, percent, sampled, usable
from standfast.drivers.importers.nodes import at
from standfast.spec import units
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from standfast.drivers.importers.levels import Levels, Values
    from standfast.drivers.importers.openslo.catalogue import Catalogue
    from standfast.spec.tree import Node

_SIGNS = {"lte": "<=", "lt": "<", "gte": ">=", "gt": ">"}
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,12})?(?:[eE][-+]?\d{1,2})?")
_STEP = re.compile(r"[1-9]\d{0,4}[mhd]?")
_MINUTE, _HOUR = "1m", timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One objective with the indicator that it is about; `name` is for notes."""

    name: str
    sli: Node  # its spec
    objective: Node
    method: str  # occurrences | timeslices | ratiotimeslices
    annotations: Node | None = None  # of the indicator
    period: str = ""  # how long its window is


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Slices of time as the file has them too."""

    of: str
    values: Values


def slices(asked: Asked) -> Cut | None:
    """None where events count, or where the file has no such slices and a query has to cut them."""
    node = at(asked.objective, "timeSliceTarget")
    if asked.method != "timeslices" or node is None:
        return None
    ratio = at(asked.sli, "ratioMetric") or at(asked.sli, "ratioMetrics")
    step = _step(asked)
    length = units.duration(step)
    if ratio is None or at(ratio, "raw") is not None or _HOUR % length:
        return None
    try:
        good = percent(nodes.text(node), share=True)
    except ValueError as error:
        said = f"{asked.name}: timeSliceTarget: {error}"
        raise Untold(NoteKind.UNSUPPORTED, said, node) from None
    of = at(asked.objective, "timeSliceWindow") or node
    return Cut(
        of=step, values={("slices", "of"): (step, (of,)), ("slices", "good"): (good, (node,))}
    )


def counts(asked: Asked, catalogue: Catalogue, levels: Levels) -> Counts:
    """Raises Untold where the file cannot say it."""
    ratio = at(asked.sli, "ratioMetric") or at(asked.sli, "ratioMetrics")
    threshold = at(asked.sli, "thresholdMetric")
    if ratio is not None:
        return _ratio(asked, ratio, catalogue, levels)
    if threshold is not None:
        return _threshold(asked, threshold, catalogue, levels)
    raise Untold(
        NoteKind.UNSUPPORTED, f"{asked.name} has neither a ratio nor a threshold metric", asked.sli
    )


def _ratio(asked: Asked, ratio: Node, catalogue: Catalogue, levels: Levels) -> Counts:
    if (raw := at(ratio, "raw")) is not None:
        return _raw(asked, ratio, raw, catalogue, levels)
    total = at(ratio, "total")
    word = "good" if at(ratio, "good") is not None else "bad"
    part = at(ratio, word)
    if total is None or part is None:
        said = f"{asked.name} needs `total` beside `good` or `bad`"
        raise Untold(NoteKind.UNSUPPORTED, said, ratio)
    asked_total, total_node = catalogue.query(total, f"{asked.name}: its total")
    asked_part, part_node = catalogue.query(part, f"{asked.name}: its {word} events")
    whole = usable(asked_total, f"{asked.name}: its total", total_node)
    some = usable(asked_part, f"{asked.name}: its {word} events", part_node)
    good = word == "good"
    counter = nodes.text(ratio, "counter") == "true"
    whole, some = over_window(
        whole, some, total_node, levels, asked.name, counter=counter, period=asked.period
    )
    if asked.method != "occurrences":
        step = _step(asked)
        share = f"({_within(some, step)}) / ({_within(whole, step)})"
        whole, some = _sliced(asked, share if good else f"1 - {share}", step, levels, total_node)
        good = True
    return Counts(total=whole, part=some, good=good, total_node=total_node, part_node=part_node)


def _within(query: str, step: str) -> str:
    """A query over the one slice that is judged, where its range is the window."""
    return query.replace(promql.WINDOW, step)


def _raw(asked: Asked, ratio: Node, raw: Node, catalogue: Catalogue, levels: Levels) -> Counts:
    """A ratio that somebody has computed already has no counts, unless slices of time are what counts."""
    text, node = catalogue.query(raw, f"{asked.name}: its ratio")
    query = usable(text, f"{asked.name}: its ratio", node)
    success = nodes.text(ratio, "rawType") != "failure"
    if asked.method == "occurrences":
        halves = promql.quotient(query)
        if halves is None:
            raise Untold(
                NoteKind.UNSUPPORTED,
                f"{asked.name} gives a ratio only (`raw`), and a ratio tells nothing of how many events it "
                "weighs; write its total and its good events as `sli: query`",
                node,
            )
        part, whole, rest = halves
        whole, part = over_window(whole, part, node, levels, asked.name, period=asked.period)
        levels.note(
            NoteKind.DETECTED, f"the ratio of {asked.name} is taken as its two counts", node
        )
        return Counts(total=whole, part=part, good=success != rest, total_node=node, part_node=node)
    step = _step(asked)
    query = _within(query, step)
    total, good = _sliced(asked, query if success else f"1 - ({query})", step, levels, node)
    return Counts(total=total, part=good, good=True, total_node=node, part_node=node)


def _sliced(asked: Asked, share: str, step: str, levels: Levels, node: Node) -> tuple[str, str]:
    """Slices of time in place of events: each is good or not, or counts with its share."""
    if asked.method == "ratiotimeslices":
        said = "each slice of time weighs alike, however many events it has"
    else:
        limit = nodes.text(asked.objective, "timeSliceTarget")
        if not limit:
            raise Untold(
                NoteKind.UNSUPPORTED, f"{asked.name} has Timeslices and no `timeSliceTarget`", node
            )
        try:
            percent(limit, share=True)
        except ValueError as error:
            raise Untold(
                NoteKind.UNSUPPORTED, f"{asked.name}: timeSliceTarget: {error}", node
            ) from None
        share = f"({share}) >= bool {limit}"
        said = f"a slice of {step} is good from a share of {limit}"
    levels.note(NoteKind.DETECTED, f"{asked.name} counts slices of time, not events: {said}", node)
    return _bounded(sampled(share, step), asked, node)


def _threshold(asked: Asked, metric: Node, catalogue: Catalogue, levels: Levels) -> Counts:
    text, node = catalogue.query(metric, f"{asked.name}: its metric")
    query = usable(text, f"{asked.name}: its metric", node)
    if promql.WINDOW in query:
        said = (
            f"{asked.name}: a metric with a threshold is looked at every minute, and this one takes "
            "the window"
        )
        raise Untold(NoteKind.UNSUPPORTED, said, node)
    sign = _SIGNS.get(nodes.text(asked.objective, "op"))
    limit = nodes.text(asked.objective, "value")
    if sign is None or not _NUMBER.fullmatch(limit):
        said = f"{asked.name}: its metric is compared with nothing: `op` and `value` say with what"
        raise Untold(NoteKind.UNSUPPORTED, said, asked.objective)
    step = _step(asked) if asked.method != "occurrences" else _MINUTE
    total, good = sampled(f"({query}) {sign} bool {limit}", step)
    levels.note(
        NoteKind.DETECTED,
        f"{asked.name} promises that a value is {sign} {limit}: what counts is the share of "
        f"{'minutes' if step == _MINUTE else f'slices of {step}'} in which it is",
        node,
    )
    total, good = _bounded((total, good), asked, node)
    return Counts(total=total, part=good, good=True, total_node=node, part_node=node)


def _bounded(pair: tuple[str, str], asked: Asked, node: Node) -> tuple[str, str]:
    if max(map(len, pair)) > promql.LONGEST:
        raise Untold(
            NoteKind.UNSUPPORTED,
            f"{asked.name}: its query becomes longer than the file takes",
            node,
        )
    return pair


def _step(asked: Asked) -> str:
    """The length of a slice; a bare number is minutes."""
    said = nodes.text(asked.objective, "timeSliceWindow") or _MINUTE
    if not _STEP.fullmatch(said):
        text = f"{asked.name}: no slice of time can be {said[:40]!r} long"
        raise Untold(NoteKind.UNSUPPORTED, text, asked.objective)
    return said if said[-1] in "mhd" else f"{said}m"

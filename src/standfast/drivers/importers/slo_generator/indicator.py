"""How slo-generator asks Prometheus, as counts over `$window`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes, promql
from standfast.drivers.importers.levels import Counts, Levels, Untold, over_window, usable
from standfast.drivers.importers.nodes import at
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from standfast.spec.tree import Node

_WINDOW = re.compile(r"\[\s*window\b")
_OPERATOR = re.compile(r"[a-z_]{1,40}")
_USUAL = ("increase", "sum")
_BOUND = re.compile(r"(\d{1,9})(\.\d{1,9})?", re.ASCII)


def counts(name: str, method: str, sli: Node, levels: Levels) -> Counts:
    """Raises Untold where the file cannot count the same."""
    if method == "good_bad_ratio":
        return _ratio(name, sli)
    if method == "distribution_cut":
        return _cut(name, sli)
    if method == "query_sli":
        return _query(name, sli, levels)
    raise Untold(
        NoteKind.UNSUPPORTED,
        f"{name} is computed by the method {method[:40]!r}, which is not known",
        sli,
    )


def _text(name: str, sli: Node, key: str) -> tuple[str, Node]:
    found = at(sli, key)
    if found is None or not nodes.text(found):
        raise Untold(NoteKind.PLACEHOLDER, f"{name} has no `{key}`", sli)
    said = _WINDOW.sub(f"[{promql.WINDOW}", nodes.text(found))
    return usable(said, f"{name}: its {key}", found), found


def _ratio(name: str, sli: Node) -> Counts:
    """Bad events count before valid ones, as they do there."""
    operators = [nodes.text(one) for one in nodes.items(sli, "operators")] or [*_USUAL]
    if not all(_OPERATOR.fullmatch(one) for one in operators):
        said = f"{name} has operators that are no functions of PromQL"
        raise Untold(NoteKind.UNSUPPORTED, said, at(sli, "operators") or sli)
    good, good_node = _text(name, sli, "filter_good")
    other, node = _text(
        name, sli, "filter_bad" if at(sli, "filter_bad") is not None else "filter_valid"
    )
    part, rest = (_operated(_over_window(one), operators) for one in (good, other))
    total = f"{part} + {rest}" if at(sli, "filter_bad") is not None else rest
    return Counts(total=total, part=part, good=True, total_node=node, part_node=good_node)


def _over_window(selector: str) -> str:
    return selector if f"[{promql.WINDOW}" in selector else f"{selector}[{promql.WINDOW}]"


def _operated(query: str, operators: list[str]) -> str:
    for one in operators:
        query = f"{one}({query})"
    return query


def _cut(name: str, sli: Node) -> Counts:
    said, node = _text(name, sli, "expression")
    bound = at(sli, "threshold_bucket") or sli
    match = _BOUND.fullmatch(nodes.text(bound))
    buckets = said.removesuffix(f"[{promql.WINDOW}]").strip()
    metric = buckets.partition("{")[0].strip()
    if promql.selector(buckets) != buckets or not metric.endswith("_bucket"):
        text = f"{name}: its expression is no plain selector of a histogram's buckets"
        raise Untold(NoteKind.UNSUPPORTED, text, node)
    if match is None:
        text = f"{name}: its `threshold_bucket` is no number"
        raise Untold(NoteKind.UNSUPPORTED, text, bound)
    total = f"{metric.removesuffix('_bucket')}_count{buckets[len(metric) :]}"
    part = _labelled(buckets, _le(match[1], (match[2] or "").rstrip("0").rstrip(".")))
    return Counts(
        total=_operated(_over_window(total), [*_USUAL]),
        part=_operated(_over_window(part), [*_USUAL]),
        good=True, total_node=node, part_node=bound,
    )  # fmt: skip


def _le(whole: str, rest: str) -> str:
    """Prometheus 2 stores the bound "1" as it was scraped, Prometheus 3 as "1.0"."""
    return f'le="{whole}{rest}"' if rest else f'le=~"{whole}(\\\\.0*)?"'


def _labelled(selector: str, label: str) -> str:
    head, brace, labels = selector.partition("{")
    inner = labels.removesuffix("}").strip().rstrip(",") if brace else ""
    return f"{head.strip()}{{{inner}{', ' if inner else ''}{label}}}"


def _query(name: str, sli: Node, levels: Levels) -> Counts:
    text, node = _text(name, sli, "expression")
    halves = promql.quotient(text)
    if halves is None:
        said = (
            f"{name} is a ratio that Prometheus computes (`query_sli`), which tells nothing of how many "
            "events it weighs; write its total and its good events as `sli: query`"
        )
        raise Untold(NoteKind.UNSUPPORTED, said, node)
    part, whole, complement = halves
    whole, part = over_window(whole, part, node, levels, name)
    levels.note(NoteKind.DETECTED, f"the ratio of {name} is taken as its two counts", node)
    # `1 - A / B` is good where A counts the bad, so that A itself is the bad part.
    return Counts(total=whole, part=part, good=not complement, total_node=node, part_node=node)

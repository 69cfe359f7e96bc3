"""What standfast itself wrote about an indicator; it holds while the queries and the target stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.levels import Untold
from standfast.drivers.importers.nodes import at
from standfast.publish.openslo import PREFIX, digest
from standfast.spec.drafting.draft import NoteKind
from standfast.spec.promises import promise
from standfast.spec.units import percentage

if TYPE_CHECKING:
    from standfast.drivers.importers.levels import Levels, Values
    from standfast.drivers.importers.openslo.catalogue import Catalogue
    from standfast.drivers.importers.openslo.indicator import Asked
    from standfast.spec.tree import Node

_DEFAULT = "5xx,timeout"


def stated(asked: Asked, target: str, catalogue: Catalogue, levels: Levels) -> Values | None:
    """The level's own words in place of its queries; None where there are none, or none that hold."""
    said = {
        key: node for key, _, node in nodes.entries(asked.annotations) if key.startswith(PREFIX)
    }
    sli, slo, mark = (said.get(PREFIX + key) for key in ("sli", "slo", "queries"))
    if sli is None or slo is None or mark is None:
        return None
    if nodes.text(mark) != _digest(asked, catalogue) or not _same(nodes.text(slo), target):
        text = f"{asked.name} was changed since standfast wrote it; what its query says counts"
        levels.note(NoteKind.DETECTED, text, mark)
        return None
    found: Values = {("sli",): (nodes.text(sli), (sli,)), ("slo",): (nodes.text(slo), (slo,))}
    bad, route = said.get(f"{PREFIX}bad"), said.get(f"{PREFIX}route")
    if bad is not None and nodes.text(bad) != _DEFAULT:
        found["bad",] = (tuple(nodes.text(bad).split(",")), (bad,))
    if route is not None:
        found["route",] = (nodes.text(route), (route,))
    return found


def _digest(asked: Asked, catalogue: Catalogue) -> str:
    try:
        bad, total = (
            _query(at(asked.sli, "ratioMetric", key), catalogue) for key in ("bad", "total")
        )
    except Untold:
        return ""
    return digest(bad, total)


def _query(metric: Node | None, catalogue: Catalogue) -> str:
    if metric is None:
        raise Untold(NoteKind.PLACEHOLDER, "no query")
    return catalogue.query(metric, "")[0]


def _same(text: str, target: str) -> bool:
    try:
        return promise(text).promise.target == percentage(target)
    except ValueError:
        return False

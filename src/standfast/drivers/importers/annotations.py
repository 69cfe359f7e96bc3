"""What an alert says to people, where it is plain text: its summary, and the address of its runbook."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.secrets import is_secret
from standfast.spec.drafting.draft import NoteKind
from standfast.spec.drafting.mending import fit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.drivers.importers.levels import Levels
    from standfast.spec.tree import Node

_URL = re.compile(r"https?://[^\s/?#{}<>]+[^\s{}<>]*")
_RUNBOOKS = ("runbook_url", "runbook", "runbookURL", "runbookUrl", "playbook")
_SUMMARIES = ("summary", "title", "message", "description")
_LONGEST = 400


def describe(alert: str, annotations: Iterable[Node | None], levels: Levels) -> bool:
    """The first annotations that say it count; whether one was left because it is a template."""
    several = [one for one in annotations if one is not None]
    runbook = _first(several, _RUNBOOKS)
    if (
        runbook is not None
        and _URL.fullmatch(nodes.text(runbook))
        and not is_secret("", nodes.text(runbook))
    ):
        levels.put(("alerts", fit(alert), "runbook"), nodes.text(runbook)[:1000], runbook)
    said = [node for key in _SUMMARIES if (node := _first(several, (key,))) is not None]
    plain = next((one for one in said if "{{" not in nodes.text(one)), None)
    if plain is not None and not is_secret("", nodes.text(plain)):
        text = " ".join(nodes.text(plain).split())
        if text:
            levels.put(("alerts", fit(alert), "summary"), text[:_LONGEST], plain)
    return plain is None and bool(said)


def unreadable_runbook(alert: str, annotations: Node | None, levels: Levels) -> None:
    node = _first([annotations] if annotations is not None else [], _RUNBOOKS)
    if node is not None and not _URL.fullmatch(nodes.text(node)):
        said = f"the runbook of {alert} is no address: {nodes.text(node)[:80]!r}"
        levels.note(NoteKind.UNSUPPORTED, said, node)


def _first(several: list[Node], keys: Iterable[str]) -> Node | None:
    for one in several:
        for key in keys:
            node = one.child(key)
            if node is not None and nodes.text(node).strip():
                return node
    return None

"""Other people's words for how bad an alert is, as P1 to P4; which one was taken for which is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Note, NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.spec.tree import Node

OTHERWISE = "P3"
# By the habits of Prometheus' own mixins: `critical` wakes somebody, `warning` waits for the day.
_WORDS = {
    "P1": "critical crit emergency fatal disaster blocker sev0 sev1 p0 p1 severe 1 s1",
    "P2": "page paging pager urgent error err high major sev2 p2 2 s2 alert",
    "P3": "warning warn ticket medium moderate minor sev3 p3 3 s3 average",
    "P4": "info information informational notice low sev4 p4 debug trivial 4 s4",
}  # fmt: skip
_KNOWN = {word: severity for severity, words in _WORDS.items() for word in words.split()}
# Alerts that only other rules read: the dead man's switch, the inhibitor.
_NOBODY = frozenset({"none", "null", "ignore", "deadman", "heartbeat"})


def is_for_nobody(word: str) -> bool:
    return word.lower() in _NOBODY


@dataclass(slots=True)
class Severities:
    """The words met so far, so that each is told once and not with every alert."""

    met: dict[str, tuple[str, Node]] = field(default_factory=dict)

    def of(self, word: str, node: Node, otherwise: str = OTHERWISE) -> str:
        severity = _severity(word) or otherwise
        if word.upper() != severity:
            self.met.setdefault(word, (severity, node))
        return severity

    def notes(self) -> Iterator[Note]:
        for word, (severity, node) in self.met.items():
            if not word:
                said = f"no severity is stated here; taken as {severity}: is that right?"
            elif _severity(word):
                said = f"the severity {word[:40]!r} is taken as {severity}: is that right?"
            else:
                said = (
                    f"the severity {word[:40]!r} is no word that is known; taken as {severity}: is "
                    "that right?"
                )
            yield Note(kind=NoteKind.DETECTED, place=place(node), text=said)


def _severity(word: str) -> str:
    said = word.strip().lower()
    if said in _KNOWN:
        return _KNOWN[said]
    first = re.split(r"[^a-z0-9]+", said)[0] if said else ""
    return _KNOWN.get(first, "") or next(
        (severity for one, severity in _KNOWN.items() if len(one) > 3 and said.startswith(one)), ""
    )

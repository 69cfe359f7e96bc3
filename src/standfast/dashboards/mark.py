"""How well something is, in one word and one tone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """`tone` is good, warn, bad or quiet; pages give each a shape and a colour, `word` says it."""

    tone: str
    word: str


UNKNOWN = Mark("quiet", "unknown")
_TONES = {
    "healthy": "good", "met": "good", "sealed": "good", "proven": "good", "resolved": "good", "closed": "good",
    "acceptable": "good", "ACCEPT": "good", "delivering": "good", "acknowledged": "good", "recovering": "warn",
    "burning": "warn", "degraded": "warn", "increasing": "warn", "CLARIFY": "warn", "WARN": "warn", "stale": "warn",
    "pending": "warn", "mitigated": "warn", "unproven": "warn", "unsealed": "warn",
    "exhausted": "bad", "unhealthy": "bad", "critical": "bad", "missed": "bad", "BLOCK": "bad", "firing": "bad",
    "open": "bad", "broken": "bad", "stuck": "bad", "failed": "bad",
}  # fmt: skip
_WORST = ("bad", "warn", "quiet", "good")


def mark(word: str) -> Mark:
    """The tone of a state's word; a word that we do not know is quiet, never good."""
    return Mark(_TONES.get(word, "quiet"), word)


def worst(marks: list[Mark]) -> Mark:
    """The worst of them; of none at all nothing is known."""
    return min(marks, key=lambda one: _WORST.index(one.tone), default=UNKNOWN)

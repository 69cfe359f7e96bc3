"""How well something is, in one word and one tone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """`tone` is good, warn, bad or quiet; pages give each a shape and a colour, `word` says it."""

    tone: str
    word: str


UNKNOWN = Mark("quiet", "unknown")
_WORDS = {
    "good": "healthy met sealed proven verified resolved closed acceptable ACCEPT delivering acknowledged kept "
    "whole",
    "warn": "recovering burning degraded increasing CLARIFY WARN stale pending mitigated unproven unsealed "
    "declared testing expired narrow",
    "bad": "exhausted unhealthy critical missed BLOCK firing open broken stuck failed missing",
}
_TONES = {word: tone for tone, words in _WORDS.items() for word in words.split()}
RANK = ("bad", "warn", "quiet", "good")  # the worst first


def mark(word: str) -> Mark:
    """The tone of a state's word; a word that we do not know is quiet, never good."""
    return Mark(_TONES.get(word, "quiet"), word)


def worst(marks: list[Mark]) -> Mark:
    """The worst of them; of none at all nothing is known."""
    return min(marks, key=lambda one: RANK.index(one.tone), default=UNKNOWN)

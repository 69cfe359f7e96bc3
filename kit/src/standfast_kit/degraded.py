"""Which answers of the present request are second best; a degraded answer is never passed off as good."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 64
"""Degraded answers remembered for one request; later ones are counted only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Degraded:
    """A fallback answered for `dependency`; `age` is that of a stale answer, in seconds."""

    dependency: str
    mode: str
    age: float | None = None


# The list is shared with the tasks that a request starts: they get a copy of the context, not of it.
_answers: ContextVar[list[Degraded] | None] = ContextVar("standfast_degraded", default=None)


def degraded() -> tuple[Degraded, ...]:
    """Degraded answers given so far in this request, or in this `tracking()` block."""
    return tuple(_answers.get() or ())


def mark(answer: Degraded) -> None:
    """Note a degraded answer for the request; outside of one there is nobody to tell."""
    answers = _answers.get()
    if answers is not None and len(answers) < KEPT:
        answers.append(answer)


def begin() -> tuple[list[Degraded], Token[list[Degraded] | None]]:
    """Start a fresh list; what the middlewares use, for whom a context manager is too slow."""
    answers: list[Degraded] = []
    return answers, _answers.set(answers)


def end(token: Token[list[Degraded] | None]) -> None:
    _answers.reset(token)


@contextmanager
def tracking() -> Iterator[list[Degraded]]:
    """A fresh list for the block; the middleware opens one for each request."""
    answers, token = begin()
    try:
        yield answers
    finally:
        end(token)

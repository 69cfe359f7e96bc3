"""Which answers of the present request are second best; a degraded answer is never passed off as good."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 64
"""Degraded answers remembered for one request; the oldest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Degraded:
    """A fallback answered for `dependency`; `age` is that of a stale answer, in seconds."""

    dependency: str
    mode: str
    age: float | None = None


# The list is shared with the tasks that a request starts: they get a copy of the context, not of it.
_answers: ContextVar[deque[Degraded] | None] = ContextVar("standfast_degraded", default=None)


def degraded() -> tuple[Degraded, ...]:
    """Degraded answers given so far in this request, or in this `tracking()` block."""
    return tuple(_answers.get() or ())


def mark(answer: Degraded) -> None:
    """Note a degraded answer for the request; outside of one there is nobody to tell."""
    answers = _answers.get()
    if answers is not None:
        answers.append(answer)


@contextmanager
def tracking() -> Iterator[deque[Degraded]]:
    """A fresh list for the block; the middleware opens one for each request."""
    answers: deque[Degraded] = deque(maxlen=KEPT)
    token = _answers.set(answers)
    try:
        yield answers
    finally:
        _answers.reset(token)

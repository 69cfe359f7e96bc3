"""What follows from the file alone is worked out once for each System, and not again at every tick."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.spec.system import System

T = TypeVar("T")
_KEPT = 2  # Systems: the running one, and the one that is looked at beside it


def once(work: Callable[[System], T]) -> Callable[[System], T]:
    """Remember the answer for the last Systems. A System never changes, so that it is known by itself."""
    known: tuple[tuple[System, T], ...] = ()

    @wraps(work)
    def remembered(system: System) -> T:
        nonlocal known
        for one, answer in known:
            if one is system:
                return answer
        fresh = work(system)
        known = (*known[1 - _KEPT :], (system, fresh))
        return fresh

    return remembered

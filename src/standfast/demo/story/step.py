"""What a step of the story is: something done, and a check of what standfast says of it by something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from standfast.demo.scene import Scene
from standfast.errors import StandfastError

Facts = dict[str, Any]


class StepFailed(StandfastError):
    """What standfast claims is not what happened, or a step did not come to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`run` does it and answers facts; `check` raises StepFailed where they do not hold. `sabotage` says what
    `--sabotage` breaks, whatever the step does about it itself."""

    name: str
    title: str
    sabotage: str
    run: Callable[[Scene], Facts] = field(repr=False)
    check: Callable[[Scene, Facts], None] = field(repr=False)


def require(holds: object, claim: str) -> None:
    """Raises StepFailed with the claim that does not hold."""
    if not holds:
        raise StepFailed(claim)

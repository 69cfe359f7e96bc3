"""What lives inside an application so that it can be relied on. Standard library only.

Importing it starts no thread, opens no file and reads no setting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast_kit.breaker import Breaker, CircuitOpen, State, Transition
from standfast_kit.degraded import Degraded, degraded, tracking
from standfast_kit.fallback import Failure, MissingKey, Queued, compute, queue, stale, value
from standfast_kit.kit import Kit
from standfast_kit.rule import Rule, Slow, Trip

if TYPE_CHECKING:
    from standfast_kit.audit import Actor, Audit, SpoolFull
    from standfast_kit.heartbeat import Heartbeat
    from standfast_kit.retry_queue import Job, QueueFull, RetryQueue

__all__ = [
    "Actor", "Audit", "Breaker", "CircuitOpen", "Degraded", "Failure", "Heartbeat", "Job", "Kit", "MissingKey",
    "QueueFull", "Queued", "RetryQueue", "Rule", "Slow", "SpoolFull", "State", "Transition", "Trip",
    "compute", "degraded", "queue", "stale", "tracking", "value",
]  # fmt: skip

_LATE = {
    "Actor": "audit", "Audit": "audit", "SpoolFull": "audit",
    "Heartbeat": "heartbeat", "Job": "retry_queue", "QueueFull": "retry_queue", "RetryQueue": "retry_queue",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """SQLite and the spool are imported by those who use them."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"standfast_kit.{_LATE[name]}"), name)

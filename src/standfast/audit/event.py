"""An audit event as whoever did the thing tells it: who, what, to what, how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

type_of_actor = Literal["user", "system", "api_key"]
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    type: type_of_actor
    id: str
    ip_address: str | None = None


SYSTEM = Actor(type="system", id="standfast")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    field: str
    old_value: Json = None
    new_value: Json = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened. `id` and `timestamp` are given by an application, else by the log on arrival."""

    type: str  # "page.acknowledged"
    category: str  # authentication | data | administration | operations
    actor: Actor = SYSTEM
    description: str = ""
    target: Target | None = None
    status: Literal["success", "failure"] = "success"
    reason: str = ""
    changes: tuple[FieldChange, ...] = ()
    context: Mapping[str, Json] = field(default_factory=dict)
    id: str | None = None  # UUID
    timestamp: str | None = None  # ISO 8601, UTC

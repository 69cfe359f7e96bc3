"""What an application may send: the schema of the log, parsed strictly and within bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from standfast.audit.event import Actor, Event, FieldChange, Target
from standfast.audit.instant import normal
from standfast.audit.payload import MAX_PAYLOAD, content

if TYPE_CHECKING:
    from collections.abc import Mapping

BATCH = 1_000  # events in one request
OWN = "audit."  # the log's own kinds of event, which nobody else may tell
_STREAM = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_Id = Annotated[str, Meta(min_length=1, max_length=500)]
_Name = Annotated[str, Meta(min_length=1, max_length=100)]
_Text = Annotated[str, Meta(max_length=10_000)]


class _Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class ActorIn(_Strict):
    type: Literal["user", "system", "api_key"]
    id: _Id
    ip_address: Annotated[str, Meta(max_length=100)] | None = None


class ActionIn(_Strict):
    type: _Name
    category: _Name
    description: _Text = ""


class TargetIn(_Strict):
    type: _Name
    id: _Id


class OutcomeIn(_Strict):
    status: Literal["success", "failure"]
    reason: _Text | None = None


class ChangeIn(_Strict):
    field: _Name
    old_value: Any = None
    new_value: Any = None


class EventIn(_Strict):
    id: Annotated[str, Meta(pattern=_UUID)]
    timestamp: Annotated[str, Meta(max_length=64)]
    actor: ActorIn
    action: ActionIn
    outcome: OutcomeIn
    target: TargetIn | None = None
    changes: Annotated[list[ChangeIn], Meta(max_length=1_000)] = []
    context: dict[str, Any] = {}
    counter: Annotated[int, Meta(ge=1, lt=2**53)] | None = None  # the producer's, without holes
    checksum: str | None = None  # ignored: the log makes its own


@dataclass(frozen=True, slots=True)
class Incoming:
    event: Event
    counter: int | None


def parse(raw: Mapping[str, Any]) -> Incoming:
    """Raises ValueError with a reason for whoever sent it."""
    told = msgspec.convert(raw, EventIn)
    if told.action.type.startswith(OWN):
        raise ValueError(f"kinds of event that begin with {OWN!r} are the log's own")
    event = _event(told)
    for text in (told.actor.id, told.action.type, told.action.category, *_target(event)):
        if not text.isprintable():
            raise ValueError("ids and names are printable text")
    try:
        size = len(content(event))
    except (TypeError, ValueError, RecursionError):
        raise ValueError("changes and context are JSON") from None
    if size > MAX_PAYLOAD:
        raise ValueError(f"{size} bytes; an event may have {MAX_PAYLOAD}")
    return Incoming(event, told.counter)


def stream_name(text: str) -> str:
    """Raises ValueError; the name stands in the origin of the stream's checkpoints."""
    if not _STREAM.fullmatch(text):
        raise ValueError(f"{text[:80]!r}: a stream is named in a-z, 0-9, '.', '_', '-', at most 63")
    return text


def _target(event: Event) -> tuple[str, ...]:
    return (event.target.type, event.target.id) if event.target else ()


def _event(told: EventIn) -> Event:
    return Event(
        type=told.action.type,
        category=told.action.category,
        actor=Actor(type=told.actor.type, id=told.actor.id, ip_address=told.actor.ip_address),
        description=told.action.description,
        target=Target(type=told.target.type, id=told.target.id) if told.target else None,
        status=told.outcome.status,
        reason=told.outcome.reason or "",
        changes=tuple(
            FieldChange(field=c.field, old_value=c.old_value, new_value=c.new_value)
            for c in told.changes
        ),
        context=told.context,
        id=told.id.lower(),
        timestamp=normal(told.timestamp),
    )

"""Asking the log: what is looked for, and what is found, in the shape that the event was told in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from standfast.audit import payload
from standfast.audit.event import Actor, Event, FieldChange, Target
from standfast.audit.leaf import decode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from standfast.audit.subject import Known

MOST = 1_000  # entries on a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Every condition that is given must hold; the newest come first."""

    stream: str = "system"
    actor: str | None = None  # an id, as events tell it
    action: str | None = None  # "user.login", or "user.*"
    target: str | None = None  # an id, or "type:id"
    category: str | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None  # the cursor: seqs below it
    limit: int = 50

    def told(self) -> dict[str, Any]:
        """What was asked, for the event that says so."""
        instants = {
            name: value.isoformat() for name in ("since", "until") if (value := getattr(self, name))
        }
        names = ("actor", "action", "target", "category", "status")
        return {name: value for name in names if (value := getattr(self, name))} | instants


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as the database holds it; a payload may be gone."""

    seq: int
    core: bytes
    leaf: bytes
    nonce: bytes | None
    sealed: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An entry of the log. Where `readable` is False its payload is erased, and names are pseudonyms."""

    stream: str
    seq: int
    event: Event
    checksum: str
    received_at: str
    readable: bool

    def as_json(self) -> dict[str, Any]:
        """The schema of the log, with the entry's place in the stream."""
        event = self.event
        told: dict[str, Any] = {
            "id": event.id,
            "timestamp": event.timestamp,
            "actor": {
                "type": event.actor.type,
                "id": event.actor.id,
                "ip_address": event.actor.ip_address,
            },
            "action": {
                "type": event.type,
                "category": event.category,
                "description": event.description,
            },
            "outcome": {"status": event.status}
            | ({"reason": event.reason} if event.reason else {}),
            "checksum": self.checksum,
            "stream": self.stream,
            "seq": self.seq,
            "received_at": self.received_at,
            "readable": self.readable,
        }
        if event.target:
            told["target"] = {"type": event.target.type, "id": event.target.id}
        if event.changes:
            told["changes"] = [
                {"field": c.field, "old_value": c.old_value, "new_value": c.new_value}
                for c in event.changes
            ]
        if event.context:
            told["context"] = dict(event.context)
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    entries: tuple[Found, ...]
    next: int | None  # `before` of the page that follows


def pseudonyms(kept: Kept) -> tuple[str, ...]:
    """The subjects that a record is about."""
    core = decode(kept.core)
    person = core.target.subject if core.target else None
    return (core.actor.subject, person) if person else (core.actor.subject,)


def opened_key(kept: Kept, known: Mapping[str, Known]) -> bytes | None:
    """The payload's own key, where each of its subjects still has one. `known` is by pseudonym."""
    core = decode(kept.core)
    actor = known.get(core.actor.subject)
    pseudonym = core.target.subject if core.target else None
    target = known.get(pseudonym) if pseudonym else None
    if kept.nonce is None or actor is None or (pseudonym and target is None):
        return None
    other = target.key if target and target is not actor else None
    return payload.payload_key(actor.key, other, kept.nonce)


def restore(kept: Kept, known: Mapping[str, Known]) -> Found:
    """The event as it was told, as far as it may still be known."""
    core = decode(kept.core)
    key = opened_key(kept, known)
    told = (
        payload.unseal(key, kept.nonce, kept.sealed) if key and kept.nonce and kept.sealed else None
    )
    actor = known.get(core.actor.subject)
    name = actor.who.id if actor else core.actor.subject
    target = None
    if core.target:
        name_of_target = core.target.id or _name(core.target.subject, known)
        target = Target(type=core.target.type, id=name_of_target)
    if told and told["target"]:
        target = Target(**told["target"])  # whole, where the core has it shortened
    told = told or {}
    event = Event(
        type=core.action.type,
        category=core.action.category,
        actor=Actor(
            type=core.actor.type,  # type: ignore[arg-type]  # one of the three, or it was not accepted
            id=name,
            ip_address=told.get("actor", {}).get("ip_address"),
        ),
        description=told.get("description", ""),
        target=target,
        status=core.outcome.status,  # type: ignore[arg-type]  # the same
        reason=told.get("reason", ""),
        changes=tuple(FieldChange(**change) for change in told.get("changes", ())),
        context=told.get("context", {}),
        id=core.id,
        timestamp=core.timestamp,
    )
    return Found(
        stream=core.stream,
        seq=core.seq,
        event=event,
        checksum=kept.leaf.hex(),
        received_at=core.received_at,
        readable=bool(told),
    )


def _name(pseudonym: str | None, known: Mapping[str, Known]) -> str:
    found = known.get(pseudonym or "")
    return found.who.id if found else pseudonym or ""

"""An audit event: who did what to what, when, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

MASK = "[masked]"
_CATEGORIES = {
    "user.login": "authentication", "user.logout": "authentication", "user.login_failed": "authentication",
    "password": "authentication", "user.password_change": "authentication", "mfa": "authentication",
    "session": "authentication", "record": "data", "data": "data", "user": "administration",
    "settings": "administration", "permission": "administration", "role": "administration",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it; a system has no address."""

    type: Literal["user", "system", "api_key"]
    id: str
    ip_address: str | None = None


Outcome = str | tuple[str, str] | Mapping[str, str]
"""`"success"`, `("failure", "wrong password")`, or `{"status": ..., "reason": ...}`."""
Target = tuple[str, str] | Mapping[str, str]
Changes = Mapping[str, tuple[object, object]] | Sequence[Mapping[str, object]]
"""`{"email": (old, new)}`, or a list of field, old_value and new_value."""

_actor: ContextVar[Actor | None] = ContextVar("standfast_actor", default=None)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Events emitted in the block, and in tasks it starts, are this actor's."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def present_actor() -> Actor | None:
    return _actor.get()


def event_id(now: datetime, randomness: bytes) -> str:
    """A UUID of version 7 (RFC 9562): milliseconds first, then ten random bytes."""
    milliseconds = int(now.timestamp() * 1000).to_bytes(6, "big")
    raw = bytearray(milliseconds + randomness[:10])
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def event(
    type: str,  # noqa: A002 - the schema's word
    *,
    id: str,  # noqa: A002 - the schema's word
    now: datetime,
    actor: Actor | Mapping[str, object],
    target: Target | None = None,
    outcome: Outcome = "success",
    changes: Changes | None = None,
    context: Mapping[str, object] | None = None,
    category: str | None = None,
    description: str | None = None,
) -> dict[str, Any]:
    """The event as the audit log takes it; the server adds the checksum."""
    made: dict[str, Any] = {
        "id": id,
        "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "actor": _actor_json(actor),
        "action": {
            "type": type,
            "category": category or category_of(type),
            "description": description or type,
        },
        "outcome": _outcome_json(outcome),
    }
    if target is not None:
        pair = isinstance(target, tuple)
        made["target"] = {"type": target[0], "id": target[1]} if pair else dict(target)  # type: ignore[index,arg-type]
    if changes:
        made["changes"] = _changes_json(changes)
    if context:
        made["context"] = dict(context)
    return made


def category_of(type: str) -> str:  # noqa: A002 - the schema's word
    """The category of a well-known type; otherwise what stands before its first dot."""
    family = type.partition(".")[0]
    return _CATEGORIES.get(type) or _CATEGORIES.get(family) or family


def masked(made: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """The event without the values of these fields, in its changes and at any depth of its context."""
    if not names:
        return made
    hidden: dict[str, Any] = {
        key: _hidden(made[key], names) for key in ("changes", "context") if key in made
    }
    for change in hidden.get("changes", ()):
        if change.get("field") in names:
            change.update(old_value=MASK, new_value=MASK)
    return {**made, **hidden}


def _hidden(value: object, names: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        return {key: MASK if key in names else _hidden(one, names) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_hidden(one, names) for one in value]
    return value


def as_bytes(made: Mapping[str, object]) -> bytes:
    """Compact JSON; what JSON cannot say is kept as its text, for an event must not fail on that."""
    return json.dumps(made, separators=(",", ":"), default=str).encode()


def _actor_json(actor: Actor | Mapping[str, object]) -> dict[str, object]:
    if isinstance(actor, Actor):
        return {"type": actor.type, "id": actor.id, "ip_address": actor.ip_address}
    return {"ip_address": None, **actor}


def _outcome_json(outcome: Outcome) -> dict[str, str]:
    if isinstance(outcome, str):
        return {"status": outcome}
    if isinstance(outcome, tuple):
        return {"status": outcome[0], "reason": outcome[1]}
    return dict(outcome)


def _changes_json(changes: Changes) -> list[dict[str, object]]:
    if isinstance(changes, Mapping):
        return [
            {"field": f, "old_value": old, "new_value": new} for f, (old, new) in changes.items()
        ]
    return [dict(change) for change in changes]

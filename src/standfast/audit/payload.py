"""The payload: everything of an event that is personal or free text, sealed under its subjects' keys.

Each payload has a key of its own, derived from its subjects' keys and its nonce: an export can carry the
key of one payload without opening any other, and destroying a subject's key closes all of the subject's.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from standfast.audit.event import Event

_encoder = msgspec.json.Encoder()
MAX_PAYLOAD = 256 * 1024  # bytes


def content(event: Event) -> bytes:
    """The payload's JSON. It need not be canonical: only its sealed bytes are ever hashed."""
    actor, target = event.actor, event.target
    told: dict[str, Any] = {
        "actor": {"type": actor.type, "id": actor.id, "ip_address": actor.ip_address},
        "description": event.description,
        "target": {"type": target.type, "id": target.id} if target else None,
        "reason": event.reason,
    }
    if event.changes:
        told["changes"] = [
            {"field": c.field, "old_value": c.old_value, "new_value": c.new_value}
            for c in event.changes
        ]
    if event.context:
        told["context"] = event.context
    try:
        return _encoder.encode(told)
    except UnicodeEncodeError:  # a lone surrogate: no JSON can carry half a sign
        return json.dumps(told, ensure_ascii=False).encode(errors="replace")


def payload_key(actor_key: bytes, target_key: bytes | None, nonce: bytes) -> bytes:
    """Needs every subject's key, so that erasing any of them erases the payload."""
    key = hmac.digest(actor_key, b"standfast audit: payload" + nonce, "sha256")
    return hmac.digest(target_key, key, "sha256") if target_key else key


def seal(key: bytes, nonce: bytes, plain: bytes) -> bytes:
    return AESGCM(key).encrypt(nonce, plain, None)


def unseal(key: bytes, nonce: bytes, sealed: bytes) -> dict[str, Any] | None:
    """None where the key is not the payload's: it was erased, or the payload was changed."""
    try:
        told: dict[str, Any] = msgspec.json.decode(AESGCM(key).decrypt(nonce, sealed, None))
    except (InvalidTag, ValueError):
        return None
    return told


def digest(nonce: bytes, sealed: bytes) -> str:
    """What the core holds. Of sealed bytes, because a hash of few possible values can be guessed through."""
    return hashlib.sha256(nonce + sealed).hexdigest()

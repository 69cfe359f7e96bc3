"""The record core: what of an event is kept for good and hashed into the tree. It names nobody.

These bytes can never change: every proof that was ever handed out rests on them.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = 1
MAX_CORE = 60 * 1024  # bytes; a C2SP entry bundle can carry 65,535 for an entry


# The fields of each Struct stand in sorted order, so that encoding them is canonical (see `canonical`).
class Action(msgspec.Struct, frozen=True, gc=False):
    category: str
    type: str


class Actor(msgspec.Struct, frozen=True, gc=False):
    subject: str  # a pseudonym
    type: str


class Outcome(msgspec.Struct, frozen=True, gc=False):
    status: str


class Target(msgspec.Struct, frozen=True, gc=False):
    """Either `id`, or for a person `subject`, a pseudonym."""

    id: str | None
    subject: str | None
    type: str


class Core(msgspec.Struct, frozen=True, gc=False):
    action: Action
    actor: Actor
    id: str  # UUID
    outcome: Outcome
    payload_digest: str  # SHA-256, hex, of the sealed payload
    received_at: str
    seq: int  # from 0
    stream: str
    target: Target | None
    timestamp: str
    v: int


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Core, strict=True)


def encode(core: Core) -> bytes:
    return _encoder.encode(core)


def decode(data: bytes) -> Core:
    """Raises ValueError where `data` is no record core, or not the canonical bytes of one."""
    core = _decoder.decode(data)
    if _encoder.encode(core) != data:
        raise ValueError("not the canonical bytes of a record core")
    return core


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962, section 2.1: the hash of one leaf; in hex, the event's `checksum`."""
    return hashlib.sha256(b"\x00" + data).digest()


def leaf_hashes(cores: Iterable[bytes]) -> list[bytes]:
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + core).digest() for core in cores]

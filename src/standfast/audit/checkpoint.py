"""Checkpoints: the size and root of a stream's tree, signed. The format is C2SP tlog-checkpoint.

https://c2sp.org/tlog-checkpoint and https://c2sp.org/signed-note, with Ed25519 (signature type 0x01).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from standfast.audit.tree import HASH

if TYPE_CHECKING:
    from collections.abc import Sequence

_ED25519 = b"\x01"
_MOST = 16  # signatures that are looked at in one note


class BadCheckpoint(ValueError):
    """Not a checkpoint, or not signed by the key it should be."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """Who signs a log's checkpoints; `name` is the log's, and each stream's origin is `name/stream`."""

    name: str
    public: bytes

    def __str__(self) -> str:
        coded = base64.b64encode(_ED25519 + self.public).decode()
        return f"{self.name}+{_key_hash(self.name, self.public).hex()}+{coded}"

    @classmethod
    def parse(cls, text: str) -> VerifyingKey:
        """Reads the form `name+hash+key` of signed-note; raises BadCheckpoint."""
        name, _, rest = text.strip().partition("+")
        stated, _, coded = rest.partition("+")
        raw = _decoded(coded)
        if len(raw) != 33 or raw[:1] != _ED25519:
            raise BadCheckpoint("not an Ed25519 verifying key of the form name+hash+key")
        if _key_hash(name, raw[1:]).hex() != stated:
            raise BadCheckpoint("the verifying key's hash does not fit its name and key")
        return cls(name, raw[1:])

    def origin(self, stream: str) -> str:
        return f"{self.name}/{stream}"


def sign(checkpoint: Checkpoint, seed: bytes) -> str:
    """The signed note of a checkpoint; the key's name is the checkpoint's origin."""
    return sign_note(checkpoint.text(), checkpoint.origin, seed)


def sign_note(text: str, name: str, seed: bytes) -> str:
    """The signed note of a text that ends its last line; `name` is the key's."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    signature = _key_hash(name, public) + key.sign(text.encode())
    return f"{text}\n\u2014 {name} {base64.b64encode(signature).decode()}\n"


def read(note: str) -> Checkpoint:
    """The checkpoint in a signed note, unverified; raises BadCheckpoint."""
    text, _ = _parted(note)
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0]:
        raise BadCheckpoint("a checkpoint has an origin, a size and a root")
    origin, size, coded = lines[:3]
    if not (size.isascii() and size.isdigit()) or len(size) > 19 or str(int(size)) != size:
        raise BadCheckpoint(f"{size[:30]!r} is no tree size")
    root = _decoded(coded)
    if len(root) != HASH:
        raise BadCheckpoint("the root is not 32 bytes long")
    return Checkpoint(origin, int(size), root)


def verify(note: str, key: VerifyingKey, stream: str) -> Checkpoint:
    """The checkpoint in a note that `key` signed for `stream`; raises BadCheckpoint."""
    checkpoint = read(note)
    origin = key.origin(stream)
    if checkpoint.origin != origin:
        raise BadCheckpoint(f"a checkpoint of {checkpoint.origin!r}, not of {origin!r}")
    open_note(note, origin, key.public)
    return checkpoint


def open_note(note: str, name: str, public_bytes: bytes) -> str:
    """The text of a note that the key `name` signed; raises BadCheckpoint."""
    text, signatures = _parted(note)
    wanted = _key_hash(name, public_bytes)
    mine = [raw[4:] for signer, raw in signatures if signer == name and raw[:4] == wanted]
    if not mine:  # signatures of unknown keys are ignored, as signed-note asks
        raise BadCheckpoint("no signature by the trusted key")
    public = Ed25519PublicKey.from_public_bytes(public_bytes)
    try:
        for signature in mine:
            public.verify(signature, text.encode())
    except InvalidSignature:
        raise BadCheckpoint("the signature is wrong") from None
    return text


def public_key(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def _parted(note: str) -> tuple[str, Sequence[tuple[str, bytes]]]:
    text, gap, below = note.rpartition("\n\n")
    if not gap or not below.endswith("\n"):
        raise BadCheckpoint("a signed note has a text, an empty line and signatures")
    signatures = []
    for line in below[:-1].split("\n")[:_MOST]:
        dash, _, rest = line.partition(" ")
        name, _, coded = rest.partition(" ")
        if dash != "\u2014" or not name:
            raise BadCheckpoint("a signature line is a dash, a name and a signature")
        signatures.append((name, _decoded(coded)))
    return text + "\n", signatures


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadCheckpoint("not base64") from None

"""The secrets of a log: what signs its checkpoints, finds its subjects and wraps their keys."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from standfast.audit.checkpoint import Checkpoint, VerifyingKey, public_key, sign, sign_note

if TYPE_CHECKING:
    from standfast.audit.tree import Frontier


@dataclass(frozen=True, kw_only=True)  # not slotted: the derived keys are cached on it
class Keys:
    """Kept in a file outside the database; without `secret` the payloads cannot be read, by anybody."""

    name: str  # of the log, unique in the world: "standfast.shop.example/3f9a0c1d"
    seed: bytes = field(repr=False)  # 32 bytes, Ed25519
    secret: bytes = field(repr=False)  # 32 bytes

    def __post_init__(self) -> None:
        if len(self.seed) != 32 or len(self.secret) != 32:
            raise ValueError("the keys of an audit log are 32 bytes each")

    @cached_property
    def verifying(self) -> VerifyingKey:
        return VerifyingKey(self.name, public_key(self.seed))

    @cached_property
    def lookup(self) -> bytes:
        return hmac.digest(self.secret, b"standfast audit: subject lookup", "sha256")

    @cached_property
    def wrapping(self) -> bytes:
        return hmac.digest(self.secret, b"standfast audit: subject keys", "sha256")

    @cached_property
    def _sealing(self) -> bytes:
        return hmac.digest(self.secret, b"standfast audit: head", "sha256")

    def sign(self, stream: str, frontier: Frontier) -> str:
        origin = self.verifying.origin(stream)
        return sign(Checkpoint(origin, frontier.size, frontier.root()), self.seed)

    def sign_text(self, text: str, purpose: str) -> str:
        """A signed note of a text; its first line must say what it is, and so never be a checkpoint's."""
        return sign_note(text, self.verifying.origin(purpose), self.seed)

    def seal(self, stream: str, frontier: Frontier) -> bytes:
        """A MAC over the head row, so that nobody but standfast can move it between two checkpoints."""
        text = f"{stream}\n{frontier.size}\n".encode() + frontier.encode()
        return hmac.digest(self._sealing, text, "sha256")

    def sealed(self, stream: str, frontier: Frontier, seal: bytes) -> bool:
        return hmac.compare_digest(self.seal(stream, frontier), seal)

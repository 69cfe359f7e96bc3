"""The token in an acknowledgement link: made for one page and one person, kept only as its hash.

Looking at a link must change nothing, since mail scanners open every link they find: `valid` is a
question, and only a deed of its own acknowledges.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

LIFE = timedelta(hours=24)
LEAST_LENGTH = 32  # characters of a URL-safe token: 24 bytes of chance


@dataclass(frozen=True, slots=True, kw_only=True)
class AckToken:
    hash: str  # SHA-256, hex
    page: str
    person: str
    expires_at: datetime

    def valid(self, secret: str, now: datetime) -> bool:
        return hmac.compare_digest(self.hash, digest(secret)) and now < self.expires_at


def mint(secret: str, page: str, person: str, now: datetime) -> AckToken:
    """`secret` is chance from outside; it goes into the link and nowhere else."""
    if len(secret) < LEAST_LENGTH:
        raise ValueError("a token this short could be guessed")
    return AckToken(hash=digest(secret), page=page, person=person, expires_at=now + LIFE)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

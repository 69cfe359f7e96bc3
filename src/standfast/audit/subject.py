"""Subjects: whom events are about. The log knows them by random pseudonyms and forgets them with their key."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from standfast.audit.event import Actor, Target
    from standfast.audit.keys import Keys

KEY = 32  # bytes
NONCE = 12
PSEUDONYM = 16
KINDS = ("person", "api_key", "system")

# Targets whose id names a human being. Other targets keep their id in the core, where it cannot be erased.
PEOPLE = frozenset(
    {"user", "person", "customer", "patient", "employee", "member", "contact", "account", "subject"}
)


@dataclass(frozen=True, slots=True)
class Who:
    """A subject as an event names it."""

    kind: str  # person | api_key | system
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject as the log keeps it. `sealed` holds the data key and the name; erasing it erases both."""

    pseudonym: str
    lookup: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """A subject opened: its pseudonym, its data key and who it is."""

    pseudonym: str
    key: bytes = field(repr=False)
    who: Who


def actor_of(actor: Actor) -> Who:
    return Who("person" if actor.type == "user" else actor.type, actor.id)


def person_in(target: Target | None) -> Who | None:
    """The person that a target is; an id that looks like an address is taken for a person too."""
    if target is None or not (target.type in PEOPLE or "@" in target.id):
        return None
    return Who("person", target.id)


def lookup(keys: Keys, stream: str, who: Who) -> bytes:
    """Finds a subject again; a MAC, because names are few enough to guess through a plain hash."""
    text = f"{stream}\0{who.kind}\0{who.id}".encode("utf-8", "surrogatepass")
    return hmac.digest(keys.lookup, text, "sha256")


def new_subject(keys: Keys, stream: str, who: Who, randomness: bytes) -> Subject:
    """`randomness` is NONCE + KEY + PSEUDONYM bytes."""
    nonce, key = randomness[:NONCE], randomness[NONCE : NONCE + KEY]
    pseudonym = randomness[NONCE + KEY :].hex()
    plain = key + f"{who.kind}\0{who.id}".encode("utf-8", "surrogatepass")
    sealed = nonce + AESGCM(keys.wrapping).encrypt(nonce, plain, pseudonym.encode())
    return Subject(pseudonym=pseudonym, lookup=lookup(keys, stream, who), sealed=sealed)


def open_subject(keys: Keys, pseudonym: str, sealed: bytes) -> Known | None:
    """None where another secret sealed it, or somebody changed it."""
    try:
        plain = AESGCM(keys.wrapping).decrypt(sealed[:NONCE], sealed[NONCE:], pseudonym.encode())
    except (InvalidTag, ValueError):
        return None
    kind, _, name = plain[KEY:].decode("utf-8", "surrogatepass").partition("\0")
    return Known(pseudonym, plain[:KEY], Who(kind, name))

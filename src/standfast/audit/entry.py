"""From an event to what is kept of it: the row of its core, and its sealed payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from standfast.audit import leaf, payload
from standfast.audit.instant import normal, stamp
from standfast.audit.subject import NONCE, actor_of, person_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from standfast.audit.event import Event
    from standfast.audit.subject import Known, Who

ID_RANDOMNESS = 10  # bytes
PER_EVENT = ID_RANDOMNESS + NONCE
_LONGEST = 500  # characters of a text in the core; the payload keeps it whole


class Row(NamedTuple):
    """A record: its core, and what of the core is laid out in columns to be searched by."""

    stream: str
    seq: int
    id: str
    timestamp: str
    actor_type: str
    actor: str  # the subject's pseudonym
    category: str
    action: str
    target_type: str | None
    target: str | None  # an id, or a person's pseudonym
    status: str
    core: bytes
    leaf: bytes


class SealedPayload(NamedTuple):
    stream: str
    seq: int
    nonce: bytes
    sealed: bytes


def compose(
    events: Sequence[Event],
    known: Mapping[Who, Known],
    *,
    stream: str,
    first: int,
    now: datetime,
    randomness: bytes,
) -> tuple[list[Row], list[SealedPayload]]:
    """The records of `events` from seq `first` on; `randomness` is PER_EVENT bytes for each.

    `known` must hold every subject that `subjects(events)` names.
    """
    arrived = stamp(now)
    milliseconds = int(now.timestamp() * 1000)
    rows, payloads = [], []
    for offset, event in enumerate(events):
        mine = randomness[offset * PER_EVENT : (offset + 1) * PER_EVENT]
        nonce = mine[ID_RANDOMNESS:]
        actor, person = known[actor_of(event.actor)], person_in(event.target)
        target = known[person] if person else None
        plain = payload.content(event)
        other = target.key if target and target is not actor else None
        sealed = payload.seal(payload.payload_key(actor.key, other, nonce), nonce, plain)
        core = leaf.Core(
            action=leaf.Action(category=_clean(event.category), type=_clean(event.type)),
            actor=leaf.Actor(subject=actor.pseudonym, type=event.actor.type),
            id=event.id or uuid7(milliseconds, mine[:ID_RANDOMNESS]),
            outcome=leaf.Outcome(status=event.status),
            payload_digest=payload.digest(nonce, sealed),
            received_at=arrived,
            seq=first + offset,
            stream=stream,
            target=_target(event, target),
            timestamp=normal(event.timestamp) if event.timestamp else arrived,
            v=leaf.VERSION,
        )
        rows.append(row_of(core, leaf.encode(core)))
        payloads.append(SealedPayload(stream, core.seq, nonce, sealed))
    return rows, payloads


def row_of(core: leaf.Core, data: bytes) -> Row:
    target = core.target
    return Row(
        core.stream, core.seq, core.id, core.timestamp,
        core.actor.type, core.actor.subject, core.action.category, core.action.type,
        target.type if target else None, (target.id or target.subject) if target else None,
        core.outcome.status, data, leaf.leaf_hash(data),
    )  # fmt: skip


def subjects(events: Sequence[Event]) -> set[Who]:
    """Everyone whom the events are about."""
    people = {person for event in events if (person := person_in(event.target))}
    return people | {actor_of(event.actor) for event in events}


def uuid7(milliseconds: int, randomness: bytes) -> str:
    """RFC 9562, section 5.7: in the order of time, so that an index on it grows at one end."""
    tail = int.from_bytes(randomness, "big")
    value = milliseconds << 80 | 0x7 << 76 | (tail >> 68) << 64 | 0b10 << 62 | tail & (1 << 62) - 1
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _target(event: Event, person: Known | None) -> leaf.Target | None:
    target = event.target
    if target is None:
        return None
    if person:
        return leaf.Target(id=None, subject=person.pseudonym, type=_clean(target.type))
    return leaf.Target(id=_clean(target.id), subject=None, type=_clean(target.type))


def _clean(text: str) -> str:
    """What PostgreSQL keeps and RFC 8785 encodes: no control characters, no lone surrogates."""
    if len(text) <= _LONGEST and text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:_LONGEST])

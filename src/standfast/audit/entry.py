"""From an event to what is kept of it: the row of its core, and its sealed payload."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from standfast.audit import leaf, payload
from standfast.audit.instant import normal, stamp
from standfast.audit.subject import NONCE, actor_of, person_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from standfast.audit.event import Actor, Event, Target
    from standfast.audit.subject import Known, Who

ID_RANDOMNESS = 10  # bytes
PER_EVENT = ID_RANDOMNESS + NONCE
_OUTCOMES = {status: leaf.Outcome(status=status) for status in ("success", "failure")}
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
    cast = _Cast(known)
    rows, payloads = [], []
    at = 0
    for seq, event in enumerate(events, first):
        nonce = randomness[at + ID_RANDOMNESS : at + PER_EVENT]
        actor, actor_key = cast.actor(event.actor)
        target, target_key = cast.target(event.target)
        key = payload.payload_key(actor_key, None if target_key == actor_key else target_key, nonce)
        sealed = payload.seal(key, nonce, payload.content(event))
        core = leaf.Core(
            action=cast.action(event.category, event.type),
            actor=actor,
            id=event.id or uuid7(milliseconds, randomness[at : at + ID_RANDOMNESS]),
            outcome=_OUTCOMES[event.status],
            payload_digest=payload.digest(nonce, sealed),
            received_at=arrived,
            seq=seq,
            stream=stream,
            target=target,
            timestamp=normal(event.timestamp) if event.timestamp else arrived,
            v=leaf.VERSION,
        )
        rows.append(row_of(core, leaf.encode(core)))
        payloads.append(SealedPayload(stream, seq, nonce, sealed))
        at += PER_EVENT
    return rows, payloads


class _Cast:
    """Who and what plays in a batch: each is looked up and cleaned once, however often it appears."""

    def __init__(self, known: Mapping[Who, Known]) -> None:
        self._known = known
        self._actors: dict[tuple[str, str], tuple[leaf.Actor, bytes]] = {}
        self._actions: dict[tuple[str, str], leaf.Action] = {}

    def actor(self, actor: Actor) -> tuple[leaf.Actor, bytes]:
        found = self._actors.get((actor.type, actor.id))
        if found is None:
            known = self._known[actor_of(actor)]
            found = leaf.Actor(subject=known.pseudonym, type=actor.type), known.key
            self._actors[actor.type, actor.id] = found
        return found

    def action(self, category: str, type_: str) -> leaf.Action:
        found = self._actions.get((category, type_))
        if found is None:
            found = leaf.Action(category=_clean(category), type=_clean(type_))
            self._actions[category, type_] = found
        return found

    def target(self, target: Target | None) -> tuple[leaf.Target | None, bytes | None]:
        """The target as the core has it, and where it is a person, that one's key."""
        if target is None:
            return None, None
        if person := person_in(target):
            known = self._known[person]
            return leaf.Target(None, known.pseudonym, _clean(target.type)), known.key
        return leaf.Target(_clean(target.id), None, _clean(target.type)), None


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
    actors = {(event.actor.type, event.actor.id): event.actor for event in events}
    return people | {actor_of(actor) for actor in actors.values()}


def uuid7(milliseconds: int, randomness: bytes) -> str:
    """RFC 9562, section 5.7: in the order of time, so that an index on it grows at one end."""
    tail = randomness.hex()
    text = f"{milliseconds:012x}"
    variant = "89ab"[int(tail[3], 16) & 3]
    return f"{text[:8]}-{text[8:]}-7{tail[:3]}-{variant}{tail[4:7]}-{tail[7:19]}"


def _clean(text: str) -> str:
    """What PostgreSQL keeps and RFC 8785 encodes: no control characters, no lone surrogates."""
    if len(text) <= _LONGEST and text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text[:_LONGEST])

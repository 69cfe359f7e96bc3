"""Appending to the log inside a transaction: what every write ends with. Also the rows that the log needs."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Protocol

from standfast.audit import subject, tree
from standfast.audit.entry import PER_EVENT, compose, subjects
from standfast.audit.event import Event
from standfast.audit.verify import HEAD_CHANGED
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from standfast.audit.entry import Row, SealedPayload
    from standfast.audit.keys import Keys
    from standfast.audit.query import Kept, Query
    from standfast.audit.subject import Known, Subject, Who
    from standfast.audit.tree import Frontier, Node
    from standfast.audit.verify import Swept

SYSTEM_STREAM = "system"
_SUBJECT_RANDOMNESS = subject.NONCE + subject.KEY + subject.PSEUDONYM


# ------------------------------------------------------------------ what it needs


class HistoryPort(Protocol):
    """Reading the log; the rows' own class says what each does."""

    def hold_still(self) -> None: ...
    def streams(self) -> Sequence[str]: ...
    def head(self, stream: str) -> tuple[Frontier, bytes]: ...
    def known_ids(self, stream: str, ids: Sequence[str]) -> set[str]: ...
    def find(
        self,
        query: Query,
        actors: Sequence[str] | None,
        targets: Sequence[tuple[str | None, str]] | None,
    ) -> Sequence[Kept]: ...
    def named(self, pseudonyms: Sequence[str]) -> Sequence[Subject]: ...
    def size_before(self, stream: str, instant: str) -> int: ...
    def pruned(self, stream: str) -> int: ...
    def checkpoints(self, stream: str) -> Sequence[str]: ...
    def last_checkpoint(self, stream: str) -> str | None: ...
    def releases(self, stream: str) -> Sequence[bytes]: ...
    def sweep(self, stream: str) -> Iterator[Sequence[Swept]]: ...
    def nodes(self, stream: str) -> Mapping[Node, bytes]: ...
    def node(self, stream: str, name: Node) -> bytes: ...


class LogPort(Protocol):
    """Writing the log."""

    @property
    def history(self) -> HistoryPort: ...
    def lock_head(self, stream: str) -> tuple[Frontier, bytes]: ...
    def append(
        self,
        rows: Sequence[Row],
        sealed: Sequence[SealedPayload],
        runs: Mapping[Node, Sequence[bytes]],
    ) -> None: ...
    def move_head(self, stream: str, frontier: Frontier, seal: bytes) -> None: ...
    def subjects(self, lookups: Sequence[bytes]) -> Mapping[bytes, Subject]: ...
    def add_subjects(self, new: Sequence[Subject]) -> None: ...
    def erase(self, subject: str, at: datetime) -> int: ...
    def prune_payloads(self, stream: str, below: int) -> int: ...
    def counter(self, stream: str, producer: str) -> int: ...
    def count_on(self, stream: str, producer: str, counter: int, at: datetime) -> None: ...
    def add_checkpoint(self, stream: str, size: int, note: str, at: datetime) -> None: ...


class LogTx(Protocol):
    @property
    def audit(self) -> LogPort: ...


# ------------------------------------------------------------------ appending


class Ledger:
    """Appends events to a stream, inside whatever transaction it is given."""

    def __init__(
        self,
        keys: Keys,
        *,
        clock: Clock = utc_now,
        randomness: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.keys = keys
        self._clock, self._randomness = clock, randomness

    def append(self, tx: LogTx, events: tuple[Event, ...]) -> None:
        """The platform's own events; `Database` calls it last in every `write`."""
        self.append_to(tx.audit, SYSTEM_STREAM, events)

    def append_to(self, rows: LogPort, stream: str, events: Sequence[Event]) -> int:
        """Appends to any stream and returns the first event's seq. Locks the head until the commit."""
        known = self.known(rows, stream, events)
        frontier, seal = rows.lock_head(stream)
        if not self._untouched(stream, frontier, seal):
            # Going on is right, or whoever can write one row can silence the log; but it says so, for good.
            events = (_head_changed(stream), *events)
            known = self.known(rows, stream, events)
        return self._extend(rows, stream, frontier, events, known)

    def known(self, rows: LogPort, stream: str, events: Sequence[Event]) -> dict[Who, Known]:
        """The subjects of the events; those never seen before are made."""
        wanted = {subject.lookup(self.keys, stream, who): who for who in subjects(events)}
        found = dict(rows.subjects(list(wanted)))
        if missing := [who for mac, who in wanted.items() if mac not in found]:
            rows.add_subjects([self._new(stream, who) for who in missing])
            found = dict(rows.subjects(list(wanted)))  # as they are now, whoever added them
        return {who: self._open(found[mac], who) for mac, who in wanted.items()}

    def _new(self, stream: str, who: Who) -> Subject:
        return subject.new_subject(self.keys, stream, who, self._randomness(_SUBJECT_RANDOMNESS))

    def _open(self, found: Subject, who: Who) -> Known:
        known = subject.open_subject(self.keys, found.pseudonym, found.sealed)
        # A key that no longer opens must not stop the log: the core is kept, the payload is lost to readers.
        return known or subject.Known(found.pseudonym, self._randomness(subject.KEY), who)

    def _untouched(self, stream: str, frontier: Frontier, seal: bytes) -> bool:
        if not frontier.size and not seal:
            return True
        return self.keys.sealed(stream, frontier, seal)

    def _extend(
        self,
        rows: LogPort,
        stream: str,
        frontier: Frontier,
        events: Sequence[Event],
        known: Mapping[Who, Known],
    ) -> int:
        now: datetime = self._clock()
        randomness = self._randomness(PER_EVENT * len(events))
        made, sealed = compose(
            events, known, stream=stream, first=frontier.size, now=now, randomness=randomness
        )
        grown, runs = tree.extend(frontier, [row.leaf for row in made])
        rows.append(made, sealed, runs)
        rows.move_head(stream, grown, self.keys.seal(stream, grown))
        return frontier.size


def _head_changed(stream: str) -> Event:
    return Event(
        type=HEAD_CHANGED,
        category="administration",
        description=f"the head of {stream!r} was changed by something other than standfast",
        status="failure",
    )

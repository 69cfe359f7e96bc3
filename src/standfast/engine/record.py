"""The log for applications and readers: ingestion, search, export, erasure, checkpoints, verification."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from standfast.audit import checkpoint, export, query, schema, subject, tree
from standfast.audit.event import Actor, Event, Target
from standfast.audit.instant import stamp
from standfast.audit.verify import (
    ERASED,
    PAYLOADS,
    PRUNED,
    SUBJECT,
    Check,
    Claims,
    Finding,
    Releases,
    Verdict,
    joined,
)
from standfast.engine.ledger import SYSTEM_STREAM, HistoryPort, Ledger, LogPort, LogTx
from standfast.engine.ports import Change
from standfast.errors import NotFound, StandfastError, StoreError
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from standfast.audit.checkpoint import VerifyingKey
    from standfast.audit.event import Json
    from standfast.audit.keys import Keys
    from standfast.audit.query import Found, Kept, Page, Query
    from standfast.audit.subject import Known
    from standfast.audit.tree import Frontier
    from standfast.engine.ports import Store

__all__ = ["SYSTEM_STREAM", "Accepted", "Anchor", "Ledger", "Record", "Rejected", "verify_log"]
_EXPORT_PAGE = 500
PRUNED_AT_ONCE = 10_000  # records


class Anchor(Protocol):
    """Keeps checkpoints where the writer of the database cannot change them."""

    def keep(self, note: str) -> None:
        """Durable when it returns; raises StandfastError where it could not be kept."""

    def notes(self) -> Sequence[str]:
        """All that were kept, oldest first."""

    def newest(self, origin: str) -> int:
        """The largest size that was kept of an origin; 0 for none."""


@dataclass(frozen=True, slots=True)
class Rejected:
    index: int  # in the batch, from 0
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Accepted events are durable and in the tree; duplicates were so before."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejected, ...] = ()


class Record:
    """The log for its readers and for applications that write to it."""

    def __init__(
        self,
        store: Store[LogTx],
        ledger: Ledger,
        *,
        anchors: Sequence[Anchor] = (),
        clock: Clock = utc_now,
    ) -> None:
        self._store, self._ledger, self._anchors, self._clock = store, ledger, anchors, clock
        self._keys = ledger.keys

    # -------------------------------------------------------------- applications

    def ingest(self, stream: str, producer: str, events: Sequence[Mapping[str, Any]]) -> Accepted:
        """Keeps what an application tells; what it has told before is answered as a duplicate."""
        stream = _application(stream)
        if len(events) > schema.BATCH:
            raise StandfastError(f"{len(events)} events at once; a batch may have {schema.BATCH}")
        if not 0 < len(producer) <= 200 or not producer.isprintable():
            raise StandfastError("a producer has a printable name of at most 200 characters")
        incoming, rejected = [], []
        for index, raw in enumerate(events):
            try:
                incoming.append(schema.parse(raw))
            except ValueError as error:
                rejected.append(Rejected(index, str(error)))
        count = self._store.keep(lambda tx: self._take(tx.audit, stream, producer, incoming))
        return Accepted(accepted=count, duplicates=len(incoming) - count, rejected=tuple(rejected))

    def _take(
        self, rows: LogPort, stream: str, producer: str, incoming: Sequence[schema.Incoming]
    ) -> int:
        if not incoming:
            return 0
        rows.lock_head(stream)  # before looking for ids: nobody adds any from here on
        ids = [str(one.event.id) for one in incoming]
        seen = rows.history.known_ids(stream, ids)
        fresh = []
        for one in incoming:
            if one.event.id not in seen:
                seen.add(str(one.event.id))
                fresh.append(one.event)
        last = rows.counter(stream, producer)
        counters = sorted({one.counter for one in incoming if one.counter})
        gaps = _gaps(producer, last, counters)
        if fresh or gaps:
            self._ledger.append_to(rows, stream, (*gaps, *fresh))
        if counters and counters[-1] > last:
            rows.count_on(stream, producer, counters[-1], self._clock())
        return len(fresh)

    # -------------------------------------------------------------- readers

    def search(self, wanted: Query, reader: Actor) -> Page:
        """One page, the newest first. That it was read is an event of the log, written before it is shown."""
        wanted = replace(wanted, limit=max(1, min(wanted.limit, query.MOST)))
        entries = self._store.read(lambda tx: self._found(tx.audit, wanted))
        context = {"query": wanted.told(), "returned": len(entries)}
        said = _reading("audit.searched", wanted.stream, reader, context)
        self._store.write(lambda _: Change(None, (said,)))
        full = len(entries) == wanted.limit
        return query.Page(entries=entries, next=entries[-1].seq if full else None)

    def export(self, wanted: Query, reader: Actor) -> Iterator[str]:
        """JSON lines that prove themselves: a signed checkpoint, then each record with its inclusion proof."""
        scope = {"query": wanted.told(), "format": export.FORMAT}
        said = _reading("audit.exported", wanted.stream, reader, scope)
        self._store.write(lambda _: Change(None, (said,)))
        frontier, _ = self._store.read(lambda tx: self._checked_head(tx.audit, wanted.stream))
        yield export.head_line(
            stream=wanted.stream,
            query=wanted.told(),
            by=reader.id,
            at=stamp(self._clock()),
            note=self._keys.sign(wanted.stream, frontier),
        )
        count, before = 0, min(wanted.before or frontier.size, frontier.size)
        while True:
            page = replace(wanted, before=before, limit=_EXPORT_PAGE)
            lines, before = self._store.read(
                lambda tx, page=page: self._lines(tx.audit, page, frontier.size)  # type: ignore[misc]
            )
            yield from lines
            count += len(lines)
            if len(lines) < _EXPORT_PAGE:
                break
        yield export.end_line(count)

    def _found(self, rows: LogPort, wanted: Query) -> tuple[Found, ...]:
        kept, known = self._kept(rows, wanted)
        return tuple(query.restore(one, known) for one in kept)

    def _lines(self, rows: LogPort, wanted: Query, size: int) -> tuple[list[str], int]:
        kept, known = self._kept(rows, wanted)
        node = partial(rows.history.node, wanted.stream)
        lines = [
            export.entry_line(
                one, query.opened_key(one, known), tree.inclusion(one.seq, size, node)
            )
            for one in kept
        ]
        return lines, kept[-1].seq if kept else 0

    def _kept(self, rows: LogPort, wanted: Query) -> tuple[Sequence[Kept], dict[str, Known]]:
        actors = targets = None
        if wanted.actor is not None:
            actors = self._pseudonyms(rows, wanted.stream, wanted.actor)
        if wanted.target is not None:
            targets = self._targets(rows, wanted.stream, wanted.target)
        kept = rows.history.find(wanted, actors, targets)
        about = sorted({name for one in kept for name in query.pseudonyms(one)})
        opened = (
            subject.open_subject(self._keys, one.pseudonym, one.sealed)
            for one in rows.history.named(about)
        )
        return kept, {known.pseudonym: known for known in opened if known}

    def _pseudonyms(self, rows: LogPort, stream: str, name: str) -> list[str]:
        macs = [
            subject.lookup(self._keys, stream, subject.Who(kind, name)) for kind in subject.KINDS
        ]
        return [found.pseudonym for found in rows.subjects(macs).values()] + [name]

    def _targets(self, rows: LogPort, stream: str, told: str) -> list[tuple[str | None, str]]:
        kind, colon, name = told.partition(":")
        whole: list[tuple[str | None, str]] = [
            (None, value) for value in self._pseudonyms(rows, stream, told)
        ]
        if not colon:
            return whole
        return whole + [(kind, value) for value in self._pseudonyms(rows, stream, name)]

    # -------------------------------------------------------------- forgetting

    def erase(self, stream: str, name: str, *, request: str, by: Actor) -> int:
        """Forgets a person: destroys the key and the payloads. Returns how many payloads went.

        The event of it names the pseudonym and the reference of the request, never the person.
        """
        who = subject.Who("person", name)
        mac = subject.lookup(self._keys, stream, who)

        def work(tx: LogTx) -> Change[int]:
            found = tx.audit.subjects([mac]).get(mac)
            if found is None:
                raise NotFound(f"the stream {stream!r} knows no such person")
            gone = tx.audit.erase(found.pseudonym, self._clock())
            said = Event(
                type=ERASED, category="administration", actor=by,
                target=Target(type=SUBJECT, id=found.pseudonym),
                context={"request": request, "stream": stream, "payloads": gone},
            )  # fmt: skip
            return Change(gone, (said,))

        return self._store.write(work)

    def prune(self, stream: str, before: datetime, *, because: str) -> int:
        """Removes the payloads of everything stamped before an instant; the cores and the tree stay.

        In transactions of a bounded size, each with its event: between two of them the log verifies.
        """
        total, more = 0, True
        while more:
            gone, more = self._store.write(lambda tx: _pruned(tx.audit, stream, before, because))
            total += gone
        return total

    def streams(self) -> tuple[str, ...]:
        return tuple(self._store.read(lambda tx: tx.audit.history.streams()))

    # -------------------------------------------------------------- proving

    def checkpoint(self, now: datetime) -> int:
        """Signs every stream that has grown, and brings the anchors up to date; returns how many it signed.

        Raises StoreError, after doing what can be done, where a head was moved by something else or an
        anchor knows of more events than the database has: somebody has put back an older copy of it.
        """
        signed = 0
        problems: list[str] = []
        for stream in self._store.read(lambda tx: tx.audit.history.streams()):
            try:
                signed += self._checkpoint(stream, now, problems)
            except StandfastError as error:
                problems.append(str(error))
        if problems:
            raise StoreError("; ".join(problems), fix="run `standfast audit verify`")
        return signed

    def _checkpoint(self, stream: str, now: datetime, problems: list[str]) -> int:
        frontier, last = self._store.read(lambda tx: self._checked_head(tx.audit, stream))
        behind = self._behind(stream, frontier.size, problems)
        grown = frontier.size > (checkpoint.read(last).size if last else 0)
        note = self._keys.sign(stream, frontier) if grown or last is None else last
        if grown:
            self._store.keep(lambda tx: tx.audit.add_checkpoint(stream, frontier.size, note, now))
        for anchor in behind:
            try:
                anchor.keep(note)
            except StandfastError as error:
                problems.append(str(error))
        return int(grown)

    def _behind(self, stream: str, size: int, problems: list[str]) -> list[Anchor]:
        """The anchors that lack the newest size; one that does not answer keeps nobody from signing."""
        origin, behind = self._keys.verifying.origin(stream), []
        for anchor in self._anchors:
            try:
                anchored = anchor.newest(origin)
            except StandfastError as error:
                problems.append(str(error))
                continue
            if anchored > size:
                raise StoreError(
                    f"the stream {stream!r} has {size} events, and {anchored} were anchored"
                )
            if anchored < size:
                behind.append(anchor)
        return behind

    def _checked_head(self, rows: LogPort, stream: str) -> tuple[Frontier, str | None]:
        frontier, seal = rows.history.head(stream)
        if frontier.size and not self._keys.sealed(stream, frontier, seal):
            raise StoreError(f"the head of {stream!r} was moved by something other than standfast")
        return frontier, rows.history.last_checkpoint(stream)

    def verify(self) -> Verdict:
        """The whole log against its checkpoints and anchors."""
        notes = [note for anchor in self._anchors for note in anchor.notes()]
        return self._store.read(
            lambda tx: verify_log(tx.audit.history, self._keys.verifying, notes, self._keys)
        )


def _pruned(rows: LogPort, stream: str, before: datetime, because: str) -> Change[tuple[int, bool]]:
    """Some of the payloads that may go; answers how many went, and whether there are more."""
    end, start = rows.history.size_before(stream, stamp(before)), rows.history.pruned(stream)
    below = min(end, start + PRUNED_AT_ONCE)
    if below <= start:
        return Change((0, False))
    gone = rows.prune_payloads(stream, below)
    said = Event(
        type=PRUNED, category="administration", reason=because,
        target=Target(type=PAYLOADS, id=f"{stream}:{below}"), context={"payloads": gone},
    )  # fmt: skip
    return Change((gone, below < end), (said,))


def verify_log(
    history: HistoryPort,
    key: VerifyingKey | None,
    anchored: Sequence[str],
    keys: Keys | None = None,
) -> Verdict:
    """Every stream that the database or an anchor knows of; needs no secret, but says more with one."""
    history.hold_still()
    releases = Releases.of(history.releases(SYSTEM_STREAM))
    by_stream, findings = _by_stream(anchored, key)
    verdicts = []
    for stream in sorted({*history.streams(), *by_stream}):
        frontier, seal = history.head(stream)
        sealed = keys.sealed(stream, frontier, seal) if keys and frontier.size else None
        check = Check(
            Claims(
                stream=stream,
                head=frontier,
                sealed=sealed,
                nodes=history.nodes(stream),
                checkpoints=history.checkpoints(stream),
                anchors=by_stream.get(stream, ()),
                key=key,
                releases=releases,
            )
        )
        for swept in history.sweep(stream):
            check.rows(swept)
        verdicts.append(check.verdict())
    return joined([*verdicts, findings])


def _by_stream(
    notes: Sequence[str], key: VerifyingKey | None
) -> tuple[dict[str, list[str]], Verdict]:
    """Anchored notes by the stream that each names; one that cannot be read is a finding."""
    found: dict[str, list[str]] = {}
    bad = []
    for note in notes:
        try:
            origin = checkpoint.read(note).origin
        except checkpoint.BadCheckpoint as error:
            bad.append(Finding(kind="signature", stream="anchor", said=str(error)))
            continue
        name, _, stream = origin.rpartition("/")
        if key and name != key.name:
            said = f"a checkpoint of another log, {name!r}"
            bad.append(Finding(kind="signature", stream="anchor", said=said))
            continue
        found.setdefault(stream, []).append(note)
    return found, Verdict(findings=tuple(bad), sizes={}, roots={}, checkpoints=0)


def _application(stream: str) -> str:
    try:
        name = schema.stream_name(stream)
    except ValueError as error:
        raise StandfastError(str(error)) from None
    if name == SYSTEM_STREAM:
        raise StandfastError(f"the stream {SYSTEM_STREAM!r} is standfast's own")
    return name


def _reading(kind: str, stream: str, reader: Actor, context: Mapping[str, Any]) -> Event:
    target = Target(type="audit_stream", id=stream)
    return Event(type=kind, category="data", actor=reader, target=target, context=context)


def _gaps(producer: str, last: int, counters: Sequence[int]) -> list[Event]:
    """An event for each run of a producer's events that never arrived."""
    events = []
    for counter in counters:
        if counter > last + 1:
            lost: dict[str, Json] = {"producer": producer, "from": last + 1, "to": counter - 1}
            said = f"{counter - last - 1} events of a producer did not arrive"
            events.append(
                Event(
                    type="audit.gap",
                    category="operations",
                    status="failure",
                    description=said,
                    context=lost,
                )
            )
        last = max(last, counter)
    return events

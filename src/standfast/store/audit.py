"""The rows of the audit log: heads, records, payloads, subjects, tree nodes, checkpoints, producers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from standfast.audit.entry import Row
from standfast.audit.instant import stamp
from standfast.audit.query import Kept
from standfast.audit.subject import Subject
from standfast.audit.tree import Frontier, root_of
from standfast.audit.verify import ERASED, PRUNED, TILE, Swept
from standfast.store.audit_tables import (
    checkpoints,
    heads,
    nodes,
    payloads,
    producers,
    records,
    subjects,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from standfast.audit.entry import SealedPayload
    from standfast.audit.query import Query
    from standfast.audit.tree import Node

_PAGE = 2_000  # rows that a sweep over a stream holds in memory
_TILES = 64  # of 256 hashes, that one reader remembers
_CHUNK = 500  # values in one IN (...)


class AuditRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"

    @property
    def history(self) -> History:
        """The log as its readers see it."""
        return History(self._connection)

    def lock_head(self, stream: str) -> tuple[Frontier, bytes]:
        """The head and its seal, locked until the end of the transaction; an empty seal on a new stream."""
        found = select(heads.c.size, heads.c.frontier, heads.c.seal).where(heads.c.stream == stream)
        row = self._connection.execute(found.with_for_update()).one_or_none()
        if row is None:
            new = {"stream": stream, "size": 0, "frontier": b"", "seal": b""}
            self._connection.execute(self._insert(heads).values(new).on_conflict_do_nothing())
            row = self._connection.execute(found.with_for_update()).one()
        return Frontier.decode(row.size, row.frontier), row.seal

    def append(
        self,
        rows: Sequence[Row],
        sealed: Sequence[SealedPayload],
        runs: Mapping[Node, Sequence[bytes]],
    ) -> None:
        self._many(records, rows)
        self._many(payloads, sealed)
        stream = rows[0].stream
        self._many(
            nodes,
            [
                (stream, level, first + offset, value)
                for (level, first), run in runs.items()
                if level % TILE == 0
                for offset, value in enumerate(run)
            ],
        )

    def move_head(self, stream: str, frontier: Frontier, seal: bytes) -> None:
        moved = {"size": frontier.size, "frontier": frontier.encode(), "seal": seal}
        self._connection.execute(update(heads).where(heads.c.stream == stream).values(moved))

    def subjects(self, lookups: Sequence[bytes]) -> dict[bytes, Subject]:
        found = {}
        for part in _chunks(lookups):
            rows = self._connection.execute(
                select(subjects.c.lookup, subjects.c.pseudonym, subjects.c.sealed).where(
                    subjects.c.lookup.in_(part)
                )
            )
            for row in rows:
                found[row.lookup] = Subject(
                    pseudonym=row.pseudonym, lookup=row.lookup, sealed=row.sealed
                )
        return found

    def add_subjects(self, new: Sequence[Subject]) -> None:
        """Those whom another transaction has added meanwhile stay as they are."""
        for subject in sorted(new, key=lambda subject: subject.lookup):  # one order: no deadlock
            values = {
                "pseudonym": subject.pseudonym,
                "lookup": subject.lookup,
                "sealed": subject.sealed,
            }
            self._connection.execute(self._insert(subjects).values(values).on_conflict_do_nothing())

    def erase(self, subject: str, at: datetime) -> int:
        """Destroys a subject's key and name, then its payloads; returns how many those were."""
        gone = {"lookup": None, "sealed": None, "erased_at": at}
        self._connection.execute(
            update(subjects).where(subjects.c.pseudonym == subject).values(gone)
        )
        count = 0
        for column in (records.c.actor, records.c.target):
            about = select(records.c.stream, records.c.seq).where(
                column == subject,
                records.c.stream == payloads.c.stream,
                records.c.seq == payloads.c.seq,
            )
            count += self._connection.execute(delete(payloads).where(about.exists())).rowcount
        return count

    def prune_payloads(self, stream: str, below: int) -> int:
        """Removes the payloads of the records below a seq; returns how many there were."""
        self._connection.execute(update(heads).where(heads.c.stream == stream).values(pruned=below))
        old = and_(payloads.c.stream == stream, payloads.c.seq < below)
        return self._connection.execute(delete(payloads).where(old)).rowcount

    def counter(self, stream: str, producer: str) -> int:
        """The last counter that a producer has sent; 0 for a new one."""
        mine = and_(producers.c.stream == stream, producers.c.producer == producer)
        return self._connection.execute(select(producers.c.counter).where(mine)).scalar() or 0

    def count_on(self, stream: str, producer: str, counter: int, at: datetime) -> None:
        values = {"stream": stream, "producer": producer, "counter": counter, "seen_at": at}
        moved = {"counter": counter, "seen_at": at}
        self._connection.execute(
            self._insert(producers)
            .values(values)
            .on_conflict_do_update(index_elements=["stream", "producer"], set_=moved)
        )

    def add_checkpoint(self, stream: str, size: int, note: str, at: datetime) -> None:
        values = {"stream": stream, "size": size, "note": note, "signed_at": at}
        self._connection.execute(self._insert(checkpoints).values(values).on_conflict_do_nothing())

    def _insert(self, table: Table) -> Any:
        return sqlite.insert(table) if self._sqlite else postgresql.insert(table)

    def _many(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        # By hand: for these rows SQLAlchemy's own way costs as much as the database does.
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        marks = ", ".join(["?" if self._sqlite else "%s"] * len(table.columns))
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 - names of ours
        self._connection.exec_driver_sql(statement, list(rows))


class History:
    """Reading the log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tiles: dict[tuple[str, int, int], list[bytes]] = {}

    def hold_still(self) -> None:
        """One picture for the whole transaction, of which this must be the first statement."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))

    def streams(self) -> list[str]:
        """Every stream with a head or with a record."""
        found = set(self._connection.execute(select(heads.c.stream)).scalars())
        last = ""
        while True:  # from one to the next by the index, past millions of records in each
            following = select(func.min(records.c.stream)).where(records.c.stream > last)
            stream = self._connection.execute(following).scalar()
            if stream is None:
                return sorted(found)
            found.add(stream)
            last = stream

    def head(self, stream: str) -> tuple[Frontier, bytes]:
        row = self._connection.execute(
            select(heads.c.size, heads.c.frontier, heads.c.seal).where(heads.c.stream == stream)
        ).one_or_none()
        return (Frontier.decode(row.size, row.frontier), row.seal) if row else (Frontier(), b"")

    def known_ids(self, stream: str, ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for part in _chunks(ids):
            mine = and_(records.c.stream == stream, records.c.id.in_(part))
            found.update(self._connection.execute(select(records.c.id).where(mine)).scalars())
        return found

    def find(
        self,
        query: Query,
        actors: Sequence[str] | None,
        targets: Sequence[tuple[str | None, str]] | None,
    ) -> list[Kept]:
        """The newest first; `actors` are pseudonyms, `targets` (type, id or pseudonym)."""
        where = [records.c.stream == query.stream, *_conditions(query)]
        if actors is not None:
            where.append(records.c.actor.in_(actors))
        if targets is not None:
            where.append(
                or_(*(and_(records.c.target == value, *_of_type(kind)) for kind, value in targets))
            )
        rows = self._connection.execute(
            _with_payload(records.c.seq, records.c.core, records.c.leaf)
            .where(*where)
            .order_by(records.c.seq.desc())
            .limit(query.limit)
        )
        return [Kept(*row) for row in rows]

    def named(self, pseudonyms: Sequence[str]) -> list[Subject]:
        """Those of the subjects that are not erased."""
        found: list[Subject] = []
        for part in _chunks(pseudonyms):
            alive = and_(subjects.c.pseudonym.in_(part), subjects.c.sealed.is_not(None))
            found += [
                Subject(pseudonym=row.pseudonym, lookup=row.lookup, sealed=row.sealed)
                for row in self._connection.execute(select(subjects).where(alive))
            ]
        return found

    def size_before(self, stream: str, instant: str) -> int:
        """The number of records, from the first, that were all stamped before `instant`."""
        later = and_(records.c.stream == stream, records.c.timestamp >= instant)
        first = self._connection.execute(select(func.min(records.c.seq)).where(later)).scalar()
        return self.head(stream)[0].size if first is None else int(first)

    def pruned(self, stream: str) -> int:
        """The seq below which payloads may be gone."""
        found = select(heads.c.pruned).where(heads.c.stream == stream)
        return self._connection.execute(found).scalar() or 0

    def oldest(self, stream: str) -> str | None:
        """When the oldest record was stamped."""
        first = select(func.min(records.c.timestamp)).where(records.c.stream == stream)
        found: str | None = self._connection.execute(first).scalar()
        return found

    def newest_of(self, stream: str, action: str) -> str | None:
        """When the newest record of one kind of event was stamped."""
        mine = and_(records.c.stream == stream, records.c.action == action)
        last = select(records.c.timestamp).where(mine).order_by(records.c.seq.desc()).limit(1)
        found: str | None = self._connection.execute(last).scalar()
        return found

    def count_of(self, stream: str, action: str, first: int) -> int:
        """How many records of one kind there are from the seq `first` on."""
        mine = and_(records.c.stream == stream, records.c.action == action, records.c.seq >= first)
        counted: int = self._connection.execute(select(func.count()).where(mine)).scalar_one()
        return counted

    def checkpoints(self, stream: str) -> list[str]:
        mine = checkpoints.c.stream == stream
        found = select(checkpoints.c.note).where(mine).order_by(checkpoints.c.size)
        return list(self._connection.execute(found).scalars())

    def last_checkpoint(self, stream: str) -> str | None:
        mine = checkpoints.c.stream == stream
        last = select(checkpoints.c.note).where(mine).order_by(checkpoints.c.size.desc()).limit(1)
        note: str | None = self._connection.execute(last).scalar()
        return note

    def last_signed(self, stream: str) -> tuple[int, datetime | None]:
        """How much of the stream its newest checkpoint covers, and when that was signed."""
        mine = checkpoints.c.stream == stream
        last = select(checkpoints.c.size, checkpoints.c.signed_at).where(mine)
        row = self._connection.execute(
            last.order_by(checkpoints.c.size.desc()).limit(1)
        ).one_or_none()
        return (row.size, row.signed_at) if row else (0, None)

    def releases(self, stream: str) -> list[bytes]:
        """The cores of the events that say why payloads are gone."""
        said = and_(records.c.stream == stream, records.c.action.in_([ERASED, PRUNED]))
        return list(self._connection.execute(select(records.c.core).where(said)).scalars())

    def sweep(self, stream: str) -> Iterator[list[Swept]]:
        """Every record of a stream with its payload, in order, a page at a time."""
        last = -(2**63)
        page = (
            _with_payload(*records.columns)
            .where(records.c.stream == stream)
            .order_by(records.c.seq)
            .limit(_PAGE)
        )
        while rows := self._connection.execute(page.where(records.c.seq > last)).all():
            yield [Swept(Row._make(row[:-2]), row[-2], row[-1]) for row in rows]
            last = rows[-1].seq

    def nodes(self, stream: str) -> dict[Node, bytes]:
        mine = select(nodes.c.level, nodes.c["index"], nodes.c.hash).where(nodes.c.stream == stream)
        return {(row[0], row[1]): row[2] for row in self._connection.execute(mine)}

    def node(self, stream: str, name: Node) -> bytes:
        """The hash of a perfect subtree, from the nearest level below it that is kept."""
        level, index = name
        base = level // TILE * TILE
        start = index << (level - base)
        tile = self._tile(stream, base, start >> TILE)
        first = start & ((1 << TILE) - 1)
        return root_of(tile[first : first + (1 << (level - base))])

    def _tile(self, stream: str, level: int, index: int) -> list[bytes]:
        name = (stream, level, index)
        if name not in self._tiles:
            if len(self._tiles) >= _TILES:
                self._tiles.clear()
            self._tiles[name] = self._read_tile(stream, level, index << TILE)
        return self._tiles[name]

    def _read_tile(self, stream: str, level: int, start: int) -> list[bytes]:
        end = start + (1 << TILE)
        if level:
            at, mine = nodes.c["index"], and_(nodes.c.stream == stream, nodes.c.level == level)
            found = select(nodes.c.hash).where(mine, at >= start, at < end).order_by(at)
        else:
            at = records.c.seq
            mine = records.c.stream == stream
            found = select(records.c.leaf).where(mine, at >= start, at < end).order_by(at)
        return list(self._connection.execute(found).scalars())


def _with_payload(*columns: Any) -> Any:
    same = and_(payloads.c.stream == records.c.stream, payloads.c.seq == records.c.seq)
    return select(*columns, payloads.c.nonce, payloads.c.sealed).select_from(
        records.outerjoin(payloads, same)
    )


def _of_type(kind: str | None) -> list[Any]:
    return [] if kind is None else [records.c.target_type == kind]


def _conditions(query: Query) -> Iterator[Any]:
    if query.before is not None:
        yield records.c.seq < query.before
    if query.since:
        yield records.c.timestamp >= stamp(query.since)
    if query.until:
        yield records.c.timestamp < stamp(query.until)
    if query.category:
        yield records.c.category == query.category
    if query.status:
        yield records.c.status == query.status
    if query.action and query.action.endswith("*"):
        prefix = query.action[:-1]
        yield records.c.action >= prefix
        yield records.c.action < prefix + "\U0010ffff"
    elif query.action:
        yield records.c.action == query.action


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]

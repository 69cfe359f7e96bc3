"""The rows of counts: for each indicator its running sums, at the end of every bucket that moved them.

A window's tally is the difference of two rows, so that thirty days cost as much to look up as five
minutes. So too a coarser tier is nothing but fewer rows: of a quarter-hour the last row alone says
all that the quarter-hour counted, and no sum is ever computed anew. Counts are only appended.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import BigInteger, Column, Integer, Table, Text, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from standfast.monitoring.count import bucket_start
from standfast.slo.tally import NOTHING, Tally
from standfast.store.columns import EPOCH, Instant, Span, metadata
from standfast.store.rows import put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from standfast.monitoring.count import Count

    Window = tuple[datetime, datetime]

MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)

indicators = Table(
    "sli_indicators",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("first_seen", Instant, nullable=False),
    Column("minutes_until", Instant, nullable=False),  # older buckets are whole minutes
    Column("quarters_until", Instant, nullable=False),  # older ones are whole quarter-hours
)
counts = Table(
    "sli_counts",
    metadata,
    Column("indicator", Integer, primary_key=True),
    Column("at", Instant, primary_key=True),  # the beginning of the bucket that was counted last
    Column("sum_bad", BigInteger, nullable=False),  # of this bucket and everything before it
    Column("sum_total", BigInteger, nullable=False),
    Column("sum_covered", Span, nullable=False),
    sqlite_with_rowid=False,  # the key is the place of the row: a third of the size
)

_US = timedelta(microseconds=1)


class Sums(NamedTuple):
    """A row as it is kept; the oldest of an indicator stands for all that was before it."""

    indicator: int
    at: datetime
    sum_bad: int
    sum_total: int
    sum_covered: timedelta


# ------------------------------------------------------------------ adding


def add(connection: Connection, found: Iterable[Count]) -> None:
    """Add counts to their buckets; one that comes late goes into the newest bucket there is."""
    by_key: dict[str, list[Count]] = defaultdict(list)
    for count in found:
        by_key[count.indicator].append(count)
    newest = _newest(connection, list(by_key))
    rows: dict[tuple[int, datetime], Sums] = {}
    for key, mine in by_key.items():
        mine.sort(key=lambda one: one.at)
        last = newest.get(key) or _begun(connection, key, mine)
        for count in mine:
            last = Sums(
                last.indicator,
                max(last.at, count.at),
                last.sum_bad + count.bad,
                last.sum_total + count.total,
                last.sum_covered + count.covered,
            )
            rows[last.indicator, last.at] = last
    put(connection, counts, [row._asdict() for row in rows.values()])


def _newest(connection: Connection, keys: Sequence[str]) -> dict[str, Sums]:
    """The newest row of each; who adds to an indicator has it to himself until the commit."""
    last = (
        select(func.max(counts.c.at))
        .where(counts.c.indicator == indicators.c.id)
        .correlate(indicators)
        .scalar_subquery()
    )
    query = (
        select(indicators.c.key, *counts.c)
        .join(counts, (counts.c.indicator == indicators.c.id) & (counts.c.at == last))
        .where(indicators.c.key.in_(keys))
        .order_by(indicators.c.id)  # the same order for all, or two would wait for one another
        .with_for_update(of=indicators)
    )
    return {row[0]: Sums(*row[1:]) for row in connection.execute(query)} if keys else {}


def _begun(connection: Connection, key: str, first: Sequence[Count]) -> Sums:
    """A new indicator; its first row says that nothing was counted before its first quarter-hour."""
    start = bucket_start(first[0].at, QUARTER)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    begun = (
        insert(indicators)
        .values(
            key=key,
            first_seen=min(one.seen_from for one in first),
            minutes_until=start,
            quarters_until=start,
        )
        .on_conflict_do_update(index_elements=["key"], set_={"key": key})
        .returning(indicators.c.id)
    )
    number: int = connection.execute(begun).scalar_one()
    # Another server may have begun it a moment ago: then its rows are there by now.
    zero = Sums(number, start - _US, 0, 0, timedelta(0))
    known = _newest(connection, [key]).get(key)
    if known is None:
        put(connection, counts, [zero._asdict()])
    return known or zero


# ------------------------------------------------------------------ looking up

# The newest row up to each edge; before the oldest row the oldest, since what it sums up is not told apart.
_ON_SQLITE = text("""
    WITH e AS MATERIALIZED (
        SELECT json_extract(value, '$[0]') AS i, json_extract(value, '$[1]') AS at
        FROM json_each(:edges)
    )
    SELECT e.i, e.at, c.sum_bad, c.sum_total, c.sum_covered
    FROM e CROSS JOIN sli_counts c
    WHERE c.indicator = e.i AND c.at = coalesce(
        (SELECT max(n.at) FROM sli_counts n WHERE n.indicator = e.i AND n.at <= e.at),
        (SELECT min(n.at) FROM sli_counts n WHERE n.indicator = e.i))
""")
_ON_POSTGRESQL = text("""
    SELECT e.i, e.at, c.sum_bad, c.sum_total, c.sum_covered
    FROM unnest(CAST(:ids AS integer[]), CAST(:ats AS bigint[])) AS e(i, at)
    CROSS JOIN LATERAL (
        SELECT k.sum_bad, k.sum_total, k.sum_covered
        FROM sli_counts k
        WHERE k.indicator = e.i AND k.at = coalesce(
            (SELECT max(n.at) FROM sli_counts n WHERE n.indicator = e.i AND n.at <= e.at),
            (SELECT min(n.at) FROM sli_counts n WHERE n.indicator = e.i))
        LIMIT 1
    ) c
""")


def tallies(
    connection: Connection, wanted: Mapping[str, Sequence[Window]]
) -> dict[str, list[Tally]]:
    """What was counted in buckets that begin after each start, up to each end: one query for all."""
    ids = _ids(connection, list(wanted))
    edges = {
        (ids[key], edge)
        for key, windows in wanted.items()
        if key in ids
        for window in windows
        for edge in window
    }
    micros = {edge: (edge - EPOCH) // _US for edge in {edge for _, edge in edges}}
    sums = _sums(connection, [(number, micros[edge]) for number, edge in edges])
    return {
        key: [_between(sums, ids[key], micros, *window) for window in windows]
        if key in ids
        else [NOTHING] * len(windows)
        for key, windows in wanted.items()
    }


def _ids(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    query = select(indicators.c.key, indicators.c.id)
    if len(keys) < _MANY:
        query = query.where(indicators.c.key.in_(keys))
    return {row.key: row.id for row in connection.execute(query)}


_MANY = 500  # keys: to read them all is less than to name them


def _sums(
    connection: Connection, edges: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int, int, int]]:
    if not edges:
        return {}
    if connection.dialect.name == "postgresql":
        numbers, ats = zip(*edges, strict=True)
        rows = connection.execute(_ON_POSTGRESQL, {"ids": list(numbers), "ats": list(ats)})
    else:
        rows = connection.execute(_ON_SQLITE, {"edges": json.dumps(edges)})
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


def _between(
    sums: Mapping[tuple[int, int], tuple[int, int, int]],
    number: int,
    micros: Mapping[datetime, int],
    start: datetime,
    end: datetime,
) -> Tally:
    first, last = micros[start], micros[end]
    bad, total, covered = sums[number, first]
    more_bad, more_total, more_covered = sums[number, last]
    return Tally(
        bad=more_bad - bad,
        total=more_total - total,
        covered=min(more_covered - covered, last - first) * _US,
    )


def sums(
    connection: Connection, keys: Sequence[str], since: datetime
) -> dict[str, list[tuple[int, int, int, int]]]:
    """Every row of each from `since` on, and the one before it: instant, bad, total, covered.

    In microseconds as they are kept: hundreds of thousands of rows are read at once.
    """
    ids = _ids(connection, keys)
    first = (since - EPOCH) // _US
    return {
        key: [
            (row[0], row[1], row[2], row[3])
            for row in connection.execute(_SINCE, {"i": ids[key], "since": first})
        ]
        for key in keys
        if key in ids
    }


_SINCE = text("""
    SELECT at, sum_bad, sum_total, sum_covered FROM sli_counts
    WHERE indicator = :i AND at >= coalesce(
        (SELECT max(n.at) FROM sli_counts n WHERE n.indicator = :i AND n.at <= :since), :since)
    ORDER BY at
""")


def first_seen(connection: Connection) -> dict[str, datetime]:
    rows = connection.execute(select(indicators.c.key, indicators.c.first_seen))
    return {row.key: row.first_seen for row in rows}


def coarse_until(connection: Connection) -> dict[str, datetime]:
    rows = connection.execute(select(indicators.c.key, indicators.c.quarters_until))
    return {row.key: row.quarters_until for row in rows}


def last_seen(connection: Connection, key: str) -> datetime | None:
    """The newest bucket of an indicator in which anybody looked."""
    mine = (
        counts.c.indicator
        == select(indicators.c.id).where(indicators.c.key == key).scalar_subquery()
    )
    whole = select(func.max(counts.c.sum_covered)).where(mine).scalar_subquery()
    before = select(func.max(counts.c.at)).where(mine, counts.c.sum_covered < whole)
    newest = select(func.min(counts.c.at)).where(mine, counts.c.at > before.scalar_subquery())
    moment: datetime | None = connection.execute(newest).scalar()
    return moment


class Standing(NamedTuple):
    """How far an indicator has been counted."""

    first_seen: datetime
    quarters_until: datetime  # what is older stands by the quarter-hour
    newest: datetime  # the beginning of the newest bucket: all before it are as they will stay


def standings(
    connection: Connection, keys: Sequence[str], *, lock: bool = False
) -> dict[str, Standing]:
    """Of those that were counted at all; with `lock` nobody else adds to them until the commit."""
    if lock:
        # Apart from the query below: that one has to see what whoever held the lock has committed.
        mine = select(indicators.c.id).where(indicators.c.key.in_(keys)).order_by(indicators.c.id)
        connection.execute(mine.with_for_update()).all()
    newest = select(func.max(counts.c.at)).where(counts.c.indicator == indicators.c.id)
    query = select(
        indicators.c.key,
        indicators.c.first_seen,
        indicators.c.quarters_until,
        newest.correlate(indicators).scalar_subquery(),
    )
    if len(keys) < _MANY:
        query = query.where(indicators.c.key.in_(keys))
    wanted = frozenset(keys)
    return {row[0]: Standing(*row[1:]) for row in connection.execute(query) if row[0] in wanted}


def steps(connection: Connection, key: str, edges: Sequence[datetime]) -> list[Tally]:
    """What was counted from each edge to the next; a look may speak for time before its own step."""
    number = _ids(connection, [key])[key]
    ats = [(one - EPOCH) // _US - 1 for one in edges]
    sums = _sums(connection, [(number, at) for at in ats])
    rows = [sums[number, at] for at in ats]
    return [
        Tally(
            bad=after[0] - before[0],
            total=after[1] - before[1],
            covered=(after[2] - before[2]) * _US,
        )
        for before, after in pairwise(rows)
    ]


# ------------------------------------------------------------------ the coarser tiers

_COARSER: Mapping[str, tuple[str, timedelta]] = {
    "seconds": ("minutes_until", MINUTE),
    "minutes": ("quarters_until", QUARTER),
}
# A bucket in which an exclusion begins or ends stays as it is, or the exclusion would change its size.
_MERGE = """
    DELETE FROM sli_counts WHERE (indicator, at) IN (
        SELECT c.indicator, c.at FROM sli_indicators i
        JOIN sli_counts c ON c.indicator = i.id AND c.at >= i.{done} AND c.at < :before
        WHERE i.{done} < :before AND EXISTS (
            SELECT 1 FROM sli_counts n
            WHERE n.indicator = c.indicator AND n.at > c.at AND n.at < c.at - c.at % {width} + {width}
        ) AND NOT EXISTS (
            SELECT 1 FROM slo_exclusions x
            WHERE (x.starts >= c.at - c.at % {width} AND x.starts < c.at - c.at % {width} + {width})
            OR (x.ends >= c.at - c.at % {width} AND x.ends < c.at - c.at % {width} + {width})
        ) LIMIT :most)
"""
_FORGET = text("""
    DELETE FROM sli_counts WHERE (indicator, at) IN (
        SELECT c.indicator, c.at FROM sli_indicators i
        JOIN sli_counts c ON c.indicator = i.id AND c.at < :before
        WHERE EXISTS (
            SELECT 1 FROM sli_counts n
            WHERE n.indicator = c.indicator AND n.at > c.at AND n.at < :before
        ) LIMIT :most)
""")


def coarsen(connection: Connection, kind: str, before: datetime, most: int) -> int:
    """Merge `seconds` into minutes, or `minutes` into quarter-hours, where they are older than `before`.

    Of each bucket only the last row stays. That needs no arithmetic, so it may be broken off and
    done again; how far it has come is kept in the same transaction.
    """
    done, width = _COARSER[kind]
    limit = bucket_start(before, width)
    values = {"before": (limit - EPOCH) // _US, "most": most}
    merge = text(_MERGE.format(done=done, width=width // _US))
    gone = connection.execute(merge, values).rowcount
    if gone < most:
        column = indicators.c[done]
        behind = indicators.update().where(column < limit)
        connection.execute(behind.values({column: limit}))
    return gone


def forget(connection: Connection, before: datetime, most: int) -> int:
    """Delete rows older than `before`; the newest of them stays, as what later sums are counted from."""
    values = {"before": (before - EPOCH) // _US, "most": most}
    return connection.execute(_FORGET, values).rowcount

"""The rows of the levels room: budgets, burn-downs, policy bands, and the counts they are judged by."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Table,
    Text,
    func,
    select,
)
from sqlalchemy.types import TypeDecorator

from standfast.slo.budget import Budget, BudgetState
from standfast.slo.judgement import BurnState
from standfast.slo.policy import PolicyState
from standfast.slo.status import BurnDown, BurnFigure, LevelStatus
from standfast.slo.tally import Point, Tally
from standfast.slo.window import Span as Stretch
from standfast.store import counts
from standfast.store.columns import Instant, JsonText, Span, metadata
from standfast.store.rows import put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Row
    from sqlalchemy.engine import Dialect

    from standfast.monitoring.count import Count


class Exact(TypeDecorator[Fraction]):
    """A Fraction as the text "3/1000": no figure of a budget is ever rounded in the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Fraction | int | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else str(Fraction(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> Fraction | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else Fraction(value)


statuses = Table(
    "level_statuses",
    metadata,
    Column("objective", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("because", Text, nullable=False),
    Column("bad", Exact, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("covered", Span, nullable=False),
    Column("starts", Instant, nullable=False),
    Column("ends", Instant, nullable=False),
    Column("left", Exact),
    Column("left_events", Exact),
    Column("left_time", Span),
    Column("achieved", Exact),
    Column("coverage", Exact, nullable=False),
    Column("burn", Exact),
    Column("exhausted_at", Instant),
    Column("burns", JsonText, nullable=False),
)
burn_downs = Table(
    "budget_history",
    metadata,
    Column("objective", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("left", Exact, nullable=False),
)
policies = Table(
    "policy_states",
    metadata,
    Column("objective", Text, primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("band", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("freezes", Boolean, nullable=False),
)


class LevelRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------------ counts

    def add(self, found: Iterable[Count]) -> None:
        """Add counts to their buckets; one that comes late goes into the newest bucket there is."""
        counts.add(self._connection, found)

    def tally(self, indicator: str, start: datetime, end: datetime) -> Tally:
        """What was counted in buckets that begin after `start`, up to `end`."""
        return self.tallies(indicator, ((start, end),))[0]

    def tallies(self, indicator: str, windows: Sequence[tuple[datetime, datetime]]) -> list[Tally]:
        """The same for many windows."""
        return self.tallies_of({indicator: windows})[indicator]

    def tallies_of(
        self, wanted: Mapping[str, Sequence[tuple[datetime, datetime]]]
    ) -> dict[str, list[Tally]]:
        """The same for many indicators, in one query."""
        return counts.tallies(self._connection, wanted)

    def series(
        self, indicator: str, start: datetime, end: datetime, step: timedelta
    ) -> tuple[Point, ...]:
        """Tallies of equal steps for a chart; a step in which nobody looked has `covered` zero."""
        number = max(0, (end - start) // step)
        edges = [start + step * i for i in range(number + 1)]
        pairs = list(pairwise(edges))
        found = self.tallies(indicator, pairs)
        return tuple(Point(at=at, tally=one) for (at, _), one in zip(pairs, found, strict=True))

    def sums(
        self, keys: Sequence[str], since: datetime
    ) -> dict[str, list[tuple[int, int, int, int]]]:
        """The running sums themselves, to go through the past in memory."""
        return counts.sums(self._connection, keys, since)

    def coarse_until(self) -> dict[str, datetime]:
        """Until when only the sums of quarter-hours are left; of what was never merged its beginning."""
        return counts.coarse_until(self._connection)

    def first_seen(self) -> dict[str, datetime]:
        return counts.first_seen(self._connection)

    def last_seen(self, indicator: str) -> datetime | None:
        """The newest bucket of an indicator in which anybody looked."""
        return counts.last_seen(self._connection, indicator)

    def standings(self, keys: Sequence[str], *, lock: bool = False) -> dict[str, counts.Standing]:
        """How far each of these has been counted; with `lock` nobody else adds to them meanwhile."""
        return counts.standings(self._connection, keys, lock=lock)

    def steps(self, indicator: str, edges: Sequence[datetime]) -> list[Tally]:
        """What was counted from each edge to the next."""
        return counts.steps(self._connection, indicator, edges)

    # ------------------------------------------------------------------ judgements

    def keep(self, found: Iterable[LevelStatus]) -> None:
        put(self._connection, statuses, [_status_row(status) for status in found])

    def statuses(self) -> dict[str, LevelStatus]:
        rows = self._connection.execute(select(statuses))
        return {row.objective: _status(row) for row in rows}

    def status(self, objective: str) -> LevelStatus | None:
        row = self._connection.execute(
            select(statuses).where(statuses.c.objective == objective)
        ).one_or_none()
        return None if row is None else _status(row)

    def keep_points(self, found: Mapping[str, BurnDown]) -> None:
        """A point of the history of each objective's budget."""
        rows = [
            {"objective": objective, "at": point.at, "left": point.left}
            for objective, point in found.items()
        ]
        put(self._connection, burn_downs, rows)

    def newest_points(self) -> dict[str, datetime]:
        """When each objective that was ever judged got its last point."""
        newest = (
            select(func.max(burn_downs.c.at))
            .where(burn_downs.c.objective == statuses.c.objective)
            .scalar_subquery()
        )
        rows = self._connection.execute(select(statuses.c.objective, newest.label("at")))
        return {row.objective: row.at for row in rows if row.at is not None}

    def burn_down(self, objective: str, since: datetime) -> tuple[BurnDown, ...]:
        """The history of a budget, oldest first."""
        mine = (burn_downs.c.objective == objective, burn_downs.c.at >= since)
        rows = self._connection.execute(select(burn_downs).where(*mine).order_by(burn_downs.c.at))
        return tuple(BurnDown(at=row.at, left=row.left) for row in rows)

    def keep_policy(self, state: PolicyState) -> None:
        put(
            self._connection,
            policies,
            [
                {
                    "objective": state.objective,
                    "since": state.since,
                    "band": state.band,
                    "action": state.action,
                    "freezes": state.freezes,
                }
            ],
        )

    def policies(self) -> dict[str, PolicyState]:
        """The band that each objective's budget is in now."""
        rows = self._connection.execute(select(policies).order_by(policies.c.since))
        return {row.objective: PolicyState(**row._asdict()) for row in rows}

    def policy_history(self, objective: str) -> tuple[PolicyState, ...]:
        """Oldest first."""
        mine = select(policies).where(policies.c.objective == objective)
        rows = self._connection.execute(mine.order_by(policies.c.since))
        return tuple(PolicyState(**row._asdict()) for row in rows)


def _status_row(status: LevelStatus) -> dict[str, Any]:
    one = status.budget
    return {
        "objective": status.objective,
        "at": status.at,
        "state": one.state.value,
        "because": one.because,
        "bad": one.tally.bad,
        "total": one.tally.total,
        "covered": one.tally.covered,
        "starts": one.span.start,
        "ends": one.span.end,
        "left": one.left,
        "left_events": one.left_events,
        "left_time": one.left_time,
        "achieved": one.achieved,
        "coverage": one.coverage,
        "burn": one.burn,
        "exhausted_at": one.exhausted_at,
        "burns": [_burn_row(burn) for burn in status.burns],
    }


def _burn_row(burn: BurnFigure) -> dict[str, Any]:
    return {
        "window": burn.window,
        "state": burn.state.value,
        "long": burn.long.total_seconds(),
        "short": burn.short.total_seconds(),
        "factor": str(burn.factor),
        "long_rate": None if burn.long_rate is None else str(burn.long_rate),
        "short_rate": None if burn.short_rate is None else str(burn.short_rate),
        "because": burn.because,
        "explained": burn.explained,
    }


def _status(row: Row[Any]) -> LevelStatus:
    tally = Tally(bad=row.bad, total=row.total, covered=row.covered)
    return LevelStatus(
        objective=row.objective,
        at=row.at,
        budget=Budget(
            objective=row.objective,
            state=BudgetState(row.state),
            because=row.because,
            tally=tally,
            span=Stretch(start=row.starts, end=row.ends),
            left=row.left,
            left_events=row.left_events,
            left_time=row.left_time,
            achieved=row.achieved,
            coverage=row.coverage,
            burn=row.burn,
            exhausted_at=row.exhausted_at,
        ),
        burns=tuple(_burn(one) for one in row.burns),
    )


def _burn(one: Mapping[str, Any]) -> BurnFigure:
    return BurnFigure(
        window=one["window"],
        state=BurnState(one["state"]),
        long=timedelta(seconds=one["long"]),
        short=timedelta(seconds=one["short"]),
        factor=Fraction(one["factor"]),
        long_rate=_exact(one["long_rate"]),
        short_rate=_exact(one["short_rate"]),
        because=one["because"],
        explained=one["explained"],
    )


def _exact(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)

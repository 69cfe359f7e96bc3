"""The rows of the monitoring room: targets and when they are due, counters, gauges, health."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Table,
    Text,
    delete,
    func,
    select,
)

from standfast.monitoring.counters import Look
from standfast.monitoring.edges import Edge, grown
from standfast.monitoring.flood import Flood
from standfast.monitoring.gauge import Reading
from standfast.monitoring.health import ComponentHealth, Health
from standfast.monitoring.heartbeat import Pulse
from standfast.monitoring.target import HEARTBEAT, OTLP, TargetState, by_component, next_due
from standfast.store.columns import Instant, JsonText, Span, metadata
from standfast.store.rows import put, put_new

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row, Select

    from standfast.monitoring.edges import Calls
    from standfast.monitoring.target import Target

due_times = Table(
    "target_schedule",
    metadata,
    Column("target", Text, primary_key=True),
    Column("next_due", Instant, nullable=False),
)
states = Table(
    "target_states",
    metadata,
    Column("target", Text, primary_key=True),
    Column("component", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("because", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("since", Instant, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("latency", Span),
    Column("expires", Instant),
    Column("check", Text, nullable=False),
    Column("says", Text, nullable=False),
    Column("detail", JsonText, nullable=False),
    Column("notes", JsonText, nullable=False),
)
looks = Table(
    "counter_values",
    metadata,
    Column("target", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("started", Instant),
    Column("known_from", Instant),
    Column("series", JsonText, nullable=False),
)
gauges = Table(
    "gauges",
    metadata,
    Column("component", Text, primary_key=True),
    Column("signal", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("value", Float, nullable=False),
)
newest_gauges = Table(
    "gauges_newest",
    metadata,
    Column("component", Text, primary_key=True),
    Column("signal", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("value", Float, nullable=False),
)
edges = Table(
    "measured_edges",
    metadata,
    Column("component", Text, primary_key=True),
    Column("to", Text, primary_key=True),
    Column("watched_from", Instant, nullable=False),
    Column("called_at", Instant),
    Column("calls", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("degraded", BigInteger, nullable=False),
    Column("degraded_at", Instant),
)
healths = Table(
    "component_health",
    metadata,
    Column("component", Text, primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("state", Text, nullable=False),
    Column("because", Text, nullable=False),
)
pulses = Table(
    "heartbeats",
    metadata,
    Column("name", Text, primary_key=True),
    Column("watched_from", Instant, nullable=False),
    Column("began_at", Instant),
    Column("ended_at", Instant),
    Column("good_at", Instant),
    Column("failed", Boolean, nullable=False),
    Column("because", Text, nullable=False),
    Column("took", Span),
)
floods = Table(
    "target_floods",
    metadata,
    Column("source", Text, primary_key=True),
    Column("component", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("because", Text, nullable=False),
)
Index("ix_gauges_at", gauges.c.at)


class MonitoringRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------------ whose turn it is

    def claim_due(self, targets: Sequence[Target], now: datetime) -> tuple[Target, ...]:
        """The targets to look at now; whoever claims one moves its next turn, so nobody else does."""
        due = self._due_times(select(due_times))
        fresh = [one for one in targets if one.key not in due]
        late = [one for one in targets if one.key in due and _is_due(one, due[one.key], now)]
        if late:
            # Looked at again once they are ours: another server may have moved them meanwhile.
            mine = select(due_times).where(due_times.c.target.in_([one.key for one in late]))
            still = self._due_times(mine.with_for_update(skip_locked=True))
            late = [one for one in late if one.key in still and _is_due(one, still[one.key], now)]
        new = put_new(self._connection, due_times, [_due_row(target, now) for target in fresh])
        put(self._connection, due_times, [_due_row(target, now) for target in late])
        ours = {row["target"] for row in new}
        return (*(one for one in fresh if one.key in ours), *late)

    def _due_times(self, query: Select[Any]) -> dict[str, datetime]:
        return {row.target: row.next_due for row in self._connection.execute(query)}

    # ------------------------------------------------------------------ targets

    def keep_states(self, found: Iterable[TargetState]) -> None:
        put(self._connection, states, [_state_row(state) for state in found])

    def target_states(self) -> dict[str, TargetState]:
        return {row.target: _state(row) for row in self._connection.execute(select(states))}

    def newest_instant(self) -> datetime | None:
        """When anything was looked at last."""
        moment: datetime | None = self._connection.execute(select(func.max(states.c.at))).scalar()
        return moment

    def states_by_component(self) -> dict[str, tuple[TargetState, ...]]:
        return by_component(self.target_states().values())

    def forget_targets(self, keep: Iterable[str], silent_since: datetime | None = None) -> None:
        """Drop what the file no longer names, and processes that have pushed nothing since."""
        kept = list(keep)
        for table in (due_times, states):
            self._connection.execute(delete(table).where(table.c.target.not_in(kept)))
        pushing = {key for key in kept if key.endswith(f"/{OTLP}")}
        rows = self._connection.execute(select(looks.c.target, looks.c.at))
        gone = [
            row.target
            for row in rows
            if row.target not in kept
            and ("/".join(row.target.split("/")[:2]) not in pushing
                 or (silent_since and row.at < silent_since))
        ]  # fmt: skip
        self._connection.execute(delete(looks).where(looks.c.target.in_(gone)))
        jobs = [key.rpartition("/")[2] for key in kept if f"/{HEARTBEAT}/" in key]
        self._connection.execute(delete(pulses).where(pulses.c.name.not_in(jobs)))
        if silent_since:
            self._connection.execute(delete(floods).where(floods.c.at < silent_since))

    # ------------------------------------------------------------------ counters

    def last_look(self, target: str) -> Look | None:
        return self.last_looks([target]).get(target)

    def keep_look(self, target: str, look: Look) -> None:
        self.keep_looks({target: look})

    def last_looks(self, targets: Iterable[str]) -> dict[str, Look]:
        return self._looks(looks.c.target.in_(list(targets)))

    def looks_under(self, folder: str) -> dict[str, Look]:
        """Those whose target begins so."""
        return self._looks(looks.c.target.startswith(folder, autoescape=True))

    def _looks(self, which: ColumnElement[bool]) -> dict[str, Look]:
        return {
            row.target: Look(
                at=row.at, values=row.series, started=row.started, known_from=row.known_from
            )
            for row in self._connection.execute(select(looks).where(which))
        }

    def keep_looks(self, found: Mapping[str, Look]) -> None:
        rows = [
            {
                "target": target,
                "at": look.at,
                "started": look.started,
                "known_from": look.known_from,
                "series": dict(look.values),
            }
            for target, look in found.items()
        ]
        put(self._connection, looks, rows)

    # ------------------------------------------------------------------ floods

    def floods(self) -> dict[str, Flood]:
        """By source, when each gave too much last."""
        return {
            row.source: Flood(**row._asdict()) for row in self._connection.execute(select(floods))
        }

    def keep_floods(self, found: Iterable[Flood]) -> None:
        put(self._connection, floods, [asdict(one) for one in found])

    # ------------------------------------------------------------------ jobs

    def pulse(self, name: str, *, lock: bool = False) -> Pulse | None:
        query = select(pulses).where(pulses.c.name == name)
        row = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else Pulse(**row._asdict())

    def keep_pulse(self, pulse: Pulse) -> None:
        put(self._connection, pulses, [asdict(pulse)])

    def pulses(self) -> dict[str, Pulse]:
        return {
            row.name: Pulse(**row._asdict()) for row in self._connection.execute(select(pulses))
        }

    # ------------------------------------------------------------------ gauges

    def keep_gauges(self, component: str, at: datetime, values: Mapping[str, float]) -> None:
        self.keep_signals(at, {component: values})

    def keep_signals(self, at: datetime, found: Mapping[str, Mapping[str, float]]) -> None:
        """What many components showed at one instant."""
        rows = [
            {"component": component, "signal": signal, "at": at, "value": value}
            for component, values in found.items()
            for signal, value in values.items()
        ]
        put(self._connection, gauges, rows)
        put(self._connection, newest_gauges, rows)

    def newest(self) -> dict[str, dict[str, Reading]]:
        """The newest value of every signal: component -> signal -> value."""
        found: dict[str, dict[str, Reading]] = defaultdict(dict)
        for row in self._connection.execute(select(newest_gauges)):
            found[row.component][row.signal] = Reading(at=row.at, value=row.value)
        return dict(found)

    def signal(self, component: str, signal: str, since: datetime) -> tuple[Reading, ...]:
        """The history of one signal, oldest first."""
        mine = (gauges.c.component == component, gauges.c.signal == signal, gauges.c.at >= since)
        rows = self._connection.execute(select(gauges).where(*mine).order_by(gauges.c.at))
        return tuple(Reading(at=row.at, value=row.value) for row in rows)

    def signals(self, component: str, since: datetime) -> dict[str, tuple[Reading, ...]]:
        """The history of a component's signals, oldest first."""
        mine = (gauges.c.component == component, gauges.c.at >= since)
        found: dict[str, list[Reading]] = defaultdict(list)
        for row in self._connection.execute(select(gauges).where(*mine).order_by(gauges.c.at)):
            found[row.signal].append(Reading(at=row.at, value=row.value))
        return {signal: tuple(readings) for signal, readings in found.items()}

    # ------------------------------------------------------------------ calls between components

    def keep_calls(self, component: str, at: datetime, found: Sequence[Calls]) -> None:
        if found:
            mine = self.edges(component)
            kept = [grown(mine.get((component, one.to)), component, one, at) for one in found]
            put(self._connection, edges, [asdict(one) for one in kept])

    def edges(self, component: str | None = None) -> dict[tuple[str, str], Edge]:
        """What was counted of every edge, or of one component's."""
        query = select(edges)
        if component is not None:
            query = query.where(edges.c.component == component)
        rows = self._connection.execute(query)
        return {(row.component, row.to): Edge(**row._asdict()) for row in rows}

    # ------------------------------------------------------------------ health

    def keep_health(self, found: Iterable[ComponentHealth]) -> None:
        """A row for each change of state; the same state with a new reason rewrites its row.

        What claims to be of later is of before our clock was set back; it would stand for ever.
        """
        found = list(found)
        for one in found:
            later = (healths.c.component == one.component) & (healths.c.since > one.since)
            self._connection.execute(delete(healths).where(later))
        rows = [
            {
                "component": one.component,
                "since": one.since,
                "state": one.state.value,
                "because": one.because,
            }
            for one in found
        ]
        put(self._connection, healths, rows)

    def component_healths(self) -> dict[str, ComponentHealth]:
        newest = (
            select(healths.c.component, func.max(healths.c.since).label("since"))
            .group_by(healths.c.component)
            .subquery()
        )
        mine = select(healths).join(
            newest,
            (healths.c.component == newest.c.component) & (healths.c.since == newest.c.since),
        )
        return {row.component: _health(row) for row in self._connection.execute(mine)}

    def health_history(self, component: str, since: datetime) -> tuple[ComponentHealth, ...]:
        """Oldest first; the first may have begun before `since` and still held then."""
        mine = select(healths).where(healths.c.component == component)
        rows = [_health(row) for row in self._connection.execute(mine.order_by(healths.c.since))]
        before = [one for one in rows if one.since < since]
        return tuple(before[-1:] + [one for one in rows if one.since >= since])


def _is_due(target: Target, due: datetime, now: datetime) -> bool:
    """Due, or further ahead than its interval, which has been shortened since."""
    return due <= now or due > now + target.every


def _due_row(target: Target, now: datetime) -> dict[str, Any]:
    return {"target": target.key, "next_due": next_due(target, now)}


def _state_row(one: TargetState) -> dict[str, Any]:
    return {
        "target": one.target,
        "component": one.component,
        "kind": one.kind,
        "ok": one.ok,
        "because": one.because,
        "at": one.at,
        "since": one.since,
        "failures": one.failures,
        "latency": one.latency,
        "expires": one.expires,
        "check": one.check,
        "says": one.says,
        "detail": dict(one.detail),
        "notes": list(one.notes),
    }


def _state(row: Row[Any]) -> TargetState:
    fields = row._asdict()
    return TargetState(**{**fields, "notes": tuple(fields["notes"])})


def _health(row: Row[Any]) -> ComponentHealth:
    return ComponentHealth(
        component=row.component, state=Health(row.state), because=row.because, since=row.since
    )

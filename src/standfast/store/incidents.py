"""The rows of the incidents room: incidents as they are, and their timelines, which only grow."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Table,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from standfast.incidents.incident import (
    ActionItem,
    Holding,
    Incident,
    IncidentState,
    Role,
    TimelineEntry,
)
from standfast.spec.values import Sev, Severity
from standfast.store.columns import Instant, JsonText, metadata

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("sev", Text, nullable=False),
    Column("component", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("declared_by", Text, nullable=False),
    Column("declared_at", Instant, nullable=False),
    Column("began_at", Instant),
    Column("detected_at", Instant),
    Column("acknowledged_at", Instant),
    Column("mitigated_at", Instant),
    Column("resolved_at", Instant),
    Column("closed_at", Instant),
    Column("progressed_at", Instant),
    Column("alerts", JsonText, nullable=False),
    Column("holdings", JsonText, nullable=False),
    Column("done", JsonText, nullable=False),
    Column("actions", JsonText, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ix_incidents_state", "state", "component"),
    Index("ix_incidents_declared_at", "declared_at"),
)
timeline = Table(
    "incident_timeline",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("incident", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("by", Text, nullable=False),
    Index("ix_incident_timeline_incident", "incident", "at"),
)
numbers = Table(
    "incident_numbers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)
_MOST_OWING = 2_000
_OPEN = (IncidentState.OPEN.value, IncidentState.MITIGATED.value)
_PLAIN = (
    "id", "title", "component", "declared_by", "declared_at", "began_at", "detected_at",
    "acknowledged_at", "mitigated_at", "resolved_at", "closed_at", "progressed_at", "version",
)  # fmt: skip


class IncidentRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_id(self) -> str:
        """The next of INC-1, INC-2 ...; whoever else asks waits until we are done."""
        build = (
            postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        )
        statement = build(numbers).values(name="incident", last=1)
        raised = statement.on_conflict_do_update(
            index_elements=["name"], set_={"last": numbers.c.last + 1}
        ).returning(numbers.c.last)
        return f"INC-{self._connection.execute(raised).scalar_one()}"

    def add(self, incident: Incident) -> None:
        self._connection.execute(insert(incidents).values(**_row(incident)))

    def save(self, incident: Incident) -> bool:
        """Keep the incident as it is now; False where its row has moved on since it was read."""
        same = (incidents.c.id == incident.id) & (incidents.c.version == incident.version)
        row = _row(incident) | {"version": incident.version + 1}
        return self._connection.execute(update(incidents).where(same).values(**row)).rowcount == 1

    def incident(self, id: str, *, lock: bool = False) -> Incident | None:  # noqa: A002 - its id is called that
        query = select(incidents).where(incidents.c.id == id)
        row = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else _incident(row)

    def open_on(self, component: str) -> Incident | None:
        """The incident that is going on there, the newest if several; locked on PostgreSQL."""
        mine = (incidents.c.component == component) & incidents.c.state.in_(_OPEN)
        query = select(incidents).where(mine).order_by(incidents.c.declared_at.desc()).limit(1)
        row = self._connection.execute(query.with_for_update()).one_or_none()
        return None if row is None else _incident(row)

    def open(self) -> tuple[Incident, ...]:
        """The gravest first, then the oldest."""
        mine = select(incidents).where(incidents.c.state.in_(_OPEN))
        rows = self._connection.execute(mine.order_by(incidents.c.sev, incidents.c.declared_at))
        return tuple(_incident(row) for row in rows)

    def recent(self, since: datetime | None = None, limit: int = 200) -> tuple[Incident, ...]:
        """The newest first."""
        mine = select(incidents)
        if since is not None:
            mine = mine.where(incidents.c.declared_at >= since)
        newest = mine.order_by(incidents.c.declared_at.desc()).limit(limit)
        return tuple(_incident(row) for row in self._connection.execute(newest))

    def owing(self, since: datetime) -> tuple[Incident, ...]:
        """Those that may still owe something, the newest first: a post-mortem, or action items."""
        owes = (incidents.c.state == IncidentState.RESOLVED.value) | (incidents.c.actions != [])
        mine = select(incidents).where((incidents.c.declared_at >= since) & owes)
        newest = mine.order_by(incidents.c.declared_at.desc()).limit(_MOST_OWING)
        return tuple(_incident(row) for row in self._connection.execute(newest))

    def note(self, incident: str, entry: TimelineEntry) -> None:
        self._connection.execute(
            insert(timeline).values(
                incident=incident,
                at=entry.at,
                kind=entry.kind,
                text=entry.text,
                source=entry.source,
                by=entry.by,
            )
        )

    def timeline(self, incident: str) -> tuple[TimelineEntry, ...]:
        mine = select(timeline).where(timeline.c.incident == incident)
        rows = self._connection.execute(mine.order_by(timeline.c.at, timeline.c.number))
        return tuple(
            TimelineEntry(at=row.at, kind=row.kind, text=row.text, source=row.source, by=row.by)
            for row in rows
        )


def _row(incident: Incident) -> dict[str, Any]:
    return {name: getattr(incident, name) for name in _PLAIN} | {
        "sev": incident.sev.value,
        "state": incident.state.value,
        "alerts": list(incident.alerts),
        "done": dict(incident.done),
        "holdings": [
            [one.role.value, one.person, _text(one.assumed_at), _text(one.renounced_at)]
            for one in incident.holdings
        ],
        "actions": [
            [one.text, one.priority.value, one.owner, _text(one.due), one.done]
            for one in incident.actions
        ],
    }


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        **{name: getattr(row, name) for name in _PLAIN},
        sev=Sev(row.sev),
        state=IncidentState(row.state),
        alerts=tuple(row.alerts),
        done=row.done,
        holdings=tuple(
            Holding(
                role=Role(role),
                person=person,
                assumed_at=datetime.fromisoformat(assumed),
                renounced_at=datetime.fromisoformat(renounced) if renounced else None,
            )
            for role, person, assumed, renounced in row.holdings
        ),
        actions=tuple(
            ActionItem(
                text=text,
                priority=Severity(priority),
                owner=owner,
                due=datetime.fromisoformat(due) if due else None,
                done=done,
            )
            for text, priority, owner, due, done in row.actions
        ),
    )


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

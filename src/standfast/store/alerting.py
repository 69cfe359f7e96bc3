"""The rows of the alerting room: each alert as it is, and its episodes of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Index, Table, Text, func, select

from standfast.alerting.alert import Alert, AlertState
from standfast.spec.values import Severity
from standfast.store.columns import Instant, JsonText, metadata
from standfast.store.rows import put

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

_FIELDS = (
    "fingerprint",
    "rule",
    "component",
    "severity",
    "state",
    "summary",
    "because",
    "since",
    "fired_at",
    "resolved_at",
    "runbook",
    "labels",
    "episode",
    "seen_at",
    "good_since",
    "blind_since",
)


def _columns(*keys: str) -> list[Column[Any]]:
    types: dict[str, Any] = {
        **dict.fromkeys(("since", "fired_at", "resolved_at", "seen_at"), Instant),
        **dict.fromkeys(("good_since", "blind_since"), Instant),
        "labels": JsonText,
        "episode": BigInteger,
    }
    loose = {"fired_at", "resolved_at", "runbook", "seen_at", "good_since", "blind_since"}
    return [
        Column(name, types.get(name, Text), primary_key=name in keys, nullable=name in loose)
        for name in _FIELDS
    ]


alerts = Table("alerts", metadata, *_columns("fingerprint"))
episodes = Table("alert_episodes", metadata, *_columns("fingerprint", "episode"))
Index("ix_alert_episodes_fired_at", episodes.c.fired_at)


class AlertRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, alert: Alert) -> None:
        """Keep an alert as it is now; what has fired is an episode of its history, too."""
        row = _row(alert)
        put(self._connection, alerts, [row])
        if alert.fired_at is not None:
            put(self._connection, episodes, [row])

    def alert(self, fingerprint: str, *, lock: bool = False) -> Alert | None:
        """With `lock` nobody else who locks it goes on before this transaction ends, new as it may be."""
        if lock and self._connection.dialect.name == "postgresql":
            # A row that is not there yet cannot be locked; its name can.
            key = func.hashtextextended(fingerprint, 0)
            self._connection.execute(select(func.pg_advisory_xact_lock(key)))
        mine = select(alerts).where(alerts.c.fingerprint == fingerprint)
        row = self._connection.execute(mine).one_or_none()
        return None if row is None else _alert(row)

    def alerts(self) -> dict[str, Alert]:
        """Every alert that there ever was, by fingerprint, as it is now."""
        return {row.fingerprint: _alert(row) for row in self._connection.execute(select(alerts))}

    def firing(self, component: str | None = None) -> tuple[Alert, ...]:
        """The gravest first, then the oldest."""
        mine = select(alerts).where(alerts.c.state == AlertState.FIRING.value)
        if component is not None:
            mine = mine.where(alerts.c.component == component)
        rows = self._connection.execute(mine.order_by(alerts.c.severity, alerts.c.fired_at))
        return tuple(_alert(row) for row in rows)

    def history(self, since: datetime, component: str | None = None) -> tuple[Alert, ...]:
        """The episodes that began since then, the newest first."""
        mine = select(episodes).where(episodes.c.fired_at >= since)
        if component is not None:
            mine = mine.where(episodes.c.component == component)
        rows = self._connection.execute(mine.order_by(episodes.c.fired_at.desc()))
        return tuple(_alert(row) for row in rows)


def _row(alert: Alert) -> dict[str, Any]:
    row = {name: getattr(alert, name) for name in _FIELDS}
    labels: Mapping[str, str] = alert.labels
    return row | {
        "severity": alert.severity.value,
        "state": alert.state.value,
        "labels": dict(labels),
    }


def _alert(row: Row[Any]) -> Alert:
    fields = row._asdict()
    fields["severity"], fields["state"] = Severity(row.severity), AlertState(row.state)
    return Alert(**fields)

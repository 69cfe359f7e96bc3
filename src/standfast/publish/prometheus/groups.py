"""The rule groups: what is recorded, what alerts, and what watches the watching itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.markdown import span
from standfast.publish.prometheus import objectives, watch
from standfast.publish.prometheus.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.publish.prometheus.alerts import Alert, Every
    from standfast.spec.system import System

NAMES = ("standfast-objectives", "standfast-alerts", "standfast-watch")
"""In the order in which they build on one another."""


def groups(system: System, measured: Every, alerts: Iterable[Alert]) -> list[dict[str, object]]:
    """As a file of Prometheus and a PrometheusRule of its operator both hold them."""
    able = [found for _, found in measured if isinstance(found, objectives.Measured)]
    groups: list[dict[str, object]] = [
        {
            "name": NAMES[0],
            "interval": span(objectives.EVERY),
            "rules": [
                {"record": one.record, "expr": one.expr, "labels": dict(one.labels)}
                for one in objectives.recordings(able)
            ],
        },
        {
            "name": NAMES[1],
            "rules": [
                _entry(system, one, one.query) for one in alerts if isinstance(one.query, Query)
            ],
        },
        {"name": NAMES[2], "rules": [one.entry for one in watch.watched(system)]},
    ]
    return [group for group in groups if group["rules"]]


def _entry(system: System, alert: Alert, query: Query) -> dict[str, object]:
    team = system.team_of(alert.component)
    labels = {
        "severity": alert.severity.value,
        "component": alert.component,
        **({"objective": alert.objective} if alert.objective else {}),
        **({"team": team.name} if team else {}),
    }
    entry: dict[str, object] = {"alert": alert.name, "expr": query.expr}
    if query.lasting:
        entry["for"] = span(query.lasting)
    return entry | {
        "labels": labels,
        "annotations": {
            "summary": literal(alert.summary),
            **({"description": literal(alert.explained)} if alert.explained else {}),
            "runbook": watch.runbook_path(alert.runbook),
            **({"runbook_url": literal(alert.elsewhere)} if alert.elsewhere else {}),
        },
    }


def literal(text: str) -> str:
    """Prometheus runs annotations through Go's templates; braces of the file's own are not for it."""
    return text.replace("{{", '{{"{{"}}') if "{{" in text else text

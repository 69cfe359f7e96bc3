"""The formats in which other tools report alerts; anything else is refused in words, never dropped."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from standfast.engine.intake import Reported
from standfast.errors import StandfastError
from standfast.spec.values import Severity

_LONGEST, _LABELS, _MOST = 1000, 40, 1000
_GENERIC_FIX = (
    'send {"alerts": [{"name": ..., "component": ..., "severity": "P1", "status": "firing"}]}'
)
_SEVERITIES = {
    **{one.value.lower(): one for one in Severity},
    **dict.fromkeys(("critical", "page", "emergency", "fatal", "disaster"), Severity.P1),
    **dict.fromkeys(("error", "high", "major"), Severity.P2),
    **dict.fromkeys(("warning", "warn", "medium", "minor", "average"), Severity.P3),
    **dict.fromkeys(("info", "information", "low", "none"), Severity.P4),
}
_COMPONENT = ("component", "service", "app", "job")
_TELLING = frozenset({"alertname", "severity", "summary", "description", *_COMPONENT})
# Which replica speaks does not make it another alert.
_FLEETING = frozenset({"alertname", "severity", "prometheus", "replica", "source"})


def parse(body: Any) -> tuple[Reported, ...]:
    """Of the generic form. Raises StandfastError that names the alert and the field."""
    return tuple(_generic(one, f"alerts.{i}") for i, one in enumerate(_alerts(body)))


def parse_alertmanager(body: Any) -> tuple[Reported, ...]:
    """Of Alertmanager's webhook, version 4 (which Grafana's contact points send, too).

    https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    """
    alerts = _alerts(body)
    if str(body.get("version", "")) not in {"4", "1"}:
        raise StandfastError(
            f"version {body.get('version')!r} of the webhook is not known",
            where="version",
            fix="Alertmanager 0.16 and later send version 4",
        )
    return tuple(_of_alertmanager(one, f"alerts.{i}") for i, one in enumerate(alerts))


def _alerts(body: Any) -> list[Any]:
    alerts = body.get("alerts") if isinstance(body, dict) else None
    if not isinstance(alerts, list):
        raise StandfastError("no list of alerts in it", where="alerts", fix=_GENERIC_FIX)
    if len(alerts) > _MOST:
        raise StandfastError(f"{len(alerts)} alerts at once", fix=f"send at most {_MOST}")
    return alerts


def _generic(one: Any, where: str) -> Reported:
    if not isinstance(one, dict):
        raise StandfastError("an alert is an object", where=where, fix=_GENERIC_FIX)
    labels = _strings(one.get("labels"), f"{where}.labels")
    status = _text(one, "status", where) or "firing"
    if status not in {"firing", "resolved"}:
        raise StandfastError(
            f"{status!r} is no status", where=f"{where}.status", fix="write firing or resolved"
        )
    said = _text(one, "severity", where)
    severity = _SEVERITIES.get(said.lower())
    if said and severity is None:
        raise StandfastError(
            f"{said!r} is no severity", where=f"{where}.severity", fix="write P1, P2, P3 or P4"
        )
    return Reported(
        name=_needed(one, "name", where),
        component=_text(one, "component", where) or _component(labels),
        severity=severity,
        firing=status == "firing",
        summary=_text(one, "summary", where),
        because=_text(one, "because", where),
        since=_instant(one.get("since"), f"{where}.since"),
        runbook=_text(one, "runbook", where) or None,
        labels=_lasting(labels),
    )


def _of_alertmanager(one: Any, where: str) -> Reported:
    if not isinstance(one, dict):
        raise StandfastError("an alert is an object", where=where)
    # It does not send again what was refused: an odd alert is taken as far as it can be read.
    labels = _strings(_first(one.get("labels")), f"{where}.labels")
    notes = _strings(_first(one.get("annotations")), f"{where}.annotations")
    return Reported(
        name=labels.get("alertname", "").strip()[:200] or "alert without a name",
        component=_component(labels),
        severity=_SEVERITIES.get(labels.get("severity", "").lower()),
        firing=_text(one, "status", where) != "resolved",
        summary=notes.get("summary", ""),
        because=notes.get("description", "") or notes.get("message", ""),
        source="alertmanager",
        since=_instant(one.get("startsAt"), f"{where}.startsAt"),
        runbook=notes.get("runbook_url") or notes.get("runbook") or None,
        labels=_lasting(labels),
    )


def _component(labels: dict[str, str]) -> str:
    return next((labels[name] for name in _COMPONENT if labels.get(name)), "")


def _lasting(labels: dict[str, str]) -> dict[str, str]:
    """The labels that tell alerts apart; a very long value is told apart by its hash."""
    kept = {name: value for name, value in labels.items() if name not in _FLEETING}
    return {
        name: value if len(value) <= 200 else hashlib.sha256(value.encode()).hexdigest()[:16]
        for name, value in kept.items()
    }


def _first(value: Any) -> Any:
    """Of more labels than we keep the first by name, always the same ones; `alertname` among them."""
    if not isinstance(value, dict) or len(value) <= _LABELS:
        return value
    names = sorted(value, key=lambda name: (name not in _TELLING, str(name)))
    return {name: value[name] for name in names[:_LABELS]}


def _strings(value: Any, where: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > _LABELS:
        raise StandfastError(f"not an object of at most {_LABELS} texts", where=where)
    return {str(name)[:100]: str(text)[:_LONGEST] for name, text in value.items()}


def _needed(one: dict[str, Any], name: str, where: str) -> str:
    text = _text(one, name, where)
    if not text:
        raise StandfastError(f"{name!r} is missing", where=where, fix=_GENERIC_FIX)
    return text[:200]


def _text(one: dict[str, Any], name: str, where: str) -> str:
    value = one.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise StandfastError("not a text", where=f"{where}.{name}")
    return " ".join(value.split())[:_LONGEST]


def _instant(value: Any, where: str) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the year 1, east of Greenwich
        raise StandfastError(
            f"{value!r} is no instant", where=where, fix="write 2026-11-20T12:00:00Z"
        ) from None

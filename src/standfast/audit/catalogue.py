"""The events that every system should tell of, and what each of them must capture."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from standfast.spec.system import AuditEventKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.audit.event import Event


def _kind(type_: str, category: str, priority: str, capture: str, said: str) -> AuditEventKind:
    return AuditEventKind(
        type=type_,
        category=category,
        priority=priority,
        capture=tuple(capture.split(", ")),
        description=said,
    )


CATALOGUE: tuple[AuditEventKind, ...] = (
    _kind("user.login", "authentication", "high", "user id, ip, device", "Login success or failure"),
    _kind("user.password_changed", "authentication", "high", "user id, outcome", "Password change"),
    _kind("user.mfa_enrolled", "authentication", "high", "user id, method", "MFA enrollment"),
    _kind("user.mfa_verified", "authentication", "high", "user id, method", "MFA verification"),
    _kind("record.created", "data", "medium", "entity, id, who, changes", "A record created"),
    _kind("record.updated", "data", "medium", "entity, id, who, changes", "A record changed"),
    _kind("record.deleted", "data", "high", "entity, id, who, changes", "A record deleted"),
    _kind("data.viewed", "data", "high", "who, what data", "Sensitive data looked at"),
    _kind("data.exported", "data", "high", "who, scope, format", "Data exported"),
    _kind("user.created", "administration", "high", "user, by whom", "A user created"),
    _kind("user.deactivated", "administration", "high", "user, by whom", "A user deactivated"),
    _kind("settings.changed", "administration", "high", "setting, old value, new value", "Settings changed"),
    _kind("permission.granted", "administration", "high", "who, to whom, what", "A permission granted"),
    _kind("permission.revoked", "administration", "high", "who, to whom, what", "A permission revoked"),
)  # fmt: skip

# What an event must carry for each thing that is to be captured.
_CAPTURED: dict[str, Callable[[Event], object]] = {
    "user id": lambda event: event.actor.id,
    "who": lambda event: event.actor.id,
    "by whom": lambda event: event.actor.id,
    "ip": lambda event: event.actor.ip_address,
    "outcome": lambda event: event.status,
    "device": lambda event: event.context.get("device"),
    "method": lambda event: event.context.get("method"),
    "scope": lambda event: event.context.get("scope"),
    "format": lambda event: event.context.get("format"),
    "entity": lambda event: event.target and event.target.type,
    "id": lambda event: event.target and event.target.id,
    "user": lambda event: event.target and event.target.id,
    "to whom": lambda event: event.target and event.target.id,
    "what data": lambda event: event.target or event.context.get("data"),
    "changes": lambda event: event.changes,
    "what": lambda event: event.changes or event.context.get("permission"),
    "setting": lambda event: event.changes or event.target,
    "old value": lambda event: event.changes,
    "new value": lambda event: event.changes,
}


def kind_of(
    event_type: str, kinds: tuple[AuditEventKind, ...] = CATALOGUE
) -> AuditEventKind | None:
    """The kind that an event is of; a kind may be a pattern such as `orders.*`."""
    return next((kind for kind in kinds if fnmatchcase(event_type, kind.type)), None)


def not_captured(event: Event, kind: AuditEventKind) -> tuple[str, ...]:
    """What the kind asks for and the event does not carry."""
    known = (name for name in kind.capture if name in _CAPTURED)
    return tuple(name for name in known if not _CAPTURED[name](event))

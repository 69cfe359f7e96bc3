"""The built-in catalogue of audit events: authentication, data and administration, and what each captures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.spec.system import AuditEventKind

if TYPE_CHECKING:
    from collections.abc import Iterable

AUTHENTICATION, DATA, ADMINISTRATION = "authentication", "data", "administration"


def _kind(
    name: str, category: str, capture: str, description: str, priority: str = "high"
) -> AuditEventKind:
    parts = tuple(one.strip() for one in capture.split(","))
    return AuditEventKind(
        type=name, category=category, priority=priority, capture=parts, description=description
    )


FIXED = (
    _kind("auth.login", AUTHENTICATION, "user, ip, device, outcome", "a login succeeded or failed"),
    _kind("auth.password_change", AUTHENTICATION, "user, outcome", "a password was changed"),
    _kind("auth.mfa_enrollment", AUTHENTICATION, "user, method", "a second factor was enrolled"),
    _kind("auth.mfa_verification", AUTHENTICATION, "user, method, outcome", "a second factor was asked for"),
    _kind("admin.user_created", ADMINISTRATION, "user, by whom", "an account was created"),
    _kind("admin.user_deactivated", ADMINISTRATION, "user, by whom", "an account was deactivated"),
    _kind("admin.settings_changed", ADMINISTRATION, "setting, old value, new value", "a setting was changed"),
    _kind("admin.permission_granted", ADMINISTRATION, "by whom, to whom, what", "a permission was granted"),
    _kind("admin.permission_revoked", ADMINISTRATION, "by whom, to whom, what", "a permission was revoked"),
)  # fmt: skip


def of_data(name: str, sensitive: bool) -> tuple[AuditEventKind, ...]:
    """The events of one type of data; looking at and exporting it matter where it is sensitive."""
    changed = "high" if sensitive else "medium"
    return (
        _kind(f"{name}.create", DATA, "entity, id, who, changes", f"{name}: a record was created", changed),
        _kind(f"{name}.update", DATA, "entity, id, who, changes", f"{name}: a record was changed", changed),
        _kind(f"{name}.delete", DATA, "entity, id, who, changes", f"{name}: a record was deleted", changed),
        _kind(f"{name}.view", DATA, "user, what data", f"{name}: sensitive data was looked at"),
        _kind(f"{name}.export", DATA, "user, scope, format", f"{name}: data was exported"),
    )  # fmt: skip


def catalogue(data: Iterable[tuple[str, bool]]) -> tuple[AuditEventKind, ...]:
    """Everything there is to record for these types of data, each with whether it is sensitive."""
    return FIXED + tuple(kind for name, sensitive in data for kind in of_data(name, sensitive))

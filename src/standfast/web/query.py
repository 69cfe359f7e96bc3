"""What stands in an address or a form: the filters of the audit search, the name of a role."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Depends, Query

from standfast.audit.query import Query as AuditFilter
from standfast.errors import StandfastError
from standfast.review.feedback import role
from standfast.review.finding import Role

_Text = Annotated[str, Query(max_length=200)]


def _query(
    actor: _Text = "",
    action: _Text = "",
    target: _Text = "",
    since: _Text = "",
    until: _Text = "",
    category: _Text = "",
    status: _Text = "",
    stream: _Text = "system",
    before: Annotated[int | None, Query(ge=0)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> AuditFilter:
    return AuditFilter(
        stream=stream.strip() or "system",
        category=category.strip() or None,
        status=status.strip() or None,
        limit=limit,
        actor=actor.strip() or None,
        action=action.strip() or None,
        target=target.strip() or None,
        since=instant(since),
        until=instant(until),
        before=before,
    )


AuditQuery = Annotated[AuditFilter, Depends(_query)]


def role_asked(text: str) -> Role | None:
    """Of a name or a short one; none given is the finding's first."""
    try:
        return role(text) if text.strip() else None
    except ValueError as error:
        raise StandfastError(str(error)) from None


def day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise StandfastError(f"{text[:40]!r} is no day", fix="as in 2026-11-30") from None


def instant(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise StandfastError(
            f"not an instant: {text!r}", fix="write for example 2026-11-20T12:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

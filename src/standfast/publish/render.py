"""A System and its review in, every document and configuration file out; pure, so it can be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.compliance import audit_access, audit_events, audit_schema, retention_policy
from standfast.publish.edition import Edition
from standfast.publish.figures import dressed
from standfast.publish.operations import (
    alerting,
    audit_logging,
    backup_strategy,
    dashboards,
    disaster_recovery,
    incident_response,
    index,
    monitoring,
    on_call,
    post_mortem,
    recovery_objectives,
    review,
    runbooks,
    slos,
)
from standfast.publish.programs import programs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from standfast.dashboards.measurements import Measurements
    from standfast.publish.document import Output
    from standfast.review.feedback import Reply
    from standfast.review.finding import Review
    from standfast.spec.system import System

FOLDERS = ("docs/operations", "docs/compliance", "ops/generated")
_OPERATIONS = (
    index,
    slos,
    monitoring,
    alerting,
    on_call,
    dashboards,
    backup_strategy,
    disaster_recovery,
    recovery_objectives,
    incident_response,
    post_mortem,
    audit_logging,
    review,
)
_COMPLIANCE = (audit_events, audit_schema, retention_policy, audit_access)


def render(
    system: System,
    reviewed: Review,
    as_of: date,
    *,
    version: str = "",
    notes: Mapping[str, str] | None = None,
    release: bool = False,
    private: bool = False,
    measured: Measurements | None = None,
    replies: tuple[Reply, ...] = (),
) -> dict[str, Output]:
    """Every output by its path. `notes` are the texts below docs/compliance/notes, by their paths."""
    edition = Edition(
        system=system,
        review=reviewed,
        as_of=as_of,
        version=version,
        release=release,
        private=private,
        replies=replies,
    )
    outputs = documents(edition, notes or {})
    if measured is not None:
        outputs = dressed(edition, outputs, measured)
    return {output.path: output for output in [*outputs, *programs(edition)]}


def documents(edition: Edition, notes: Mapping[str, str]) -> list[Output]:
    """What people read."""
    return [
        *(one.document(edition) for one in _OPERATIONS),
        *runbooks.documents(edition),
        *(one.document(edition, notes) for one in _COMPLIANCE),
    ]

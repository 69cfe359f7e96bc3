"""A System and its review in, every document and configuration file out; pure, so it can be checked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from standfast.publish.alertmanager import alertmanager
from standfast.publish.compliance import audit_access, audit_events, audit_schema, retention_policy
from standfast.publish.document import Generated, Output
from standfast.publish.edition import Edition
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
from standfast.publish.plan import REVIEW
from standfast.publish.prometheus import rules, scrape

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from standfast.review.finding import Finding, Review
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
) -> dict[str, Output]:
    """Every output by its path. `notes` are the texts below docs/compliance/notes, by their paths."""
    edition = Edition(system=system, review=reviewed, as_of=as_of, version=version)
    outputs: list[Output] = [one.document(edition) for one in _OPERATIONS]
    outputs += runbooks.documents(edition)
    outputs += [one.document(edition, notes or {}) for one in _COMPLIANCE]
    outputs += machine(edition)
    return {output.path: output for output in outputs}


def machine(edition: Edition) -> list[Generated]:
    """What programs read; each is accepted by its own tool."""
    return [
        rules.rules(edition),
        rules.tests(edition),
        scrape.scrape(edition),
        alertmanager(edition),
        audit_schema.machine(edition),
        Generated(path=REVIEW, text=_review(edition)),
    ]


def _review(edition: Edition) -> str:
    """The review with what it was made of; `as_of` is where `--check` finds the day again."""
    content = {
        "system": edition.system.name,
        "file": f"sha256:{edition.system.digest}",
        "standfast": edition.version,
        "as_of": edition.as_of.isoformat(),
        "verdict": edition.review.verdict.name,
        "findings": [_finding(one) for one in edition.review.findings],
        "waived": [_finding(one) for one in edition.review.waived],
        "assumptions": [
            {"id": one.id, "path": one.path, "assumed": one.assumed, "because": one.because}
            for one in edition.system.assumptions
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _finding(one: Finding) -> dict[str, object]:
    return {
        "id": one.id,
        "rule": one.rule,
        "at": one.at,
        "where": one.where,
        "verdict": one.verdict.name,
        "to": [str(role) for role in one.to],
        "problem": one.problem,
        "why": one.why,
        "suggestion": one.suggestion,
        "if_rejected": one.if_rejected,
    }

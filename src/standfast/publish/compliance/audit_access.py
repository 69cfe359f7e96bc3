"""audit-access.md: who may read the audit log, and how reading it is itself recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.compliance.page import page
from standfast.publish.markdown import bullets, escape, join, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.publish.document import Generated
    from standfast.publish.edition import Edition


def document(edition: Edition, notes: Mapping[str, str]) -> Generated:
    return page(
        edition,
        "audit-access",
        "Access to the audit log",
        notes,
        _readers(edition),
        _rules(),
        _review_of_access(edition),
    )


def _readers(edition: Edition) -> str:
    readers = edition.system.compliance.readers
    if not readers:
        return join(
            "## Who may read",
            edition.owed(
                "AUD-04", "Legal", "Who, besides those who are audited, may read the log?"
            ),
        )
    rows = [
        [
            edition.person(reader),
            "search, export, verify",
            "the role `auditor`; approved by another reader, for a stated reason, for a time",
        ]
        for reader in readers
    ]
    return join("## Who may read", table(["Reader", "May", "How it is granted"], rows))


def _rules() -> str:
    return join(
        "## Rules",
        bullets(
            [
                "Nobody may change or delete an event: there is no command, no API and no page for it.",
                (
                    "Every search, view and export of the log is an event of the log, with who, filter, "
                    "window and count "
                    "(PCI DSS 10.2.1.3)."
                ),
                "Administrators of the system are not readers by that: access is granted by name.",
                "Applications hold tokens that append and cannot read.",
                (
                    "An export carries its checkpoint and proof, so that its reader can verify it and see "
                    "what is missing."
                ),
            ]
        ),
    )


def _review_of_access(edition: Edition) -> str:
    evidence = [
        f"{escape(regime)}: {escape(where)}"
        for regime, where in edition.system.compliance.evidence.items()
    ]
    return join(
        "## Looking at who looked",
        (
            "Each quarter another reader goes through the accesses of the last 90 days: audit page, filter "
            "`action=audit.*`. Who read, and why, must be answerable for each."
        ),
        join("Evidence is kept at:", bullets(evidence))
        if evidence
        else edition.owed("CMP-06", "Legal", "Where does an auditor find the evidence?"),
    )

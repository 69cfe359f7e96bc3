"""audit-events.md: what is audited, against what each regime asks for."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from standfast.publish.compliance.page import page
from standfast.publish.edition import names
from standfast.publish.markdown import code, escape, join, table
from standfast.publish.operations.audit_logging import catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.publish.document import Generated
    from standfast.publish.edition import Edition

ASKED = {
    "gdpr": (("access to personal data", "*.view"), ("export of personal data", "*.export")),
    "hipaa": (("access to health data", "*.view"), ("sign-in", "auth.*")),
    "soc2": (
        ("sign-in", "auth.*"),
        ("change of permissions", "admin.*"),
        ("change of settings", "admin.*"),
    ),
    "pci-dss": (
        ("individual access to card data (10.2.1.1)", "*.view"),
        ("actions of administrators (10.2.1.2)", "admin.*"),
        ("sign-in, valid and invalid (10.2.1.4)", "auth.*"),
        ("change of credentials (10.2.1.5)", "admin.*"),
    ),
    "sox": (("change of records", "*.update"), ("change of permissions", "admin.*")),
}


def document(edition: Edition, notes: Mapping[str, str]) -> Generated:
    return page(
        edition,
        "audit-events",
        "What we audit",
        notes,
        catalogue(edition, "##"),
        _by_regime(edition),
        _by_data(edition),
    )


def _by_regime(edition: Edition) -> str:
    compliance = edition.system.compliance
    if compliance.regimes is None:
        body = edition.owed("CMP-00", "Legal", "Which regimes apply: none, or which?")
        return join("## By regime", body)
    rows = [
        [escape(regime), escape(what), _met(edition, pattern)]
        for regime in compliance.regimes
        for what, pattern in ASKED.get(regime, ())
    ]
    if not rows:
        return join("## By regime", "The file states that no regime applies.")
    return join("## By regime", table(["Regime", "Asks to record", "Recorded by"], rows))


def _met(edition: Edition, pattern: str) -> str:
    found = [one.type for one in edition.system.compliance.events if fnmatchcase(one.type, pattern)]
    return ", ".join(code(one) for one in found) or "**nothing (AUD-02, owed by: Developer)**"


def _by_data(edition: Edition) -> str:
    rows = [
        [
            escape(one.name),
            names(one.kinds) or "none stated",
            names(one.sensitive) or "none stated",
            _met(edition, f"{one.name}.*"),
        ]
        for one in edition.system.data.values()
    ]
    if not rows:
        body = edition.owed(
            "DAT-01", "Data Architect", "Which data is stored, and which of it is sensitive?"
        )
    else:
        body = table(["Data", "Kinds", "Sensitive fields", "Recorded by"], rows)
    return join("## By data type", body)

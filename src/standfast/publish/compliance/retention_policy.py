"""retention-policy.md: how long each regime asks for, how long we keep, and what happens where they collide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.publish.compliance.page import page
from standfast.publish.edition import names
from standfast.publish.markdown import bullets, escape, join, prose, table, years

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.publish.document import Generated
    from standfast.publish.edition import Edition
    from standfast.spec.system import Retention

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a regime says about keeping logs, and where it says so."""

    least: timedelta | None
    most: str
    source: str


REGIMES = {
    "gdpr": Asked(
        least=None, most="no longer than the purpose needs", source="GDPR, Article 5(1)(e)"
    ),
    "hipaa": Asked(
        least=6 * YEAR,
        most="–",
        source="45 CFR 164.316(b)(2)(i), which speaks of documentation; whether raw logs are meant is disputed",
    ),
    "soc2": Asked(least=YEAR, most="–", source="no fixed figure; a year covers one audit period"),
    "pci-dss": Asked(
        least=YEAR, most="–", source="PCI DSS v4.0.1, 10.5.1: 12 months, 3 of them at once"
    ),
    "sox": Asked(least=7 * YEAR, most="–", source="17 CFR 210.2-06, records of audits"),
}


def document(edition: Edition, notes: Mapping[str, str]) -> Generated:
    return page(
        edition,
        "retention-policy",
        "Retention policy",
        notes,
        _regimes(edition),
        _purposes(edition),
        _conflicts(edition),
        _erasure(edition),
    )


def _regimes(edition: Edition) -> str:
    compliance = edition.system.compliance
    if compliance.regimes is None:
        return join(
            "## What we keep",
            edition.owed("CMP-00", "Legal", "Which regimes apply: none, or which?"),
        )
    ours = compliance.retention.get("")
    rows = (
        [["general", "–", "–", _kept(ours) + edition.mark("compliance.audit.hot"), "–"]]
        if ours
        else []
    )
    for regime in compliance.regimes:
        asked = REGIMES.get(regime, Asked(least=None, most="unknown to standfast", source="–"))
        kept = compliance.retention.get(regime, ours)
        rows.append(
            [
                escape(regime),
                years(asked.least) if asked.least else "none",
                asked.most,
                _kept(kept) + edition.mark(f"compliance.retention.{regime}"),
                escape(asked.source),
            ]
        )
    if not rows:
        return join(
            "## What we keep", edition.owed("CMP-01", "Legal", "How long is the audit log kept?")
        )
    return join(
        "## What we keep",
        table(["Regime", "At least", "At most", "Ours", "Source"], rows),
        "*At once* is what a query answers directly; the archive is read back on request.",
    )


def _kept(kept: Retention | None) -> str:
    if kept is None:
        return "**not stated (CMP-01: Legal)**"
    if not kept.archive:
        return f"{years(kept.total)}, at once"
    return f"{years(kept.total)}: {years(kept.hot)} at once, {years(kept.archive)} in the archive"


def _purposes(edition: Edition) -> str:
    rows = [
        [
            escape(one.name),
            names(one.kinds) or "none stated",
            escape(one.purpose) or "not stated (CMP-02: Legal)",
            years(one.keep) if one.keep else "not stated (CMP-02: Legal)",
        ]
        for one in edition.system.data.values()
    ]
    if not rows:
        return join(
            "## By purpose",
            edition.owed("DAT-01", "Data Architect", "Which data is kept, and what for?"),
        )
    basis = [
        f"{escape(regime)}: {escape(why)}"
        for regime, why in edition.system.compliance.basis.items()
    ]
    return join(
        "## By purpose",
        table(["Data", "Kinds", "Purpose", "Needed for"], rows),
        join("Legal basis stated:", bullets(basis)) if basis else "",
    )


def _conflicts(edition: Edition) -> str:
    open_ones = [
        f"**{escape(one.rule)}** {one.verdict.name}: {prose(one.problem)} (owed by: {names(one.to)})"
        for one in edition.review.findings
        if one.rule.startswith("CMP-")
    ]
    return join(
        "## Where they collide",
        (
            "The longest minimum and the shortest maximum both hold: the pseudonymous record is kept for the "
            "one, what identifies a person is erased after the other."
        ),
        bullets(open_ones) if open_ones else "The review finds no conflict open.",
    )


def _erasure(edition: Edition) -> str:
    holds = edition.system.compliance.legal_hold
    return join(
        "## Erasure and legal hold",
        bullets(
            [
                (
                    "A person's part of the log is encrypted under a key of their own; erasing destroys the "
                    "key, and "
                    "the tree still verifies."
                ),
                "Erasures are carried out again after a restore, before anybody can read.",
                "The erasure is itself an event. It names the request, not the person.",
                f"Legal hold stops both purge and erasure: {names(holds) or 'none is in force'}.",
            ]
        ),
    )

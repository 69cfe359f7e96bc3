"""docs/operations/README.md: where to look, at three in the morning first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.document import Document, Region
from standfast.publish.markdown import bullets, escape, join, prose, table
from standfast.publish.operations import runbooks
from standfast.review.questions import questions

if TYPE_CHECKING:
    from standfast.publish.edition import Edition

_ASKED = 10
DOCUMENTS = (
    ("incident-response.md", "Something is wrong: how bad, who does what"),
    ("on-call.md", "Who is on call, and who is next"),
    ("alerting.md", "What each alert means"),
    ("disaster-recovery.md", "The region is gone"),
    ("backup-strategy.md", "Data is gone"),
    ("recovery-objectives.md", "How much may be lost, how long may it take"),
    ("SLOs.md", "May we deploy?"),
    ("monitoring.md", "What is watched, and what is not"),
    ("dashboards.md", "Which screen answers which question"),
    ("post-mortem-template.md", "What did we learn"),
    ("audit-logging.md", "Who did what"),
    ("review.md", "What the review asks of whom"),
)
COMPLIANCE = (
    ("audit-events.md", "What we audit"),
    ("audit-schema.md", "The log's format"),
    ("retention-policy.md", "How long we keep it"),
    ("audit-access.md", "Who can read it"),
)


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/README.md",
        "Operations",
        Region(id="now", body=_now(edition)),
        Region(id="documents", body=_documents()),
        Region(id="findings", body=_findings(edition)),
    )


def _now(edition: Edition) -> str:
    pages = runbooks.pages(edition)
    rows = [
        [
            f"[{escape(one.name)}](runbooks/{one.name}.md)",
            escape(one.title),
            ", ".join(escape(alert.name) for alert in one.alerts) or "–",
        ]
        for one in pages
    ]
    return join("## It is three in the morning", table(["Runbook", "For", "Alerts"], rows))


def _documents() -> str:
    return join(
        "## All documents",
        bullets(f"[{name}]({name}): {what}" for name, what in DOCUMENTS),
        bullets(f"[compliance/{name}](../compliance/{name}): {what}" for name, what in COMPLIANCE),
        "Text between `standfast:begin` and `standfast:end` is kept up to date from the reliability file; what "
        "stands outside is yours and is never touched. A region that you edit is left alone from then on.",
    )


def _findings(edition: Edition) -> str:
    """What a whole review asks fits here, for the findings of one rule are one question."""
    review = edition.review
    asked = questions(edition.system, review)
    lines = [
        f"**{escape(one.rule)}** {one.verdict.name}: {prose(one.first.problem)}"
        + (f" (and {len(one.findings) - 1} more)" if len(one.findings) > 1 else "")
        for one in asked[:_ASKED]
    ]
    more = (
        f"…and {len(asked) - _ASKED} more questions in [review.md](review.md)."
        if len(asked) > _ASKED
        else "Each with its advice in [review.md](review.md)."
        if asked
        else ""
    )
    return join(
        f"## Review: {review.verdict.name}", bullets(lines) if lines else "Nothing is open.", more
    )

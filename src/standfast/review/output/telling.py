"""Sentences that more than one form uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.review.feedback import Answer
from standfast.review.finding import Role, Verdict
from standfast.review.wording import counted

if TYPE_CHECKING:
    from standfast.review.feedback import Track
    from standfast.review.finding import Inputs
    from standfast.review.report import Report

_TEAMS = frozenset({Role.OPS, Role.QA, Role.LEGAL})


def addressed(role: Role) -> str:
    """`For the Business Analyst`, `For QA`."""
    return f"For {'' if role in _TEAMS else 'the '}{role}"


def figures(report: Report) -> str:
    """`1 block, 2 clarify, 0 warn, 3 waived`, and what was known where something is."""
    parts = [
        f"{report.count(verdict)} {verdict.name.lower()}"
        for verdict in (Verdict.BLOCK, Verdict.CLARIFY, Verdict.WARN)
    ]
    parts.append(f"{len(report.review.waived)} waived")
    if report.comparison is not None:
        parts.append(f"{len(report.known)} known")
    return ", ".join(parts)


def compared(report: Report) -> str:
    """What the verdict leaves out, where it leaves anything out."""
    if report.comparison is None:
        return ""
    said = f"Only what is new or worse than {report.comparison.to} counts"
    whole = report.review.verdict
    return f"{said}; of the whole file the verdict is {whole.name}."


def worsened(report: Report, finding_id: str) -> str:
    """`was CLARIFY in the baseline known.yaml`, of a finding that got worse."""
    before = report.comparison.worse.get(finding_id) if report.comparison else None
    return f"was {before.name} in {report.comparison.to}" if before and report.comparison else ""


def answer(track: Track) -> str:
    """`REJECT by Ada Ito (Business Analyst) on 2026-11-25: too dear; instead: a status page`."""
    reply = track.reply
    if reply is None or reply.answer is None:
        return ""
    role = f" ({reply.role})" if reply.role else ""
    instead = f"; instead: {reply.instead}" if reply.instead else ""
    return f"{reply.answer} by {reply.by}{role} on {reply.at:%Y-%m-%d}: {reply.because}{instead}"


def next_step(track: Track) -> str:
    """What an answered finding still waits for."""
    if track.reply is None:
        return ""
    if track.reply.answer is Answer.ACCEPT:
        return "it stands until the file has changed"
    return "it counts until the file has changed or a waiver sets it aside"


def owed(one: Inputs) -> str:
    return f"missing: {', '.join(one.missing)}" if one.missing else "complete"


def gone(report: Report) -> str:
    """Of a comparison: what was known and is found no more."""
    left = report.comparison.gone if report.comparison and report.comparison.listed else ()
    if not left or report.comparison is None:
        return ""
    return (
        f"{counted(len(left), 'finding')} of {report.comparison.to} "
        f"{'is' if len(left) == 1 else 'are'} gone; take the line{'' if len(left) == 1 else 's'} out"
    )

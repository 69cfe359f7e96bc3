"""A report as plain values, for JSON: the review's own, and what was answered and known beside it."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from standfast.review.finding import Verdict
from standfast.review.rendering import as_value, finding_value

if TYPE_CHECKING:
    from standfast.review.feedback import Reply, Track
    from standfast.review.finding import Finding
    from standfast.review.report import Report


def report_value(report: Report) -> dict[str, object]:
    """All that the text says. Keys are only ever added within one `format`."""
    value = as_value(report.review)
    value["verdict"] = report.verdict.name
    value["counts"] = {
        "block": report.count(Verdict.BLOCK),
        "clarify": report.count(Verdict.CLARIFY),
        "warn": report.count(Verdict.WARN),
        "waived": len(report.review.waived),
        "known": len(report.known),
    }
    value["findings"] = [_finding(report, one) for one in report.counted]
    value["waived"] = [_finding(report, one) for one in report.review.waived]
    value["known"] = [_finding(report, one) for one in report.shown_known]
    value["changed"] = [track_value(one) for one in report.feedback.changed]
    value["elsewhere"] = [track_value(one) for one in report.feedback.elsewhere]
    value["compared"] = _compared(report)
    return value


def _compared(report: Report) -> dict[str, object] | None:
    if report.comparison is None:
        return None
    return {
        "to": report.comparison.to,
        "whole_verdict": report.review.verdict.name,
        "gone": list(report.comparison.gone),
    }


def _finding(report: Report, finding: Finding) -> dict[str, object]:
    track = report.track(finding)
    before = report.comparison.worse.get(finding.id) if report.comparison else None
    return {
        **finding_value(finding),
        "status": track.status.value,
        "answer": reply_value(track.reply) if track.reply else None,
        "note": track.note,
        "was": before.name if before else None,
    }


def track_value(track: Track) -> dict[str, object]:
    """A finding's feedback with its history."""
    return {
        "id": track.id,
        "status": track.status.value,
        "note": track.note,
        "answer": reply_value(track.reply) if track.reply else None,
        "history": [reply_value(one) for one in track.history],
    }


def reply_value(reply: Reply) -> dict[str, object]:
    """One line of the history; `answer` is null where it says that the finding was gone."""
    return {
        "finding": reply.finding,
        "at": reply.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "answer": reply.answer.value if reply.answer else None,
        "by": reply.by,
        "role": reply.role.value if reply.role else None,
        "because": reply.because,
        "instead": reply.instead,
        "verdict": reply.verdict.name if reply.verdict is not None else None,
        "live": reply.live,
    }

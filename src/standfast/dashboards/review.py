"""The review as a screen: the verdict, who must act, and what they have answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.mark import Mark, mark
from standfast.review.output import telling

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.review import Finding
    from standfast.review.feedback import Reply, Track
    from standfast.review.report import Report

_TONES = {
    "submitted": "quiet",
    "acknowledged": "warn",
    "rejected": "bad",
    "workaround": "warn",
    "changed": "good",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickLine:
    mark: Mark
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InputLine:
    role: str
    what: str
    mark: Mark
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """One line of a finding's history; without an answer it says that the finding was gone."""

    finding: str
    at: datetime
    answer: str | None
    by: str
    role: str | None
    because: str
    instead: str
    verdict: str | None
    live: bool  # only what was measured shows the finding


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    id: str
    rule: str
    at: str
    mark: Mark
    where: str
    to: tuple[str, ...]
    problem: str
    why: str
    suggestion: str
    if_rejected: str
    status: Mark
    note: str  # why it is asked again, or what an answered one waits for
    history: tuple[AnswerLine, ...]  # oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGroup:
    role: str
    findings: tuple[FindingLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewScreen:
    verdict: str
    mark: Mark
    words: str
    quick: tuple[QuickLine, ...]
    inputs: tuple[InputLine, ...]
    groups: tuple[RoleGroup, ...]
    waived: tuple[str, ...]
    changed: tuple[str, ...]  # answered, and gone
    assumptions: tuple[str, ...]
    refused: tuple[str, ...]  # what is wrong with the file of answers


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackLine:
    """A finding's feedback, as `standfast feedback list` shows it."""

    id: str
    status: str
    note: str
    verdict: str | None  # None: it is gone
    to: tuple[str, ...]
    problem: str
    waived_by: str
    said: str
    history: tuple[AnswerLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersScreen:
    findings: tuple[TrackLine, ...]


def screen(report: Report, refused: tuple[str, ...] = ()) -> ReviewScreen:
    review = report.review
    return ReviewScreen(
        verdict=review.verdict.name,
        mark=mark(review.verdict.name),
        words=_words(report),
        quick=tuple(
            QuickLine(
                mark=mark("met") if each.passed else Mark("warn", "owed"),
                text=": ".join(filter(None, (each.name, each.detail))),
            )
            for each in review.checks
        ),
        inputs=tuple(
            InputLine(
                role=each.role.value,
                what=each.what,
                mark=Mark("warn", "owed") if each.missing else mark("met"),
                missing=each.missing,
            )
            for each in review.inputs
        ),
        groups=_groups(report),
        waived=tuple(
            f"{one.rule} at {one.at}, waived by {one.waived_by}: {one.problem}"
            for one in review.waived
        ),
        changed=tuple(
            ": ".join(filter(None, (each.id, telling.answer(each))))
            for each in report.feedback.changed
        ),
        assumptions=tuple(str(each) for each in review.assumptions),
        refused=refused,
    )


def answers(report: Report) -> AnswersScreen:
    review = report.review
    lines = [_track(one, report.track(one)) for one in (*review.findings, *review.waived)]
    return AnswersScreen(findings=(*lines, *(_track(None, one) for one in report.feedback.changed)))


def _track(finding: Finding | None, track: Track) -> TrackLine:
    roles = tuple(role.value for role in finding.to) if finding else ()
    if finding is None and track.reply and track.reply.role:
        roles = (track.reply.role.value,)
    return TrackLine(
        id=track.id,
        status=track.status.value,
        note=track.note,
        verdict=finding.verdict.name if finding else None,
        to=roles,
        problem=finding.problem if finding else "",
        waived_by=finding.waived_by if finding else "",
        said=telling.answer(track),
        history=tuple(answer_line(one) for one in track.history),
    )


def answer_line(reply: Reply) -> AnswerLine:
    return AnswerLine(
        finding=reply.finding,
        at=reply.at,
        answer=reply.answer.value if reply.answer else None,
        by=reply.by,
        role=reply.role.value if reply.role else None,
        because=reply.because,
        instead=reply.instead,
        verdict=reply.verdict.name if reply.verdict is not None else None,
        live=reply.live,
    )


def _words(report: Report) -> str:
    findings = report.review.findings
    if not findings:
        return "Nothing was found. What is assumed is listed below."
    roles = len({role for finding in findings for role in finding.to})
    plural = "" if len(findings) == 1 else "s"
    unanswered = sum(report.track(one).reply is None for one in findings)
    return (
        f"{len(findings)} finding{plural} for {roles} role{'' if roles == 1 else 's'}, "
        f"{unanswered} unanswered."
    )


def _groups(report: Report) -> tuple[RoleGroup, ...]:
    by_role: dict[str, list[FindingLine]] = {}
    for finding in report.review.findings:
        line = _line(finding, report.track(finding))
        for role in finding.to:
            by_role.setdefault(role.value, []).append(line)
    return tuple(RoleGroup(role=role, findings=tuple(lines)) for role, lines in by_role.items())


def _line(finding: Finding, track: Track) -> FindingLine:
    return FindingLine(
        id=finding.id,
        rule=finding.rule,
        at=finding.at,
        mark=mark(finding.verdict.name),
        where=finding.where or finding.at,
        to=tuple(role.value for role in finding.to),
        problem=finding.problem,
        why=finding.why,
        suggestion=finding.suggestion,
        if_rejected=finding.if_rejected,
        status=Mark(_TONES[track.status.value], track.status.value),
        note=track.note or telling.next_step(track),
        history=tuple(answer_line(one) for one in track.history),
    )

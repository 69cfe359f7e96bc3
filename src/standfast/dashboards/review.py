"""The review as a screen: the verdict, and who must act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.mark import Mark, mark

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.review import Finding, Review


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickLine:
    mark: Mark
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    id: str
    rule: str
    mark: Mark
    where: str
    problem: str
    why: str
    suggestion: str
    if_rejected: str


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
    groups: tuple[RoleGroup, ...]
    waived: tuple[str, ...]
    assumptions: tuple[str, ...]


def screen(review: Review) -> ReviewScreen:
    return ReviewScreen(
        verdict=review.verdict.name,
        mark=mark(review.verdict.name),
        words=_words(review),
        quick=tuple(
            QuickLine(
                mark=mark("met") if each.passed else Mark("warn", "owed"),
                text=": ".join(filter(None, (each.name, each.detail))),
            )
            for each in review.checks
        ),
        groups=_groups(review.findings),
        waived=tuple(f"{each.rule} at {each.at}: {each.waived_by}" for each in review.waived),
        assumptions=tuple(str(each) for each in review.assumptions),
    )


def _words(review: Review) -> str:
    if not review.findings:
        return "Nothing was found. What is assumed is listed below."
    roles = len({role for finding in review.findings for role in finding.to})
    plural = "" if len(review.findings) == 1 else "s"
    return f"{len(review.findings)} finding{plural} for {roles} role{'' if roles == 1 else 's'}."


def _groups(findings: Iterable[Finding]) -> tuple[RoleGroup, ...]:
    by_role: dict[str, list[FindingLine]] = {}
    for finding in findings:
        for role in finding.to:
            by_role.setdefault(role.value, []).append(_line(finding))
    return tuple(RoleGroup(role=role, findings=tuple(lines)) for role, lines in by_role.items())


def _line(finding: Finding) -> FindingLine:
    return FindingLine(
        id=finding.id,
        rule=finding.rule,
        mark=mark(finding.verdict.name),
        where=finding.where or finding.at,
        problem=finding.problem,
        why=finding.why,
        suggestion=finding.suggestion,
        if_rejected=finding.if_rejected,
    )

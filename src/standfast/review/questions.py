"""What a review asks, each thing once: the findings of one rule are one question, the weightiest first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.review.finding import Verdict

if TYPE_CHECKING:
    from standfast.review.finding import Finding, Review, Role
    from standfast.spec.system import System

# Nobody but a person knows whether a need is hard, and every ceiling rests on it: asked with the questions.
_ASKED_AS = {"DEP-02": Verdict.CLARIFY}
_ALL = frozenset({"components", "journeys", "regions", "system.criticality"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One rule's findings together; `findings` begins with the one on whose answer most hangs."""

    rule: str
    verdict: Verdict
    to: tuple[Role, ...]
    findings: tuple[Finding, ...]
    weight: int  # places that wait for the answer, and the components that need them

    @property
    def first(self) -> Finding:
        return self.findings[0]


def questions(system: System, review: Review) -> tuple[Question, ...]:
    """Ranked by verdict, then by how many things hang on the answer."""
    needed = Counter(to for one in system.components.values() for to in one.needs)
    grouped: dict[str, list[Finding]] = {}
    for finding in review.findings:
        grouped.setdefault(finding.rule, []).append(finding)
    needed[""] = len(system.components)
    asked = [_question(found, needed) for found in grouped.values()]
    return tuple(sorted(asked, key=_rank))


def _rank(one: Question) -> tuple[int, int, str]:
    return (-_ASKED_AS.get(one.rule, one.verdict), -one.weight, one.rule)


def _question(found: list[Finding], needed: Counter[str]) -> Question:
    ranked = sorted(found, key=lambda one: (-one.verdict, -_hangs_on(one, needed)))
    return Question(
        rule=ranked[0].rule,
        verdict=max(one.verdict for one in found),
        to=ranked[0].to,
        findings=tuple(ranked),
        weight=sum(1 + _hangs_on(one, needed) for one in found),
    )


def _hangs_on(finding: Finding, needed: Counter[str]) -> int:
    """How many components need the one, or the needed one, that a finding is about; some concern all."""
    steps = finding.at.split(".")
    if finding.at in _ALL:
        return needed[""]
    if steps[0] != "components" or len(steps) < 2:
        return 0
    about = steps[3] if steps[2:3] == ["needs"] and len(steps) > 3 else steps[1]
    return needed[about]

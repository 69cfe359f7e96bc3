"""What a review says: verdicts, the roles addressed, the rules, the findings and the whole review."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.review.case import Case
    from standfast.spec.system import Waiver
    from standfast.spec.values import Assumption


class Verdict(IntEnum):
    """Of one finding, or of a whole review; the worst is the greatest."""

    ACCEPT = 0
    WARN = 1
    CLARIFY = 2
    BLOCK = 3

    @property
    def worse(self) -> Verdict:
        return Verdict(min(self + 1, Verdict.BLOCK))


class Role(StrEnum):
    """Who upstream can answer a finding."""

    ARCHITECT = "Solution Architect"
    OPS = "DevOps/Platform"
    ANALYST = "Business Analyst"
    DATA = "Data Architect"
    QA = "QA"
    DEV = "Developer"
    LEGAL = "Legal"
    AUTHOR = "Author of the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A rule's condition met at one path of the file, before waivers and certainty are weighed."""

    at: str
    problem: str
    suggestion: str
    verdict: Verdict | None = None  # None: the rule's own
    rests_on: tuple[str, ...] = ()  # paths used; an assumed one among them forbids BLOCK
    known_by: tuple[str, ...] = ()  # keys of `Measured.evidence`


Find = Callable[["Case"], Iterator[Hit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One question of the review: what it looks for, whom it asks and why it matters."""

    id: str
    verdict: Verdict
    to: tuple[Role, ...]
    condition: str
    why: str
    if_rejected: str
    find: Find

    @property
    def family(self) -> str:
        return self.id.partition("-")[0]


def rule(
    name: str, verdict: Verdict, *to: Role, condition: str, why: str, if_rejected: str
) -> Callable[[Find], Rule]:
    """Give a search its identity; the result is listed by hand in its module's `RULES`."""

    def dress(find: Find) -> Rule:
        return Rule(
            id=name,
            verdict=verdict,
            to=to,
            condition=condition,
            why=why,
            if_rejected=if_rejected,
            find=find,
        )

    return dress


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that found something at one path; `id` stays the same from one review to the next."""

    rule: str
    at: str  # dotted path
    where: str  # file:line:column, or "" where nothing of the file stands for it
    verdict: Verdict
    to: tuple[Role, ...]
    problem: str
    why: str
    suggestion: str
    if_rejected: str
    rests_on: tuple[str, ...] = ()  # the assumptions it needs, "A-03"
    evidence: tuple[str, ...] = ()  # "restore of db: measured 2026-11-20, p95 of 7 restores"
    waived_by: str = ""

    @property
    def id(self) -> str:
        return f"{self.rule}@{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickCheck:
    """One box of the checklist that opens a review."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What one role has to provide, and what of it the file still lacks."""

    role: Role
    what: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The verdict on one file and everything that led to it."""

    system: str
    as_of: datetime
    verdict: Verdict  # ACCEPT | CLARIFY | BLOCK
    findings: tuple[Finding, ...]  # open, worst first
    waived: tuple[Finding, ...]
    waivers: tuple[Waiver, ...]
    assumptions: tuple[Assumption, ...]
    checks: tuple[QuickCheck, ...]
    inputs: tuple[Inputs, ...]
    imported: tuple[
        str, ...
    ] = ()  # dotted paths of values that an importer read and nobody confirmed
    declared: tuple[str, ...] = ()  # "ada by page": ways that wake, which only a server can verify

    @property
    def worst(self) -> Verdict:
        """The worst open finding, warnings included."""
        return max((finding.verdict for finding in self.findings), default=Verdict.ACCEPT)

    def count(self, verdict: Verdict) -> int:
        return sum(finding.verdict is verdict for finding in self.findings)

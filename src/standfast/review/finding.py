"""What a review says: verdicts, the roles addressed, the rules, the findings and the whole review."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, timedelta
    from fractions import Fraction

    from standfast.incidents.overdue import Overdue
    from standfast.monitoring.edges import Edge
    from standfast.monitoring.flood import Flood
    from standfast.paging.reachable import Way
    from standfast.review.case import Case
    from standfast.spec.system import Waiver
    from standfast.spec.values import Assumption, Grade, Severity


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
class Evidence:
    """How a value that was measured or drilled is known."""

    grade: Grade
    at: datetime | date  # of the newest measurement
    of: str = ""  # "p95 of 7 restores"

    def __str__(self) -> str:
        return f"{self.grade} {self.at:%Y-%m-%d}" + (f", {self.of}" if self.of else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the running service knows; empty for a review of the file alone."""

    restore: Mapping[str, timedelta] = field(default_factory=dict)  # store -> p95, of its size now
    restore_growth: Mapping[str, timedelta] = field(default_factory=dict)  # store -> more a day
    last_restore: Mapping[str, datetime | None] = field(default_factory=dict)  # store -> verified
    failed_restore: Mapping[str, str] = field(default_factory=dict)  # store -> why the newest did
    data_loss: Mapping[str, timedelta] = field(
        default_factory=dict
    )  # store -> worst recovery point
    failover: Mapping[str, timedelta] = field(default_factory=dict)  # failover -> time it took
    acknowledge_p90: Mapping[Severity, timedelta] = field(default_factory=dict)
    availability: Mapping[str, Fraction] = field(default_factory=dict)  # objective -> share kept
    metrics_for: Mapping[str, timedelta] = field(
        default_factory=dict
    )  # component -> counted so long
    silent: Mapping[str, timedelta] = field(
        default_factory=dict
    )  # service level -> without samples
    pages_a_shift: Mapping[str, Fraction] = field(default_factory=dict)  # rotation -> last 30 days
    ignored: Mapping[str, int] = field(default_factory=dict)  # alert -> pages, none acknowledged
    archive_timeout: Mapping[str, timedelta] = field(default_factory=dict)  # store -> read from it
    channels: Mapping[tuple[str, str], Way] | None = None  # person, channel; None: nobody can know
    overdue: tuple[Overdue, ...] = ()
    floods: Mapping[str, Flood] = field(default_factory=dict)  # by source, those that go on
    edges: Mapping[tuple[str, str], Edge] = field(default_factory=dict)  # caller, called
    evidence: Mapping[str, Evidence] = field(
        default_factory=dict
    )  # "restore.db" -> how it is known
    sources: Mapping[str, str] = field(
        default_factory=dict
    )  # imported file -> digest now, "" is gone


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

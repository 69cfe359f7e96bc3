"""WVR: an accepted risk has a name, a reason and an end, and covers exactly one rule at one path."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.review.finding import Hit, Role, Verdict, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from standfast.review.case import Case
    from standfast.review.finding import Finding
    from standfast.spec.system import Waiver

_LONGEST = timedelta(days=366)


@rule(
    "WVR-01",
    Verdict.CLARIFY,
    Role.AUTHOR,
    condition="waiver expired, longer than a year, of an unknown rule, or matching nothing",
    why="a waiver that outlives its reason hides the next problem",
    if_rejected="the waiver has no effect",
)
def broken_waiver(case: Case) -> Iterator[Hit]:  # noqa: ARG001 -- judged by `weigh`, after all others
    yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    open: tuple[Finding, ...]
    waived: tuple[Finding, ...]
    hits: tuple[Hit, ...]  # what is wrong with the waivers themselves


def weigh(case: Case, findings: Sequence[Finding], rules: AbstractSet[str]) -> Weighed:
    """Set aside what a waiver in force covers; what an expired one covered counts one level worse."""
    by_target: dict[tuple[str, str], list[Waiver]] = defaultdict(list)
    for waiver in case.system.waivers:
        by_target[waiver.rule, waiver.at].append(waiver)
    left, waived = [], []
    for finding in findings:
        waivers = by_target.get((finding.rule, finding.at), [])
        in_force = next((one for one in waivers if _in_force(case, one)), None)
        if in_force is not None:
            waived.append(replace(finding, waived_by=in_force.by))
        elif any(one.until < case.today for one in waivers):
            left.append(replace(finding, verdict=finding.verdict.worse))
        else:
            left.append(finding)
    found = {(finding.rule, finding.at) for finding in findings}
    hits = tuple(_faults(case, found, rules))
    return Weighed(open=tuple(left), waived=tuple(waived), hits=hits)


def _in_force(case: Case, waiver: Waiver) -> bool:
    return case.today <= waiver.until <= case.today + _LONGEST


def _faults(case: Case, found: set[tuple[str, str]], rules: AbstractSet[str]) -> Iterator[Hit]:
    for index, waiver in enumerate(case.system.waivers):
        problem, verdict = _fault(case, waiver, found, rules)
        if problem:
            yield Hit(
                at=f"waivers.{index}",
                problem=f"{waiver.rule} at {waiver.at}, by {waiver.by}: {problem}",
                suggestion="mend what it excuses, decide again with a new date, or take it out",
                verdict=verdict,
            )


def _fault(
    case: Case, waiver: Waiver, found: set[tuple[str, str]], rules: AbstractSet[str]
) -> tuple[str, Verdict | None]:
    if waiver.rule not in rules:
        return "there is no such rule", None
    if waiver.until < case.today:
        return f"expired on {waiver.until}", None
    if waiver.until > case.today + _LONGEST:
        return f"ends on {waiver.until}; a year is the most", None
    if (waiver.rule, waiver.at) in found:
        return "", None
    if case.system.places and waiver.at not in case.system.places:
        return "there is no such path", None
    return "it no longer excuses anything", Verdict.WARN


RULES = (broken_waiver,)

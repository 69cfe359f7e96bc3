"""One review: every rule asked, certainty and waivers weighed, one verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.paging.reachable import every_way
from standfast.review import checklist
from standfast.review.case import open_case
from standfast.review.catalogue import BY_ID, RULES
from standfast.review.finding import Finding, Review, Verdict
from standfast.review.waivers import broken_waiver, weigh

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from standfast.review.case import Case
    from standfast.review.finding import Hit, Rule
    from standfast.review.measured import Measured
    from standfast.spec.system import System


def examine(system: System, measured: Measured, now: datetime) -> Review:
    """Judge a file's meaning, with what was measured of it, as of `now`."""
    case = open_case(system, measured, now)
    numbers = {assumption.path: assumption.id for assumption in system.assumptions}
    found = [one for rule in RULES for one in _findings(case, rule, rule.find(case), numbers)]
    weighed = weigh(case, found, frozenset(BY_ID))
    faults = _findings(case, broken_waiver, weighed.hits, numbers)
    left = sorted((*weighed.open, *faults), key=lambda one: -one.verdict)
    return Review(
        system=system.name,
        as_of=now,
        verdict=_overall(left),
        findings=tuple(left),
        waived=weighed.waived,
        waivers=system.waivers,
        assumptions=system.assumptions,
        checks=checklist.quick_checks(case, found),
        inputs=checklist.inputs(found),
        imported=_imported(system),
        declared=_declared(system) if measured.channels is None else (),
    )


def _declared(system: System) -> tuple[str, ...]:
    waking = (way for way in every_way(system) if system.channels[way[1]].wakes)
    return tuple(f"{person or 'everybody'} by {channel}" for person, channel in waking)


def _imported(system: System) -> tuple[str, ...]:
    """The values themselves, in the order of the file, without the maps around them."""
    maps = {path.rpartition(".")[0] for path in system.imported}
    return tuple(path for path in system.places if path in system.imported and path not in maps)


def _overall(findings: Iterable[Finding]) -> Verdict:
    """The worst open finding; warnings alone are accepted."""
    worst = max((finding.verdict for finding in findings), default=Verdict.ACCEPT)
    return Verdict.ACCEPT if worst is Verdict.WARN else worst


def _findings(
    case: Case, rule: Rule, hits: Iterable[Hit], numbers: dict[str, str]
) -> Iterator[Finding]:
    """One finding for each path: a second hit at the same place joins the first."""
    at: dict[str, list[Hit]] = {}
    for hit in hits:
        at.setdefault(hit.at, []).append(hit)
    for path, together in at.items():
        yield _finding(case, rule, path, together, numbers)


def _finding(case: Case, rule: Rule, at: str, hits: list[Hit], numbers: dict[str, str]) -> Finding:
    verdicts = [
        _certain(case, hit, rule.verdict if hit.verdict is None else hit.verdict) for hit in hits
    ]
    paths = [path for hit in hits for path in hit.rests_on if case.assumed(path)]
    place = case.system.place(at)
    return Finding(
        rule=rule.id,
        at=at,
        where=str(place) if place else "",
        verdict=max(verdicts),
        to=rule.to,
        problem="; ".join(dict.fromkeys(hit.problem for hit in hits)),
        why=rule.why,
        suggestion="; ".join(dict.fromkeys(hit.suggestion for hit in hits)),
        if_rejected=rule.if_rejected,
        rests_on=tuple(dict.fromkeys(_named(path, numbers) for path in paths)),
        evidence=tuple(dict.fromkeys(_known(case, hits))),
    )


def _known(case: Case, hits: Iterable[Hit]) -> Iterator[str]:
    """How the measured values among the evidence are known, and since when."""
    for key in (key for hit in hits for key in hit.known_by):
        if (how := case.measured.evidence.get(key)) is not None:
            kind, _, name = key.partition(".")
            yield f"{kind.replace('_', ' ')} of {name}: {how}"


def _certain(case: Case, hit: Hit, verdict: Verdict) -> Verdict:
    """BLOCK needs certainty: what rests on an assumption can only be asked."""
    doubtful = any(case.assumed(path) for path in hit.rests_on)
    return min(verdict, Verdict.CLARIFY) if doubtful else verdict


def _named(path: str, numbers: dict[str, str]) -> str:
    """The number of the assumption behind a path, or the path where a default stands without one."""
    at = path
    while at and at not in numbers:
        at = at.rpartition(".")[0]
    return numbers.get(at, path)

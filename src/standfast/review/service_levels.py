"""SLO: are the indicators, objectives and contracts of a component in order among themselves?"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from standfast.review.arithmetic import budget, exact
from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed, number, percent, span
from standfast.slo.agreement import agreements
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.slo.agreement import Agreement
    from standfast.slo.objective import Objective
    from standfast.spec.system import Composite, Journey, PolicyBand
    from standfast.spec.values import Promise

# Advised boundaries of http.server.request.duration (OpenTelemetry semantic conventions), in ms.
_BUCKETS = (5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)


@rule(
    "SLO-01",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="component on a journey without a stated service level",
    why="a journey can be no better watched than its parts",
    if_rejected="the default objective is used",
)
def no_level(case: Case) -> Iterator[Hit]:
    walked = {
        name: journey.name for journey in case.system.journeys.values() for name in journey.path
    }
    for name, journey in walked.items():
        component = case.system.components.get(name)
        if component is not None and component.serves and not case.stated_levels(name):
            yield Hit(
                at=f"components.{name}",
                problem=f"{name} is on the journey {journey} and has no service level of its own",
                suggestion=f"write `service_levels: {{{name}-availability: {{of: {name}, "
                "sli: availability, slo: 99.9%}}`",
            )


@rule(
    "SLO-02",
    Verdict.BLOCK,
    Role.ANALYST,
    condition="SLA as strict as the SLO, or stricter",
    why="the objective has to fail before the contract does, or it warns of nothing",
    if_rejected="the contract is broken before anyone is told",
)
def no_margin(case: Case) -> Iterator[Hit]:
    for level in case.system.service_levels.values():
        for sla in level.slas:
            rivals = [slo for slo in level.slos if _comparable(slo, sla)]
            if rivals and not any(_stricter(slo, sla) for slo in rivals):
                yield _unguarded(f"service_levels.{level.name}", rivals[0], sla)
    for at, joint in _joint(case):
        if joint.slo and joint.sla and not _stricter(joint.slo, joint.sla):
            yield _unguarded(at, joint.slo, joint.sla)


def _joint(case: Case) -> Iterator[tuple[str, Journey | Composite]]:
    yield from ((f"journeys.{name}", one) for name, one in case.system.journeys.items())
    yield from ((f"composites.{name}", one) for name, one in case.system.composites.items())


def _unguarded(at: str, slo: Promise, sla: Promise) -> Hit:
    return Hit(
        at=f"{at}.sla",
        problem=f"SLA {sla.text}, SLO {slo.text}: no margin",
        suggestion="make the SLO stricter than the SLA",
        rests_on=(f"{at}.slo", f"{at}.sla"),
    )


def _comparable(slo: Promise, sla: Promise) -> bool:
    if slo.threshold is None or sla.threshold is None:
        return slo.threshold is sla.threshold
    return slo.target == sla.target


def _stricter(slo: Promise, sla: Promise) -> bool:
    if slo.threshold is not None and sla.threshold is not None:
        return slo.threshold < sla.threshold
    return slo.target > sla.target


@rule(
    "SLO-03",
    Verdict.BLOCK,
    Role.ANALYST,
    condition="SLA without SLO",
    why="nothing warns before the breach",
    if_rejected="the first warning is the customer's claim",
)
def contract_alone(case: Case) -> Iterator[Hit]:
    promises = [
        (f"service_levels.{n}", s.slos, s.slas) for n, s in case.system.service_levels.items()
    ]
    promises += [
        (at, (one.slo,) if one.slo else (), (one.sla,) if one.sla else ())
        for at, one in _joint(case)
    ]
    for at, slos, slas in promises:
        if slas and not slos:
            yield Hit(
                at=f"{at}.slo",
                problem=f"SLA {slas[0].text} stands without an SLO",
                suggestion="state an SLO stricter than the SLA",
            )


@rule(
    "SLO-04",
    Verdict.WARN,
    Role.DEV,
    condition="all 4xx answers counted as failures",
    why="a client's typing mistakes spend our budget, and pages follow",
    if_rejected="the budget measures the clients too",
)
def clients_mistakes(case: Case) -> Iterator[Hit]:
    for name, level in case.system.service_levels.items():
        if "4xx" in level.bad_codes:
            yield Hit(
                at=f"service_levels.{name}",
                problem=f"{name} counts {listed(level.bad_codes)} as bad",
                suggestion="count 5xx, and list the 4xx codes that are ours, such as 429 and 499",
            )


@rule(
    "SLO-05",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="SLA on another percentile than every SLO",
    why="the objective can hold while the contract breaks: nothing guards the SLA",
    if_rejected="the SLA is watched only in the monthly report",
)
def other_percentile(case: Case) -> Iterator[Hit]:
    for name, level in case.system.service_levels.items():
        slos = [
            slo for one in case.levels_of[level.of] if one.route == level.route for slo in one.slos
        ]
        for sla in level.slas:
            if (
                sla.threshold is not None
                and level.slos
                and not any(_guards(slo, sla) for slo in slos)
            ):
                yield Hit(
                    at=f"service_levels.{name}.sla",
                    problem=f"SLA {sla.text}, SLO {listed(slo.text for slo in level.slos)}: "
                    "different percentiles",
                    suggestion=f"add an SLO on {sla.text.partition('<')[0].strip()}, "
                    "stricter than the SLA",
                )


def _guards(slo: Promise, sla: Promise) -> bool:
    return slo.threshold is not None and slo.target >= sla.target


@rule(
    "SLO-06",
    Verdict.WARN,
    Role.DEV,
    condition="latency threshold off the advised histogram boundaries",
    why="a share under a threshold is exact only at a bucket's boundary",
    if_rejected="the figure is interpolated within a bucket",
)
def off_bucket(case: Case) -> Iterator[Hit]:
    bounds = {timedelta(milliseconds=bound) for bound in _BUCKETS}
    for name, level in case.system.service_levels.items():
        promises = (*level.slos, *level.slas)
        off = sorted({p.threshold for p in promises if p.threshold is not None} - bounds)
        if off and not case.assumed(f"service_levels.{name}"):
            yield Hit(
                at=f"service_levels.{name}",
                problem=f"no advised bucket ends at {listed(map(span, off))}",
                suggestion=f"add bucket {listed(number(exact(one)) for one in off)} (seconds)",
            )


@rule(
    "SLO-07",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="so little traffic that one failure spends over 5% of the budget",
    why="one unlucky request pages somebody",
    if_rejected="alerts on it stay noisy",
)
def too_quiet(case: Case) -> Iterator[Hit]:
    for name, level in case.system.service_levels.items():
        baseline = case.system.components[level.of].baseline
        if baseline is None or baseline.rps is None or level.slices:
            continue
        window = min((level.window, *level.also))
        events = baseline.rps * exact(window)
        for slo in level.slos:
            allowed = events * slo.allowed
            if 0 < allowed < 20:
                yield Hit(
                    at=f"service_levels.{name}.slo",
                    problem=f"{number(baseline.rps)} rps x {span(window)} x "
                    f"{percent(slo.allowed)} = {number(allowed)} failures allowed; one spends "
                    f"{percent(1 / allowed)}",
                    suggestion="take a longer window, synthetic traffic or `slices: {of: 5m, good: 99%}`",
                )


@rule(
    "SLO-08",
    Verdict.CLARIFY,
    Role.DEV,
    condition="objective on an average",
    why="an average hides the users who wait longest",
    if_rejected="the average is published, and no budget is computed",
)
def on_average(case: Case) -> Iterator[Hit]:
    for name, level in case.system.service_levels.items():
        if level.average:
            yield Hit(
                at=f"service_levels.{name}",
                problem=f"{name} promises an average",
                suggestion="use a percentile (`p95 < 200ms`) or a ratio",
            )


@rule(
    "SLO-09",
    Verdict.WARN,
    Role.LEGAL,
    condition="contract and objective count over different windows",
    why="a calendar month can break while every rolling window holds, and the reverse",
    if_rejected="only the objective's window is reported",
)
def other_window(case: Case) -> Iterator[Hit]:
    for name, level in case.system.service_levels.items():
        if level.slas and level.sla_window and level.sla_window != level.calendar:
            ours = (
                f"calendar {level.calendar}" if level.calendar else f"rolling {span(level.window)}"
            )
            yield Hit(
                at=f"service_levels.{name}",
                problem=f"the contract counts by {level.sla_window}, the objective by {ours}",
                suggestion="report both",
            )


@rule(
    "SLO-10",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="budget policy with gaps, overlaps or no owner",
    why="a policy that nobody may apply is not applied",
    if_rejected="the policy is printed and nobody enforces it",
)
def loose_policy(case: Case) -> Iterator[Hit]:
    policy = case.system.budget_policy
    if policy.owner is None and any(case.system.service_levels):
        yield Hit(
            at="budget_policy.owner",
            problem="the budget policy has no owner",
            suggestion="who may freeze features? write `owner:`",
        )
    for at, problem in _seams(policy.bands):
        yield Hit(at=at, problem=problem, suggestion="let each band begin where the last one ends")


def _seams(bands: tuple[PolicyBand, ...]) -> Iterator[tuple[str, str]]:
    if bands and bands[0].high < 1:
        yield "budget_policy", f"nothing is said above {percent(bands[0].high)} of the budget"
    for upper, lower in pairwise(bands):
        low = upper.low if upper.low is not None else Fraction(0)
        if low != lower.high:
            kind = "a gap" if low > lower.high else "an overlap"
            yield f"budget_policy.{lower.text}", f"{kind} between {upper.text!r} and {lower.text!r}"


@rule(
    "SLO-11",
    Verdict.BLOCK,
    Role.ANALYST,
    condition="agreement that no stricter objective on the same events guards",
    why="the objective can hold while the contract breaks, and the first warning is the claim",
    if_rejected="the agreement is watched and reported, and nothing warns before its breach",
)
def unguarded_agreement(case: Case) -> Iterator[Hit]:
    for one in agreements(case.system):
        if not one.stated or one.contract.sla is None:
            continue  # a plain `sla:` is the matter of SLO-02 and SLO-05
        if not any(_guards_terms(guard, one.terms) for guard in one.guards):
            rivals = listed(guard.promise.text for guard in one.guards) or "none"
            yield Hit(
                at=f"agreements.{one.contract.name}.sla",
                problem=f"{one.name} promises {one.terms.promise.text}; objectives there: {rivals}",
                suggestion=f"state an SLO on {one.terms.level} stricter than the contract",
            )


def _guards_terms(guard: Objective, terms: Objective) -> bool:
    slo, sla = guard.promise, terms.promise
    if slo.threshold is None or sla.threshold is None:
        return slo.threshold is sla.threshold and slo.target > sla.target
    return (
        slo.threshold <= sla.threshold
        and slo.target >= sla.target
        and (slo.threshold, slo.target) != (sla.threshold, sla.target)
    )


@rule(
    "SLO-12",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="margin between objective and agreement shorter than the time in which a P1 is answered",
    why="once the objective is lost, the contract breaks before anybody has looked",
    if_rejected="the margin stays thin; credits follow the first outage",
)
def thin_margin(case: Case) -> Iterator[Hit]:
    respond = case.system.severities[Severity.P1].respond
    for one in agreements(case.system):
        guard = one.guard
        if guard is None or respond is None or guard.target <= one.target:
            continue
        margin = budget(one.terms.window, 1 - (guard.target - one.target))
        if margin < respond:
            yield Hit(
                at=_place(one),
                problem=f"{guard.promise.text} less {one.terms.promise.text} leaves {span(margin)} of"
                f" an outage a {one.terms.calendar or 'window'}; a P1 is answered within {span(respond)}",
                suggestion="make the objective stricter, or the answer quicker",
            )


def _place(one: Agreement) -> str:
    if one.stated:
        return f"agreements.{one.contract.name}"
    return f"{one.terms.path}.sla"


RULES = (
    no_level,
    no_margin,
    contract_alone,
    clients_mistakes,
    other_percentile,
    off_bucket,
    too_quiet,
    on_average,
    other_window,
    loose_policy,
    unguarded_agreement,
    thin_margin,
)

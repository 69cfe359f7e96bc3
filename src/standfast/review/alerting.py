"""ALR: does each alert fire when users are hurt, and only then, and does it reach somebody?"""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.paging.reach import awake
from standfast.review.arithmetic import budget, drained_after, exact
from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import counted, listed, number, percent, span
from standfast.slo.burn import burn_windows, can_fire
from standfast.spec.condition import Absence, Burn, Expiry, Expr, Threshold
from standfast.spec.values import Severity, Strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.spec.calling import AlertRule
    from standfast.spec.system import ServiceLevel
    from standfast.spec.values import Promise

_PAGING = (Severity.P1, Severity.P2)
_CAUSES = re.compile(r"\b(cpu|memory|disk|connections|query time|threads|queue|load)\b")
_PERCENTILE = re.compile(r"p(\d+(?:\.\d+)?) latency")
_SLOWNESS = re.compile(r"\b(latency|query time)\b")
_RENEWAL = timedelta(days=14)


def _thresholds(case: Case) -> Iterator[tuple[AlertRule, Threshold]]:
    for alert in case.system.alerts.values():
        if isinstance(alert.when, Threshold):
            yield alert, alert.when


def _availability_levels(case: Case, component: str) -> list[tuple[ServiceLevel, Promise]]:
    return [
        (level, slo)
        for level in case.levels_of.get(component, ())
        if level.sli in {"availability", "errors"}
        for slo in level.slos
        if slo.threshold is None and slo.target < 1
    ]


@rule(
    "ALR-01",
    Verdict.WARN,
    Role.OPS,
    condition="objective without burn-rate alert",
    why="only the rate at which the budget burns tells a blip from a breach in the making",
    if_rejected="standfast generates one all the same",
)
def no_burn_alert(case: Case) -> Iterator[Hit]:
    for name, level in case.system.service_levels.items():
        if level.slos and name not in case.burning and not case.assumed(f"service_levels.{name}"):
            yield Hit(
                at=f"service_levels.{name}",
                problem=f"no alert watches how fast the budget of {name} burns",
                suggestion=f"`alerts: {{{name}-burn: {{of: {level.of}, "
                f"when: burn rate of {name}, severity: P2}}}}`",
            )


@rule(
    "ALR-02",
    Verdict.CLARIFY,
    Role.DEV,
    condition="alert without runbook",
    why="whoever is woken at 03:00 starts from nothing",
    if_rejected="a scaffold is published, marked as empty",
)
def no_runbook(case: Case) -> Iterator[Hit]:
    for name, alert in case.system.alerts.items():
        if not alert.runbook and not case.assumed(f"alerts.{name}"):
            yield Hit(
                at=f"alerts.{name}",
                problem=f"{name} names no runbook",
                suggestion=f"write `runbook: {name}`; a scaffold is created",
            )


@rule(
    "ALR-03",
    Verdict.BLOCK,
    Role.DEV,
    condition="alert that can never fire",
    why="it looks like protection and is none",
    if_rejected="the alert is left out of what is generated",
)
def never_fires(case: Case) -> Iterator[Hit]:
    for name, alert in case.system.alerts.items():
        if problem := _impossible(case, alert):
            yield Hit(
                at=f"alerts.{name}",
                problem=problem,
                suggestion="correct the limit; then let a test make it fire",
                rests_on=(f"alerts.{name}",),
            )


def _impossible(case: Case, alert: AlertRule) -> str:
    when = alert.when
    if isinstance(when, Threshold) and when.unit == "%":
        if when.above and when.limit >= 1:
            return f"{when.signal} never exceeds 100%, the limit is {percent(when.limit)}"
        if not when.above and when.limit <= 0:
            return f"{when.signal} is never below 0%"
    if isinstance(when, Threshold) and not when.above and when.limit <= 0:
        return f"{when.signal} is never below {number(when.limit)}"
    if isinstance(when, Burn):
        return _cannot_burn(case, alert, when.objective)
    return ""


def _cannot_burn(case: Case, alert: AlertRule, objective: str) -> str:
    """Where none of the windows that the alert is judged by can fire, the arithmetic of the first."""
    paging = alert.severity in _PAGING
    dead = []
    for one in case.promised.get(objective, ()):
        windows = [w for w in burn_windows(one) if w.pages or not paging]
        if any(can_fire(one, window) for window in windows):
            return ""
        dead += [
            f"{number(window.factor)} x budget {percent(one.allowed)} of {one.name} = "
            f"{percent(window.factor * one.allowed)} of requests would have to fail"
            for window in windows
        ]
    return dead[-1] if dead else ""


@rule(
    "ALR-04",
    Verdict.BLOCK,
    Role.OPS,
    condition="P1 or P2 reaches nobody who sleeps",
    why="chat and mail are read in the morning",
    if_rejected="the response promise holds in office hours only",
)
def wakes_nobody(case: Case) -> Iterator[Hit]:
    used = {alert.severity for alert in case.system.alerts.values()}
    for severity in _PAGING:
        rule_of = case.system.severities.get(severity)
        if rule_of is None or severity not in used:
            continue
        if not awake(severity, case.system):
            yield Hit(
                at=f"severities.{severity}.notify",
                problem=f"{severity} goes to {listed(rule_of.notify) or 'nobody'}, "
                f"none of which wakes{_through(case)}",
                suggestion="add page, call, sms or push, or a webhook with `wakes: true`",
                rests_on=(f"severities.{severity}.notify",),
            )


def _through(case: Case) -> str:
    channels = case.system.channels
    return f"; there are the channels {listed(channels)}" if channels else ""


@rule(
    "ALR-05",
    Verdict.WARN,
    Role.DEV,
    condition="static error threshold that lets the budget drain below it",
    why="errors just under the limit spend the whole budget without an alert",
    if_rejected="slow burns are found in the monthly report",
)
def drains_unseen(case: Case) -> Iterator[Hit]:
    for alert, when in _thresholds(case):
        if when.signal != "error rate" or not when.above or when.limit <= 0:
            continue
        for level, slo in _availability_levels(case, alert.of):
            drained = drained_after(level.window, slo.target, when.limit)
            if level.name not in case.burning and when.limit > slo.allowed:
                yield Hit(
                    at=f"alerts.{alert.name}",
                    problem=f"just under {percent(when.limit)} errors spend the budget of "
                    f"{level.name} ({percent(slo.allowed)} of {span(level.window)}) in "
                    f"{span(drained)} without an alert",
                    suggestion=f"add `burn rate of {level.name}`; keep this one as a fast guard",
                )
                break


@rule(
    "ALR-06",
    Verdict.BLOCK,
    Role.DEV,
    condition="latency alert looser than the SLA",
    why="the contract is broken long before the alert fires",
    if_rejected="the customer notices first",
)
def looser_than_contract(case: Case) -> Iterator[Hit]:
    for alert, when in _thresholds(case):
        named = _PERCENTILE.fullmatch(when.signal)
        if named is None or not when.above:
            continue
        share = Fraction(named[1]) / 100
        for level in case.levels_of.get(alert.of, ()):
            broken = [sla for sla in level.slas if _looser(share, when.limit, sla)]
            if broken:
                yield Hit(
                    at=f"alerts.{alert.name}",
                    problem=f"fires at {when.text!r}; the SLA of {level.name} is {broken[0].text}",
                    suggestion=f"alert on {broken[0].text.replace('<', '>')}, and on the burn "
                    f"rate of {level.name}",
                    verdict=Verdict.WARN if level.name in case.burning else None,
                    rests_on=(f"alerts.{alert.name}", f"service_levels.{level.name}.sla"),
                )
                break


def _looser(share: Fraction, limit: Fraction, sla: Promise) -> bool:
    """When it fires, was the SLA broken before? A lower percentile is slower to exceed a limit."""
    if sla.threshold is None or share > sla.target:
        return False
    promised = Fraction(sla.threshold // timedelta(microseconds=1), 10**6)
    return limit > promised or (limit == promised and share < sla.target)


@rule(
    "ALR-07",
    Verdict.CLARIFY,
    Role.OPS,
    condition="waiting, detection and response together outlast the budget",
    why="the promise is broken before anyone can begin",
    if_rejected="one outage a window breaks the promise",
)
def too_late(case: Case) -> Iterator[Hit]:
    for name, alert in case.system.alerts.items():
        severity = case.system.severities.get(alert.severity)
        if alert.severity not in _PAGING or severity is None or severity.respond is None:
            continue
        seeing = case.system.components[alert.of].scrape_every
        waiting = case.detection(alert) - seeing
        total = waiting + seeing + severity.respond
        for level, slo in _availability_levels(case, alert.of):
            if isinstance(alert.when, Burn) and alert.when.objective != level.name:
                continue  # it waits for another budget to burn
            allowed = budget(level.window, slo.target)
            if total > allowed:
                yield Hit(
                    at=f"alerts.{name}",
                    problem=f"{span(waiting)} + {span(seeing)} to see it + {span(severity.respond)} "
                    f"to respond = {span(total)}; {level.name} allows {span(allowed)} per "
                    f"{span(level.window)}",
                    suggestion="answer faster or by machine, or promise less",
                )
                break


@rule(
    "ALR-08",
    Verdict.WARN,
    Role.OPS,
    condition="absence alert without traffic guard or probe",
    why="on a quiet night nobody asks, and the alert takes that for an outage",
    if_rejected="expect pages on quiet nights",
)
def quiet_night(case: Case) -> Iterator[Hit]:
    for name, alert in case.system.alerts.items():
        when = alert.when
        if isinstance(when, Absence) and "requests" in when.signal and not when.guarded:
            yield Hit(
                at=f"alerts.{name}",
                problem=f"{when.text!r} fires on {alert.of} whenever nobody asks for "
                f"{span(when.lasting)}",
                suggestion="guard it by traffic, or add a probe that asks steadily",
            )


@rule(
    "ALR-09",
    Verdict.WARN,
    Role.OPS,
    condition="a cause pages although no user feels it yet",
    why="a busy processor is no outage; people learn to ignore such pages",
    if_rejected="expect pages that need no action",
)
def pages_on_cause(case: Case) -> Iterator[Hit]:
    for alert, when in _thresholds(case):
        if alert.severity in _PAGING and _CAUSES.search(when.signal):
            yield Hit(
                at=f"alerts.{alert.name}",
                problem=f"{alert.severity} on {when.signal}, which users do not feel",
                suggestion="make it P3, or page on the objective that it threatens",
            )


@rule(
    "ALR-10",
    Verdict.CLARIFY,
    Role.OPS,
    condition="certificate without expiry alert, or one later than 14 days before the end",
    why="an expired certificate is a complete outage with a date known in advance",
    if_rejected="renewal rests on memory",
)
def certificates(case: Case) -> Iterator[Hit]:
    for name, component in case.system.components.items():
        if component.type == "external" or component.vendor or not component.certified:
            continue
        alerts = (alert.when for alert in case.alerts_of.get(name, ()))
        notices = [when.within for when in alerts if isinstance(when, Expiry)]
        if not notices or max(notices) < _RENEWAL:
            problem = f"only {span(max(notices))} ahead" if notices else "by no alert"
            key, address = next(iter(component.certified.items()))
            yield Hit(
                at=f"components.{name}.{key}",
                problem=f"the end of the certificate of {address} is told {problem}",
                suggestion=f"`when: certificate expires within {_RENEWAL.days}d`",
            )


@rule(
    "ALR-11",
    Verdict.WARN,
    Role.OPS,
    condition="disk watched by percentage only",
    why="80% of a large disk may last a year, and of a small one an hour",
    if_rejected="fast growth is seen late",
)
def disk_by_share(case: Case) -> Iterator[Hit]:
    for alert, when in _thresholds(case):
        others = (other.when for other in case.alerts_of[alert.of])
        foreseen = any(
            (isinstance(one, Expr) and "predict_linear" in one.promql)
            or (isinstance(one, Threshold) and one.signal == "disk full in")
            for one in others
        )
        if "disk" in when.signal and when.unit == "%" and not foreseen:
            yield Hit(
                at=f"alerts.{alert.name}",
                problem=f"{when.text!r} says nothing of how fast the disk fills",
                suggestion="add an `expr:` with predict_linear: full within 24 h",
            )


@rule(
    "ALR-12",
    Verdict.WARN,
    Role.OPS,
    condition="more than two pages in twelve hours on duty, or an alert never acknowledged, over 30 days",
    why="people who are woken often stop waking",
    if_rejected="expect slower acknowledgements",
)
def too_many_pages(case: Case) -> Iterator[Hit]:
    for name, pages in case.measured.pages_a_shift.items():
        if pages > 2 and name in case.system.on_call:
            yield Hit(
                at=f"on_call.{name}",
                problem=f"{number(pages)} pages in every 12 h on duty, measured over 30 d; 2 are "
                "bearable",
                suggestion="tune or delete the alerts that needed no action",
            )
    for name, pages_of in case.measured.ignored.items():
        if name in case.system.alerts:
            yield Hit(
                at=f"alerts.{name}",
                problem=f"{counted(pages_of, 'page')} in 30 d, measured, and nobody acknowledged one",
                suggestion="tune it until it asks for action, or delete it",
            )


@rule(
    "ALR-13",
    Verdict.WARN,
    Role.DEV,
    condition="alert on a dependency slower than what its caller promises",
    why="the caller has broken its promise long before the alert on its dependency fires",
    if_rejected="the cause is found later than the symptom",
)
def slower_than_the_caller(case: Case) -> Iterator[Hit]:
    for name, component in case.system.components.items():
        promised = _fastest(case, name)
        hard = [need.to for need in component.needs.values() if need.strength is Strength.HARD]
        for alert in (one for to in hard for one in case.alerts_of.get(to, ())):
            if promised is not None and _slower(alert, promised[0]):
                yield Hit(
                    at=f"alerts.{alert.name}",
                    problem=f"{alert.when.text!r} on {alert.of}, while {name} promises {promised[1]}",
                    suggestion=f"lower the limit well below {span(promised[0])}",
                )


def _fastest(case: Case, component: str) -> tuple[timedelta, str] | None:
    limits = [
        (slo.threshold, slo.text)
        for level in case.levels_of.get(component, ())
        for slo in level.slos
        if slo.threshold is not None
    ]
    return min(limits, default=None)


def _slower(alert: AlertRule, promised: timedelta) -> bool:
    when = alert.when
    if not isinstance(when, Threshold) or when.unit != "s" or not _SLOWNESS.search(when.signal):
        return False
    return when.above and when.limit > exact(promised)


RULES = (
    no_burn_alert,
    no_runbook,
    never_fires,
    wakes_nobody,
    drains_unseen,
    looser_than_contract,
    too_late,
    quiet_night,
    pages_on_cause,
    certificates,
    disk_by_share,
    too_many_pages,
    slower_than_the_caller,
)

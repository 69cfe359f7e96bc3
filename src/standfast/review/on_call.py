"""ONC: is somebody there at every hour, reachable, and as fast as promised?"""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed, span
from standfast.spec.values import Sev, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.spec.system import EscalationStep, OnCall, Person

_PAGING = (Severity.P1, Severity.P2)
_AHEAD = timedelta(weeks=8)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"(\w{3})(?:-(\w{3}))? (\d\d):(\d\d)-(\d\d):(\d\d)")
_WEEK = timedelta(weeks=1)


def covered(hours: str) -> timedelta | None:
    """How much of a week `24x7` or `Mon-Fri 09:00-17:00` covers; None where it cannot be read."""
    if hours.replace("/", "x") == "24x7":
        return _WEEK
    read = _HOURS.fullmatch(hours.strip())
    if read is None or read[1].lower() not in _DAYS or (read[2] or read[1]).lower() not in _DAYS:
        return None
    first, last = _DAYS.index(read[1].lower()), _DAYS.index((read[2] or read[1]).lower())
    begin, end = (timedelta(hours=int(read[i]), minutes=int(read[i + 1])) for i in (3, 5))
    day = end - begin if end > begin else end - begin + timedelta(days=1)
    return min(_WEEK, day * ((last - first) % 7 + 1))


@rule(
    "ONC-01",
    Verdict.BLOCK,
    Role.OPS,
    condition="hour without anyone on call for a component with P1 or P2 alerts",
    why="an outage in that hour lasts until the next morning",
    if_rejected="the catch-all person is paged in those hours, if there is one",
)
def uncovered_hours(case: Case) -> Iterator[Hit]:
    urgent = {a.of: a for a in case.system.alerts.values() if a.severity in _PAGING}
    partly: dict[str, str] = {}
    for component, alert in urgent.items():
        rota = case.system.rota_of(component)
        if rota is None:
            yield Hit(
                at=f"components.{component}",
                problem=f"{alert.name} ({alert.severity}) pages for {component}, and no rotation "
                f"covers its owner {case.system.components[component].owner or '(none)'}",
                suggestion="add the owner to `covers:` of a rotation under `on_call:`",
                rests_on=(f"alerts.{alert.name}",),
            )
        else:
            partly.setdefault(rota.name, alert.name)
    for name, first in partly.items():
        yield from _hours_left(case.system.on_call[name], first)


def _hours_left(rota: OnCall, alert: str) -> Iterator[Hit]:
    there = covered(rota.hours) if rota.shift.order else timedelta()
    if there is not None and there < _WEEK:
        yield Hit(
            at=f"on_call.{rota.name}.hours",
            problem=f"{rota.hours} covers {there // timedelta(hours=1)} of 168 h a week; nobody "
            f"answers {alert} in the other {(_WEEK - there) // timedelta(hours=1)} h",
            suggestion="cover 24x7, or make these alerts P3",
            rests_on=() if rota.shift.order else (f"on_call.{rota.name}",),
        )


@rule(
    "ONC-02",
    Verdict.BLOCK,
    Role.OPS,
    condition="response promised faster than the first escalation step",
    why="the first person may take longer than the promise without anyone else being asked",
    if_rejected="the response promise is published as unreachable",
)
def slower_than_promised(case: Case) -> Iterator[Hit]:
    for name, rota in case.system.on_call.items():
        for severity, steps in rota.escalate.items():
            respond = case.system.severities[severity].respond
            first = next(iter(steps), None)
            if respond is None or first is None or first.within is None:
                continue
            if first.within > respond:
                yield Hit(
                    at=f"on_call.{name}.escalate.{severity}",
                    problem=f"{severity} promises {span(respond)}; {_walk(steps)}",
                    suggestion=f"give the first step {span(respond)}, or promise {span(first.within)}",
                    rests_on=(f"severities.{severity}.respond", f"on_call.{name}.escalate"),
                )


def _walk(steps: tuple[EscalationStep, ...]) -> str:
    return listed(
        f"{step.to} has {span(step.within) if step.within else 'no limit'}" for step in steps
    )


@rule(
    "ONC-03",
    Verdict.BLOCK,
    Role.OPS,
    condition="person on call who cannot be reached or is on leave",
    why="the page goes out and nobody hears it",
    if_rejected="every such page waits for the next escalation step",
)
def unreachable(case: Case) -> Iterator[Hit]:
    loud = {
        way
        for severity in _PAGING
        if severity in case.system.severities
        for way in case.system.severities[severity].notify
    }
    for name, rota in case.system.on_call.items():
        for one in dict.fromkeys(rota.shift.order):
            person = case.system.people.get(one)
            if person is None:
                continue
            if lacking := _lacking(person, loud):
                yield Hit(
                    at=f"people.{one}",
                    problem=f"{person.name} is in the rotation {name} without {lacking}",
                    suggestion=f"add `{lacking}:` to {one}",
                    rests_on=(f"on_call.{name}",),
                )
        yield from _away(case, rota)


def _lacking(person: Person, ways: set[str]) -> str:
    if ways & {"call", "sms"} and not person.phone:
        return "phone"
    return "" if person.email or person.phone or person.chat else "email"


def _away(case: Case, rota: OnCall) -> Iterator[Hit]:
    """Leave that falls into one's own shift within the next eight weeks, overrides respected."""
    told: set[str] = set()
    for day in (case.today + timedelta(days=n) for n in range(_AHEAD.days)):
        one = on_duty(rota, day)
        person = case.system.people.get(one or "")
        if person and person.id not in told and _on_leave(person, day):
            told.add(person.id)
            yield Hit(
                at=f"on_call.{rota.name}.shift.order.{person.id}",
                problem=f"{person.name} is on leave on {day:%a %d %b %Y}, and on call that day",
                suggestion="add an override, or swap the shifts",
            )


def on_duty(rota: OnCall, day: date) -> str | None:
    """Whose day it is, by whole days: overrides first, then turns of the shift's length."""
    for first, last, person in rota.overrides:
        if first <= day <= last:
            return person
    order, length = rota.shift.order, max(rota.shift.length.days, 1)
    return order[(day - rota.shift.start).days // length % len(order)] if order else None


def _on_leave(person: Person, day: date) -> bool:
    return any(first <= day <= last for first, last in person.leave)


@rule(
    "ONC-04",
    Verdict.WARN,
    Role.OPS,
    condition="round-the-clock rotation of fewer than four people, or without a second in line",
    why="one week in two or three on call wears people out",
    if_rejected="expect slower answers and resignations",
)
def too_few(case: Case) -> Iterator[Hit]:
    for name, rota in case.system.on_call.items():
        people = len(set(rota.shift.order))
        steps = rota.escalate.get(Severity.P1, ())
        if covered(rota.hours) == _WEEK and 0 < people < 4:
            yield Hit(
                at=f"on_call.{name}.shift.order",
                problem=f"{people} people carry 168 h a week: {168 // people} h each, four are "
                "the least that lasts",
                suggestion="add people, or join rotations",
            )
        if rota.shift.order and len(steps) == 1:
            yield Hit(
                at=f"on_call.{name}.escalate",
                problem=f"after {steps[0].to} nobody else is asked",
                suggestion="add `{to: secondary, within: 10m}`",
            )


@rule(
    "ONC-05",
    Verdict.CLARIFY,
    Role.OPS,
    condition="the same person is primary and secondary",
    why="the second page rings the telephone that did not answer the first",
    if_rejected="the second step is skipped",
)
def second_is_first(case: Case) -> Iterator[Hit]:
    for name, rota in case.system.on_call.items():
        order = rota.shift.order
        asks = {step.to for steps in rota.escalate.values() for step in steps}
        twice = [a for a, b in pairwise((*order, *order[:1])) if a == b]
        if "secondary" in asks and twice:
            yield Hit(
                at=f"on_call.{name}.shift.order",
                problem=f"{listed(dict.fromkeys(twice))} follows themselves in the order "
                f"[{', '.join(order)}]: primary and secondary are one person",
                suggestion="let somebody else stand between",
            )


@rule(
    "ONC-06",
    Verdict.CLARIFY,
    Role.OPS,
    condition="incident and alert severities of the same rank promise different responses",
    why="one event starts two clocks, and nobody knows which one counts",
    if_rejected="the faster of the two clocks is used",
)
def two_clocks(case: Case) -> Iterator[Hit]:
    for severity, sev in zip(Severity, Sev, strict=True):
        alert, incident = case.system.severities.get(severity), case.system.incidents.rules.get(sev)
        if alert is None or incident is None or alert.respond == incident.respond:
            continue
        yield Hit(
            at=f"incidents.{sev}.respond",
            problem=f"{severity} promises {_promise(alert.respond)}, {sev} "
            f"{_promise(incident.respond)}",
            suggestion=f"give {severity} and {sev} one clock",
        )


def _promise(respond: timedelta | None) -> str:
    return "the next business day" if respond is None else span(respond)


@rule(
    "ONC-07",
    Verdict.CLARIFY,
    Role.OPS,
    condition="measured acknowledgement slower than promised",
    why="one page in ten is answered later than the promise",
    if_rejected="the measured figure is published beside the promise",
)
def measured_slower(case: Case) -> Iterator[Hit]:
    for severity, measured in case.measured.acknowledge_p90.items():
        promised = case.system.severities[severity].respond
        if promised is not None and measured > promised:
            yield Hit(
                at=f"severities.{severity}.respond",
                problem=f"90% are acknowledged within {span(measured)}, promised {span(promised)}",
                suggestion="find out why, or promise what is true",
            )


RULES = (
    uncovered_hours,
    slower_than_promised,
    unreachable,
    too_few,
    second_is_first,
    two_clocks,
    measured_slower,
)

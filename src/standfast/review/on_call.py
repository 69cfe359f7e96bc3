"""ONC: is somebody there at every minute of the next eight weeks, awake, and as fast as promised?"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.paging.hours import read as read_hours
from standfast.paging.reach import awake
from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed, span, stretch
from standfast.slo.burn import burn_alerts
from standfast.spec.values import Sev, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from standfast.paging.cover import Piece
    from standfast.review.case import Case
    from standfast.spec.calling import EscalationStep, OnCall

_PAGING = (Severity.P1, Severity.P2)
_WEEK = timedelta(weeks=1)


def _urgent(case: Case) -> dict[tuple[str, Severity], tuple[str, str]]:
    """What pages: (component, severity) -> the first alert of that kind and where it is stated.

    Beside the alerts of the file there are those that every objective's burn brings with it.
    """
    found: dict[tuple[str, Severity], tuple[str, str]] = {}
    for alert in case.system.alerts.values():
        if alert.severity in _PAGING:
            found.setdefault((alert.of, alert.severity), (alert.name, f"alerts.{alert.name}"))
    for one in case.objectives:
        grades = {window.severity for window in burn_alerts(one) if window.pages}
        for severity in sorted(grades) if not {one.name, one.level} & case.burning else ():
            said = (f"{one.name}-burn", one.path)
            found.setdefault((one.component, severity), said)
    return found


@rule(
    "ONC-01",
    Verdict.BLOCK,
    Role.OPS,
    condition="minute of the next eight weeks without anyone on call for a P1 or P2 alert "
    "(CLARIFY where a later step is told at once, or no rotation is written at all)",
    why="an outage in that hour lasts until the next morning",
    if_rejected="the catch-all person is paged in those hours, if there is one",
)
def uncovered_hours(case: Case) -> Iterator[Hit]:
    paged: dict[str, dict[Severity, str]] = defaultdict(dict)
    alone: set[str] = set()
    for (component, severity), (alert, path) in _urgent(case).items():
        rota = case.system.rota_of(component)
        if rota is not None:
            paged[rota.name].setdefault(severity, alert)
        elif component not in alone:
            alone.add(component)
            yield Hit(
                at=f"components.{component}",
                problem=f"{alert} ({severity}) pages for {component}, and no rotation "
                f"covers its owner {case.system.components[component].owner or '(none)'}",
                suggestion="add the owner to `covers:` of a rotation under `on_call:`",
                # A file without rotations contradicts nothing yet: it has not been asked.
                verdict=None if case.system.on_call else Verdict.CLARIFY,
                rests_on=(path,),
            )
    for name, alerts in paged.items():
        yield from _hours_left(case, case.system.on_call[name], alerts)


def _hours_left(case: Case, rota: OnCall, alerts: dict[Severity, str]) -> Iterator[Hit]:
    for severity, alert in sorted(alerts.items()):
        if not rota.escalate.get(severity):
            yield Hit(
                at=f"on_call.{rota.name}.escalate",
                problem=f"{alert} is {severity}, and {rota.name} has no step for {severity}",
                suggestion=f"add `{{to: primary, within: ...}}` for {severity}",
                rests_on=(f"on_call.{rota.name}",),
            )
            continue
        empty = _pieces(case, rota, severity, lambda piece: not piece.standing.first)
        if empty:
            behind = all(piece.standing.behind for piece in empty)
            told = _names(case, empty[0].standing.behind)
            yield Hit(
                at=f"on_call.{rota.name}.hours",
                problem=f"nobody {_when(rota, empty)}; {alert} ({severity}) finds "
                + (f"{told} instead" if behind else "no one"),
                suggestion="cover 24x7, or make these alerts P3",
                verdict=Verdict.CLARIFY if behind else None,
                rests_on=() if rota.shift.order else (f"on_call.{rota.name}",),
            )


def _pieces(
    case: Case, rota: OnCall, severity: Severity, wanted: Callable[[Piece], bool]
) -> list[Piece]:
    return [piece for piece in case.cover.get((rota.name, severity), ()) if wanted(piece)]


def _when(rota: OnCall, pieces: Sequence[Piece]) -> str:
    """The first stretch in local time; of several, how many and how much in all."""
    first = stretch(pieces[0].begin, pieces[0].end, rota.timezone)
    if len(pieces) == 1:
        return first
    total = sum((piece.lasts for piece in pieces), timedelta())
    hours = total // timedelta(hours=1)
    return f"{first}, the first of {len(pieces)} times, {hours} h of the 1344 of eight weeks"


def _names(case: Case, ids: Sequence[str]) -> str:
    known = case.system.people
    return listed(known[one].name if one in known else one for one in ids)


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
    condition="person on call within eight weeks who cannot be woken or is on leave",
    why="the page goes out and nobody hears it",
    if_rejected="every such page waits for the next escalation step",
)
def unreachable(case: Case) -> Iterator[Hit]:
    for name, rota in case.system.on_call.items():
        told: set[str] = set()
        for severity in _PAGING:
            yield from _deaf(case, rota, severity, told)
        for person in dict.fromkeys(
            one for severity in _PAGING for one in _absent(case, rota, severity)
        ):
            pieces = _away(case, rota, person)
            yield Hit(
                at=f"on_call.{name}.shift.order.{person}",
                problem=f"{_names(case, (person,))} is on leave, and on call {_when(rota, pieces)}",
                suggestion="add an override, or swap the shifts",
            )


def _deaf(case: Case, rota: OnCall, severity: Severity, told: set[str]) -> Iterator[Hit]:
    if not awake(severity, case.system):
        return  # no channel wakes at all: ALR-04
    notify = listed(case.system.severities[severity].notify)
    for piece in case.cover.get((rota.name, severity), ()):
        for one in piece.standing.deaf:
            if one not in told:
                told.add(one)
                when = stretch(piece.begin, piece.end, rota.timezone)
                yield Hit(
                    at=f"people.{one}",
                    problem=f"{_names(case, (one,))} is on call in {rota.name} {when}, and "
                    f"{severity} ({notify}) cannot wake them",
                    suggestion=f"add `phone:` or `email:` to {one}, whichever the channel needs",
                    rests_on=(f"on_call.{rota.name}",),
                )


def _absent(case: Case, rota: OnCall, severity: Severity) -> Iterator[str]:
    """Those whose leave leaves nobody of the first step there."""
    for piece in case.cover.get((rota.name, severity), ()):
        if piece.standing.away and not set(piece.standing.first) - set(piece.standing.away):
            yield from piece.standing.away


def _away(case: Case, rota: OnCall, person: str) -> list[Piece]:
    for severity in _PAGING:
        if found := _pieces(case, rota, severity, lambda piece: person in piece.standing.away):
            return found
    return []


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
        if read_hours(rota.hours).a_week == _WEEK and 0 < people < 4:
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
    condition="nobody stands behind the first: the same person, on leave, or out of reach",
    why="the second page rings the telephone that did not answer the first",
    if_rejected="after the first step only the catch-all person is left",
)
def second_is_first(case: Case) -> Iterator[Hit]:
    for name, rota in case.system.on_call.items():
        for severity in _PAGING:
            if len(rota.escalate.get(severity, ())) < 2 or not awake(severity, case.system):
                continue  # a single step is ONC-04, a severity that wakes nobody ALR-04
            bare = _pieces(
                case,
                rota,
                severity,
                lambda piece: piece.standing.answers and not piece.standing.behind,
            )
            if bare:
                steps = listed(step.to for step in rota.escalate[severity][1:])
                yield Hit(
                    at=f"on_call.{name}.escalate.{severity}",
                    problem=f"nobody stands behind {_names(case, bare[0].standing.first)} "
                    f"{_when(rota, bare)}: {steps} is the same person, away or out of reach",
                    suggestion="let somebody else stand behind, or add an override",
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
                problem=f"90% are acknowledged within {span(measured)}"
                f"{case.how(f'acknowledgement.{severity}')}, promised {span(promised)}",
                suggestion="find out why, or promise what is true",
                known_by=(f"acknowledgement.{severity}",),
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

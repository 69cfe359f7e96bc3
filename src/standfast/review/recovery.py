"""RTO: can everything be back in the time promised, and has anyone tried?"""

from __future__ import annotations

from collections import deque
from datetime import date, timedelta
from typing import TYPE_CHECKING

from standfast.review.arithmetic import copying, lasting
from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import bytes_of, listed, span
from standfast.spec.values import Severity, Strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.spec.protection import Failover

_DRILL = timedelta(days=90)
_HOUR = timedelta(hours=1)
_FORESEEN = timedelta(days=90)  # growth that breaks a promise within a quarter is told


@rule(
    "RTO-01",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="RTO shorter than the restore, or nobody knows (BLOCK where it was measured)",
    why="reading the copy back alone takes longer than the promise",
    if_rejected="the RTO is published as unreachable",
)
def restore_too_slow(case: Case) -> Iterator[Hit]:
    for name, data in case.system.data.items():
        if data.rto is None:
            continue
        found = _restore(case, data.store)
        if found is None and data.store in case.system.backups:
            yield Hit(
                at=f"components.{data.store}.size",
                problem=f"{name} is to be back in {span(data.rto)}; how long a restore of "
                f"{data.store} takes is unknown while its size is",
                suggestion="state `size:`, or let a restore measure it",
            )
        elif found is not None and found[0] > data.rto:
            measured = data.store in case.measured.restore
            speed = () if measured else (f"backups.{data.store}.restore_speed",)
            yield Hit(
                at=f"data.{name}.rto",
                problem=f"{name} is to be back in {span(data.rto)}; {found[1]}",
                suggestion="restore faster (incremental, parallel, a standby), or promise more time",
                verdict=Verdict.BLOCK if measured else None,
                rests_on=(f"data.{name}.rto", *speed),
                known_by=(f"restore.{data.store}",),
            )
        elif found is not None and (soon := _outgrown(case, data.store, found[0], data.rto)):
            yield Hit(
                at=f"data.{name}.rto",
                problem=f"{name} is to be back in {span(data.rto)}; {found[1]}, and "
                f"{span(case.measured.restore_growth[data.store])} more every day: too long "
                f"from {soon}",
                suggestion="plan a faster restore before then, or promise more time",
                known_by=(f"restore.{data.store}",),
            )


def _outgrown(case: Case, store: str, takes: timedelta, rto: timedelta) -> date | None:
    """The day on which the restore, growing as it does, passes the RTO; None where that is far."""
    more = case.measured.restore_growth.get(store)
    if not more or takes + more * _FORESEEN.days <= rto:
        return None
    return case.today + timedelta(days=(rto - takes) // more)


def _restore(case: Case, store: str) -> tuple[timedelta, str] | None:
    measured = case.measured.restore.get(store)
    if measured is not None:
        return (
            measured,
            f"a restore of {store} takes {span(measured)}{case.how(f'restore.{store}')}",
        )
    backup, size = case.system.backups.get(store), case.system.components[store].size
    if backup is None or backup.restore_speed is None or size is None:
        return None
    taken = copying(size, backup.restore_speed)
    speed = f"{bytes_of(backup.restore_speed)}/s"
    return taken, f"{bytes_of(size)} at {speed} is {span(taken)} for the copy alone"


@rule(
    "RTO-02",
    Verdict.BLOCK,
    Role.ARCHITECT,
    condition="RTO of a store shorter than that of a store it needs",
    why="it cannot be back before what it stands on",
    if_rejected="the longer RTO is published for both",
)
def sooner_than_its_needs(case: Case) -> Iterator[Hit]:
    for name, data in case.system.data.items():
        if data.rto is None:
            continue
        for way in _ways_down(case, data.store):
            slower = [
                one for one in case.data_in.get(way[-1], ()) if one.rto and one.rto > data.rto
            ]
            for other in slower[:1]:
                yield Hit(
                    at=f"data.{name}.rto",
                    problem=f"{name} in {data.store} back in {span(data.rto)}, but "
                    f"{' needs '.join(way)}, whose {other.name} is back in "
                    f"{span(other.rto or _HOUR)}",
                    suggestion="let the needed one be back first",
                    rests_on=(f"data.{name}.rto", f"data.{other.name}.rto"),
                )


def _ways_down(case: Case, store: str) -> Iterator[tuple[str, ...]]:
    """The shortest chain of hard needs to each store below."""
    known = {store}
    waiting: deque[tuple[str, ...]] = deque([(store,)])
    while waiting:
        way = waiting.popleft()
        component = case.system.components.get(way[-1])
        for need in component.needs.values() if component else ():
            if need.strength is Strength.HARD and need.to not in known:
                known.add(need.to)
                waiting.append((*way, need.to))
                yield waiting[-1]


@rule(
    "RTO-03",
    Verdict.BLOCK,
    Role.OPS,
    condition="failover, with detection and response, longer than the RTO",
    why="the steps alone, done without a mistake, take longer than promised",
    if_rejected="the sum is published as the RTO",
)
def chain_too_long(case: Case) -> Iterator[Hit]:
    for failover in case.system.failovers.values():
        limit, promise = _limit(case, failover)
        total, words, paths = _recovery_chain(case, failover)
        if limit is not None and total > limit:
            yield Hit(
                at=f"failover.{failover.name}",
                problem=f"{words} = {span(total)}; {promise} is {span(limit)}",
                suggestion="run steps side by side or by machine, or promise more time",
                rests_on=paths,
            )


def _limit(case: Case, failover: Failover) -> tuple[timedelta | None, str]:
    """The least of the failover's own RTO and those of the data that lives where it starts."""
    limits = [
        (data.rto, f"the RTO of {name}")
        for name, data in case.system.data.items()
        if data.rto is not None
        and failover.source in case.system.components[data.store].replicas
        and failover.target in case.system.components[data.store].replicas
    ]
    if failover.rto is not None:
        limits.insert(0, (failover.rto, "its RTO"))
    return min(limits, key=lambda pair: pair[0], default=(None, ""))


def _recovery_chain(case: Case, failover: Failover) -> tuple[timedelta, str, tuple[str, ...]]:
    """Detection, response, decision, steps and DNS; an assumed response leaves only what is certain."""
    steps = lasting(failover.steps)
    parts = [(failover.wait_before, "wait"), (steps, "steps"), (failover.dns_ttl, "DNS TTL")]
    certain = sum((part or timedelta() for part, _ in parts), timedelta())
    limit = _limit(case, failover)[0]
    paths: tuple[str, ...] = ()
    p1 = case.system.severities.get(Severity.P1)
    if p1 is not None and p1.respond is not None and not (limit and certain > limit):
        seen, alert = _detected(case)
        parts[:0] = [(seen, f"detection by {alert}"), (p1.respond, "response")]
        paths = ("severities.P1.respond", *([f"alerts.{alert}"] if alert else []))
    total = sum((part or timedelta() for part, _ in parts), timedelta())
    return total, " + ".join(f"{name} {span(part)}" for part, name in parts if part), paths


def _detected(case: Case) -> tuple[timedelta, str]:
    """When the quickest P1 alert fires after everything has stopped; nothing where there is none."""
    found = [
        (case.detection(alert), name)
        for name, alert in case.system.alerts.items()
        if alert.severity is Severity.P1
    ]
    return min(found, default=(timedelta(), ""))


@rule(
    "RTO-04",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="single region and an RTO under one hour",
    why="a lost region cannot be rebuilt elsewhere in that time",
    if_rejected="the loss of a region is accepted, and the documents say so",
)
def one_region(case: Case) -> Iterator[Hit]:
    hurried = {n: d.rto for n, d in case.system.data.items() if d.rto is not None and d.rto < _HOUR}
    if len(case.system.regions) <= 1 and hurried:
        name, rto = min(hurried.items(), key=lambda pair: pair[1])
        yield Hit(
            at=f"data.{name}.rto",
            problem=f"{name} is to be back in {span(rto)}, and there is one region",
            suggestion="add a second region, or accept its loss in writing (a waiver)",
        )


@rule(
    "RTO-05",
    Verdict.CLARIFY,
    Role.OPS,
    condition="failover never drilled, drilled over 90 days ago, or drill failed",
    why="a failover that was never done does not work",
    if_rejected="the failover is shown as unproven",
)
def undrilled(case: Case) -> Iterator[Hit]:
    for failover in case.system.failovers.values():
        if problem := _drill_problem(case, failover):
            yield Hit(
                at=f"failover.{failover.name}.last_drill",
                problem=problem,
                suggestion="hold a drill, and write down what it measured",
                known_by=(f"failover.{failover.name}",),
            )


def _drill_problem(case: Case, failover: Failover) -> str:
    drill = failover.last_drill
    if drill is None:
        return "never drilled"
    if not drill.passed:
        return f"the drill of {drill.date} failed"
    if failover.rto is not None and drill.rto > failover.rto:
        return f"the drill of {drill.date} took {span(drill.rto)}, RTO {span(failover.rto)}"
    age = case.today - drill.date
    return f"last drilled {age.days} d ago; 90 d are the most" if age > _DRILL else ""


@rule(
    "RTO-06",
    Verdict.CLARIFY,
    Role.OPS,
    condition="standby smaller than the primary and no step that scales it",
    why="the whole load meets a part of the machines",
    if_rejected="load shedding has to protect the standby",
)
def small_standby(case: Case) -> Iterator[Hit]:
    for failover in case.system.failovers.values():
        small = [
            f"{name} {component.replicas.get(failover.target, 0)} of {wanted}"
            for name, component in case.system.components.items()
            if component.serves
            and (wanted := component.replicas.get(failover.source, 0))
            > component.replicas.get(failover.target, 0)
        ]
        if small and not any("scale" in f"{step.do} {step.run}".lower() for step in failover.steps):
            yield Hit(
                at=f"failover.{failover.name}.steps",
                problem=f"in {failover.target} run {listed(small)}, and no step scales them",
                suggestion="add a step that scales, or run as many there",
            )


@rule(
    "RTO-07",
    Verdict.WARN,
    Role.OPS,
    condition="DNS TTL above a quarter of the RTO",
    why="users keep going to the dead region until their answer expires",
    if_rejected="the TTL is counted into the RTO",
)
def slow_dns(case: Case) -> Iterator[Hit]:
    for failover in case.system.failovers.values():
        if failover.dns_ttl and failover.rto and failover.dns_ttl > failover.rto / 4:
            yield Hit(
                at=f"failover.{failover.name}.dns_ttl",
                problem=f"TTL {span(failover.dns_ttl)}, RTO {span(failover.rto)} / 4 = "
                f"{span(failover.rto / 4)}",
                suggestion=f"lower the TTL to {span(min(failover.rto / 4, timedelta(minutes=1)))}",
            )


@rule(
    "RTO-08",
    Verdict.CLARIFY,
    Role.OPS,
    condition="failover without fencing or without the way back",
    why="two primaries accept writes that nobody can join again",
    if_rejected="the runbook warns of a split brain in bold",
)
def split_brain(case: Case) -> Iterator[Hit]:
    for failover in case.system.failovers.values():
        lacking = [word for word in ("fence", "failback") if not getattr(failover, word)]
        if lacking:
            yield Hit(
                at=f"failover.{failover.name}",
                problem=f"{failover.name} states no {listed(lacking)}",
                suggestion="how is the old primary kept from writing, and how does one go back?",
            )


@rule(
    "RTO-09",
    Verdict.CLARIFY,
    Role.OPS,
    condition="measured failover slower than the RTO",
    why="the promise would be broken by a lost region now",
    if_rejected="the measured figure is published beside the promise",
)
def measured_slower(case: Case) -> Iterator[Hit]:
    for name, took in case.measured.failover.items():
        failover = case.system.failovers.get(name)
        if failover is not None and failover.rto is not None and took > failover.rto:
            yield Hit(
                at=f"failover.{name}.rto",
                problem=f"took {span(took)}{case.how(f'failover.{name}')}, promised "
                f"{span(failover.rto)}",
                suggestion="find the slowest step, or promise what is true",
                verdict=Verdict.BLOCK,
                known_by=(f"failover.{name}",),
            )


RULES = (
    restore_too_slow,
    sooner_than_its_needs,
    chain_too_long,
    one_region,
    undrilled,
    small_standby,
    slow_dns,
    split_brain,
    measured_slower,
)

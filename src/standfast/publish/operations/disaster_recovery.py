"""disaster-recovery.md: where the system runs, and how it moves to the other region and back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.publish.commands import block
from standfast.publish.document import Document, Region
from standfast.publish.graph import drawn, drawn_regions, shown
from standfast.publish.markdown import bullets, code, escape, fence, join, span, table
from standfast.review.arithmetic import lasting
from standfast.spec.values import Severity, Strength

if TYPE_CHECKING:
    from standfast.publish.edition import Edition
    from standfast.spec.protection import Failover, FailoverStep
    from standfast.spec.system import Component, System


def document(edition: Edition) -> Document:
    ways = edition.system.failovers.values()
    return edition.document(
        "docs/operations/disaster-recovery.md",
        "Disaster recovery",
        Region(id="topology", body=_topology(edition)),
        Region(id="decision", body=_decision(edition)),
        *(Region(id=f"failover-{_slug(way)}", body=_failover(edition, way)) for way in ways),
        *(Region(id=f"failback-{_slug(way)}", body=_failback(edition, way)) for way in ways),
    )


def _slug(way: Failover) -> str:
    return "".join(
        one if (one.isalnum() and one.isascii()) or one == "-" else "-"
        for one in f"{way.source}-to-{way.target}"
    )


def _topology(edition: Edition) -> str:
    regions = (
        fence(drawn_regions(edition.system), "mermaid")
        if edition.system.regions
        else edition.owed("INP-08", "DevOps/Platform", "In which regions does the system run?")
    )
    return join(
        "## Where it runs",
        regions,
        _absent(edition),
        "What needs what: a full arrow is a hard need, a dotted one has a fallback."
        + _left_out(edition),
        fence(drawn(edition.graph), "mermaid"),
    )


def _left_out(edition: Edition) -> str:
    every, drawn_ones = len(edition.system.components), len(shown(edition.graph))
    if drawn_ones == every:
        return ""
    return f" Drawn are {drawn_ones} of {every} components: those that journeys lead through."


def _absent(edition: Edition) -> str:
    """What the other side lacks: whoever fails over must know before, not after."""
    lines = []
    for way in edition.system.failovers.values():
        for part in edition.system.components.values():
            here, there = part.replicas.get(way.source, 0), part.replicas.get(way.target, 0)
            if here and not there:
                lines.append(
                    f"{escape(part.name)} is not in {escape(way.target)}: {_without(edition, part)}"
                )
            elif part.serves and there < here:
                lines.append(
                    f"{escape(part.name)} has {there} in {escape(way.target)} and {here} in "
                    f"{escape(way.source)}: scale it before the traffic comes"
                )
    return bullets(lines)


def _without(edition: Edition, part: Component) -> str:
    told = []
    for name, need in edition.graph.callers.get(part.name, ()):
        if need.strength is Strength.HARD:
            told.append(f"{escape(name)} **stops**")
        else:
            seen = escape(need.users_see or "what users see is not stated (DEP-03)")
            told.append(
                f"{escape(name)} goes on ({escape(need.fallback or 'no fallback')}: {seen})"
            )
    return ", ".join(told) or "nothing needs it"


def _decision(edition: Edition) -> str:
    ways = list(edition.system.failovers.values())
    if not ways:
        return join(
            "## Failing over",
            edition.owed(
                "RTO-04",
                "Business Analyst",
                (
                    "May the system be gone for as long as its only region is? If not, "
                    "where does it move to, by which steps?"
                ),
            ),
        )
    rows = [
        [
            escape(way.name),
            _target(way.rto, edition, f"failover.{way.name}.rto"),
            span(total(edition.system, way)),
            _target(way.rpo, edition, f"failover.{way.name}.rpo"),
            _drilled(way),
        ]
        for way in ways
    ]
    wait = max(way.wait_before for way in ways)
    return join(
        "## Should we fail over?",
        bullets(
            [
                (
                    "Does the primary region answer from outside? Then this is not a lost region: use the "
                    "runbook of "
                    "the alert."
                ),
                f"Could it pass by itself? Wait {span(wait)}, look again, and decide then.",
                "Is data at stake? The incident commander decides; nobody else does.",
                "Say so in the incident's channel before the first step, with the time.",
            ],
            box=True,
        ),
        table(["Failover", "RTO", "Steps add up to", "RPO", "Last drill"], rows),
    )


def _target(length: timedelta | None, edition: Edition, path: str) -> str:
    return (
        span(length) + edition.mark(path)
        if length is not None
        else "**not stated (DAT-00: Business Analyst)**"
    )


def _drilled(way: Failover) -> str:
    drill = way.last_drill
    if drill is None:
        return "never (RTO-05: DevOps/Platform)"
    lost = f", lost {span(drill.rpo)}" if drill.rpo is not None else ""
    kept = "" if way.rto is None else f" of {span(way.rto)}"
    verdict = "" if drill.passed else ", **failed**"
    return f"{span(drill.rto)}{kept}{lost}{verdict} *(drilled {drill.date.isoformat()})*"


# ------------------------------------------------------------------ how long it takes


def chain(system: System, way: Failover) -> list[tuple[str, timedelta]]:
    """What adds up to the RTO: answering, waiting, the steps, and DNS caches running out."""
    answer = system.severities.get(Severity.P1)
    parts = [
        ("detection", _detection(system)),
        ("answer to a P1", answer.respond if answer and answer.respond else timedelta(0)),
        ("wait before deciding", way.wait_before),
        ("steps", lasting(way.steps)),
        ("DNS caches", way.dns_ttl or timedelta(0)),
    ]
    return [(name, length) for name, length in parts if length]


def _detection(system: System) -> timedelta:
    """Two probes that fail, in the slowest rhythm in which a component is probed."""
    probed = [one.probe_every for one in system.components.values() if one.url or one.address]
    return 2 * max(probed, default=timedelta(0))


def total(system: System, way: Failover) -> timedelta:
    return sum((length for _, length in chain(system, way)), timedelta(0))


def _failover(edition: Edition, way: Failover) -> str:
    parts = chain(edition.system, way)
    sums = " + ".join(f"{name} {span(length)}" for name, length in parts)
    need = total(edition.system, way)
    verdict = ""
    if way.rto is not None:
        verdict = f" The RTO is {span(way.rto)}: {'kept' if need <= way.rto else '**not kept**'} by this plan."
    fence_off = (
        join("First make sure that the old side cannot write any more:", block(way.fence))
        if way.fence
        else edition.owed(
            "RTO-08", "DevOps/Platform", "How is the old primary kept from writing (fencing)?"
        )
    )
    return join(
        f"## Failover {escape(way.name)}",
        f"{sums} = **{span(need)}**.{verdict}",
        fence_off,
        _steps(edition, way.steps),
    )


def _steps(edition: Edition, steps: tuple[FailoverStep, ...]) -> str:
    rows, clock = [], timedelta(0)
    for index, step in enumerate(steps):
        starts = lasting(steps[:index]) if not step.parallel else _start_of(steps, step)
        clock = starts + step.takes
        rows.append(
            [
                f"☐ {index + 1}",
                escape(step.do)
                + (f" (beside the others of {escape(step.parallel)})" if step.parallel else ""),
                escape(step.owner) if step.owner else "whoever is primary",
                span(step.takes),
                f"+{span(clock)}",
                code(step.run) if step.run else ("by hand" if step.manual else "by the check"),
                _check(edition.system, step),
            ]
        )
    return table(["Step", "Do", "Owner", "Takes", "Done by", "Command", "Check"], rows)


def _start_of(steps: tuple[FailoverStep, ...], step: FailoverStep) -> timedelta:
    first = next(index for index, other in enumerate(steps) if other.parallel == step.parallel)
    return lasting(steps[:first])


def _check(system: System, step: FailoverStep) -> str:
    """`api.deep` is that component's health endpoint; anything else is shown as it is written."""
    if not step.check:
        return "its exit code is 0" if step.run else "say it in the channel"
    name, _, kind = step.check.partition(".")
    part = system.components.get(name)
    if part and kind in part.health:
        return code(f"curl -fsS {health_url(part, kind)}")
    return code(step.check)


def health_url(part: Component, kind: str) -> str:
    return f"{(part.url or '').rstrip('/')}{part.health[kind].path}"


def _sum(steps: tuple[FailoverStep, ...]) -> str:
    """The arithmetic of steps, those side by side counted once."""
    whole = span(lasting(steps))
    if any(step.parallel for step in steps):
        return f"The steps take {whole}, some of them side by side."
    return f"{' + '.join(span(step.takes) for step in steps)} = **{whole}**."


def _failback(edition: Edition, way: Failover) -> str:
    if not way.failback:
        return join(
            f"## Failback {escape(way.target)} -> {escape(way.source)}",
            edition.owed(
                "RTO-08",
                "DevOps/Platform",
                "By which steps does the system return, and who decides when?",
            ),
        )
    return join(
        f"## Failback {escape(way.target)} -> {escape(way.source)}",
        f"In quiet hours, never in the same night. {_sum(way.failback)}",
        bullets(
            [
                "The old side was fenced the whole time and its data is thrown away or rewound, never merged.",
                "Replication from the present primary has caught up (lag under 1 s).",
                "A full backup of the present primary has finished and was verified.",
            ],
            box=True,
        ),
        _steps(edition, way.failback),
    )

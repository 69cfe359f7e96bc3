"""SLOs.md: what is promised, how much failure that leaves, and whether the system can keep it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.publish.document import Document, Region
from standfast.publish.edition import names
from standfast.publish.markdown import escape, fence, join, minutes, percent, prose, span, table
from standfast.publish.prometheus import objectives
from standfast.publish.prometheus.query import Unsaid
from standfast.review.arithmetic import budget
from standfast.review.ceiling import of_composite
from standfast.review.chain import chain_of
from standfast.slo.agreement import agreements
from standfast.spec.system import Journey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from standfast.publish.edition import Edition
    from standfast.review.known import Figure
    from standfast.slo.agreement import Agreement
    from standfast.spec.system import Composite, CompositePart, Need, ServiceLevel
    from standfast.spec.values import Promise


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/SLOs.md",
        "Service level objectives",
        Region(id="promises", body=_promises(edition)),
        *_agreed(edition),
        Region(id="budgets", body=_budgets(edition)),
        Region(id="policy", body=_policy(edition)),
        Region(id="ceilings", body=_ceilings(edition)),
        Region(id="queries", body=_queries(edition)),
    )


# ------------------------------------------------------------------ what is promised

INDICATORS = {
    "availability": "share of requests that succeed",
    "errors": "share of requests that do not fail by our fault",
    "latency": "share of requests answered within the threshold",
    "probe": "share of probes that succeed",
    "query": "share of good events by the file's own PromQL",
    "freshness": "share of time in which the newest data is young enough",
    "saturation": "share of time below the limit",
    "correctness": "share of checked answers that were right",
}


def _promises(edition: Edition) -> str:
    levels = edition.system.service_levels.values()
    journeys = [one for one in edition.system.journeys.values() if one.slo or one.sla]
    composites = edition.system.composites.values()
    if not levels and not journeys:
        return join(
            "## What is promised",
            edition.owed(
                "SLO-01", "Business Analyst", "Which share of requests must succeed, and how fast?"
            ),
        )
    rows = [
        [
            escape(level.name),
            escape(level.of),
            _indicator_of(level),
            _targets(level.slos) + edition.mark(f"service_levels.{level.name}"),
            _targets(level.slas) or "none",
            escape(level.calendar) or span(level.window),
        ]
        for level in levels
    ]
    rows += [
        [
            f"{escape(journey.name)} (journey)",
            " → ".join(escape(one) for one in journey.path),
            "share of attempts in which every step works",
            _promise_of(edition, journey, "slo"),
            _promise_of(edition, journey, "sla"),
            span(edition.system.budget_window),
        ]
        for journey in journeys
    ]
    rows += [
        [
            f"{escape(one.name)} (composite)",
            ", ".join(_part_of(part, weighted=one.weighted) for part in one.parts),
            "mean of the shares of its parts, by weight"
            if one.weighted
            else "share in which every part works",
            _promise_of(edition, one, "slo"),
            _promise_of(edition, one, "sla"),
            escape(one.calendar) or ", ".join(span(each) for each in (one.window, *one.also)),
        ]
        for one in composites
    ]
    return join(
        "## What is promised",
        "SLI is what is measured, SLO what we aim for, SLA what the contract says.",
        table(["Service level", "Component", "SLI", "SLO", "SLA", "Window"], rows),
    )


def _part_of(part: CompositePart, *, weighted: bool) -> str:
    return f"{escape(part.of)} ({float(part.weight):.6g})" if weighted else escape(part.of)


def _promise_of(edition: Edition, joint: Journey | Composite, kind: str) -> str:
    promise = joint.slo if kind == "slo" else joint.sla
    if promise is None:
        return "none"
    return escape(promise.text) + edition.mark(f"{_group(joint)}.{joint.name}.{kind}")


def _group(joint: Journey | Composite) -> str:
    return "journeys" if isinstance(joint, Journey) else "composites"


def _indicator_of(level: ServiceLevel) -> str:
    words = INDICATORS.get(level.sli, escape(level.sli))
    if level.sli in {"availability", "errors"}:
        words += f" (bad: {', '.join(escape(one) for one in level.bad_codes)})"
    return words + (f" on {escape(level.route)}" if level.route else "")


def _targets(promises: tuple[Promise, ...]) -> str:
    return ", ".join(escape(promise.text) for promise in promises)


# ------------------------------------------------------------------ what customers were promised


def _agreed(edition: Edition) -> tuple[Region, ...]:
    """The contracts, what warns before each of them breaks, and what is owed if it does."""
    rows = [_agreement(one) for one in agreements(edition.system)]
    if not rows:
        return ()
    body = join(
        "## Agreements with customers",
        "A contract counts over its own window and leaves out only what it says. The margin is what lies "
        "between it and the strictest objective on the same events.",
        table(
            [
                "Agreement",
                "Customer",
                "Promise",
                "Window",
                "Leaves out",
                "Guarded by",
                "Margin",
                "Credits",
            ],
            rows,
        ),
    )
    return (Region(id="agreements", body=body),)


def _agreement(one: Agreement) -> list[str]:
    contract, guard = one.contract, one.guard
    customer = ", ".join(escape(word) for word in (contract.customer, contract.reference) if word)
    return [
        escape(one.name),
        customer or "–",
        escape(one.terms.promise.text),
        escape(one.window_words),
        ", ".join(contract.excludes) or "nothing",
        f"{escape(guard.name)} ({escape(guard.promise.text)})" if guard else "nothing (SLO-11)",
        percent(guard.target - one.target) if guard and guard.target > one.target else "none",
        "; ".join(f"{escape(owed.text)}: {percent(owed.share)}" for owed in contract.credits)
        or "–",
    ]


# ------------------------------------------------------------------ budgets


def _budgets(edition: Edition) -> str:
    rows = [
        [
            escape(level.name),
            escape(promise.text) + edition.mark(f"service_levels.{level.name}"),
            *_allowance(promise, level.window),
        ]
        for level in edition.system.service_levels.values()
        for promise in level.slos
    ]
    rows += [
        [
            f"{escape(journey.name)} (journey)",
            _promise_of(edition, journey, "slo"),
            *_allowance(journey.slo, edition.system.budget_window),
        ]
        for journey in edition.system.journeys.values()
        if journey.slo
    ]
    rows += [
        [
            f"{escape(one.name)} (composite)",
            _promise_of(edition, one, "slo"),
            *_allowance(one.slo, window),
        ]
        for one in edition.system.composites.values()
        for window in (one.window, *one.also)
    ]
    if not rows:
        return join(
            "## Error budgets",
            edition.owed("SLO-01", "Business Analyst", "No objective, so no budget."),
        )
    return join(
        "## Error budgets",
        "A budget counts failed events; in minutes it is how long a *total* outage may last in one window. "
        "What is left of it now stands on the service's page of the running standfast.",
        table(["Service level", "SLO", "May fail", "Arithmetic", "Total outage allowed"], rows),
    )


def _allowance(promise: Promise, window: timedelta) -> list[str]:
    return [
        percent(promise.allowed),
        f"(1 − {percent(promise.target)}) × {span(window)}",
        f"**{minutes(budget(window, promise.target))}**",
    ]


def _policy(edition: Edition) -> str:
    policy = edition.system.budget_policy
    if not policy.bands:
        return join(
            "## May we deploy?",
            edition.owed(
                "SLO-10", "Business Analyst", "What does the team do at which remaining budget?"
            ),
        )
    owner = edition.team(policy.owner) + edition.mark("budget_policy.owner")
    mark = edition.mark("budget_policy")
    rows = [
        [f"{escape(band.text)}{mark}", escape(band.action), "no" if band.freezes else "yes"]
        for band in policy.bands
    ]
    return join(
        "## May we deploy?",
        f"Decided by the budget that is left. The policy's owner: {owner}.",
        table(["Budget left", "What the team does", "Features may ship"], rows),
    )


# ------------------------------------------------------------------ can it be kept?


def _ceilings(edition: Edition) -> str:
    journeys = edition.system.journeys.values()
    if not journeys:
        return join(
            "## Can the journeys keep their promise?",
            edition.owed(
                "INP-03", "Business Analyst", "Which three things must a user always be able to do?"
            ),
        )
    return join(
        "## Can the journeys keep their promise?",
        "The ceiling of a journey is the product of what it needs hard; a soft need counts only as far as "
        "its fallback is known to work. It assumes that parts fail independently.",
        *(_ceiling(edition, journey) for journey in journeys),
        *(_composite(edition, one) for one in edition.system.composites.values()),
    )


def _composite(edition: Edition, composite: Composite) -> str:
    """What its parts allow, beside what it promises."""
    top = of_composite(edition.case, composite)
    return join(
        f"### {escape(composite.name)} (composite)",
        f"{escape(top.words.replace(' x ', ' × '))} = **{percent(top.value)}**",
        *_against(edition, composite, top.value, whole=not top.unknown),
    )


def _ceiling(edition: Edition, journey: Journey) -> str:
    chain = chain_of(edition.system, journey)
    hard = [(name, edition.case.availability(name)) for name in chain.hard]
    rows = [
        [escape(name), "hard", percent(known.value), escape(known.kind) + edition.mark(known.path)]
        if known
        else [escape(name), "hard", "unknown", "**missing (AVL-05), owed by: DevOps/Platform**"]
        for name, known in hard
    ]
    soft = [(need, edition.case.availability(need.to)) for need in chain.soft]
    rows += [_soft_row(edition, need, known) for need, known in soft]
    top = edition.case.ceiling(chain)
    whole = all(known for _, known in hard)
    return join(
        f"### {escape(journey.name)}",
        table(["Part", "Need", "Availability", "Known from"], rows),
        _product(hard, soft, top),
        *_against(edition, journey, top, whole=whole),
    )


NEVER = Fraction(0)


def _product(
    hard: Sequence[tuple[str, Figure | None]],
    soft: Sequence[tuple[Need, Figure | None]],
    top: Fraction,
) -> str:
    """The ceiling's factors: of a soft need what gets through, up or by its fallback."""
    factors = [percent(known.value) for _, known in hard if known]
    for need, known in soft:
        if known:
            works = need.effectiveness or NEVER
            factors.append(
                f"({percent(known.value)} + {percent(1 - known.value)} × {percent(works)})"
            )
    return f"{' × '.join(factors)} = **{percent(top)}**" if len(factors) > 1 else ""


def _soft_row(edition: Edition, need: Need, known: Figure | None) -> list[str]:
    works = need.effectiveness or NEVER
    shown = "as drilled" if need.effectiveness is not None else "until a drill shows more"
    fallback = (
        f"fallback {escape(need.fallback or 'none')} works {percent(works)} of the time {shown}"
    )
    figure = (
        f"{percent(known.value)}, {escape(known.kind)}{edition.mark(known.path)}"
        if known
        else "unknown"
    )
    return [escape(need.to), "soft", figure, fallback]


def _against(
    edition: Edition, joint: Journey | Composite, top: Fraction, *, whole: bool
) -> list[str]:
    """The ceiling beside the promise, in minutes of the window."""
    window = edition.system.budget_window if isinstance(joint, Journey) else joint.window
    down = minutes(budget(window, top))
    about = "" if whole else " at best, with the unknown parts counted as perfect"
    said = [f"Ceiling: **{percent(top)}**{about}, that is {down} down in {span(window)}."]
    for kind, promise in (("SLO", joint.slo), ("SLA", joint.sla)):
        if promise is None:
            continue
        allowed = minutes(budget(window, promise.target))
        verdict = "kept" if top >= promise.target else "**not kept by these parts**"
        said.append(
            f"{kind} {escape(promise.text)}{edition.mark(f'{_group(joint)}.{joint.name}.{kind.lower()}')} "
            f"allows {allowed}: {verdict}."
        )
    if isinstance(joint, Journey) and joint.revenue_per_hour:
        said.append(f"An hour down costs {escape(str(joint.revenue_per_hour))}.")
    return [" ".join(said)]


# ------------------------------------------------------------------ how it is measured


def _queries(edition: Edition) -> str:
    blocks = list(_measured(edition))
    if not blocks:
        return join(
            "## How it is measured",
            edition.owed("SLO-01", "Business Analyst", "Nothing is promised."),
        )
    return join(
        "## How it is measured",
        "Bad events divided by all events, over the window. `ops/generated/prometheus/rules.yml` records "
        "the same for every window of the burn-rate alerts.",
        *blocks,
    )


def _measured(edition: Edition) -> Iterator[str]:
    for one, found in edition.measured:
        title = f"**{escape(one.name)}**, {escape(one.promise.text)}:"
        if isinstance(found, Unsaid):
            yield join(title, edition.owed(found.rule, found.to, prose(found.reason)))
        else:
            unseen = f"Not measured in it: {names(one.unmeasured)}." if one.unmeasured else ""
            spared = f"Needed softly, and not counted: {names(one.soft)}." if one.soft else ""
            ratio = fence(objectives.ratio_of(found, found.windows[0], plain=True), "promql")
            yield join(title, ratio, unseen, spared)

"""Service Health: which service, since when, and why?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.grafana import limits
from standfast.publish.grafana.linking import of_service, page
from standfast.publish.grafana.panel import Dashboard, Kind, Limits, Panel, Row, Target, target
from standfast.publish.markdown import span
from standfast.publish.prometheus import metrics, objectives
from standfast.publish.prometheus.objectives import Measured
from standfast.publish.prometheus.promql import FIVE_MINUTES, number, over, ratio, series
from standfast.publish.prometheus.signals import ours
from standfast.slo.burn import burn_alerts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition
    from standfast.spec.system import Component

_STATES = ((0.0, "closed"), (1.0, "open"))
_WELL = ((0.0, "unwell"), (1.0, "well"))


def services(edition: Edition) -> Dashboard:
    rows = (
        Row(title=part.name, panels=tuple(_panels(edition, part)))
        for part in edition.system.components.values()
    )
    return Dashboard(
        name="service-health",
        title="Service Health",
        question="Which service, since when, and why?",
        page="/services",
        rows=tuple(row for row in rows if row.panels),
    )


def _panels(edition: Edition, part: Component) -> Iterator[Panel]:
    if part.serves and part.scrape:
        yield from _golden(edition, part)
        yield from _degraded(edition, part)
    elif part.url or part.address:
        yield _answers(edition, part)
    if part.health:
        yield from _checks(edition, part)
    yield from _burning(edition, part)


# ------------------------------------------------------------------ the four golden signals


def _golden(edition: Edition, part: Component) -> Iterator[Panel]:
    links = of_service(edition, part.name)
    yield Panel(
        question=f"{part.name}: how slow is it?",
        kind=Kind.LINES,
        targets=tuple(
            target(over(metrics.quantile(part, share), FIVE_MINUTES), f"p{float(share) * 100:g}")
            for share in ("0.5", "0.95", "0.99")
        ),
        unit="s",
        limits=limits.of_latency(edition, part),
        about="Estimated between bucket bounds; objectives count exactly instead.",
        links=links,
    )
    yield _traffic(edition, part)
    yield Panel(
        question=f"{part.name}: how much of it fails?",
        kind=Kind.LINES,
        targets=tuple(_failing(edition, part)),
        unit="percentunit",
        limits=limits.of_errors(edition, part),
        links=links,
    )
    yield Panel(
        question=f"{part.name}: how full is it?",
        kind=Kind.LINES,
        targets=(target(metrics.active(part), "requests in flight"),),
        limits=limits.of_signal(
            edition, part, "concurrent users", "concurrent requests", "active requests"
        ),
        links=links,
    )


def _traffic(edition: Edition, part: Component) -> Panel:
    peak = part.baseline.peak if part.baseline else None
    return Panel(
        question=f"{part.name}: how much is asked of it?",
        kind=Kind.LINES,
        targets=(target(over(metrics.requests(part), FIVE_MINUTES), "requests a second"),),
        unit="reqps",
        limits=Limits(bad=peak) if peak else None,
        about="The line is the peak of the year that its baseline names." if peak else "",
        links=of_service(edition, part.name),
    )


def _failing(edition: Edition, part: Component) -> Iterator[Target]:
    total = metrics.requests(part)
    ours_ = metrics.failures(part, ours(part, edition.system))
    yield target(over(ratio(ours_, total), FIVE_MINUTES), "our failures")
    if not metrics.own(part, "requests", "traffic", "errors"):
        for code in ("4xx", "5xx"):
            yield target(over(ratio(metrics.of_class(part, (code,)), total), FIVE_MINUTES), code)


def _answers(edition: Edition, part: Component) -> Panel:
    probe = series(metrics.PROBE, component=part.name)
    return Panel(
        question=f"{part.name}: does it answer?",
        kind=Kind.STATES,
        targets=(target(f"min({probe})", part.name),),
        limits=Limits(bad=1, below=True),
        words=((0.0, "no answer"), (1.0, "answers")),
        links=of_service(edition, part.name),
    )


# ------------------------------------------------------------------ what stands in, and checks


def _degraded(edition: Edition, part: Component) -> Iterator[Panel]:
    needs = part.needs.values()
    if any(need.breaker for need in needs):
        open_ = series("standfast_breaker_state", {"state": "open|forced-open"}, job=part.name)
        yield Panel(
            question=f"{part.name}: which breakers are open?",
            kind=Kind.STATES,
            targets=(target(f"max by (breaker) ({open_})", "{{breaker}}"),),
            limits=Limits(bad=1),
            words=_STATES,
            about=" · ".join(
                f"{need.to}: users see {need.users_see}" for need in needs if need.users_see
            ),
        )
    if any(need.fallback not in {"", "none"} for need in needs):
        answers = series("standfast_degraded_total", job=part.name)
        yield Panel(
            question=f"{part.name}: how many answers come from a fallback?",
            kind=Kind.LINES,
            targets=(target(f"sum by (dependency, mode) (rate({answers}[5m]))", "{{dependency}}: {{mode}}"),),
            unit="reqps",
        )  # fmt: skip
    if any(need.fallback == "queue" for need in needs):
        oldest = series("standfast_queue_oldest_seconds", job=part.name)
        yield Panel(
            question=f"{part.name}: how long has the oldest queued call waited?",
            kind=Kind.LINES,
            targets=(target(f"max by (queue) ({oldest})", "{{queue}}"),),
            unit="s",
            limits=limits.of_age(edition, part, "queue"),
        )


def _checks(edition: Edition, part: Component) -> Iterator[Panel]:
    if part.scrape:
        every = f"max by (check) ({series('standfast_health_check', job=part.name)})"
        unwell = every.replace("}", ',status!="healthy"}')
        yield Panel(
            question=f"{part.name}: which of its own checks is unwell?",
            kind=Kind.STATES,
            # A process tells its present status only, and one that is unwell outweighs the others.
            targets=(target(f"0 * {unwell} or {every}", "{{check}}"),),
            limits=Limits(bad=1, below=True),
            words=_WELL,
            links=of_service(edition, part.name),
        )


# ------------------------------------------------------------------ budgets


def _burning(edition: Edition, part: Component) -> Iterator[Panel]:
    for objective, found in edition.measured_of.get(part.name, ()):
        windows = burn_alerts(objective)
        if isinstance(found, Measured) and windows:
            first = windows[0]
            allowed = number(objective.allowed)
            yield Panel(
                question=f"{objective.name}: how many times too fast does its budget go?",
                kind=Kind.LINES,
                targets=tuple(
                    target(f"{objectives.recorded(objective, window)} / {allowed}", f"over {span(window)}")
                    for window in (first.long, first.short)
                ),
                limits=Limits(bad=first.factor, warn=1),
                about=f"1 spends the budget evenly; {float(first.factor):.4g} over both windows is "
                f"{first.severity.value}.",
                links=page(edition, f"/objectives/{objective.name}"),
            )  # fmt: skip

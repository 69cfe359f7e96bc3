"""User Experience: what do users feel? By journey, not by host."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.monitoring.vitals import VITALS
from standfast.publish.grafana import limits
from standfast.publish.grafana.linking import page
from standfast.publish.grafana.panel import Dashboard, Kind, Limits, Panel, Row, target
from standfast.publish.prometheus import metrics, objectives
from standfast.publish.prometheus.objectives import Measured
from standfast.publish.prometheus.promql import FIVE_MINUTES, over, ratio, series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition
    from standfast.spec.system import Component, Journey

_KNOWN = frozenset(
    {"requests", "traffic", "errors", "duration", "latency", "active", "saturation", "freshness", "age"}
)  # fmt: skip
_HOUR = timedelta(hours=1)


def experience(edition: Edition) -> Dashboard:
    parts = edition.system.components.values()
    rows = (
        Row(title="Page-load times", panels=tuple(_loads(edition))),
        *(
            Row(title=f"Journey: {one.name}", panels=tuple(_journey(edition, one)))
            for one in edition.system.journeys.values()
        ),
        *(Row(title=f"Pages of {one.name}", panels=tuple(_pages(edition, one))) for one in parts),
    )
    return Dashboard(
        name="user-experience",
        title="User Experience",
        question="What do users feel?",
        page="/experience",
        rows=tuple(row for row in rows if row.panels),
    )


# ------------------------------------------------------------------ page loads


def _loads(edition: Edition) -> Iterator[Panel]:
    """What users' browsers tell the beacon, where the file asks for it."""
    if edition.system.experience is None:
        return
    links = page(edition, "/experience", "In standfast, with shares and samples")
    for vital in VITALS.values():
        metric = metrics.VITAL if vital.seconds else metrics.SHIFT
        counted = f"sum by (page, le) (rate({series(metric + '_bucket', vital=vital.name)}[1h]))"
        yield Panel(
            question=f"{vital.title} ({vital.name}): how do three of four page loads feel?",
            kind=Kind.LINES,
            targets=(target(f"histogram_quantile(0.75, {counted})", "{{page}}"),),
            unit="s" if vital.seconds else "short",
            limits=Limits(bad=vital.poor, warn=vital.good),
            about=f"Good up to {vital.good:g}, poor above {vital.poor:g}, as web.dev publishes it; at p75.",
            links=links,
        )


# ------------------------------------------------------------------ journeys


def _journey(edition: Edition, journey: Journey) -> Iterator[Panel]:
    for objective, found in edition.measured_of.get(journey.path[0] if journey.path else "", ()):
        if (
            objective.group == "journeys"
            and objective.level == journey.name
            and isinstance(found, Measured)
        ):
            pace = max((one for one in found.windows if one <= _HOUR), default=found.base)
            yield Panel(
                question=f"{journey.name}: how many users get to the end of it?",
                kind=Kind.LINES,
                targets=(target(f"1 - {objectives.recorded(objective, pace)}", journey.name),),
                unit="percentunit",
                limits=Limits(bad=objective.target, below=True),
                about=f"Promised: {objective.promise.text}. Every step must work.",
                links=page(edition, f"/objectives/{objective.name}"),
            )
    yield from _funnel(edition, journey)
    steps = [edition.system.components[name] for name in dict.fromkeys(journey.path)]
    flowing = [one for one in steps if one.serves and one.scrape]
    if flowing:
        yield Panel(
            question=f"{journey.name}: where do users stop? Good answers a second, step by step",
            kind=Kind.BARS,
            targets=tuple(
                target(over(_good(one), FIVE_MINUTES), f"{number}. {one.name}")
                for number, one in enumerate(flowing, 1)
            ),
            unit="reqps",
        )
    probed = [one for one in steps if one.url or one.address]
    if probed:
        yield Panel(
            question=f"{journey.name}: which step does not answer?",
            kind=Kind.STATES,
            targets=tuple(target(_answers(one), one.name) for one in probed),
            limits=Limits(bad=1, below=True),
            words=((0.0, "no answer"), (1.0, "answers")),
        )


def _funnel(edition: Edition, journey: Journey) -> Iterator[Panel]:
    """Of the steps that the file names, by the steps' own counters."""
    taken = [
        (step.name, edition.system.components[step.of], step.route)
        for step in journey.steps
        if edition.system.components[step.of].scrape
    ]
    if taken:
        yield Panel(
            question=f"{journey.name}: how many get to each step? The conversion funnel of an hour",
            kind=Kind.BARS,
            targets=tuple(
                target(f"{over(metrics.successes(part, route), _HOUR)} * 3600", f"{number}. {name}")
                for number, (name, part, route) in enumerate(taken, 1)
            ),
            about="Requests that end well, by the counters of the steps; requests, not people.",
            links=page(edition, "/experience", "In standfast, with what dropped off"),
        )


def _good(part: Component) -> str:
    if metrics.own(part, "requests", "traffic", "errors"):
        return metrics.requests(part)
    return metrics.successes(part)


def _answers(part: Component) -> str:
    return f"min({series(metrics.PROBE, component=part.name)})"


# ------------------------------------------------------------------ pages


def _pages(edition: Edition, part: Component) -> Iterator[Panel]:
    if part.serves and part.scrape:
        yield Panel(
            question=f"{part.name}: how long do users wait?",
            kind=Kind.LINES,
            targets=tuple(
                target(over(metrics.quantile(part, share), FIVE_MINUTES), name)
                for share, name in (("0.5", "half of them"), ("0.75", "three of four"), ("0.95", "19 of 20"))
            ),
            unit="s",
            limits=limits.of_latency(edition, part),
        )  # fmt: skip
        yield from _degraded(part)
    if "concurrent users" in {one for names in part.signal_detail.values() for one in names}:
        users = series("http_server_concurrent_users", job=part.name)
        yield Panel(
            question=f"{part.name}: how many people are here?",
            kind=Kind.LINES,
            targets=(target(f"sum({users})", "users in the last minute"),),
        )
    if part.url:
        phases = series("probe_http_duration_seconds", component=part.name)
        outside = series(metrics.OUTSIDE, component=part.name)
        yield Panel(
            question=f"{part.name}: where does the time go until a page is there?",
            kind=Kind.LINES,
            targets=(target(f"avg by (phase) ({phases})", "{{phase}}"),),
            unit="s",
            about="Seen from outside by the blackbox exporter.",
        )
        yield Panel(
            question=f"{part.name}: is it reached from outside?",
            kind=Kind.STATES,
            targets=(target(f"min by (instance) ({outside})", "{{instance}}"),),
            limits=Limits(bad=1, below=True),
            words=((0.0, "not reached"), (1.0, "reached")),
        )
    yield from _own(part)


def _degraded(part: Component) -> Iterator[Panel]:
    fallbacks = any(need.fallback not in {"", "none"} for need in part.needs.values())
    if fallbacks and not metrics.own(part, "requests", "traffic"):
        degraded = f"sum(rate({series('http_server_degraded_requests_total', job=part.name)}[$w]))"
        yield Panel(
            question=f"{part.name}: how many users get less than the whole?",
            kind=Kind.LINES,
            targets=(
                target(over(ratio(degraded, metrics.requests(part)), FIVE_MINUTES), "degraded"),
            ),
            unit="percentunit",
            about=" · ".join(
                f"{need.to}: {need.users_see}" for need in part.needs.values() if need.users_see
            ),
        )


def _own(part: Component) -> Iterator[Panel]:
    """What the file itself names beyond the golden signals: page load, conversion ..."""
    for name, metric in part.metrics.items():
        if name not in _KNOWN:
            yield Panel(
                question=f"{part.name}: how is its {name}?",
                kind=Kind.LINES,
                targets=(target(series(metric, job=part.name)),),
            )

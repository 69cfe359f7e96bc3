"""monitoring.md: what is watched and by which query, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.document import Document, Region
from standfast.publish.edition import names
from standfast.publish.markdown import bullets, code, escape, fence, join, prose, span, table
from standfast.publish.prometheus import metrics
from standfast.publish.prometheus.promql import FIVE_MINUTES, over, series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.publish.edition import Edition
    from standfast.review.finding import Finding
    from standfast.spec.system import Component

_FEW = 3  # findings of one rule that are told one by one
SIGNALS = ("latency", "traffic", "errors", "saturation")


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/monitoring.md",
        "Monitoring",
        Region(id="signals", body=_signals(edition)),
        Region(id="sources", body=_sources(edition)),
        Region(id="health", body=_health(edition)),
        Region(id="gaps", body=_gaps(edition)),
    )


# ------------------------------------------------------------------ the four golden signals


def queries(component: Component) -> dict[str, str]:
    """A query for each golden signal that the component's metrics carry."""
    if component.serves and component.scrape:
        return {
            "latency": metrics.quantile(component, "0.95"),
            "traffic": metrics.requests(component),
            "errors": metrics.failures(component, ("5xx",)),
            "saturation": metrics.active(component),
        }
    if component.type == "postgresql" and component.exporter:
        return _postgresql(component)
    return {
        name: series(component.metrics[name], job=component.name)
        for name in SIGNALS
        if name in component.metrics
    }


def _postgresql(component: Component) -> dict[str, str]:
    def of(metric: str) -> str:
        return series(metric, job=component.name)

    return {
        "latency": f"max({of('pg_stat_activity_max_tx_duration')})",
        "traffic": f"sum(rate({of('pg_stat_database_xact_commit')}[$w]))",
        "errors": f"sum(rate({of('pg_stat_database_xact_rollback')}[$w]))",
        "saturation": f"sum({of('pg_stat_activity_count')}) / max({of('pg_settings_max_connections')} > 0)",
    }


def _signals(edition: Edition) -> str:
    blocks = [
        join(
            f"### {escape(part.name)}",
            table(
                ["Signal", "Query"],
                [[name, code(over(query, FIVE_MINUTES))] for name, query in found.items()],
            ),
            _detail(part),
        )
        for part in edition.system.components.values()
        if (found := queries(part))
    ]
    if not blocks:
        blocks = [edition.owed("MON-01", "DevOps/Platform", "Where can any component be scraped?")]
    return join("## The four golden signals", *blocks)


def _detail(part: Component) -> str:
    """What the file says is measured of each signal, beyond the one query."""
    said = [f"{name}: {names(detail)}" for name, detail in part.signal_detail.items() if detail]
    return bullets(said) if said else ""


# ------------------------------------------------------------------ where the figures come from


def _sources(edition: Edition) -> str:
    rows = [row for part in edition.system.components.values() for row in _of(edition, part)]
    if not rows:
        return join(
            "## What is scraped and probed",
            edition.owed("MON-01", "DevOps/Platform", "Which URL answers for each component?"),
        )
    outside = [
        part.name for part in edition.system.components.values() if part.probed_from == "outside"
    ]
    return join(
        "## What is scraped and probed",
        table(["Component", "How", "Address", "Every"], rows),
        f"Probed from outside as well: {names(outside)}." if outside else "",
        "The scrape configuration is `ops/generated/prometheus/scrape.yml`.",
    )


def _of(edition: Edition, part: Component) -> Iterator[list[str]]:
    path = f"components.{part.name}"
    probed = span(part.probe_every) + edition.mark(f"{path}.probe_every")
    scraped = span(part.scrape_every) + edition.mark(f"{path}.scrape_every")
    if part.url:
        yield [escape(part.name), "probe (HTTP)", code(part.url), probed]
    if part.address:
        yield [escape(part.name), "probe (TCP)", code(part.address), probed]
    for address, how in ((part.scrape, "metrics"), (part.exporter, "metrics of an exporter")):
        if address:
            yield [escape(part.name), how, code(address), scraped]


# ------------------------------------------------------------------ health endpoints


def _health(edition: Edition) -> str:
    rows = [
        [
            escape(part.name),
            escape(kind),
            code(f"{(part.url or '').rstrip('/')}{check.path}"),
            span(check.every),
            span(check.timeout),
            (names(check.touches) or "nothing else")
            + edition.mark(f"components.{part.name}.health.{kind}"),
        ]
        for part in edition.system.components.values()
        for kind, check in part.health.items()
    ]
    if not rows:
        return join(
            "## Health endpoints",
            edition.owed(
                "HLT-02", "Developer", "Add /health/live, /health/ready and /health/deep."
            ),
        )
    example = fence(
        '{"status": "healthy", "timestamp": "2026-01-15T10:30:00Z", "version": "1.2.3",\n'
        ' "checks": {"database": {"status": "healthy", "latency_ms": 5}}}',
        "json",
    )
    return join(
        "## Health endpoints",
        table(["Component", "Kind", "Address", "Every", "Time-out", "Looks at"], rows),
        "`live` restarts a process and looks at nothing else; `ready` takes it out of traffic; `deep` looks at "
        "what it depends on. Each answers `healthy`, `degraded` or `unhealthy` in this shape:",
        example,
    )


# ------------------------------------------------------------------ what is not watched


def _gaps(edition: Edition) -> str:
    found: dict[str, list[Finding]] = {}
    for finding in edition.review.findings:
        if finding.rule.startswith(("MON-", "HLT-")):
            found.setdefault(finding.rule, []).append(finding)
    open_ones = [line for group in found.values() for line in _asked(group)]
    blind = _together(
        "neither scraped nor probed",
        [
            part.name
            for part in edition.system.components.values()
            if not (part.url or part.address or part.scrape or part.exporter)
        ],
    )
    unread = [
        f"{escape(part.name)} declares {names(part.signals)}, but no query for them is known: "
        f"name its metrics as {code(f'components.{part.name}.metrics')}"
        for part in edition.system.components.values()
        if part.signals and not queries(part)
    ]
    outside = _together(
        "probed only, so that whether it answers is seen, and how well is not",
        [
            part.name
            for part in edition.system.components.values()
            if (part.url or part.address) and not (part.scrape or part.exporter)
        ],
    )
    lines = open_ones + blind + unread + outside
    return join(
        "## What is not watched", bullets(lines) if lines else "Nothing that the review knows of."
    )


def _asked(findings: Sequence[Finding]) -> Iterator[str]:
    """Each on its own while they are few; of many the first, and where else it is so."""
    told = findings if len(findings) <= _FEW else findings[:1]
    for one in told:
        yield f"**{one.rule}** {prose(one.problem)} (owed by: {names(one.to)})"
    if rest := [one.at.removeprefix("components.") for one in findings[len(told) :]]:
        yield f"**{findings[0].rule}** as well: {names(rest)}"


def _together(said: str, parts: Sequence[str]) -> list[str]:
    return [f"{said}: {names(parts)}"] if parts else []

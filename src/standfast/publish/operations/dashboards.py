"""dashboards.md: five screens, and for each panel the question it answers and the query behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.document import Document, Region
from standfast.publish.markdown import code, escape, join, span, table
from standfast.publish.operations.monitoring import queries
from standfast.publish.prometheus import metrics, objectives
from standfast.publish.prometheus.promql import FIVE_MINUTES, over, series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition

Panel = tuple[str, str, str]  # panel, question, query

ASKS = {
    "latency": "how slow is it for the slowest twentieth?",
    "traffic": "how much is asked of it?",
    "errors": "how much of it fails?",
    "saturation": "how full is it?",
}


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/dashboards.md",
        "Dashboards",
        Region(id="where", body=_where(edition)),
        Region(
            id="executive", body=_screen("Executive overview", "/", _executive(edition), edition)
        ),
        Region(
            id="services", body=_screen("Service health", "/services", _services(edition), edition)
        ),
        Region(
            id="infrastructure",
            body=_screen("Infrastructure", "/infrastructure", _infrastructure(edition), edition),
        ),
        Region(
            id="users",
            body=_screen("User experience", "/experience", _experience(edition), edition),
        ),
        Region(id="on-call", body=_screen("On call", "/on-call", _on_call(), edition)),
    )


def _where(edition: Edition) -> str:
    url = edition.system.server.public_url
    base = (
        f"They are pages of the running standfast at <{url}>."
        if url
        else edition.owed(
            "MON-04",
            "DevOps/Platform",
            "At which address is standfast reached? State `server.public_url`.",
        )
    )
    return join(base, "Every panel below is also a query, for whoever keeps dashboards elsewhere.")


def _screen(title: str, page: str, panels: Iterator[Panel], edition: Edition) -> str:
    rows = [[name, asks, code(query)] for name, asks, query in panels]
    if not rows:
        body = edition.owed(
            "MON-01", "DevOps/Platform", "Nothing of this screen is scraped or probed yet."
        )
    else:
        body = table(["Panel", "Question", "Query"], rows)
    base = (edition.system.server.public_url or "").rstrip("/")
    return join(f"## {title}", f"Page: <{base}{page}>" if base else f"Page: {code(page)}", body)


def _executive(edition: Edition) -> Iterator[Panel]:
    for one, found in edition.measured:
        if isinstance(found, objectives.Measured):
            name = escape(one.name)
            left = series(objectives.BUDGET_LEFT, objective=one.name)
            yield f"{name}: budget left", "may we deploy?", left
            yield (
                f"{name}: attainment over {span(one.window)}",
                f"is {escape(one.promise.text)} kept?",
                f"1 - {objectives.recorded(one, one.window)}",
            )


def _services(edition: Edition) -> Iterator[Panel]:
    for part in edition.system.components.values():
        if part.serves:
            for signal, query in queries(part).items():
                yield f"{escape(part.name)}: {signal}", ASKS[signal], over(query, FIVE_MINUTES)


def _infrastructure(edition: Edition) -> Iterator[Panel]:
    for part in edition.system.components.values():
        if not part.serves:
            for signal, query in queries(part).items():
                yield f"{escape(part.name)}: {signal}", ASKS[signal], over(query, FIVE_MINUTES)
        if part.address and not part.serves:
            probe = series(metrics.PROBE, component=part.name)
            yield f"{escape(part.name)}: reachable", "does it answer at all?", f"min({probe})"
        if part.name in edition.system.backups:
            age = series(metrics.BACKUP_AGE, store=part.name)
            yield (
                f"{escape(part.name)}: age of the newest backup",
                "how much would we lose?",
                f"max({age})",
            )


def _experience(edition: Edition) -> Iterator[Panel]:
    for journey in edition.system.journeys.values():
        for name in journey.path:
            part = edition.system.components[name]
            if part.url:
                probe = series(metrics.PROBE, component=name)
                yield (
                    f"{escape(journey.name)}: {escape(name)}",
                    "can a user do this step?",
                    f"avg_over_time({probe}[5m])",
                )
    for part in edition.system.components.values():
        if part.serves and part.scrape:
            for share in ("0.5", "0.95", "0.99"):
                yield (
                    f"{escape(part.name)}: p{float(share) * 100:g}",
                    "how long does a user wait?",
                    over(metrics.quantile(part, share), FIVE_MINUTES),
                )


def _on_call() -> Iterator[Panel]:
    yield (
        "Firing alerts",
        "what is wrong now?",
        'count by (alertname, severity) (ALERTS{alertstate="firing"})',
    )
    yield (
        "About to fire",
        "what may be wrong soon?",
        'count by (alertname) (ALERTS{alertstate="pending"})',
    )
    yield (
        "Last day",
        "what woke us?",
        'sum by (alertname) (count_over_time(ALERTS{alertstate="firing"}[1d]))',
    )

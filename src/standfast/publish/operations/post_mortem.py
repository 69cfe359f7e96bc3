"""post-mortem-template.md: the questions, with what the file already knows filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.document import Document, Region
from standfast.publish.markdown import bullets, escape, join, minutes, span, table
from standfast.review.arithmetic import budget

if TYPE_CHECKING:
    from standfast.publish.edition import Edition


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/post-mortem-template.md",
        "Post-mortem template",
        Region(id="template", body=_template(edition)),
        Region(id="figures", body=_figures(edition)),
    )


def _template(edition: Edition) -> str:
    system = edition.system
    within = span(system.incidents.post_mortem_within)
    return join(
        (
            f"Due {within} after the incident, blameless. The incident's page offers this with the "
            f"timeline filled in "
            "from alerts, pages, acknowledgements and notes."
        ),
        "## Post-mortem: {what happened, in six words}",
        "**Date**: {date} | **Severity**: {SEV} | **Duration**: {hours}",
        "### Executive summary",
        "{What happened, whom it hurt, what ended it: three sentences.}",
        "### Timeline (UTC)",
        table(
            ["Time", "Event", "Source"],
            [
                ["{HH:MM}", "First user affected", "{metrics}"],
                ["{HH:MM}", "First alert", "{alert}"],
                ["{HH:MM}", "Acknowledged", "{who}"],
                ["{HH:MM}", "Cause found", "{who}"],
                ["{HH:MM}", "Service restored", "{probe}"],
            ],
        ),
        "### Impact",
        bullets(
            [
                "{number} users affected, {number} requests failed",
                "Error budget spent: {minutes} of the minutes below",
                "Cost: {hours} × the cost per hour below",
            ]
        ),
        "### Root cause (five times why)",
        "\n".join(f"{number}. Why? {{answer}}" for number in range(1, 6)),
        "### What went well, what was luck",
        "{…}",
        "### Action items",
        table(
            ["Action", "Priority", "Owner", "Due"],
            [["{what makes it impossible, or seen sooner}", "{P1–P4}", "{one person}", "{date}"]],
        ),
    )


def _figures(edition: Edition) -> str:
    rows = [
        [
            escape(level.name),
            escape(promise.text),
            minutes(budget(level.window, promise.target)),
            span(level.window),
        ]
        for level in edition.system.service_levels.values()
        for promise in level.slos
    ]
    budgets = (
        table(["Service level", "SLO", "Budget", "Window"], rows)
        if rows
        else edition.owed(
            "SLO-01", "Business Analyst", "Without objectives there is no budget to compare with."
        )
    )
    costs = [
        f"{escape(one.name)}: {escape(str(one.revenue_per_hour))} an hour"
        for one in edition.system.journeys.values()
        if one.revenue_per_hour
    ]
    money = (
        bullets(costs)
        if costs
        else edition.owed(
            "INP-03", "Business Analyst", "What does an hour without each journey cost?"
        )
    )
    return join("## Figures for this system", budgets, money)

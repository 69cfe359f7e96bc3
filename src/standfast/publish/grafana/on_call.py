"""On-Call: what must I do now?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.grafana.linking import page
from standfast.publish.grafana.panel import Dashboard, Kind, Limits, Panel, Row, target
from standfast.publish.markdown import bullets, code, escape, join, table
from standfast.publish.prometheus import metrics
from standfast.publish.prometheus.promql import series
from standfast.publish.prometheus.query import Query
from standfast.publish.prometheus.watch import runbook_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition

_ROLES = "observe|evaluate|escalate|deliver"
_EVALUATED = 15  # seconds between two samples of ALERTS, by scrape.yml


def on_call(edition: Edition) -> Dashboard:
    rows = (
        Row(title="What must I do now?", panels=tuple(_now(edition))),
        Row(title="Would a page arrive?", panels=tuple(_paging(edition))),
        Row(title="Where do I look?", panels=tuple(_where(edition))),
    )
    return Dashboard(
        name="on-call",
        title="On-Call",
        question="What must I do now?",
        page="/on-call",
        rows=rows,
    )


def _now(edition: Edition) -> Iterator[Panel]:
    firing = series("ALERTS", alertstate="firing")
    yield Panel(
        question="What is wrong now?",
        kind=Kind.TABLE,
        targets=(target(f"count by (severity, alertname, component, objective, team) ({firing})"),),
        links=page(edition, "/on-call", "Acknowledge in standfast"),
    )
    yield Panel(
        question="What may be wrong soon?",
        kind=Kind.TABLE,
        targets=(target(_by_alert(series("ALERTS", alertstate="pending"))),),
    )
    for severity in ("P1", "P2", "P3", "P4"):
        wanted = series("ALERTS", alertstate="firing", severity=severity)
        yield Panel(
            question=f"How many {severity} are open?",
            kind=Kind.STAT,
            targets=(target(f"count({wanted}) or vector(0)"),),
            limits=Limits(bad=1) if severity in {"P1", "P2"} else Limits(bad=10, warn=1),
            links=page(edition, "/incidents", "The incidents"),
        )
    yield Panel(
        question="What woke us, and for how long did it fire in the last day?",
        kind=Kind.BARS,
        targets=(
            target(
                f"topk(15, sum by (alertname) (count_over_time({firing}[1d])) * {_EVALUATED})",
                "{{alertname}}",
            ),
        ),
        unit="dtdurations",
    )


def _by_alert(chosen: str) -> str:
    return f"count by (severity, alertname, component) ({chosen})"


def _paging(edition: Edition) -> Iterator[Panel]:
    yield Panel(
        question="Does standfast answer?",
        kind=Kind.STAT,
        targets=(target(f"max({metrics.UP}) or vector(0)"),),
        limits=Limits(bad=1, below=True),
        words=((0.0, "no"), (1.0, "yes")),
        links=page(edition, "/on-call", "Send a test page"),
    )
    ticks = series("standfast_ticks_total", {"role": _ROLES}, job="standfast")
    yield Panel(
        question="Do its parts still watch, judge, page and send?",
        kind=Kind.LINES,
        targets=(target(f"sum by (role) (increase({ticks}[5m]))", "{{role}}"),),
        limits=Limits(bad=1, below=True),
        about="Ticks in five minutes; a part at zero stands still.",
    )
    failed = series("standfast_tick_failures_total", job="standfast")
    yield Panel(
        question="Which of its parts fail?",
        kind=Kind.LINES,
        targets=(target(f"sum by (role) (increase({failed}[5m]))", "{{role}}"),),
        limits=Limits(bad=1),
    )
    yield Panel(
        question="What cannot be seen because it is not scraped?",
        kind=Kind.TABLE,
        targets=(target("count by (job, instance) (up == 0)"),),
        about=f"Runbook: {runbook_path('not-scraped')}",
    )


def _where(edition: Edition) -> Iterator[Panel]:
    stated = [one for one in edition.alerts if isinstance(one.query, Query)]
    if stated:
        rows = [
            [escape(one.name), one.severity.value, code(runbook_path(one.runbook))]
            for one in stated
        ]
        yield Panel(
            question="Which runbook belongs to which alert?",
            kind=Kind.TEXT,
            text=table(["Alert", "Severity", "Runbook"], rows),
        )
    yield Panel(question="Who is called, and then who?", kind=Kind.TEXT, text=_people(edition))


def _people(edition: Edition) -> str:
    rotas = [
        f"**{escape(rota.name)}** covers {escape(', '.join(rota.covers))}; "
        f"calendar {code(f'ops/generated/oncall/{rota.name}.ics')}"
        for rota in edition.system.on_call.values()
    ]
    base = edition.system.server.public_url
    live = f"Who is on call at this moment: <{base.rstrip('/')}/on-call>" if base else ""
    nobody = edition.owed(
        "ONC-01", "DevOps/Platform", "Who is called at night, and in which order?"
    )
    return join(bullets(rotas) if rotas else nobody, live)

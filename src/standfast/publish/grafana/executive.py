"""Executive Overview: are we well, and will we break a promise?"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.publish.grafana.limits import of_age
from standfast.publish.grafana.linking import page
from standfast.publish.grafana.panel import Dashboard, Kind, Limits, Panel, Row, target
from standfast.publish.markdown import span
from standfast.publish.prometheus import metrics, objectives
from standfast.publish.prometheus.objectives import Measured
from standfast.publish.prometheus.promql import number, series
from standfast.recovery.schedule import proof_interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition
    from standfast.spec.system import BudgetPolicy

_DAY = timedelta(days=1)
_YES_NO = ((0.0, "no"), (1.0, "yes"))


def executive(edition: Edition) -> Dashboard:
    rows = (
        Row(title="Are we well?", panels=tuple(_health(edition))),
        Row(title="Will we break a promise?", panels=tuple(_promises(edition))),
        Row(title="Could we recover?", panels=tuple(_recovery(edition))),
    )
    return Dashboard(
        name="executive-overview",
        title="Executive Overview",
        question="Are we well, and will we break a promise?",
        page="/",
        rows=tuple(row for row in rows if row.panels),
    )


def _health(edition: Edition) -> Iterator[Panel]:
    paging = series("ALERTS", {"severity": "P1|P2"}, alertstate="firing")
    yield Panel(
        question="How many problems is somebody paged for?",
        kind=Kind.STAT,
        targets=(target(f"count({paging}) or vector(0)"),),
        limits=Limits(bad=1),
        links=page(edition, "/on-call", "Who is on it?"),
    )
    yield Panel(
        question="Does standfast itself watch over us?",
        kind=Kind.STAT,
        targets=(target(f"max({metrics.UP}) or vector(0)"),),
        limits=Limits(bad=1, below=True),
        words=_YES_NO,
        about="While it does not, P1 and P2 alerts reach the fallback of Alertmanager.",
    )
    if any(isinstance(found, Measured) for _, found in edition.measured):
        yield Panel(
            question="How many promises are broken?",
            kind=Kind.STAT,
            targets=(target(f"count({objectives.BUDGET_LEFT} < 0) or vector(0)"),),
            limits=Limits(bad=1),
        )
    if any(part.url or part.address for part in edition.system.components.values()):
        yield Panel(
            question="Which components do not answer?",
            kind=Kind.BARS,
            targets=(target(f"min by (component) ({metrics.PROBE})", "{{component}}"),),
            limits=Limits(bad=1, below=True),
            words=_YES_NO,
            links=page(edition, "/services", "The services"),
        )


# ------------------------------------------------------------------ promises


def _promises(edition: Edition) -> Iterator[Panel]:
    able = [found for _, found in edition.measured if isinstance(found, Measured)]
    budgets = [one for one in able if one.objective.allowed]
    if budgets:
        yield Panel(
            question="May we deploy? How much of each error budget is left",
            kind=Kind.BARS,
            targets=(target(objectives.BUDGET_LEFT, "{{objective}}"),),
            unit="percentunit",
            limits=_policy(edition.system.budget_policy),
            about=_said(edition.system.budget_policy),
        )
        yield Panel(
            question="When is the budget gone, at the pace of the last day?",
            kind=Kind.BARS,
            targets=tuple(target(_exhausted_in(one), one.objective.name) for one in budgets),
            unit="dtdurations",
            limits=Limits(bad=_seconds(_DAY), warn=_seconds(7 * _DAY), below=True),
            about="Nothing is shown for an objective that spends nothing.",
        )
    for one in able:
        objective = one.objective
        yield Panel(
            question=f"{objective.name}: is {objective.promise.text} kept over {span(objective.window)}?",
            kind=Kind.STAT,
            targets=(target(f"1 - {objectives.recorded(objective, objective.window)}"),),
            unit="percentunit",
            limits=Limits(bad=objective.target, below=True),
            links=page(edition, f"/objectives/{objective.name}"),
        )


def _exhausted_in(one: Measured) -> str:
    """Seconds: what is left of the budget over how fast it goes. Overspent is zero, not less."""
    objective = one.objective
    pace = max((window for window in one.windows if window <= _DAY), default=one.base)
    left = series(objectives.BUDGET_LEFT, objective=objective.name)
    whole = number(objective.allowed * Fraction(_seconds(objective.window)))
    return f"clamp_min({left}, 0) * {whole} / ({objectives.recorded(objective, pace)} > 0)"


def _policy(policy: BudgetPolicy) -> Limits:
    """Red where the policy freezes, orange below its best band; else below nothing, and a quarter."""
    freezing = [band.high for band in policy.bands if band.freezes and band.high < 1]
    best = policy.bands[0].low if policy.bands else None
    return Limits(bad=max(freezing, default=Fraction(0)), warn=best or Fraction(1, 4), below=True)


def _said(policy: BudgetPolicy) -> str:
    return " · ".join(f"{band.text}: {band.action}" for band in policy.bands)


# ------------------------------------------------------------------ recovery


def _recovery(edition: Edition) -> Iterator[Panel]:
    for store, backup in edition.system.backups.items():
        age = series(metrics.BACKUP_AGE, store=store)
        yield Panel(
            question=f"{store}: how old is the newest backup?",
            kind=Kind.STAT,
            targets=(target(f"max({age})"),),
            unit="dtdurations",
            limits=of_age(edition, edition.system.components[store], "backup"),
            about=f"A copy is restored to prove it every {span(proof_interval(backup))}.",
            links=page(edition, "/recovery", "When was it last restored?"),
        )


def _seconds(length: timedelta) -> int:
    return length // timedelta(seconds=1)

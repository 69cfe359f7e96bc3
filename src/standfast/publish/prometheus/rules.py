"""rules.yml and its unit tests: every objective and every alert of the file, as promtool accepts them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.publish.document import GENERATED, Generated
from standfast.publish.markdown import span
from standfast.publish.prometheus import metrics, objectives
from standfast.publish.prometheus.conditions import query_of
from standfast.publish.prometheus.query import Query, Unsaid, World
from standfast.publish.yaml_text import text_of
from standfast.slo.burn import burn_windows
from standfast.spec.condition import Burn
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition
    from standfast.publish.prometheus.objectives import Measured
    from standfast.slo.burn import BurnWindow
    from standfast.slo.objective import Objective
    from standfast.spec.system import AlertRule, System

RULES = "ops/generated/prometheus/rules.yml"
TESTS = "ops/generated/prometheus/rules_test.yml"
Behind = dict[str, list["Measured | Unsaid"]]
EVERY = timedelta(seconds=15)  # between the samples of unit tests


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alerting rule, or the reason why Prometheus cannot have it."""

    name: str
    component: str
    severity: Severity
    query: Query | Unsaid
    summary: str
    runbook: str
    objective: str = ""
    from_file: bool = True


# ------------------------------------------------------------------ the alerts


Every = tuple[tuple["Objective", "Measured | Unsaid"], ...]


def alerts(system: System, measured: Every | None = None) -> tuple[Alert, ...]:
    """Those of the file first, then the burn-rate alerts of objectives that the file gives none.

    `measured` are the system's objectives, where somebody has worked them out already.
    """
    known = objectives.measured(system) if measured is None else measured
    every = {one.name: found for one, found in known}
    behind = _behind(every)
    stated = [_stated(rule, system, behind) for rule in system.alerts.values()]
    named = {rule.when.objective for rule in system.alerts.values() if isinstance(rule.when, Burn)}
    burning = [
        alert
        for name, found in every.items()
        if isinstance(found, objectives.Measured) and not named & {name, found.objective.level}
        for alert in _burning(found)
    ]
    return (*stated, *burning)


def _behind(every: dict[str, Measured | Unsaid]) -> Behind:
    """What an alert can mean by a name: an objective, or every promise of a service level."""
    found: Behind = {}
    for name, one in every.items():
        level = name if isinstance(one, Unsaid) else one.objective.level
        for key in {name, level}:
            found.setdefault(key, []).append(one)
    return found


def _stated(rule: AlertRule, system: System, behind: Behind) -> Alert:
    if isinstance(rule.when, Burn):
        query, objective = _burn(rule.when, behind), rule.when.objective
    else:
        query, objective = query_of(rule.when, system.components[rule.of], system), ""
    return Alert(
        name=rule.name,
        component=rule.of,
        severity=rule.severity,
        query=query,
        summary=rule.summary or f"{rule.of}: {rule.when.text}",
        runbook=rule.runbook or rule.name,
        objective=objective,
    )


def _burn(condition: Burn, behind: Behind) -> Query | Unsaid:
    """All pages of one objective, or of every promise of one service level, under one name."""
    found = behind.get(condition.objective, [])
    for one in found:
        if isinstance(one, Unsaid):
            return one
    queries = [
        query for one in found if isinstance(one, objectives.Measured) if (query := _pages(one))
    ]
    if not queries:
        return Unsaid(
            reason=f"no burn of {condition.objective} can ever fire: see SLOs.md",
            to="Business Analyst",
        )
    return Query(
        expr=_as_one([query.expr for query in queries]),
        lasting=timedelta(0),
        bad=tuple(dict.fromkeys(one for query in queries for one in query.bad)),
        good=tuple(dict.fromkeys(one for query in queries for one in query.good)),
    )


def _as_one(exprs: list[str]) -> str:
    """Several objectives under one name: without the label that parts them, or Prometheus refuses twins."""
    together = "\nor ".join(exprs)
    return together if len(exprs) == 1 else f"max by (component) (\n{together}\n)"


def _pages(one: Measured) -> Query | None:
    return objectives.burn_query(
        one, (window for window in burn_windows(one.objective) if window.pages)
    )


def _burning(one: Measured) -> Iterator[Alert]:
    """One alert for each severity that the objective's windows have."""
    grouped: dict[Severity, list[BurnWindow]] = {}
    for window in burn_windows(one.objective):
        grouped.setdefault(window.severity, []).append(window)
    for severity, windows in grouped.items():
        if query := objectives.burn_query(one, windows):
            yield Alert(
                name=f"{one.objective.name}-burn-{severity.lower()}",
                component=one.objective.component,
                severity=severity,
                query=query,
                summary=f"{one.objective.name} burns its error budget: "
                + " or ".join(
                    f"{float(window.factor):.4g} times too fast over {span(window.long)}"
                    for window in windows
                ),
                runbook=one.objective.level,
                objective=one.objective.name,
                from_file=False,
            )


# ------------------------------------------------------------------ rules.yml


def rules(edition: Edition) -> Generated:
    able = [found for _, found in edition.measured if isinstance(found, objectives.Measured)]
    groups = [
        {
            "name": "standfast-objectives",
            "interval": "30s",
            "rules": [
                {"record": one.record, "expr": one.expr, "labels": dict(one.labels)}
                for one in objectives.recordings(able)
            ],
        },
        {
            "name": "standfast-alerts",
            "rules": [
                _entry(edition, one, one.query)
                for one in edition.alerts
                if isinstance(one.query, Query)
            ],
        },
        {"name": "standfast-watch", "rules": list(_watch(edition))},
    ]
    return Generated(
        path=RULES, text=dump(edition, {"groups": [group for group in groups if group["rules"]]})
    )


def _entry(edition: Edition, alert: Alert, query: Query) -> dict[str, object]:
    team = edition.system.team_of(alert.component)
    labels = {
        "severity": alert.severity.value,
        "component": alert.component,
        **({"objective": alert.objective} if alert.objective else {}),
        **({"team": team.name} if team else {}),
    }
    entry: dict[str, object] = {"alert": alert.name, "expr": query.expr}
    if query.lasting:
        entry["for"] = span(query.lasting)
    return entry | {
        "labels": labels,
        "annotations": {"summary": literal(alert.summary), "runbook": runbook_path(alert.runbook)},
    }


def runbook_path(name: str) -> str:
    return f"docs/operations/runbooks/{name}.md"


def literal(text: str) -> str:
    """Prometheus runs annotations through Go's templates; braces of the file's own are not for it."""
    return text.replace("{{", '{{"{{"}}') if "{{" in text else text


def _watch(edition: Edition) -> Iterator[dict[str, object]]:
    """Who watches the watcher: standfast itself, its targets, and a way to page while it is down."""
    yield {
        "alert": "standfast-down",
        "expr": f"absent({metrics.UP} == 1)",
        "for": "2m",
        "labels": {"severity": Severity.P1.value, "component": "standfast", "fallback": "true"},
        "annotations": {
            "summary": "standfast does not answer: alerts of P1 and P2 go straight to the fallback",
            "runbook": runbook_path("standfast-down"),
        },
    }
    yield {
        "alert": "standfast-fallback",
        # Only while standfast is down, so that no alert ever has two pagers.
        "expr": 'ALERTS{alertstate="firing",severity=~"P1|P2",fallback!="true"}\n'
        f"and on() absent({metrics.UP} == 1)",
        "labels": {"fallback": "true", "original": "{{ $labels.alertname }}"},
        "annotations": {"summary": "{{ $labels.alertname }} fires while standfast is down"},
    }
    yield {
        "alert": "standfast-indicator-incomplete",
        # Requests are counted, their failures or latencies are not: a bucket or label is missing.
        "expr": '{__name__=~"standfast:indicator_events:rate.+"} > 0\n'
        'unless on(indicator) {__name__=~"standfast:indicator_bad:rate.+"}',
        "for": "10m",
        "labels": {"severity": Severity.P3.value, "component": "standfast"},
        "annotations": {
            "summary": (
                "{{ $labels.indicator }} sees events but cannot tell bad ones: metric, label or bucket "
                "missing"
            ),
            "runbook": runbook_path("not-scraped"),
        },
    }
    for part in edition.system.components.values():
        if part.scrape or part.exporter:
            yield {
                "alert": f"{part.name}-not-scraped",
                "expr": f'absent(up{{job="{part.name}"}} == 1)',
                "for": "5m",
                "labels": {"severity": Severity.P3.value, "component": part.name},
                "annotations": {
                    "summary": f"no target of {part.name} can be scraped: its objectives are unmeasured",
                    "runbook": runbook_path("not-scraped"),
                },
            }


def dump(edition: Edition, content: object) -> str:
    head = (
        f"# {GENERATED} {edition.version} from sha256:{edition.system.digest[:16]}, "
        f"as of {edition.as_of.isoformat()}.\n# Change the reliability file and publish again; "
        f"edits here are lost.\n"
    )
    return head + text_of(content)


# ------------------------------------------------------------------ rules_test.yml


def tests(edition: Edition) -> Generated:
    """For every alert a world in which it fires and one in which it stays quiet."""
    able = [
        (one, one.query) for one in edition.alerts if isinstance(one.query, Query) and one.query.bad
    ]
    cases = [
        *(
            _case(shared, firing=True)
            for shared in _packed([(one, query, query.bad) for one, query in able])
        ),
        *(
            _case(shared, firing=False)
            for shared in _packed([(one, query, query.good) for one, query in able])
        ),
    ]
    content = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": cases}
    return Generated(path=TESTS, text=dump(edition, content))


Trial = tuple[Alert, Query, World]


def _packed(trials: list[Trial]) -> list[list[Trial]]:
    """Alerts that can share one run: their worlds are the same, or speak of different components."""
    packs: list[list[Trial]] = []
    worlds: list[dict[str, World]] = []  # of each pack: the one world that speaks of a component
    for trial in trials:
        world, subjects = trial[2], _subjects(trial[2])
        fitting = (
            number
            for number, spoken in enumerate(worlds)
            if all(spoken.get(subject, world) == world for subject in subjects)
        )
        number = next(fitting, len(packs))
        if number == len(packs):
            packs.append([])
            worlds.append({})
        packs[number].append(trial)
        worlds[number].update(dict.fromkeys(subjects, world))
    return packs


_SUBJECT = re.compile(r'(?:job|component|store)=("(?:[^"\\]|\\.)*")')


def _subjects(world: World) -> set[str]:
    """The components whose series a world holds, by whichever label names them."""
    return {found for samples in world for found in _SUBJECT.findall(samples.series)}


def _case(trials: list[Trial], *, firing: bool) -> dict[str, object]:
    """One run of promtool. Twelve minutes beyond the longest wait let every short window fill."""
    at = {alert.name: query.lasting + timedelta(minutes=12) for alert, query, _ in trials}
    samples = max(at.values()) // EVERY + 2
    series = dict.fromkeys(one for _, _, world in trials for one in world)
    deed = "fires" if firing else "stays quiet"
    return {
        "name": ", ".join(f"{name} {deed}" for name in at),
        "interval": span(EVERY),
        "input_series": [
            {"series": one.series, "values": f"{one.first:.12g}{one.step:+.12g}x{samples}"}
            for one in series
        ],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})',
                "eval_time": span(when),
                "exp_samples": [{"labels": "{}", "value": 1}] if firing else [],
            }
            for name, when in at.items()
        ],
    }

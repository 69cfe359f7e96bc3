"""alerting.md: every alert in words and in PromQL, whom it wakes, and how soon it sees an outage."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.publish.alertmanager import ALERTMANAGER, TOKEN, fallback_channels, last_resort
from standfast.publish.document import Document, Region
from standfast.publish.edition import names
from standfast.publish.markdown import code, escape, fence, join, percent, prose, span, table
from standfast.publish.prometheus.query import Query, Unsaid
from standfast.slo.burn import burn_alerts, detection, refused
from standfast.spec.condition import Absence, Burn, Threshold
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from standfast.publish.edition import Edition
    from standfast.publish.prometheus.alerts import Alert
    from standfast.slo.burn import BurnWindow
    from standfast.slo.objective import Objective
    from standfast.spec.calling import AlertRule

Promised = dict[str, list["Objective"]]
EVALUATION = timedelta(seconds=15)
CRITERIA = {
    Severity.P1: "service down, data lost",
    Severity.P2: "degraded, objective in danger",
    Severity.P3: "a warning threshold passed",
    Severity.P4: "for information",
}


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/alerting.md",
        "Alerting",
        Region(id="severities", body=_severities(edition)),
        Region(id="alerts", body=_alerts(edition)),
        Region(id="burn-rates", body=_burn_rates(edition)),
        Region(id="queries", body=_queries(edition)),
        Region(id="fallback", body=_fallback(edition)),
    )


def _severities(edition: Edition) -> str:
    rows = [
        [
            severity.value,
            CRITERIA[severity],
            (span(rule.respond) if rule.respond else "next business day")
            + edition.mark(f"severities.{severity}.respond"),
            names(rule.notify) + edition.mark(f"severities.{severity}.notify"),
        ]
        for severity, rule in sorted(edition.system.severities.items())
    ]
    if not rows:
        return join(
            "## Severities",
            edition.owed("ONC-02", "DevOps/Platform", "How soon must somebody answer a P1?"),
        )
    return join("## Severities", table(["Level", "When", "Answered within", "By"], rows))


# ------------------------------------------------------------------ the alerts


def _alerts(edition: Edition) -> str:
    if not edition.alerts:
        return join(
            "## Alerts",
            edition.owed("ALR-01", "DevOps/Platform", "What is worth waking somebody for?"),
        )
    promised = _promised(edition)
    rows = [
        [
            escape(alert.name),
            escape(alert.component),
            escape(_words(edition, alert)),
            alert.severity.value + edition.mark(f"alerts.{alert.name}"),
            _detected(edition, alert, promised),
            edition.escalation(alert.component, alert.severity),
            f"[{escape(alert.runbook)}](runbooks/{alert.runbook}.md)",
        ]
        for alert in edition.alerts
    ]
    head = ["Alert", "Component", "When", "Severity", "Seen after", "Wakes", "Runbook"]
    return join(
        "## Alerts",
        (
            "*Seen after* is the time from the first failing request of a total outage to the alert: scrape, "
            "evaluation, window and waiting time added up. The time to wake somebody comes on top."
        ),
        table(head, rows),
        _added_up(edition, promised),
        _by_share(edition),
    )


def _by_share(edition: Edition) -> str:
    """Of those that are no burn: how soon each notices, by the share of requests that fail."""
    lines = [
        f"- {escape(alert.name)} {escape(alert.explained)}"
        for alert in edition.alerts
        if alert.explained and not alert.objective
    ]
    if not lines:
        return ""
    return join(
        "### How soon, by the share that fails",
        "At even traffic, the time to look and to evaluate on top. For burns see the table of burn rates.",
        "\n".join(lines),
    )


def _added_up(edition: Edition, promised: Promised) -> str:
    """The terms behind *seen after*, and when somebody has answered at the latest."""
    rows = [
        [
            escape(alert.name),
            " + ".join(f"{what} {span(of)}" for what, of in terms),
            *_until(edition, alert, terms),
        ]
        for alert in edition.alerts
        if (terms := _terms(edition, alert, promised))
    ]
    if not rows:
        return ""
    return join(
        "### Detection, added up",
        table(["Alert", "Terms", "Seen after", "Answer due", "Answered at the latest"], rows),
    )


def _until(edition: Edition, alert: Alert, terms: Terms) -> list[str]:
    seen = sum((of for _, of in terms), timedelta(0))
    rule = edition.system.severities.get(alert.severity)
    if rule is None or rule.respond is None:
        return [span(seen), "next business day", "next business day"]
    mark = edition.mark(f"severities.{alert.severity}.respond")
    return [span(seen), span(rule.respond) + mark, span(seen + rule.respond)]


def _words(edition: Edition, alert: Alert) -> str:
    rule = edition.system.alerts.get(alert.name)
    return rule.when.text if rule and alert.from_file else alert.summary.partition(": ")[2]


def _promised(edition: Edition) -> Promised:
    """Objectives by their own names and by those of their service levels."""
    found: Promised = {}
    for one, _ in edition.measured:
        for key in {one.name, one.level}:
            found.setdefault(key, []).append(one)
    return found


def _detected(edition: Edition, alert: Alert, promised: Promised) -> str:
    if isinstance(alert.query, Unsaid):
        return "not by Prometheus, see below"
    terms = _terms(edition, alert, promised)
    return span(sum((of for _, of in terms), timedelta(0))) if terms else "depends on its metric"


Terms = list[tuple[str, timedelta]]


def _terms(edition: Edition, alert: Alert, promised: Promised) -> Terms:
    """What adds up between the first failing request and the alert; nothing where its metric decides."""
    rule = edition.system.alerts.get(alert.name) if alert.from_file else None
    about = edition.system.components[alert.component]
    read = about.scrape or about.exporter
    look = ("scrape", about.scrape_every) if read else ("probe", about.probe_every)
    looks = [look, ("evaluation", EVALUATION)]
    if isinstance(alert.query, Unsaid):
        return []
    if rule is not None and not isinstance(rule.when, Burn):
        held = _held_for(rule)
        if held is None:
            return []
        return [*looks, ("held", held)] if held else looks
    burning = _soonest(alert, promised.get(alert.objective, []))
    # The ratio is recorded by one evaluation and judged by the next.
    return [*looks, ("recording", EVALUATION), ("burn", burning)] if burning is not None else []


def _held_for(rule: AlertRule) -> timedelta | None:
    return rule.when.lasting if isinstance(rule.when, Threshold | Absence) else None


def _soonest(alert: Alert, behind: list[Objective]) -> timedelta | None:
    """Of the windows behind a burn alert the one that sees a total outage first."""
    found = [
        length
        for objective in behind
        for window in burn_alerts(objective)
        if (window.pages if alert.from_file else window.severity is alert.severity)
        and (length := detection(objective, window, Fraction(1))) is not None
    ]
    return _rounded(min(found)) if found else None


def _rounded(length: timedelta) -> timedelta:
    return timedelta(seconds=round(length.total_seconds()))


# ------------------------------------------------------------------ burn rates


def _burn_rates(edition: Edition) -> str:
    rows = [
        _burn_row(objective, window)
        for objective, _ in edition.measured
        for window in burn_alerts(objective)
    ]
    if not rows:
        return join(
            "## Burn rates",
            edition.owed("SLO-01", "Business Analyst", "Without objectives no budget can burn."),
        )
    never = [
        f"- {escape(one.because)}"
        for objective, _ in edition.measured
        for one in refused(objective)
    ]
    head = [
        "Objective",
        "Over",
        "and over",
        "Burn",
        "Errors above",
        "Severity",
        "all fail",
        "10% fail",
        "1% fail",
    ]
    return join(
        "## Burn rates",
        (
            "A burn of 1 spends the budget exactly in its window. An alert fires while both windows "
            "burn at least that fast; the last three columns say after how long it does, by the share of "
            "requests that fail."
        ),
        table(head, rows),
        join("Left out, because no outage could make them fire:", "\n".join(never))
        if never
        else "",
    )


def _burn_row(objective: Objective, window: BurnWindow) -> list[str]:
    times = [
        detection(objective, window, share)
        for share in (Fraction(1), Fraction(1, 10), Fraction(1, 100))
    ]
    return [
        escape(objective.name),
        span(window.long),
        span(window.short),
        f"{float(window.factor):.4g}",
        percent(window.factor * objective.allowed, 3),
        window.severity.value,
        *(span(_rounded(one)) if one is not None else "never" for one in times),
    ]


# ------------------------------------------------------------------ queries


def _queries(edition: Edition) -> str:
    blocks = [
        join(f"**{escape(alert.name)}**{_held(alert.query)}:", fence(alert.query.expr, "promql"))
        for alert in edition.alerts
        if isinstance(alert.query, Query)
    ]
    blocks += [
        join(
            f"**{escape(alert.name)}**:",
            edition.owed(alert.query.rule, alert.query.to, prose(alert.query.reason)),
        )
        for alert in edition.alerts
        if isinstance(alert.query, Unsaid)
    ]
    if not blocks:
        blocks = [edition.owed("ALR-01", "DevOps/Platform", "No alert, so no query.")]
    return join(
        "## In PromQL",
        (
            "As in `ops/generated/prometheus/rules.yml`, where unit tests stand beside them "
            "(`promtool test rules rules_test.yml`)."
        ),
        *blocks,
    )


def _held(query: Query) -> str:
    return f", held for {span(query.lasting)}" if query.lasting else ""


# ------------------------------------------------------------------ when standfast is down


def _fallback(edition: Edition) -> str:
    system = edition.system
    people, channels = last_resort(system), fallback_channels(system)
    whom = (
        f"Then P1 and P2 alerts go by {names(one.name for one in channels)} to "
        f"{', '.join(edition.person(one.id) for one in people)}."
        if people and channels
        else edition.owed(
            "ALR-04",
            "DevOps/Platform",
            (
                "Who is woken, and by which channel, while standfast itself is down? State "
                "`server.catch_all` and a "
                "channel of kind smtp that wakes."
            ),
        )
    )
    return join(
        "## While standfast is down",
        (
            f"Prometheus fires `standfast-down` after 2 minutes without {code('standfast_up')}. "
            f"{whom if not whom.startswith('>') else ''}"
        ),
        whom if whom.startswith(">") else "",
        (
            "As long as standfast answers, only standfast pages: no alert has two pagers. "
            f"{code(ALERTMANAGER)} holds the routes; the token lies in {code(TOKEN)}, mode 0600."
        ),
    )

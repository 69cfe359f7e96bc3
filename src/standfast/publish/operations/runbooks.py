"""runbooks/*.md: what is known is kept up to date, the steps are written once and then belong to the team."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.publish.commands import block, said
from standfast.publish.commands import steps as steps_of
from standfast.publish.document import Document, Region, Scaffold
from standfast.publish.edition import by_runbook, first_of
from standfast.publish.graph import blast_radius, drawn
from standfast.publish.markdown import bullets, code, escape, fence, join, percent, span, table
from standfast.publish.operations.disaster_recovery import health_url
from standfast.publish.operations.incident_response import SEV_OF
from standfast.publish.operations.runbook_page import Page
from standfast.publish.operations.runbook_steps import FEW, steps
from standfast.publish.prometheus import objectives
from standfast.publish.prometheus.alerts import Alert, alerts
from standfast.publish.prometheus.query import Query
from standfast.spec.condition import Expiry
from standfast.spec.platform import PLACEHOLDER, told_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from standfast.publish.edition import Edition
    from standfast.spec.calling import Runbook
    from standfast.spec.system import Baseline, Need, System


def documents(edition: Edition) -> tuple[Document, ...]:
    return tuple(_document(edition, page) for page in pages(edition))


def pages(edition: Edition) -> tuple[Page, ...]:
    """The three of every system first, then one for each that the file or an alert names."""
    system, led = edition.system, edition.alerts_for
    return tuple(_page(system, name, tuple(led.get(name, ()))) for name in _names(system, led))


def titles(system: System) -> dict[str, str]:
    """Of every runbook by its name, without the review and the day that it takes to write them."""
    led = by_runbook(alerts(system, objectives.measured(system)))
    return {name: _title(system, name, led.get(name, ())) for name in _names(system, led)}


def _names(system: System, led: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys([*ALWAYS, *system.runbooks, *led, "standfast-down", "not-scraped"])


def _title(system: System, name: str, mine: Sequence[Alert]) -> str:
    if declared := system.runbooks.get(name):
        return declared.title
    return TITLES.get(name) or (mine[0].summary if mine else name)


def _page(system: System, name: str, mine: tuple[Alert, ...]) -> Page:
    declared = system.runbooks.get(name)
    named = dict.fromkeys(alert.component for alert in mine)
    return Page(
        name=name,
        title=_title(system, name, mine),
        alerts=mine,
        components=tuple(named) or _concerned(system, name),
        declared=declared,
    )


ALWAYS = ("api-down", "high-cpu", "database-issues")
TITLES = {
    "api-down": "The service does not answer",
    "high-cpu": "It is slow or its processors are busy",
    "database-issues": "The database is slow, full or gone",
    "standfast-down": "standfast itself does not answer",
    "not-scraped": "Metrics are missing",
}


def _concerned(system: System, name: str) -> tuple[str, ...]:
    """Without an alert, the components that a runbook of that name can be about."""
    parts = system.components.values()
    if name == "database-issues":
        return tuple(part.name for part in parts if part.stateful)
    if name in {"api-down", "high-cpu"}:
        return tuple(part.name for part in parts if part.serves)
    return ()


def _document(edition: Edition, page: Page) -> Document:
    parts: list[Region | Scaffold] = [Region(id="facts", body=_facts(edition, page))]
    parts.append(Region(id="blast-radius", body=_blast(edition, page)))
    if page.declared:
        parts.append(Region(id="declared", body=_declared(edition, page, page.declared)))
    parts.append(Scaffold(body=steps(edition, page)))
    parts.append(Region(id="verification", body=_verification(edition, page)))
    parts.append(Region(id="escalation", body=_escalation(edition, page)))
    if queries := _queries(page):
        parts.append(Region(id="queries", body=queries))
    return edition.document(
        f"docs/operations/runbooks/{page.name}.md", f"Runbook {escape(page.title)}", *parts
    )


# ------------------------------------------------------------------ facts


def _elsewhere(page: Page) -> list[str]:
    """Addresses without what would end the link; others are no addresses that a reader could open."""
    found = dict.fromkeys(alert.elsewhere for alert in page.alerts if alert.elsewhere)
    return [one for one in found if not re.search(r"[\s<>]", one)]


def _facts(edition: Edition, page: Page) -> str:
    rows = [
        [
            escape(alert.name),
            f"{alert.severity.value} ({SEV_OF[alert.severity].value} if users notice)",
            escape(alert.component),
            escape(alert.summary.partition(": ")[2] or alert.summary),
            _answered(edition, alert),
        ]
        for alert in page.alerts
    ]
    about = (
        table(["Alert", "Severity", "Component", "Fires when", "Answer within"], rows)
        if rows
        else "No alert leads here; people open it when they notice."
    )
    return join(
        "## Metadata",
        about,
        *(f"The team's own runbook: <{one}>" for one in _elsewhere(page)),
        *(_about(edition, page, name) for name in page.components),
        _hands(edition, page),
    )


def _answered(edition: Edition, alert: Alert) -> str:
    rule = edition.system.severities.get(alert.severity)
    if rule is None or rule.respond is None:
        return "next business day"
    return span(rule.respond) + edition.mark(f"severities.{alert.severity}.respond")


def _about(edition: Edition, page: Page, name: str) -> str:
    """One component: whose it is, where it answers, what is normal, what it stands on."""
    part = edition.system.components.get(name)
    if part is None:
        return ""
    base = edition.system.server.public_url
    known = {
        "address": part.url or part.address,
        "metrics": part.scrape or part.exporter,
        "status page": part.status_page,
        "its page": f"{base.rstrip('/')}/services/{name}" if base else None,
    }
    lines = [f"{what}: {code(value)}" for what, value in known.items() if value]
    lines = lines or ["no address is stated (MON-01: DevOps/Platform)"]
    if replicas := ", ".join(f"{n} in {escape(region)}" for region, n in part.replicas.items()):
        lines.append(f"replicas: {replicas}")
    if part.baseline:
        lines.append(_normal(part.baseline))
    lines += [_need(edition, page, need) for need in part.needs.values()]
    return join(
        f"**{escape(name)}** ({escape(part.type)}), owner {edition.owner(name)}:", bullets(lines)
    )


def _normal(base: Baseline) -> str:
    """What it does on a good day, so that a graph can be judged."""
    known = {
        "requests a second": _number(base.rps),
        "at the peak": _number(base.peak),
        "p95": span(base.p95) if base.p95 else "",
        "p99": span(base.p99) if base.p99 else "",
        "errors": percent(base.errors) if base.errors is not None else "",
        "one replica takes": f"{_number(base.capacity)} requests a second" if base.capacity else "",
    }
    figures = ", ".join(f"{what} {value}" for what, value in known.items() if value)
    when = f", measured {base.measured.isoformat()}" if base.measured else ""
    return f"normal: {figures or 'not stated (BAS-01: QA)'}{when}" + (
        f" ({escape(base.by)})" if base.by else ""
    )


def _number(value: Fraction | None) -> str:
    return f"{float(value):g}" if value is not None else ""


def _need(edition: Edition, here: Page, need: Need) -> str:
    how = need.strength.value
    if need.fallback:
        how += f", else {escape(need.fallback)}"
    if need.timeout:
        how += f", gives up after {span(need.timeout)}"
    about = edition.system.components.get(need.to)
    status = f", <{about.status_page}>" if about and about.status_page else ""
    book = _gravest(edition, need.to)
    leads = f": [{escape(book)}]({book}.md)" if book and book != here.name else ""
    return f"needs {escape(need.to)} ({how}{status}){leads}"


def _gravest(edition: Edition, component: str) -> str:
    """Where to begin with a component: the runbook of its gravest alert on how it works just now."""
    rules = edition.system.alerts
    mine = [
        alert
        for alert in edition.alerts_of.get(component, ())
        if not (alert.name in rules and isinstance(rules[alert.name].when, Expiry))
    ]
    return min(mine, key=lambda alert: alert.severity).runbook if mine else ""


def _hands(edition: Edition, page: Page) -> str:
    """The first three things that a hand does."""
    name = page.components[0] if page.components else "COMPONENT"
    base = (edition.system.server.public_url or "").rstrip("/")
    mine = "the link in the page you got" + (f", <{base}/on-call>," if base else "")
    return join(
        f"Say *mine* first: {mine} or the first two commands. If users are hit and no incident is open, "
        "declare one.",
        fence(
            "standfast page list --open\nstandfast page acknowledge ID\n"
            f"standfast incident declare --sev sev2 --component {name} 'what users see'",
            "sh",
        ),
    )


def _queries(page: Page) -> str:
    blocks = [
        join(f"**{escape(alert.name)}**:", fence(alert.query.expr, "promql"))
        for alert in page.alerts
        if isinstance(alert.query, Query)
    ]
    return join("## Queries", *blocks) if blocks else ""


# ------------------------------------------------------------------ blast radius


def _blast(edition: Edition, page: Page) -> str:
    known = [name for name in page.components if name in edition.system.components]
    if not known:
        return join("## Blast radius", "Users notice nothing by it; we stop noticing them.")
    return join(
        "## Blast radius",
        *(
            [_blast_of(edition, name) for name in known]
            if len(known) <= FEW
            else [_blast_table(edition, known)]
        ),
        f"Red: what falls with {escape(known[0])}. Full arrows are hard needs, dotted ones have a fallback.",
        fence(drawn(edition.graph, struck=known[0]), "mermaid"),
    )


def _blast_of(edition: Edition, name: str) -> str:
    blast = blast_radius(edition.graph, name)
    lines = [f"goes down with it: {first_of(blast.down) or 'nothing else'}"]
    if blast.journeys_down:
        lines.append(
            f"users cannot: **{first_of(blast.journeys_down)}**"
            + _cost(edition, blast.journeys_down)
        )
    if blast.journeys_degraded:
        lines.append(f"works with a fallback: {first_of(blast.journeys_degraded)}")
    for other, need in blast.degraded[:30]:
        seen = escape(need.users_see) or "what users see is not stated (DEP-03: Business Analyst)"
        lines.append(
            f"{escape(other)} goes on without {escape(need.to)} (fallback "
            f"{escape(need.fallback or 'none')}): {seen}"
        )
    lines += [
        f"{escape(one.scenario)}: {escape(one.do)}; users see: {escape(one.users_see)}"
        for one in edition.system.degradations
        if one.of == name
    ]
    return join(f"When **{escape(name)}** fails:", bullets(lines))


def _blast_table(edition: Edition, parts: Iterable[str]) -> str:
    """Of many components a line each: what falls, and what goes on without."""
    rows = []
    for name in parts:
        blast = blast_radius(edition.graph, name)
        rows.append(
            [
                escape(name),
                first_of(blast.down) or "nothing else",
                first_of(blast.journeys_down) or "–",
                first_of(tuple(dict.fromkeys(other for other, _ in blast.degraded))) or "–",
            ]
        )
    return table(["When it fails", "Goes down with it", "Users cannot", "Goes on without it"], rows)


def _cost(edition: Edition, journeys: Iterable[str]) -> str:
    costs = [
        str(money) for name in journeys if (money := edition.system.journeys[name].revenue_per_hour)
    ]
    return f" ({escape(' + '.join(costs))} an hour)" if costs else ""


# ------------------------------------------------------------------ what the file says to do


def _declared(edition: Edition, page: Page, book: Runbook) -> str:
    own = any(path.startswith(f"runbooks.{page.name}.") for path in edition.system.stated)
    reviewed = (
        f"Last reviewed {book.reviewed.isoformat()}."
        if book.reviewed
        else "Never reviewed (RUN-01: Developer)."
    )
    causes = [[escape(cause), said(check), said(fix)] for cause, check, fix in book.causes]
    return join(
        "## From the reliability file" if own else "## What usually helps",
        reviewed
        if own
        else f"General advice of standfast; write `runbooks.{page.name}` to replace it. {reviewed}",
        join("### Symptoms", bullets(escape(one) for one in book.symptoms))
        if book.symptoms
        else "",
        join("### Diagnose", steps_of(book.diagnose)) if book.diagnose else "",
        join("### Common causes", table(["Cause", "How to check", "Fix"], causes))
        if causes
        else "",
        *(
            join(
                f"### Fix: {escape(title)}", *(block(one) for one in _for_each(command, page, own))
            )
            for title, command in book.fixes
        ),
    )


def _for_each(command: str, page: Page, own: bool) -> tuple[str, ...]:
    """General advice speaks of NAME; here it names those that are meant, unless they are many."""
    if own or PLACEHOLDER not in command or not 0 < len(page.components) <= FEW:
        return (command,)
    return tuple(told_of(command, one) for one in page.components)


# ------------------------------------------------------------------ is it over?


def _verification(edition: Edition, page: Page) -> str:
    lines = [said(one) for one in page.declared.verify] if page.declared else []
    for name in page.components:
        part = edition.system.components.get(name)
        if part and part.url:
            kind = next((kind for kind in ("deep", "ready", "live") if kind in part.health), None)
            lines.append(code(f"curl -fsS {health_url(part, kind) if kind else part.url}"))
    lines += [f"alert {escape(alert.name)} has cleared" for alert in page.alerts]
    lines += ["the journeys above work, tried by hand", "logs show no new errors for 10 minutes"]
    return join("## Verification", bullets(dict.fromkeys(lines), box=True))


def _escalation(edition: Edition, page: Page) -> str:
    said = page.declared.escalate if page.declared else ""
    lines = dict.fromkeys(
        (
            f"{escape(alert.component)}, {alert.severity.value}: "
            f"{edition.escalation(alert.component, alert.severity)}"
        )
        for alert in page.alerts
    )
    leads = dict.fromkeys(
        team.lead
        for name in page.components
        if name in edition.system.components
        and (team := edition.system.team_of(name))
        and team.lead
    )
    return join(
        "## Escalation",
        escape(said),
        bullets(lines),
        f"Not solved within 30 minutes: call {', '.join(edition.person(one) for one in leads)}."
        if leads
        else _nobody(edition),
    )


def _nobody(edition: Edition) -> str:
    if edition.system.on_call:
        return "Not solved within 30 minutes: page the secondary, then everybody on the rotation."
    return edition.owed("ONC-01", "DevOps/Platform", "Who helps, when the first one cannot?")

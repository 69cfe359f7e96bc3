"""runbooks/*.md: what is known is kept up to date, the steps are written once and then belong to the team."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.publish.document import Document, Region, Scaffold
from standfast.publish.edition import names
from standfast.publish.graph import blast_radius, drawn
from standfast.publish.markdown import bullets, code, escape, fence, join, numbered, table
from standfast.publish.operations.disaster_recovery import health_url
from standfast.publish.operations.incident_response import SEV_OF
from standfast.publish.prometheus.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.publish.edition import Edition
    from standfast.publish.prometheus.rules import Alert
    from standfast.spec.system import Component, Runbook, System


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One runbook: declared in the file, named by alerts, or one of the three that every system has."""

    name: str
    title: str
    alerts: tuple[Alert, ...]
    components: tuple[str, ...]
    declared: Runbook | None


def documents(edition: Edition) -> tuple[Document, ...]:
    return tuple(_document(edition, page) for page in pages(edition))


def pages(edition: Edition) -> tuple[Page, ...]:
    """The three of every system first, then one for each that the file or an alert names."""
    system, led = edition.system, _by_runbook(edition.alerts)
    wanted = dict.fromkeys(
        [
            *ALWAYS,
            *system.runbooks,
            *led,
            "standfast-down",
            "not-scraped",
        ]
    )
    return tuple(_page(system, name, tuple(led.get(name, ()))) for name in wanted)


def _by_runbook(every: Iterable[Alert]) -> dict[str, list[Alert]]:
    found: dict[str, list[Alert]] = {}
    for alert in every:
        found.setdefault(alert.runbook, []).append(alert)
    return found


def _page(system: System, name: str, mine: tuple[Alert, ...]) -> Page:
    declared = system.runbooks.get(name)
    named = dict.fromkeys(alert.component for alert in mine)
    title = declared.title if declared else TITLES.get(name) or (mine[0].summary if mine else name)
    return Page(
        name=name,
        title=title,
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
        parts.append(Region(id="declared", body=_declared(page.declared)))
    parts.append(Scaffold(body=_steps(edition, page)))
    parts.append(Region(id="verification", body=_verification(edition, page)))
    parts.append(Region(id="escalation", body=_escalation(edition, page)))
    return edition.document(
        f"docs/operations/runbooks/{page.name}.md", f"Runbook {escape(page.title)}", *parts
    )


# ------------------------------------------------------------------ facts


def _facts(edition: Edition, page: Page) -> str:
    rows = [
        [
            escape(alert.name),
            f"{alert.severity.value} ({SEV_OF[alert.severity].value} if users notice)",
            escape(alert.component),
            escape(alert.summary),
        ]
        for alert in page.alerts
    ]
    about = (
        table(["Alert", "Severity", "Component", "Says"], rows)
        if rows
        else "No alert leads here; people open it when they notice."
    )
    return join(
        "## Metadata",
        about,
        *(_addresses(edition, name) for name in page.components),
        join(
            "Queries:",
            *(
                fence(alert.query.expr, "promql")
                for alert in page.alerts
                if isinstance(alert.query, Query)
            ),
        )
        if page.alerts
        else "",
    )


def _addresses(edition: Edition, name: str) -> str:
    part = edition.system.components.get(name)
    if part is None:
        return ""
    known = {
        "address": part.url or part.address,
        "metrics": part.scrape or part.exporter,
        "status page": part.status_page,
    }
    facts = [f"{what}: {code(value)}" for what, value in known.items() if value]
    replicas = ", ".join(f"{count} in {escape(region)}" for region, count in part.replicas.items())
    facts += [f"replicas: {replicas}"] if replicas else []
    return f"**{escape(name)}** ({escape(part.type)}), owner {edition.owner(name)}; " + "; ".join(
        facts or ["no address is stated (MON-01: DevOps/Platform)"]
    )


# ------------------------------------------------------------------ blast radius


def _blast(edition: Edition, page: Page) -> str:
    known = [name for name in page.components if name in edition.system.components]
    if not known:
        return join("## Blast radius", "Users notice nothing by it; we stop noticing them.")
    return join(
        "## Blast radius",
        *(_blast_of(edition, name) for name in known),
        fence(drawn(edition.graph, struck=known[0]), "mermaid"),
    )


def _blast_of(edition: Edition, name: str) -> str:
    blast = blast_radius(edition.graph, name)
    lines = [f"goes down with it: {names(blast.down) or 'nothing else'}"]
    if blast.journeys_down:
        lines.append(
            f"users cannot: **{names(blast.journeys_down)}**" + _cost(edition, blast.journeys_down)
        )
    if blast.journeys_degraded:
        lines.append(f"works with a fallback: {names(blast.journeys_degraded)}")
    for other, need in blast.degraded:
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


def _cost(edition: Edition, journeys: Iterable[str]) -> str:
    costs = [
        str(money) for name in journeys if (money := edition.system.journeys[name].revenue_per_hour)
    ]
    return f" ({escape(' + '.join(costs))} an hour)" if costs else ""


# ------------------------------------------------------------------ what the file says to do


def _declared(book: Runbook) -> str:
    reviewed = (
        f"Last reviewed {book.reviewed.isoformat()}."
        if book.reviewed
        else "Never reviewed (RUN-01: Developer)."
    )
    causes = [[escape(cause), code(check), escape(fix)] for cause, check, fix in book.causes]
    return join(
        "## From the reliability file",
        reviewed,
        join("### Symptoms", bullets(escape(one) for one in book.symptoms))
        if book.symptoms
        else "",
        join("### Diagnose", fence("\n".join(book.diagnose), "sh")) if book.diagnose else "",
        join("### Common causes", table(["Cause", "How to check", "Fix"], causes))
        if causes
        else "",
        *(join(f"### Fix: {escape(title)}", fence(command, "sh")) for title, command in book.fixes),
    )


# ------------------------------------------------------------------ steps, written once


def _steps(edition: Edition, page: Page) -> str:
    parts = [
        edition.system.components[name]
        for name in page.components
        if name in edition.system.components
    ]
    if page.name == "standfast-down":
        body = _own_steps(edition)
    elif page.name == "not-scraped":
        body = _scrape_steps(edition)
    else:
        body = join(*(join(f"### {escape(part.name)}", _steps_of(part)) for part in parts))
    return join(
        "## Diagnosis and fixes",
        "These steps were written once, as a start. They are yours: change them after every incident.",
        body or "Write down here what was done the first time.",
        "## What fixed it the last times",
        "- (newest first: date, cause, what was done)",
    )


def _steps_of(part: Component) -> str:
    if part.type == "postgresql":
        return _postgresql(part)
    if part.type == "external":
        return _external(part)
    return _service(part) if part.serves else _backing(part)


def _service(part: Component) -> str:
    url = (part.url or "").rstrip("/")
    asks = [f"curl -sS -o /dev/null -w '%{{http_code}} %{{time_total}}s\\n' {url}/"] if url else []
    asks += [
        f"curl -fsS {health_url(part, kind)}"
        for kind in ("live", "ready", "deep")
        if kind in part.health and url
    ]
    if part.scrape:
        asks.append(
            f"curl -fsS {part.scrape} | grep -E 'http_server_(active_requests|requests_total)'"
        )
    rows = [
        [
            "a new release",
            code(f"kubectl rollout history deployment/{part.name}"),
            code(f"kubectl rollout undo deployment/{part.name}"),
        ],
        [
            "processors busy",
            code(f"kubectl top pod -l app={part.name}") + " or " + code("top"),
            "scale out, then find what changed",
        ],
        [
            "a dependency is slow",
            "the `deep` check names it: " + (names(part.needs) or "it needs nothing"),
            "its own runbook",
        ],
        [
            "out of memory, restarts",
            code(f"kubectl describe pod -l app={part.name}"),
            code(f"kubectl rollout restart deployment/{part.name}"),
        ],
        ["disk full", code("df -h"), "delete old logs first"],
    ]
    return join(
        "Is it true? Ask as a user does:"
        if asks
        else "It has no address in the file: ask it as a user would.",
        fence("\n".join(asks), "sh") if asks else "",
        table(["Cause", "How to check", "Fix"], rows),
    )


_QUERIES = (
    "select state, count(*) from pg_stat_activity group by 1",
    (
        "select pid, now() - xact_start as age, state, left(query, 80) from pg_stat_activity"
        " where state <> 'idle' order by age desc nulls last limit 10"
    ),
    (
        "select pid, pg_blocking_pids(pid), left(query, 80) from pg_stat_activity"
        " where cardinality(pg_blocking_pids(pid)) > 0"
    ),
    "select client_addr, state, replay_lag from pg_stat_replication",
    "select pg_size_pretty(sum(size)) from pg_ls_waldir()",
)


def _postgresql(part: Component) -> str:
    host, _, port = (part.address or f"{part.name}:5432").partition(":")
    psql = f"psql -h {host} -p {port or '5432'} -c"
    asks = [f'{psql} "{query}"' for query in _QUERIES]
    rows = [
        [
            "a long transaction blocks others",
            "second and third query",
            code("select pg_cancel_backend(PID)") + ", then " + code("pg_terminate_backend(PID)"),
        ],
        [
            "connections used up",
            "first query against " + code("show max_connections"),
            "restart the caller that leaks; never raise the limit at night",
        ],
        [
            "disk full",
            code("df -h") + ", last query",
            "a slot that nobody reads keeps WAL: see " + code("pg_replication_slots"),
        ],
        [
            "bad plan after a release",
            code("select * from pg_stat_statements order by mean_exec_time desc limit 5"),
            "roll the release back; " + code("analyze"),
        ],
        [
            "it is gone",
            code(f"pg_isready -h {host} -p {port or '5432'}"),
            "promote a replica: disaster-recovery.md; restore: backup-strategy.md",
        ],
    ]
    return join(fence("\n".join(asks), "sh"), table(["Cause", "How to check", "Fix"], rows))


def _external(part: Component) -> str:
    page = (
        f"<{part.status_page}>" if part.status_page else "its status page (not stated in the file)"
    )
    return numbered(
        [
            f"Look at {page}.",
            (
                "Confirm that the breaker is open and the fallback works: users should see the degraded "
                "answer, not an error."
            ),
            f"Open a ticket with {escape(part.vendor or part.name)} and note its number here.",
        ]
    )


def _backing(part: Component) -> str:
    ask = f"nc -vz {part.address.replace(':', ' ')}" if part.address else ""
    return join(
        fence(ask, "sh") if ask else "",
        numbered(
            [
                "Does it answer at all? If not: restart it, or fail over to its replica.",
                "Is it full (memory, disk, queue)? Stop what fills it before making room.",
                "Can those that need it go on without it? The blast radius above says which cannot.",
            ]
        ),
    )


def _own_steps(edition: Edition) -> str:
    base = (edition.system.server.public_url or "http://127.0.0.1:8600").rstrip("/")
    return fence(
        f"curl -fsS {base}/health/live\nsystemctl status standfast\njournalctl -u standfast -n 100 --no-pager\n"
        "standfast doctor        # works while the server is dead\nsystemctl restart standfast",
        "sh",
    )


def _scrape_steps(edition: Edition) -> str:
    asks = [
        f"curl -fsS {part.scrape or part.exporter} | head"
        for part in edition.system.components.values()
        if part.scrape or part.exporter
    ]
    return join(
        fence("\n".join(asks), "sh") if asks else "",
        (
            "The target's error stands on Prometheus' page *Status, Targets*. Until it is back, its "
            "objectives are unmeasured: watch it by hand."
        ),
    )


# ------------------------------------------------------------------ is it over?


def _verification(edition: Edition, page: Page) -> str:
    lines = [code(one) for one in page.declared.verify] if page.declared else []
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
        else "Not solved within 30 minutes: page the secondary, then everybody on the rotation.",
    )

"""The steps of a runbook: written once, as a start, and the team's own from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.commands import said
from standfast.publish.edition import names
from standfast.publish.markdown import code, escape, fence, join, numbered, table
from standfast.publish.operations.disaster_recovery import health_url
from standfast.spec.platform import PLACEHOLDER, PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.publish.edition import Edition
    from standfast.publish.operations.runbook_page import Page
    from standfast.spec.platform import Commands
    from standfast.spec.system import Component


FEW = 3  # components of one page, each with what is typed for it; of more the commands stand once


def steps(edition: Edition, page: Page) -> str:
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
        body = _steps_of_all(parts, PLATFORMS[edition.system.platform])
    return join(
        "## Diagnosis and fixes",
        "These steps were written once, as a start. They are yours: change them after every incident.",
        body or "Write down here what was done the first time.",
        "## What fixed it the last times",
        "- (newest first: date, cause, what was done)",
    )


def _steps_of_all(parts: Sequence[Component], commands: Commands) -> str:
    services = [part for part in parts if _is_service(part)]
    if len(services) <= FEW:
        return join(
            *(join(f"### {escape(part.name)}", _steps_of(part, commands)) for part in parts)
        )
    asked = [part for part in services if _asks(part)]
    silent = [part.name for part in services if not _asks(part)]
    return join(
        *(join(f"### {escape(part.name)}", _is_it_true(part)) for part in asked),
        f"No address is in the file for {names(silent)}: ask them as a user would."
        if silent
        else "",
        "### Any of them",
        f"Put its name for `{PLACEHOLDER}`.",
        _causes("ask each of its needs, named above", commands),
        *(
            join(f"### {escape(part.name)}", _steps_of(part, commands))
            for part in parts
            if not _is_service(part)
        ),
    )


def _is_service(part: Component) -> bool:
    return part.serves and part.type != "external"


def _steps_of(part: Component, commands: Commands) -> str:
    if part.type == "postgresql":
        return _postgresql(part)
    if part.type == "external":
        return _external(part)
    if not part.serves:
        return _backing(part)
    return join(_is_it_true(part), _causes(_slow(part), commands.of(part.name)))


def _is_it_true(part: Component) -> str:
    asks = _asks(part)
    if not asks:
        return "It has no address in the file: ask it as a user would."
    return join("Is it true? Ask as a user does:", fence("\n".join(asks), "sh"))


def _asks(part: Component) -> list[str]:
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
    return asks


def _causes(slow: str, commands: Commands) -> str:
    rows = [
        ["a new release", said(commands.releases), said(commands.roll_back)],
        [
            "processors busy",
            said(commands.load) + " or " + code("top"),
            said(commands.scale_out) + ", then find what changed",
        ],
        ["a dependency is slow", slow, "its own runbook"],
        ["out of memory, restarts", said(commands.state), said(commands.restart)],
        ["disk full", code("df -h"), "delete old logs first"],
    ]
    return table(["Cause", "How to check", "Fix"], rows)


def _slow(part: Component) -> str:
    if not part.needs:
        return "it needs nothing"
    named = "the `deep` check names it" if "deep" in part.health else "ask each of them"
    return f"{named}: {names(part.needs)}"


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
    host, _, port = (part.address or "HOST:5432").partition(":")
    unknown = (
        ""
        if part.address
        else "Its address is not in the file (MON-01: DevOps/Platform): put it for HOST."
    )
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
            (
                "promote a replica: [disaster-recovery](../disaster-recovery.md); restore: "
                "[backup-strategy](../backup-strategy.md)"
            ),
        ],
    ]
    causes = table(["Cause", "How to check", "Fix"], rows)
    return join(unknown, fence("\n".join(asks), "sh"), causes)


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

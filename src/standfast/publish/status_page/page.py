"""The status page as HTML that needs no script, no other file and no server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.status_page.badges import links
from standfast.publish.status_page.bars import PATTERNS, bars, legend
from standfast.publish.status_page.style import CSS, policy
from standfast.publish.status_page.writing import moment, safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.dashboards.status_notice import Notice
    from standfast.dashboards.status_page import Part, StatusPage


def page(shown: StatusPage) -> str:
    name = safe(shown.name)
    journeys = [one for one in shown.parts if one.kind == "journey"]
    components = [one for one in shown.parts if one.kind == "component"]
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy()}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{safe(shown.words)}: {name} status</title>",
            f'<link rel="alternate" type="application/atom+xml" href="feed.atom" title="{name} incidents">',
            f"<style>{CSS}</style>\n</head>\n<body>\n{PATTERNS}",
            f"<header><h1>{name} status</h1>",
            f'<p class="now {shown.state.partition(" ")[0]}" role="status">{safe(shown.words)}</p>',
            f"{_age(shown)}</header>\n<main>",
            _incidents("Going on", shown.open, shown.timezone, "No incident is going on."),
            *([_maintenance(shown)] if shown.maintenance else []),
            *([_parts("What you can do", journeys)] if journeys else []),
            *([_parts("What it is made of", components)] if components else []),
            legend() if shown.parts else '<p class="note">Nothing is measured for this page.</p>',
            _incidents("Past 90 days", shown.past, shown.timezone, "No incident was closed."),
            f"</main>\n{_foot(shown)}\n</body>\n</html>\n",
        ]
    )


def _age(shown: StatusPage) -> str:
    return (
        f'<p class="note">As of {moment(shown.as_of, shown.timezone)}. It is made again every five'
        " minutes: if this is older than ten, we may be down, and this page says nothing of now.</p>"
    )


def _foot(shown: StatusPage) -> str:
    return (
        '<footer><a href="feed.atom">Incidents as a feed</a>, <a href="status.json">all of this as'
        f" JSON</a>. Days are those of {safe(shown.timezone)}.\n{_badges(shown)}</footer>"
    )


def _badges(shown: StatusPage) -> str:
    """Named and not shown: the page loads nothing."""
    rows = "".join(
        f"<li>{safe(name)}: "
        + ", ".join(f'<a href="{path}">{told}</a>' for told, path in found)
        + "</li>"
        for name, found in links(shown)
    )
    return f"<details><summary>Badges to embed elsewhere</summary><ul>{rows}</ul></details>"


def _parts(title: str, parts: Sequence[Part]) -> str:
    return f"<section><h2>{title}</h2>\n" + "\n".join(map(_part, parts)) + "\n</section>"


def _part(part: Part) -> str:
    name = safe(part.name)
    figures = "; ".join(safe(one.words) for one in part.availability)
    rows = "".join(
        f'<tr><th scope="row">{one.day.isoformat()}</th><td>{safe(one.words)}</td></tr>'
        for one in reversed(part.days)
    )
    return (
        f'<article class="part"><header><h3>{name}</h3><span>{safe(part.words)}</span></header>'
        f'{bars(part)}<div class="ends" aria-hidden="true"><span>{part.days[0].day.isoformat()}</span>'
        f"<span>today</span></div><p>{figures}</p><details><summary>{name}, day by day</summary>"
        '<table><thead><tr><th scope="col">Day</th><th scope="col">How it was</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></details></article>"
    )


def _incidents(title: str, notices: Sequence[Notice], timezone: str, none: str) -> str:
    told = "\n".join(_incident(one, timezone) for one in notices)
    return f"<section><h2>{title}</h2>\n{told or f'<p>{none}</p>'}\n</section>"


def _maintenance(shown: StatusPage) -> str:
    told = "".join(
        f'<li id="{safe(one.id)}">{moment(one.starts, shown.timezone)} to'
        f" {moment(one.ends, shown.timezone)}"
        f"{' (going on)' if one.starts <= shown.as_of else ''}: {safe(', '.join(one.affects))}</li>"
        for one in shown.maintenance
    )
    return f"<section><h2>Maintenance</h2>\n<ul>{told}</ul>\n</section>"


def _incident(one: Notice, timezone: str) -> str:
    ended = f", resolved {moment(one.resolved, timezone)}" if one.resolved else ""
    updates = "".join(
        f"<li>{moment(update.at, timezone)}: {safe(update.words)}</li>" for update in one.updates
    )
    return (
        f'<article class="incident" id="{safe(one.id)}"><header><h3>{safe(one.title)}</h3>'
        f"<span>{safe(one.impact)}. {safe(one.words)}</span></header>"
        f"<p>Affects {safe(', '.join(one.affects))}. Began {moment(one.started, timezone)}{ended}.</p>"
        f"<ul>{updates}</ul></article>"
    )

"""A page as data: where the API answers the same, and the lines that ask it from a shell.

The token stands in them by its name, `$STANDFAST_TOKEN`; its value is never known here.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode

_API = "/api/v1/"
_LISTS = {
    "overview": ("Its objectives, as a command", "slo list"),
    "incidents": ("As a command", "incident list"),
    "on-call": ("Its pages, as a command", "page list"),
    "reports": ("As a command", "report list"),
    "review": ("Its findings, as a command", "feedback list"),
    "exclusions": ("As a command", "slo exclusions"),
}
_EACH = {
    "objectives": ("As a command", "slo show"),
    "services": ("May it be deployed, as a command", "gate check"),
    "incidents": ("As a command", "incident show"),
}
_FILTERS = ("stream", "actor", "action", "target", "since", "until", "before", "limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsData:
    path: str  # of the API
    curl: str
    command: str  # "" where no command shows what the page shows
    shows: str  # how much of the page the command shows


def as_data(path: str, query: str, server: str) -> AsData:
    """`query` is the page's own: the audit log is the one page that the API filters in the same words."""
    room, _, name = path.removeprefix(_API).partition("/")
    asked = parse_qsl(query) if room == "audit" else []
    whole = path + (f"?{urlencode(asked)}" if asked else "")
    shows, command = _command(room, unquote(name), dict(asked))
    at = f" --server {shlex.quote(server)}"
    return AsData(
        path=whole,
        curl=f'curl -sS -H "Authorization: Bearer $STANDFAST_TOKEN" {shlex.quote(server + whole)}',
        command=f"standfast {command}{at}" if command else "",
        shows=shows,
    )


def _command(room: str, name: str, asked: dict[str, str]) -> tuple[str, str]:
    if room == "audit":
        given = [f" --{one} {shlex.quote(asked[one])}" for one in _FILTERS if one in asked]
        return "As a command", "audit search" + "".join(given)
    if name and room in _EACH:
        shows, command = _EACH[room]
        return shows, f"{command} {shlex.quote(name)}"
    return ("", "") if name else _LISTS.get(room, ("", ""))

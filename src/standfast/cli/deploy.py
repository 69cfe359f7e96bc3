"""`standfast deploy`: tell a server what was deployed, and see what was."""

from __future__ import annotations

import json
from typing import Any

import click

from standfast.cli.client import connect, server_options
from standfast.cli.instants import instant

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
_DEPLOYS = "/api/v1/deploys"


@click.group()
def deploy() -> None:
    """Mark deployments, so that charts show them where a curve bends."""


@deploy.command()
@click.argument("service")
@click.option("--version", "version", required=True, help="What is live now: a tag or a commit.")
@click.option(
    "--at", help="When it went live, as 2026-11-27T18:00 (UTC where no zone is given); else now."
)
@click.option("--note", default="", help="What is in it, in a line.")
@_JSON
@server_options
def mark(
    service: str,
    version: str,
    at: str | None,
    note: str,
    as_json: bool,
    server: str,
    token_file: str | None,
) -> None:
    """Say that SERVICE, a component of the file, runs a new version.

    It takes a token with the scope `deploy`. The same version again within five minutes is the same
    deployment, so that a pipeline may try again.
    """
    body: dict[str, Any] = {"component": service, "version": version, "note": note}
    if at is not None:
        body["at"] = instant(at).isoformat()
    made = connect(server, token_file).post(_DEPLOYS, body)
    click.echo(json.dumps(made, ensure_ascii=False) if as_json else _line(made))


@deploy.command("list")
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 400), help="How far back."
)
@_JSON
@server_options
def listing(days: int, as_json: bool, server: str, token_file: str | None) -> None:
    """List what was deployed, the newest first."""
    found = connect(server, token_file).get(_DEPLOYS, {"days": days})
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        click.echo(_line(one))
    if not found:
        click.echo("no deployment was marked", err=True)


def _line(one: dict[str, Any]) -> str:
    """One printable line: what others wrote must not steer the terminal."""
    note = f": {one['note']}" if one["note"] else ""
    text = f"{one['id']} {one['at']} {one['component']} {one['version']} by {one['made_by']}{note}"
    return "".join(each for each in " ".join(text.split()) if each.isprintable())

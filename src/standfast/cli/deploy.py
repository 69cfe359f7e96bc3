"""`standfast deploy`: tell a server what was deployed, and see what was."""

from __future__ import annotations

from typing import Any

import click

from standfast.cli import printed
from standfast.cli.client import connect, server_options
from standfast.cli.instants import instant

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
@printed.json_option
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
    printed.one(made, _said, as_json=as_json)


@deploy.command("list")
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 400), help="How far back."
)
@printed.json_option
@server_options
def listing(days: int, as_json: bool, server: str, token_file: str | None) -> None:
    """List what was deployed, the newest first."""
    found = connect(server, token_file).get(_DEPLOYS, {"days": days})
    printed.each(found, _said, as_json=as_json, nothing="no deployment was marked")


def _said(one: dict[str, Any]) -> str:
    note = f": {one['note']}" if one["note"] else ""
    return f"{one['id']} {one['at']} {one['component']} {one['version']} by {one['made_by']}{note}"

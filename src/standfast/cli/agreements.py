"""`standfast slo agreements`"""

from __future__ import annotations

import json
from typing import Any

import click

from standfast.cli.client import connect, server_options


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@server_options
def agreements(as_json: bool, server: str, token_file: str | None) -> None:
    """List what is promised to customers, how their windows go, and what is owed as it stands."""
    found = connect(server, token_file).get("/api/v1/agreements")
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        click.echo(_line(one))
    if not found:
        click.echo("no SLA is stated", err=True)


def _line(one: dict[str, Any]) -> str:
    """One printable line: what others wrote must not steer the terminal."""
    said = f"{one['mark']['word']} {one['because']}; margin: {one['margin']}; owed: {one['owed']}"
    return "".join(each for each in " ".join(said.split()) if each.isprintable())

"""`standfast slo agreements`"""

from __future__ import annotations

from typing import Any

import click

from standfast.cli import printed
from standfast.cli.client import connect, server_options


@click.command()
@printed.json_option
@server_options
def agreements(as_json: bool, server: str, token_file: str | None) -> None:
    """List what is promised to customers, how their windows go, and what is owed as it stands."""
    found = connect(server, token_file).get("/api/v1/agreements")
    printed.each(found, _said, as_json=as_json, nothing="no SLA is stated")


def _said(one: dict[str, Any]) -> str:
    return f"{one['mark']['word']} {one['because']}; margin: {one['margin']}; owed: {one['owed']}"

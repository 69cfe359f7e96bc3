"""`standfast page`"""

from __future__ import annotations

from urllib.parse import quote

import click

from standfast.cli import printed
from standfast.cli.client import connect, server_options
from standfast.cli.printed import json_option, line


@click.group()
def page() -> None:
    """List the pages of a running server, and acknowledge them."""


@page.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only those that wait for an answer.")
@json_option
@server_options
def list_(only_open: bool, as_json: bool, server: str, token_file: str | None) -> None:
    """List the pages: those that wait for an answer first."""
    found = connect(server, token_file).get("/api/v1/pages")
    pages = [one for one in found if one["open"] or not only_open]
    if as_json:
        click.echo(printed.json_text(pages))
        return
    for one in pages:
        click.echo(f"{one['id']}  {'OPEN' if one['open'] else '    '}  {line(one['title'])}")
        click.echo(f"    {line(one['words'])}")
        for attempt in one.get("attempts", ()):
            click.echo(f"    {line(attempt)}")
    if not pages:
        click.echo("no page waits for an answer" if only_open else "there are no pages", err=True)


@page.command()
@click.argument("id")
@click.option(
    "--by",
    metavar="PERSON",
    help="Who answers it (an id of the file), where the token is a program's; else the token's own name.",
)
@json_option
@server_options
def acknowledge(
    id: str,  # noqa: A002 - the argument's name
    by: str | None,
    as_json: bool,
    server: str,
    token_file: str | None,
) -> None:
    """Say "mine": nobody else is told of the page with this ID. Exits 6 where it is closed already."""
    path = f"/api/v1/pages/{quote(id, safe='')}/acknowledge"
    answered = connect(server, token_file).post(path, {"by": by} if by else {})
    if by and answered["acknowledged_by"] != by:
        who = line(answered["acknowledged_by"])
        click.echo(f"note: {who} has answered it before", err=True)
    if as_json:
        click.echo(printed.json_text(answered))
        return
    click.echo(f"{answered['id']}  {line(answered['title'])}")
    printed.say(
        f"    acknowledged by {answered['acknowledged_by']} at {answered['acknowledged_at']}"
    )

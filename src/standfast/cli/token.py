"""`standfast token`"""

from __future__ import annotations

import json
from pathlib import Path

import click

from standfast.cli import printed

_DATABASE = click.option(
    "--database",
    default="",
    envvar="STANDFAST_DATABASE",
    metavar="URL",
    help="The database of the server; a file in the data folder by default.",
)
_DATA = click.option(
    "--data",
    default="standfast-data",
    envvar="STANDFAST_DATA",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The data folder of the server.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


@click.group()
def token() -> None:
    """Make, list and revoke tokens for programs that use the API. Works on the server's own machine."""


@token.command()
@click.option("--name", required=True, help="Who will carry it; the audit log shows this name.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="What it may do: read, respond, operate, audit, alerts, metrics, deploy or admin; may be repeated.",
)
@click.option(
    "--days", type=click.IntRange(1, 3650), help="How long it is good; without this, until revoked."
)
@_DATABASE
@_DATA
@_JSON
def make(
    name: str, scopes: tuple[str, ...], days: int | None, database: str, data: Path, as_json: bool
) -> None:
    """Make a token and print it, this once."""
    from standfast.app.offline import accounts, operator

    fresh = not database and not data.exists()
    with accounts(database, data) as sign_in:
        made = sign_in.make_token(name, scopes, operator(), days)
    click.echo(json.dumps({"name": name, "token": made}) if as_json else made)
    if fresh:
        said = f"{data} was not there and is new: only a server that is started with it knows this token"
        click.echo(said, err=True)


@token.command("list")
@_DATABASE
@_DATA
@_JSON
def list_(database: str, data: Path, as_json: bool) -> None:
    """List the tokens, without their secrets."""
    from standfast.app.offline import accounts

    with accounts(database, data) as sign_in:
        found = sign_in.tokens()
    rows = [
        {"id": one.id, "name": one.name, "scopes": list(one.scopes),
         "ends_at": one.ends_at.isoformat() if one.ends_at else None}
        for one in found
    ]  # fmt: skip
    if as_json:
        click.echo(printed.json_text(rows))
        return
    for row in rows:
        ends = f"until {row['ends_at']}" if row["ends_at"] else "until revoked"
        printed.say(f"{row['id']}  {row['name']}  {', '.join(row['scopes'] or [])}  {ends}")


@token.command()
@click.argument("id")
@_DATABASE
@_DATA
def revoke(id: str, database: str, data: Path) -> None:  # noqa: A002 - the argument's name
    """Revoke the token with this id, at once."""
    from standfast.app.offline import accounts, operator
    from standfast.errors import NotFound

    with accounts(database, data) as sign_in:
        if not sign_in.revoke_token(id, operator()):
            raise NotFound(f"no token has the id {id!r}", fix="standfast token list")
    printed.say(f"revoked {id}")

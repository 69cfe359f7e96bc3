"""`standfast gate`: a pipeline's question before it deploys."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn
from urllib.parse import quote

import click

from standfast.cli.client import connect, server_options
from standfast.cli.group import CLARIFY, FAILED, OK, UNREACHABLE, USAGE
from standfast.cli.instants import instant
from standfast.errors import FileError, NotAllowed, NotFound, StandfastError

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
_CODES = {"yes": OK, "no": FAILED, "unknown": CLARIFY}


class _Asking(click.Group):
    """`gate SERVICE` asks; a service called as a command below is asked of by `gate check`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["check", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Asking)
def gate() -> None:
    """Ask whether a service may be deployed now: `standfast gate SERVICE`."""


@gate.command()
@click.argument("service")
@_JSON
@server_options
def check(service: str, as_json: bool, server: str, token_file: str | None) -> None:
    """May we deploy SERVICE: a component, a journey or an objective? `check` may be left out.

    Exits 0 for yes, 1 for no, 3 where it is unknown, 4 where the server gives no answer, 2 where it
    knows no such service, 5 where the token is not good.
    """
    try:
        found = connect(server, token_file).get(f"/api/v1/gate/{quote(service, safe='')}")
        code = _CODES[found["answer"]]
    except (FileError, NotAllowed):
        raise
    except NotFound as error:
        _refuse(error, USAGE)
    except (StandfastError, KeyError, TypeError) as error:
        _refuse(error, UNREACHABLE)  # whatever else went wrong is neither a yes nor a no
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else _line(found["sentence"]))
    sys.exit(code)


@gate.command()
@click.argument("service")
@click.option("--because", required=True, help="Why the change cannot wait, in a line.")
@click.option("--by", required=True, help="Who answers for it: a person or a team of the file.")
@click.option(
    "--until",
    required=True,
    help="When it ends: 2026-11-27T18:00 (UTC where no zone is given) or from now on, as 4h; 7d at most.",
)
@_JSON
@server_options
def override(
    service: str,
    because: str,
    by: str,
    until: str,
    as_json: bool,
    server: str,
    token_file: str | None,
) -> None:
    """Let changes of SERVICE through for a while, whatever its budgets say. It ends by itself."""
    body = {"because": because, "by": by, "until": instant(until).isoformat()}
    path = f"/api/v1/gate/{quote(service, safe='')}/override"
    made = connect(server, token_file).post(path, body)
    if as_json:
        click.echo(json.dumps(made, ensure_ascii=False))
    else:
        click.echo(_line(f"{made['id']}: {made['service']} is let through until {made['until']}"))


@gate.command()
@click.option("--holding", is_flag=True, help="Only those that hold now.")
@_JSON
@server_options
def overrides(holding: bool, as_json: bool, server: str, token_file: str | None) -> None:
    """List the overrides, the newest first, those that have ended too."""
    found = connect(server, token_file).get("/api/v1/gate-overrides")
    shown = [one for one in found if one["state"] == "holds" or not holding]
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    for one in shown:
        what = f"{one['state']} {one['service']} until {one['until']}, {one['by']}"
        click.echo(_line(f"{one['id']} {what}: {one['because']}"))
    if not shown:
        click.echo("no override holds" if holding else "there are no overrides", err=True)


@gate.command()
@click.argument("id_", metavar="ID")
@_JSON
@server_options
def revoke(id_: str, as_json: bool, server: str, token_file: str | None) -> None:
    """End the override with this ID before its time. Exits 6 where it has ended already."""
    path = f"/api/v1/gate-overrides/{quote(id_, safe='')}/revoke"
    ended = connect(server, token_file).post(path)
    if as_json:
        click.echo(json.dumps(ended, ensure_ascii=False))
    else:
        click.echo(_line(f"{ended['id']}: the gate of {ended['service']} holds again"))


def _refuse(error: Exception, code: int) -> NoReturn:
    said = error if isinstance(error, StandfastError) else "the answer is not that of a gate"
    click.echo(f"error: {said}", err=True)
    sys.exit(code)


def _line(text: Any) -> str:
    """One printable line: what others wrote must not steer the terminal."""
    return "".join(each for each in " ".join(str(text).split()) if each.isprintable())

"""`standfast gate`: a pipeline's question before it deploys."""

from __future__ import annotations

import sys
from typing import Any, NoReturn
from urllib.parse import quote

import click

from standfast.cli import printed
from standfast.cli.client import connect, server_options
from standfast.cli.group import CLARIFY, FAILED, OK, UNREACHABLE, USAGE
from standfast.cli.instants import instant
from standfast.errors import FileError, NotAllowed, NotFound, StandfastError

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
@printed.json_option
@server_options
def check(service: str, as_json: bool, server: str, token_file: str | None) -> None:
    """May we deploy SERVICE: a component, a journey or an objective? `check` may be left out.

    Exits 0 for yes, 1 for no, 3 where it is unknown, 4 where the server gives no answer, 2 where it
    knows no such service, 5 where the token is not good.
    """
    try:
        found = connect(server, token_file).get(f"/api/v1/gate/{quote(service, safe='')}")
        code, sentence = _CODES[found["answer"]], str(found["sentence"])
    except (FileError, NotAllowed):
        raise
    except NotFound as error:
        _refuse(error, USAGE)
    except Exception as error:  # noqa: BLE001 - a crash exits 1, which a pipeline reads as a no
        _refuse(error, UNREACHABLE)
    printed.one(found, lambda _: sentence, as_json=as_json)
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
@printed.json_option
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
    said = f"{made['id']}: {made['service']} is let through until {made['until']}"
    printed.one(made, lambda _: said, as_json=as_json)


@gate.command()
@click.option("--holding", is_flag=True, help="Only those that hold now.")
@printed.json_option
@server_options
def overrides(holding: bool, as_json: bool, server: str, token_file: str | None) -> None:
    """List the overrides, the newest first, those that have ended too."""
    found = connect(server, token_file).get("/api/v1/gate-overrides")
    shown = [one for one in found if one["state"] == "holds" or not holding]
    nothing = "no override holds" if holding else "there are no overrides"
    printed.each(shown, _said, as_json=as_json, nothing=nothing)


@gate.command()
@click.argument("id_", metavar="ID")
@printed.json_option
@server_options
def revoke(id_: str, as_json: bool, server: str, token_file: str | None) -> None:
    """End the override with this ID before its time. Exits 6 where it has ended already."""
    path = f"/api/v1/gate-overrides/{quote(id_, safe='')}/revoke"
    ended = connect(server, token_file).post(path)
    said = f"{ended['id']}: the gate of {ended['service']} holds again"
    printed.one(ended, lambda _: said, as_json=as_json)


def _said(one: dict[str, Any]) -> str:
    what = f"{one['state']} {one['service']} until {one['until']}, {one['by']}"
    return f"{one['id']} {what}: {one['because']}"


def _refuse(error: Exception, code: int) -> NoReturn:
    said = error if isinstance(error, StandfastError) else "the answer is not that of a gate"
    click.echo(f"error: {said}", err=True)
    sys.exit(code)

"""`standfast report`: what was promised of a period, and whether it was kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from standfast.cli import printed
from standfast.cli.client import connect, server_options
from standfast.cli.printed import json_option, line
from standfast.errors import FileError

if TYPE_CHECKING:
    from standfast.cli.client import Client

_REPORTS = "/api/v1/reports"
_KINDS = ("html", "pdf", "csv", "json")


@click.group()
def report() -> None:
    """Make, list and verify service level reports."""


@report.command()
@click.option("--period", required=True, help="A month as 2026-10, a quarter as 2026-Q3.")
@click.option("--objective", "of", default="", help="Only what this objective or level promises.")
@click.option("--agreement", default="", help="Only this agreement with a customer.")
@click.option(
    "--format",
    "formats",
    default=",".join(_KINDS),
    show_default=True,
    help="Which of its files to write, with commas between.",
)
@click.option(
    "--out",
    required=True,
    metavar="FOLDER",
    type=click.Path(file_okay=False),
    help="Where to; the signed manifest is always written too.",
)
@json_option
@server_options
def make(
    period: str,
    of: str,
    agreement: str,
    formats: str,
    out: str,
    as_json: bool,
    server: str,
    token_file: str | None,
) -> None:
    """Make the report of a month or a quarter, sign it, and write it to a folder.

    Where nothing has changed since the last edition, that one is written again. The token needs the scopes
    `read` and `respond`.
    """
    if of and agreement:
        raise click.UsageError("give --objective or --agreement, not both")
    kinds = _chosen(formats)
    client = connect(server, token_file)
    made = client.post(_REPORTS, {"period": period, "of": of or agreement})
    written = _write(client, made, kinds, out)
    if as_json:
        click.echo(printed.json_text(made | {"written": written}))
        return
    said = ", provisional: the period is not over" if made["provisional"] else ""
    click.echo(line(f"{made['id']}: {made['period']}, edition {made['edition']}{said}"))
    click.echo(line(made["summary"]))
    for one in made["corrections"]:
        click.echo(line(f"corrects: {one}"))
    for name in written:
        printed.say(f"wrote {name}")


@report.command("list")
@json_option
@server_options
def list_(as_json: bool, server: str, token_file: str | None) -> None:
    """List the reports that were made, the newest first."""
    found = connect(server, token_file).get(_REPORTS)
    if as_json:
        click.echo(printed.json_text(found))
        return
    for one in found["editions"]:
        of = f" of {one['of']}" if one["of"] else ""
        said = " (provisional)" if one["provisional"] else ""
        what = f"{one['id']} {one['period']}{of}, edition {one['edition']}{said}"
        click.echo(line(f"{what}, {one['made_at']} by {one['made_by']}: {one['summary']}"))
    if not found["editions"]:
        click.echo("no report was made yet", err=True)


@report.command()
@click.argument("file", type=click.Path())
@click.option("--key", required=True, help="The verifying key, or a file with the log's keys.")
@json_option
def verify(file: str, key: str, as_json: bool) -> None:
    """Check that a report is as it was signed; needs no server.

    FILE is a manifest, which checks all the report's files beside it, or one of the files, with the manifest
    beside it. Exit code 0: as it was signed. 1: it is not.
    """
    from standfast.app.verifying import check

    found = check(file, key)
    if as_json:
        told = {
            "clean": found.clean, "manifest": found.manifest, "about": dict(found.about),
            "files": [{"name": name, "wrong": wrong} for name, wrong in found.files],
            "absent": found.absent,
        }  # fmt: skip
        click.echo(printed.json_text(told))
    else:
        for name, wrong in found.files:
            printed.say(f"CHANGED  {name} {wrong}" if wrong else f"{name} is as it was signed")
        for name in found.absent:
            printed.say(f"note: {name} is not here")
        about = found.about
        click.echo(
            line(f"{about.get('system')}, {about.get('period')}, edition {about.get('edition')},"
                  f" made {about.get('made')}")
        )  # fmt: skip
    sys.exit(0 if found.clean else 1)


def _chosen(formats: str) -> list[str]:
    kinds = [one.strip().lower() for one in formats.split(",") if one.strip()]
    if unknown := [one for one in kinds if one not in _KINDS]:
        raise click.UsageError(f"--format: no {unknown[0]}; there are {', '.join(_KINDS)}")
    if not kinds:
        raise click.UsageError(f"--format: name at least one of {', '.join(_KINDS)}")
    return kinds


def _write(client: Client, made: dict[str, Any], kinds: list[str], out: str) -> list[str]:
    """The manifest last, so that what it names is there."""
    from standfast.app.files import Tree

    tree, written = Tree(out), []
    wanted = [one for one in made["files"] if one.rpartition(".")[2] in kinds]
    for name in [*wanted, *(one for one in made["files"] if one.endswith(".manifest"))]:
        if "/" in name or "\\" in name or name.startswith("."):
            raise FileError((f"the server names a file {name[:80]!r}, which is not written",))
        data = client.raw(f"{_REPORTS}/{quote(made['id'], safe='')}/{quote(name, safe='')}")
        tree.write_bytes(name, data)
        written.append(name)
    return written

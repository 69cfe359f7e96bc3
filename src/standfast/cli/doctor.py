"""`standfast doctor`"""

from __future__ import annotations

import json
from pathlib import Path

import click

from standfast.cli import printed


@click.command()
@click.argument("file", type=click.Path(dir_okay=False), default="standfast.yaml")
@click.option(
    "--database",
    default="",
    envvar="STANDFAST_DATABASE",
    metavar="URL",
    help="The database to look at; a file in the data folder by default.",
)
@click.option(
    "--data",
    default="standfast-data",
    envvar="STANDFAST_DATA",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The data folder to look at.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def doctor(file: str, database: str, data: Path, as_json: bool) -> None:
    """Look for what would keep standfast from working here; exits 1 where something would."""
    from standfast.app.doctor import look

    found = look(file=file, database=database, data=data)
    if as_json:
        click.echo(
            json.dumps(
                [{"what": s.what, "ok": s.ok, "words": s.words, "fix": s.fix} for s in found]
            )
        )
    else:
        for one in found:
            printed.say(f"{'ok  ' if one.ok else 'BAD '} {one.what}: {one.words}")
            if one.fix:
                printed.say(f"      fix: {one.fix}")
    if not all(one.ok for one in found):
        click.get_current_context().exit(1)

"""`standfast publish`: write the documents and the machine configuration that follow from a file."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.publish import Plan

OLD = timedelta(days=30)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option(
    "--out", default=".", show_default=True, type=click.Path(file_okay=False), help="Folder to write into."
)
@click.option("--as-of", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day the documents speak of; today.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--adopt", is_flag=True, help="Put regions into documents that have none, instead of beside them.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def publish(
    file: str, out: str, day: datetime | None, check: bool, diff: bool, adopt: bool, as_json: bool
) -> None:
    """Write documents and configuration for the system in FILE.

    Regions that were edited by hand are left alone; nothing is ever deleted.
    """
    from standfast import spec
    from standfast.app import Files, Tree
    from standfast.errors import StandfastError
    from standfast.publish import FOLDERS, plan
    from standfast.spec.system import System

    tree = Tree(out)
    try:
        system: System = spec.read(file, Files())
        present = tree.present(*FOLDERS)
        recorded = day_of(present) if check or diff else None
        as_of = day.date() if day else recorded or today()
        work = plan(_outputs(system, as_of, present), present, adopt=adopt)
        if not (check or diff):
            for write in work.drift:
                tree.write(write.path, write.text)
    except StandfastError as error:
        click.echo(str(error), err=True)
        raise SystemExit(2) from error
    report(work, as_of, diff=diff, as_json=as_json, done=not (check or diff))
    if check and work.drift:
        raise SystemExit(1)


def _outputs(system: object, as_of: date, present: Mapping[str, str]) -> list[object]:
    raise NotImplementedError


def today() -> date:
    from standfast_kit.clock import utc_now

    return utc_now().date()

"""`standfast review FILE`: the verdict on a reliability file, without server or database."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from standfast import spec
from standfast.app.files import Files
from standfast.app.sources import changes
from standfast.errors import FileError
from standfast.review import Measured, Verdict, examine
from standfast.review.rendering import as_text, as_value
from standfast_kit.clock import utc_now

if TYPE_CHECKING:
    from standfast.review import Review

_INVALID = 2
_EXIT = {Verdict.WARN: 3, Verdict.CLARIFY: 3, Verdict.BLOCK: 1}
_LEVELS = {"block": Verdict.BLOCK, "clarify": Verdict.CLARIFY, "warn": Verdict.WARN}


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("standfast.yaml"))
@click.option("--json", "as_json", is_flag=True, help="Print the review as JSON.")
@click.option("--assumptions", is_flag=True, help="List every value that the file leaves open.")
@click.option(
    "--fail-on",
    type=click.Choice(list(_LEVELS)),
    default="clarify",
    show_default=True,
    help="The mildest finding that makes the exit code other than 0.",
)
@click.option("--report-only", is_flag=True, help="Exit with 0 whatever is found.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Judge ages, leave and waivers as of that day (default: today).",
)
def review(
    file: Path,
    as_json: bool,
    assumptions: bool,
    fail_on: str,
    report_only: bool,
    as_of: datetime | None,
) -> None:
    """Judge FILE: ACCEPT, CLARIFY or BLOCK, with a finding for each reason.

    Exit codes: 0 ACCEPT, 1 BLOCK, 2 the file cannot be read, 3 CLARIFY.
    """
    try:
        system = spec.read(str(file), Files())
    except FileError as error:
        click.echo("\n".join(error.problems), err=True)
        if error.fix:
            click.echo(f"  fix: {error.fix}", err=True)
        sys.exit(_INVALID)
    now = utc_now() if as_of is None else datetime.combine(as_of.date(), time(12), UTC)
    found = examine(system, Measured(sources=changes(system, str(file))), now)
    click.echo(_rendered(found, as_json=as_json, assumptions=assumptions), nl=False)
    sys.exit(0 if report_only else exit_code(found, _LEVELS[fail_on]))


def exit_code(found: Review, threshold: Verdict) -> int:
    """0 below the threshold; otherwise the code of the worst open finding."""
    return _EXIT[found.worst] if found.worst >= threshold else 0


def _rendered(found: Review, *, as_json: bool, assumptions: bool) -> str:
    if as_json:
        return json.dumps(as_value(found), indent=2, ensure_ascii=False) + "\n"
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return as_text(found, colour=colour, assumptions=assumptions)

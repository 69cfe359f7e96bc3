"""`standfast publish`: write the documents and the machine configuration that follow from a file."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from standfast.cli.group import FAILED, OK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.publish import Output, Plan, Write

OLD = timedelta(days=30)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False), default="standfast.yaml")
@click.option(
    "--out",
    default=".",
    show_default=True,
    type=click.Path(file_okay=False),
    help="Folder to write into.",
)
@click.option(
    "--as-of",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day that the documents speak of (default: today; with --check the recorded one).",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--adopt", is_flag=True, help="Take over documents that standfast did not write.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def publish(
    file: str, out: str, day: datetime | None, check: bool, diff: bool, adopt: bool, as_json: bool
) -> None:
    """Write documents and configuration for the system that FILE describes.

    Text outside of the marked regions is kept, regions edited by hand are left alone, nothing is deleted.

    Exit codes: 0 done or in step, 1 --check found drift, 2 the file cannot be used.
    """
    from standfast.app.files import Tree
    from standfast.publish import FOLDERS, plan, recorded_day

    tree, dry = Tree(out), check or diff
    present = tree.present(*FOLDERS)
    today = _today()
    as_of = day.date() if day else (recorded_day(present) if dry else None) or today
    work = plan(_rendered(file, as_of, present).values(), present, adopt=adopt)
    if not dry:
        for write in work.drift:
            tree.write(write.path, write.text)
    if today - as_of > OLD:
        click.echo(f"warning: as of {as_of}, which is over 30 days ago; publish again", err=True)
    click.echo(_as_json(work, as_of) if as_json else _as_text(work, dry=dry, diff=diff), nl=False)
    sys.exit(FAILED if check and work.drift else OK)


def _rendered(file: str, as_of: date, present: Mapping[str, str]) -> Mapping[str, Output]:
    from importlib.metadata import version

    from standfast import spec
    from standfast.app.files import Files
    from standfast.publish import render
    from standfast.review import Measured, examine

    system = spec.read(file, Files())
    review = examine(system, Measured(), datetime.combine(as_of, time(12), UTC))
    return render(system, review, as_of, version=version("standfast"), notes=present)


def _today() -> date:
    from standfast_kit.clock import utc_now

    return utc_now().date()


# ------------------------------------------------------------------ the report


def _as_text(work: Plan, *, dry: bool, diff: bool) -> str:
    if diff:
        return "".join(write.diff for write in work.drift)
    lines = [f"{_said(write, dry)} {write.path}" for write in work.drift]
    lines += [
        f"  {write.path}: region {region}: {note.value}"
        for write in work.writes
        for region, note in write.notes
    ]
    lines += [f"orphan, nothing produces it any more: {path}" for path in work.orphans]
    kept = len(work.writes) - len(work.drift)
    return "\n".join([*lines, f"{len(work.drift)} changed, {kept} unchanged"]) + "\n"


def _said(write: Write, dry: bool) -> str:
    words = {"create": "created", "update": "updated", "beside": "written beside your own:"}
    return f"would be {words[write.deed]}" if dry else words[write.deed]


def _as_json(work: Plan, as_of: date) -> str:
    content = {
        "as_of": as_of.isoformat(),
        "files": [
            {
                "path": write.path,
                "deed": write.deed.value,
                "notes": [{"region": region, "note": note.value} for region, note in write.notes],
            }
            for write in work.writes
        ],
        "orphans": list(work.orphans),
    }
    return json.dumps(content, indent=2) + "\n"

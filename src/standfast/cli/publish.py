"""`standfast publish`: write the documents and the machine configuration that follow from a file."""

from __future__ import annotations

import gc
import json
import sys
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from standfast.cli.client import connect, server_options
from standfast.cli.group import FAILED, OK
from standfast.cli.measuring import measurements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from standfast.app.files import Tree
    from standfast.dashboards.measurements import Measurements
    from standfast.publish import Plan, Recorded, Write
    from standfast.review import Finding, Review
    from standfast.review.feedback import Reply
    from standfast.spec.system import System

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
@click.option(
    "--release",
    is_flag=True,
    help="The gate before going live: publish nothing while a BLOCK is open.",
)
@click.option(
    "--private",
    is_flag=True,
    help="Show telephone numbers in on-call.md; not for a repository that others read.",
)
@click.option(
    "--with-measurements",
    is_flag=True,
    help="Ask the server what it has measured; each document gets one dated region of it.",
)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@server_options
def publish(
    file: str,
    out: str,
    day: datetime | None,
    check: bool,
    diff: bool,
    adopt: bool,
    release: bool,
    private: bool,
    with_measurements: bool,
    as_json: bool,
    server: str,
    token_file: str | None,
) -> None:
    """Write documents and configuration for the system that FILE describes.

    Text outside of the marked regions is kept, regions edited by hand are left alone, nothing is deleted.

    Exit codes: 0 done or in step, 1 --check found drift or --release found a BLOCK, 2 the file cannot be
    used.
    """
    from standfast.app.files import Tree
    from standfast.publish import FOLDERS, recorded

    if check and with_measurements:
        raise click.UsageError(
            "--check looks at what the file alone decides; leave out --with-measurements"
        )
    tree, dry = Tree(out), check or diff
    present = tree.present(*FOLDERS)
    last = recorded(present) if dry else None
    edition = _edition(last, day, release=release, private=private)
    system, review = _reviewed(file, edition.as_of)
    if release and (blocking := _blocking(review)):
        click.echo(_refused(blocking, as_json=as_json), nl=False)
        sys.exit(FAILED)
    measured = measurements(connect(server, token_file)) if with_measurements else None
    replies = _answers(file)
    work = _planned(system, review, edition, present, measured, replies, adopt=adopt)
    if not dry:
        _write(tree, work)
    _warn(edition)
    report = _as_json(work, edition) if as_json else _as_text(work, dry=dry, diff=diff)
    click.echo(report, nl=False)
    sys.exit(FAILED if check and work.drift else OK)


def _edition(
    last: Recorded | None, day: datetime | None, *, release: bool, private: bool
) -> Recorded:
    """What was asked for, and for a check, where nothing was, what the last publishing was."""
    from standfast.publish import Recorded

    return Recorded(
        as_of=day.date() if day else last.as_of if last else _today(),
        release=release or bool(last and last.release),
        private=private or bool(last and last.private),
    )


def _reviewed(file: str, as_of: date) -> tuple[System, Review]:
    from standfast import spec
    from standfast.app.files import Files
    from standfast.cli.reviewing import reviewed

    system = spec.read(file, Files())
    # As `standfast review` looks at it, what the file was imported from included: one gate, one verdict.
    return system, reviewed(system, Path(file), datetime.combine(as_of, time(12), UTC))


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Documents are values without circles: looking for circles among them took a quarter of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _answers(file: str) -> tuple[Reply, ...]:
    from standfast.cli.reviewing import answers_beside

    return answers_beside(Path(file))


def _planned(
    system: System,
    review: Review,
    edition: Recorded,
    present: dict[str, str],
    measured: Measurements | None,
    replies: tuple[Reply, ...],
    *,
    adopt: bool,
) -> Plan:
    from importlib.metadata import version

    from standfast.publish import adopted_notes, plan, render

    notes = present | (adopted_notes(present) if adopt else {})
    with uninterrupted():
        outputs = render(
            system,
            review,
            edition.as_of,
            version=version("standfast"),
            notes=notes,
            release=edition.release,
            private=edition.private,
            measured=measured,
            replies=replies,
        )
    return plan(outputs.values(), present, adopt=adopt)


def _write(tree: Tree, work: Plan) -> None:
    """Everything that could be in the way is looked for before anything is written."""
    from standfast.errors import StandfastError

    for write in work.drift:
        if write.before is None and (obstacle := tree.obstacle(write.path)):
            raise StandfastError(obstacle, where=write.path, fix="move it away, then publish again")
    for write in work.drift:
        tree.write(write.path, write.text, before=write.before)


def _warn(edition: Recorded) -> None:
    if _today() - edition.as_of > OLD:
        told = f"warning: as of {edition.as_of}, which is over 30 days ago; publish again"
        click.echo(told, err=True)
    if edition.private:
        click.echo("warning: on-call.md holds telephone numbers; do not commit it", err=True)


def _today() -> date:
    from standfast_kit.clock import utc_now

    return utc_now().date()


# ------------------------------------------------------------------ the gate


def _blocking(review: Review) -> Sequence[Finding]:
    from standfast.review import Verdict

    return [one for one in review.findings if one.verdict is Verdict.BLOCK]


def _refused(blocking: Sequence[Finding], *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"released": False, "blocking": list(_values(blocking))}, indent=2) + "\n"
    lines = [f"not released: {len(blocking)} finding{'s' * (len(blocking) != 1)} of BLOCK open"]
    for one in blocking:
        lines += [
            f"{one.rule} {one.where or one.at}: {one.problem}",
            f"  owed by: {', '.join(one.to)}",
            f"  fix: {one.suggestion}",
        ]
    return "\n".join([*lines, "nothing was written"]) + "\n"


def _values(blocking: Iterable[Finding]) -> Iterable[dict[str, object]]:
    for one in blocking:
        yield {
            "id": one.id,
            "rule": one.rule,
            "where": one.where,
            "problem": one.problem,
            "to": list(one.to),
            "fix": one.suggestion,
        }


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


def _as_json(work: Plan, edition: Recorded) -> str:
    content = {
        "as_of": edition.as_of.isoformat(),
        "release": edition.release,
        "private": edition.private,
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

"""`standfast review FILE`: the verdict on a reliability file, without server or database."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from standfast import spec
from standfast.app.files import Edited, put
from standfast.cli.reviewing import answers_beside, instant, refuse, reviewed, system_of
from standfast.errors import FileError, ToolError
from standfast.review import Verdict
from standfast.review import baseline as known
from standfast.review.report import report

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.review import Review
    from standfast.review.baseline import Comparison
    from standfast.review.report import Report

_EXIT = {Verdict.WARN: 3, Verdict.CLARIFY: 3, Verdict.BLOCK: 1}
_LEVELS = {"block": Verdict.BLOCK, "clarify": Verdict.CLARIFY, "warn": Verdict.WARN}
FORMATS = ("text", "json", "sarif", "markdown", "junit")


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=Path("standfast.yaml"))
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="How the review is written (default: text).",
)
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write into this file, whole or not at all, instead of standard output.",
)
@click.option("--assumptions", is_flag=True, help="List every value that the file leaves open.")
@click.option(
    "--full",
    is_flag=True,
    help="Give every finding its reason and advice, where several of one rule share them.",
)
@click.option(
    "--fail-on",
    type=click.Choice(list(_LEVELS)),
    default="clarify",
    show_default=True,
    help="The mildest finding that makes the exit code other than 0.",
)
@click.option("--report-only", is_flag=True, help="Exit with 0 whatever is found.")
@click.option(
    "--changed-since",
    "revision",
    metavar="REV",
    help="Only what is new or worse than in the file as of that revision of git.",
)
@click.option(
    "--baseline",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file of findings that are known: they are listed, and do not fail.",
)
@click.option(
    "--write-baseline",
    is_flag=True,
    help="Write the findings of now into the file that --baseline names.",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Judge ages, leave and waivers as of that day (default: today).",
)
def review(
    file: Path,
    form: str | None,
    as_json: bool,
    out: Path | None,
    assumptions: bool,
    full: bool,
    fail_on: str,
    report_only: bool,
    revision: str | None,
    baseline: Path | None,
    write_baseline: bool,
    as_of: datetime | None,
) -> None:
    """Judge FILE: ACCEPT, CLARIFY or BLOCK, with a finding for each reason.

    Exit codes: 0 ACCEPT, 1 BLOCK, 2 the file cannot be read, 3 CLARIFY.
    """
    form = _form(form, as_json=as_json)
    if write_baseline and baseline is None:
        raise click.UsageError("--write-baseline needs --baseline FILE")
    if baseline and revision:
        raise click.UsageError("--baseline and --changed-since compare with different things")
    now = instant(as_of)
    found = reviewed(system_of(file), file, now)
    if write_baseline and baseline:
        _keep(found, baseline)
    try:
        compared = _compared(found, file, now, revision, baseline)
    except FileError as error:
        refuse(error)
    except ToolError as error:
        refuse(FileError((f"error: {error.problem}",), fix=error.fix))
    told = report(found, answers_beside(file), compared)
    threshold = _LEVELS[fail_on]
    shown = _rendered(told, form, file, threshold, assumptions=assumptions, full=full, out=out)
    _write(shown, out)
    sys.exit(0 if report_only else exit_code(told, threshold))


def exit_code(told: Report, threshold: Verdict) -> int:
    """0 below the threshold; otherwise the code of the worst finding that counts."""
    return _EXIT[told.worst] if told.worst >= threshold else 0


def _form(form: str | None, *, as_json: bool) -> str:
    if as_json and form not in (None, "json"):
        raise click.UsageError(f"--json and --format {form} ask for different things")
    return "json" if as_json else form or "text"


# ------------------------------------------------------------------ what was known


def _compared(
    found: Review, file: Path, now: datetime, revision: str | None, baseline: Path | None
) -> Comparison | None:
    if baseline:
        return known.compare(found, _read_baseline(baseline), f"the baseline {baseline}")
    if revision is not None:
        return _since(found, file, now, revision)
    return None


def _read_baseline(path: Path) -> dict[str, Verdict]:
    edited = Edited(str(path))
    if not edited.text:
        raise FileError(
            (f"{path}: there is no baseline here",), fix="begin one with --write-baseline"
        )
    return known.read(edited.text, str(path))


def _keep(found: Review, path: Path) -> None:
    edited = Edited(str(path))
    try:
        before = set(known.read(edited.text, str(path))) if edited.text else set()
    except FileError as error:
        refuse(FileError(error.problems, fix="it is no baseline, and is left as it is"))
    after = set(known.verdicts(found))
    edited.save(known.write(found))
    click.echo(
        f"{path}: {len(after)} known; {len(after - before)} added, {len(before - after)} taken out",
        err=True,
    )


def _since(found: Review, file: Path, now: datetime, revision: str) -> Comparison:
    """The same review of the older file, on the same day: only the file makes a difference."""
    from standfast.app.revisions import Revision

    older = Revision(revision, str(file))
    name = f"revision {revision} ({older.commit[:12]})"
    before: dict[str, Verdict] = {}
    if not older.holds(str(file)):
        click.echo(f"note: {file} was not there at {name}; all of it is new", err=True)
    else:
        try:
            before = known.verdicts(reviewed(spec.read(str(file), older), file, now))
        except FileError as error:
            click.echo(f"note: as of {name} the file could not be read; all of it is new", err=True)
            click.echo("\n".join(error.problems[:5]), err=True)
    return known.compare(found, before, name, listed=False)


# ------------------------------------------------------------------ how it is written


def _rendered(
    told: Report,
    form: str,
    file: Path,
    threshold: Verdict,
    *,
    assumptions: bool,
    full: bool,
    out: Path | None,
) -> str:
    if form == "json":
        from standfast.review.output.plain import report_value

        return _json(report_value(told))
    if form == "sarif":
        return _json(_sarif(told, file))
    if form == "markdown":
        from standfast.review.output.markdown import as_markdown

        return as_markdown(told)
    if form == "junit":
        from standfast.review.catalogue import RULES
        from standfast.review.output.junit import as_junit

        return as_junit(told, RULES, threshold)
    return _text(
        told, assumptions=assumptions, full=full, terminal=out is None and sys.stdout.isatty()
    )


def _sarif(told: Report, file: Path) -> object:
    from importlib.metadata import version

    from standfast.review.catalogue import RULES
    from standfast.review.output.sarif import as_sarif

    return as_sarif(
        told, RULES, path=file.as_posix(), version=version("standfast"), root=Path.cwd().as_posix()
    )


def _text(told: Report, *, assumptions: bool, full: bool, terminal: bool) -> str:
    from standfast.review.output.text import as_text

    width = shutil.get_terminal_size().columns if terminal else None
    colour = terminal and not os.environ.get("NO_COLOR")
    return as_text(told, colour=colour, assumptions=assumptions, full=full, width=width)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _write(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    put(str(out), text)
    click.echo(f"wrote {out}", err=True)

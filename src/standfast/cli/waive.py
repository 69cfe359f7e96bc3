"""`standfast waive`: accept one risk for a time, in the reliability file itself."""

from __future__ import annotations

import difflib
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from standfast import spec
from standfast.app.files import Edited, Files
from standfast.cli import printed
from standfast.cli.reviewing import instant, refuse, reviewed, system_of
from standfast.errors import Conflict, FileError, NotFound, StandfastError
from standfast.spec.editing import append, replace

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.review import Review
    from standfast.spec.system import System

_LONGEST = timedelta(days=366)


@click.command()
@click.argument("rule")
@click.argument("path")
@click.option("--because", required=True, help="Why the risk is borne.")
@click.option("--by", required=True, help="Who bears it: a person or a team of the file.")
@click.option(
    "--until",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day on which it holds; a year from now at most.",
)
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("standfast.yaml"),
    show_default=True,
    help="The reliability file.",
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Count from that day, not today.")
def waive(
    rule: str,
    path: str,
    because: str,
    by: str,
    until: datetime,
    file: Path,
    dry_run: bool,
    as_json: bool,
    as_of: datetime | None,
) -> None:
    """Accept what RULE finds at PATH, until a day; what the file says else stays as it is.

    A waiver that ran out for the same finding is renewed in its place.
    """
    now = instant(as_of)
    system = system_of(file)
    _possible(reviewed(system, file, now), rule, path)
    _span(until.date(), now.date())
    entry = {
        "rule": rule,
        "at": path,
        "because": " ".join(because.split()),
        "by": by,
        "until": until.date().isoformat(),
    }
    name, index = _place(system, str(file), rule, path)
    edited = Edited(name)
    after = (
        append(edited.text, "waivers", entry)
        if index is None
        else replace(edited.text, "waivers", index, entry)
    )
    _proved(file, name, after, now, rule, path)
    if not dry_run:
        edited.save(after)
    shown = _difference(name, edited.text, after)
    if as_json:
        told = {"file": name, "written": not dry_run, "waiver": entry, "diff": shown}
        click.echo(printed.json_text(told, indent=2))
        return
    click.echo(printed.visible(shown, keep="\n\t"), nl=False)
    if not dry_run:
        printed.say(f"{name}: {rule} at {path} is waived until {entry['until']}", err=True)


def _possible(found: Review, rule: str, path: str) -> None:
    """Raises where there is nothing to waive."""
    from standfast.review.catalogue import BY_ID
    from standfast.spec.problem import nearest

    if rule not in BY_ID:
        raise NotFound(
            f"there is no rule {rule!r}{nearest(rule, BY_ID)}",
            fix="the review names the rule first",
        )
    if rule == "WVR-01":
        raise Conflict(
            "a waiver is not waived", where=rule, fix="mend the waiver that it speaks of"
        )
    waived = next((one for one in found.waived if (one.rule, one.at) == (rule, path)), None)
    if waived is not None:
        raise Conflict(
            f"it is waived already, by {waived.waived_by}",
            where=waived.id,
            fix="change its entry under `waivers:`",
        )
    places = [one.at for one in found.findings if one.rule == rule]
    if path not in places:
        said = f"it finds something at: {', '.join(places[:10])}" if places else "it finds nothing"
        raise NotFound(
            f"{rule} finds nothing there{nearest(path, places)}",
            where=path,
            fix=f"name a finding of the review; {said}",
        )


def _span(until: date, today: date) -> None:
    if not today <= until <= today + _LONGEST:
        raise StandfastError(
            f"a waiver ends between today, {today}, and {today + _LONGEST}",
            where=f"--until {until}",
            fix="give a day within a year; whoever bears the risk decides again then",
        )


def _place(system: System, file: str, rule: str, path: str) -> tuple[str, int | None]:
    """The file to write into, and there the place of the waiver that ran out, if one did."""
    places = [system.places.get(f"waivers.{index}") for index in range(len(system.waivers))]
    for index, one in enumerate(system.waivers):
        place = places[index]
        if (one.rule, one.at) == (rule, path) and place is not None:
            before = [each for each in places[:index] if each and each.file == place.file]
            return place.file, len(before)
    last = next((each.file for each in reversed(places) if each), None)
    return last or file, None


class _Proposed:
    """The files as they would be."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._text, self._files = name, text, Files()

    def read(self, path: str) -> str:
        return self._text if path == self._name else self._files.read(path)

    def glob(self, pattern: str) -> list[str]:
        return self._files.glob(pattern)


def _proved(file: Path, name: str, text: str, now: datetime, rule: str, path: str) -> None:
    """What is about to be written is read and reviewed: it must hold, and cover this finding."""
    try:
        system = spec.read(str(file), _Proposed(name, text))
    except FileError as error:
        refuse(FileError(error.problems, fix="nothing was written"))
    if not any((one.rule, one.at) == (rule, path) for one in reviewed(system, file, now).waived):
        raise StandfastError("the waiver would not hold; nothing was written", where=name)


def _difference(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, name
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)

"""`standfast slo backtest`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from standfast.cli import printed
from standfast.slo.judgement import words

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.app.backtesting import Backtest
    from standfast.engine.backtest import Firing, Outcome


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False))
@click.option(
    "--days", type=int, default=30, show_default=True, help="How far back, in days of 24 hours."
)
@click.option("--objective", default="", help="Only this objective; needed for --target, --window.")
@click.option("--target", default="", help="The promise to try in its place, as 99.9%.")
@click.option("--window", default="", help="The rolling window to try in its place, as 30d.")
@click.option(
    "--database",
    envvar="STANDFAST_DATABASE",
    default="",
    help="URL of the server's database; by default the SQLite file in the data folder.",
)
@click.option(
    "--data",
    default="standfast-data",
    envvar="STANDFAST_DATA",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The data folder of the server.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def backtest(
    file: str | None,
    days: int,
    objective: str,
    target: str,
    window: str,
    database: str,
    data: Path,
    as_json: bool,
) -> None:
    """Say what a changed objective or alert would have paged, by what was counted.

    FILE is a changed reliability file; without it the accepted one is tried, with --target and --window
    laid over --objective. Works on the server's own machine and changes nothing.
    """
    from standfast.app.backtesting import Asked, backtest

    if (target or window) and not objective:
        raise click.UsageError("--target and --window change one --objective; name it")
    asked = Asked(file=file or "", days=days, objective=objective, target=target, window=window)
    found = backtest(asked, database, data, _progress)
    if as_json:
        click.echo(printed.json_text(_told(found)))
        return
    click.echo(f"From {_utc(found.start)} to {_utc(found.end)} UTC")
    for title, outcome in (("Changed", found.changed), ("Present", found.present)):
        click.echo(f"\n{title}: {len(outcome.firings)} fired")
        for one in outcome.firings:
            printed.say(_line(one, found.end))
        for other in outcome.unreplayed:
            printed.say(f"  not replayed: {other.rule}: {other.because}")
        for said in outcome.unseen:
            printed.say(f"  not seen: {said}")
    printed.say(f"\n{found.difference}", keep="\n")


def _progress(done: int, of: int) -> None:
    """One line that is written over, for whoever watches; files and pipes get none of it."""
    if sys.stderr.isatty():
        end = "\r\033[K" if done == of else ""
        click.echo(f"\r{done} of {of} rules{end}", nl=False, err=True)


def _line(one: Firing, end: datetime) -> str:
    when = f"{one.local:%a %Y-%m-%d %H:%M %Z} ({one.at:%H:%M} UTC)"
    night = " at night" if one.night else ""
    long = f"for {words(one.until - one.at)}" if one.until else f"{words(end - one.at)} so far"
    whom = ", ".join(one.who) or "nobody on duty"
    said = f"  {one.severity} {one.rule}: {when}{night}, {whom}, {long}"
    if one.spent is not None:
        said += f", {float(one.spent):.0%} of the budget spent"
    if not one.wakes:
        said += ", wakes nobody"
    if one.before_start:
        said += ", perhaps since before"
    return said


def _told(found: Backtest) -> dict[str, Any]:
    return {
        "start": found.start.isoformat(),
        "end": found.end.isoformat(),
        "changed": _outcome(found.changed),
        "present": _outcome(found.present),
        "difference": found.difference,
    }


def _outcome(one: Outcome) -> dict[str, Any]:
    return {
        "firings": [_firing(each) for each in one.firings],
        "pages": one.woken,
        "pages_at_night": one.nights,
        "not_replayed": [{"rule": each.rule, "because": each.because} for each in one.unreplayed],
        "not_seen": list(one.unseen),
    }


def _firing(one: Firing) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "component": one.component,
        "severity": one.severity.value,
        "at": one.at.isoformat(),
        "local": one.local.isoformat(),
        "night": one.night,
        "wakes": one.wakes,
        "who": list(one.who),
        "until": one.until.isoformat() if one.until else None,
        "seconds": (one.until - one.at).total_seconds() if one.until else None,
        "budget_spent": None if one.spent is None else float(one.spent),
        "because": one.because,
        "perhaps_since_before": one.before_start,
    }


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"

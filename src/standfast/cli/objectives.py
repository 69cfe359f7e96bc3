"""`standfast slo list` and `standfast slo show`"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from standfast.cli import printed
from standfast.cli.client import connect, server_options
from standfast.dashboards.figure import budget_words
from standfast.slo.judgement import words

if TYPE_CHECKING:
    from collections.abc import Iterator

_OBJECTIVES = "/api/v1/objectives"


@click.command("list")
@printed.json_option
@server_options
def objectives(as_json: bool, server: str, token_file: str | None) -> None:
    """List every objective: its state, what is left of its budget, and until when that lasts."""
    found = connect(server, token_file).get(_OBJECTIVES)
    printed.each(found, _row, as_json=as_json, nothing="nothing is promised")


@click.command()
@click.argument("name", metavar="OBJECTIVE")
@printed.json_option
@server_options
def show(name: str, as_json: bool, server: str, token_file: str | None) -> None:
    """Show one objective: its budget in percent, events and minutes, its burn alerts with how soon each
    notices, what its policy asked for since when, and what is excluded."""
    one = connect(server, token_file).get(f"{_OBJECTIVES}/{quote(name, safe='')}")
    if as_json:
        click.echo(printed.json_text(one))
        return
    for line in _told(one):
        click.echo(_line(line))


def _row(one: dict[str, Any]) -> str:
    left = f"{_left(one)} of {one['promise']} over {_long(one['window'])}"
    ends = f", gone at {one['runs_out']}" if one["runs_out"] else ""
    why = f"; {one['why_unknown']}" if one["mark"]["word"] == "unknown" else ""
    return f"{one['mark']['word']} {one['name']}: {left}{ends}{why}"


def _told(one: dict[str, Any]) -> Iterator[str]:
    yield f"{one['name']} is {one['mark']['word']}. {one['sentence']}"
    pace = f"; {one['pace_words']}" if one["pace_words"] else ""
    yield f"budget: {_left(one)}, {one['left_words']}{pace}"
    for burn in one["burns"]:
        yield f"{burn['name']} ({burn['severity']}) {burn['mark']['word']}: {burn['because']}"
        yield f"  {burn['detection']}"
    for rule in one["watches"]:
        yield f"{rule['name']} ({rule['severity']}) of {rule['component']} {rule['detection']}"
    if one["no_burns"]:
        yield f"burn alerts: {one['no_burns']}"
    for because in one["refused"]:
        yield f"left out: {because}"
    for band in one["policy_history"]:
        gate = "closed" if band["closes"] else "open"
        yield f"policy since {band['since']}: {band['band']}, {band['action']}; the gate is {gate}"
    for out in one["exclusions"]:
        yield f"excluded {out['starts']} to {out['ends']} as {out['id']}, {out['by']}: {out['because']}"


def _left(one: dict[str, Any]) -> str:
    left = one["left"]
    if left is None:
        return "unknown"
    return budget_words(left) + ("" if left < 0 else " left")


def _long(seconds: float) -> str:
    return words(timedelta(seconds=seconds))


def _line(text: str) -> str:
    """Indented as it was."""
    return ("  " if text.startswith("  ") else "") + printed.line(text)

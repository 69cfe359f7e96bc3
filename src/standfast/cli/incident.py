"""Declare incidents, write down what happens, and end them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from standfast.cli import printed
from standfast.cli.client import connect, server_options
from standfast.errors import FileError, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_INCIDENTS = "/api/v1/incidents"
_JSON = click.option("--json", "as_json", is_flag=True, help="The API's answer as it is.")
_ROLES = click.Choice(["commander", "technical", "communications", "scribe"])
_SEVS = click.Choice(["SEV1", "SEV2", "SEV3", "SEV4"], case_sensitive=False)
_PRIORITIES = click.Choice(["P1", "P2", "P3", "P4"], case_sensitive=False)
_DAY = click.DateTime(["%Y-%m-%d"])
_STATES = click.Choice(["open", "mitigated", "resolved", "closed"])


def _asking(command: Callable[..., Any]) -> Callable[..., Any]:
    return server_options(_JSON(command))


@click.group()
def incident() -> None:
    """Declare, run and close incidents."""


@incident.command("list")
@_asking
def list_(server: str, token_file: str | None, as_json: bool) -> None:
    """List incidents, those that go on and those that are over."""
    screen = connect(server, token_file).get(_INCIDENTS)
    if as_json:
        _print_json(screen)
        return
    for one in screen["incidents"]:
        who = one["commander"] or "nobody commands"
        state = one["mark"]["word"]
        printed.say(f"{one['id']}  {one['sev']}  {state}  {one['since']}  {who}  {one['title']}")
    printed.say(screen["words"])
    for one in screen["overdue"]:
        due, owner = one["due"][:10], one["owner"] or "nobody"
        printed.say(f"overdue since {due}: {one['what']}, of {one['incident']}: {owner}")


@incident.command()
@click.argument("id_", metavar="ID")
@_asking
def show(id_: str, server: str, token_file: str | None, as_json: bool) -> None:
    """Show one incident: its timeline, its roles, and what is left to do."""
    screen = connect(server, token_file).get(_address(id_))
    if as_json:
        _print_json(screen)
        return
    printed.say(f"{screen['id']}  {screen['sev']}  {screen['mark']['word']}  {screen['title']}")
    printed.say(f"on {screen['component']} since {screen['since']}")
    for role, person in screen["roles"]:
        printed.say(f"  {role}: {person or 'open'}")
    _say_checklist(screen["checklist"])
    _say_actions(screen["actions"])
    for entry in screen["timeline"]:
        by = f" ({entry['by']})" if entry["by"] else ""
        printed.say(f"{entry['at']}  {entry['kind']}  {entry['text']}{by}")
    if screen["steps"]:
        printed.say(f"it can become: {', '.join(screen['steps'])}")


@incident.command()
@click.argument("title")
@click.option("--sev", required=True, type=_SEVS, help="How bad it is; if unsure, the worse one.")
@click.option("--component", required=True, help="What is in trouble: its name in the file.")
@_asking
def declare(
    title: str, sev: str, component: str, server: str, token_file: str | None, as_json: bool
) -> None:
    """Declare an incident that no alert has declared."""
    body = {"title": title, "sev": sev.upper(), "component": component}
    _done(connect(server, token_file).post(_INCIDENTS, body), as_json)


@incident.command()
@click.argument("id_", metavar="ID")
@click.argument("text")
@_asking
def note(id_: str, text: str, server: str, token_file: str | None, as_json: bool) -> None:
    """Write a line into the timeline."""
    _deed(server, token_file, as_json, id_, "notes", {"text": text})


@incident.command()
@click.argument("id_", metavar="ID")
@click.argument("role", type=_ROLES)
@click.argument("person")
@_asking
def assign(
    id_: str, role: str, person: str, server: str, token_file: str | None, as_json: bool
) -> None:
    """Give a person (an id of the file) a role; whoever had it is relieved."""
    _deed(server, token_file, as_json, id_, "roles", {"role": role, "person": person})


@incident.command()
@click.argument("id_", metavar="ID")
@click.argument("task")
@click.option("--undo", is_flag=True, help="Take back a tick that was a mistake.")
@_asking
def check(
    id_: str, task: str, undo: bool, server: str, token_file: str | None, as_json: bool
) -> None:
    """Tick a task of the checklist; `show` lists their names."""
    _deed(server, token_file, as_json, id_, "tasks", {"task": task, "done": not undo})


@incident.command()
@click.argument("id_", metavar="ID")
@click.argument("text")
@click.option("--priority", required=True, type=_PRIORITIES, help="How much it matters.")
@click.option("--owner", required=True, help="Who does it: a person's id of the file.")
@click.option("--due", type=_DAY, help="The day by whose end (UTC) it is done: 2026-12-10.")
@_asking
def act(
    id_: str,
    text: str,
    priority: str,
    owner: str,
    due: datetime | None,
    server: str,
    token_file: str | None,
    as_json: bool,
) -> None:
    """Add an action item: what is done so that it does not happen again."""
    body = {"text": text, "priority": priority.upper(), "owner": owner, "due": _day(due)}
    _deed(server, token_file, as_json, id_, "actions", body)


@incident.command("hand-over")
@click.argument("id_", metavar="ID")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--owner", default="", help="Who does it from now on: a person's id of the file.")
@click.option("--due", type=_DAY, help="The day by whose end (UTC) it is done: 2026-12-10.")
@_asking
def hand_over(
    id_: str,
    number: int,
    owner: str,
    due: datetime | None,
    server: str,
    token_file: str | None,
    as_json: bool,
) -> None:
    """Give action item NUMBER to somebody else, until another day, or both; `show` lists them."""
    if not (owner or due):
        raise click.UsageError("say to whom (--owner), until when (--due), or both")
    body = {"owner": owner, "due": _day(due)}
    _deed(server, token_file, as_json, id_, f"actions/{number}", body)


@incident.command()
@click.argument("id_", metavar="ID")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--undo", is_flag=True, help="It is not done after all.")
@_asking
def done(
    id_: str, number: int, undo: bool, server: str, token_file: str | None, as_json: bool
) -> None:
    """Say that action item NUMBER is done."""
    _deed(server, token_file, as_json, id_, f"actions/{number}", {"done": not undo})


@incident.command()
@click.argument("id_", metavar="ID")
@click.option("--text", default="", help="What ended it, for the timeline.")
@_asking
def resolve(id_: str, text: str, server: str, token_file: str | None, as_json: bool) -> None:
    """Say that it is over; the time for the post-mortem begins."""
    _deed(server, token_file, as_json, id_, "status", {"state": "resolved", "text": text})


@incident.command()
@click.argument("id_", metavar="ID")
@click.argument("state", type=_STATES)
@click.option("--text", default="", help="Why, for the timeline.")
@_asking
def status(
    id_: str, state: str, text: str, server: str, token_file: str | None, as_json: bool
) -> None:
    """Set the state: open, mitigated, resolved or closed."""
    _deed(server, token_file, as_json, id_, "status", {"state": state, "text": text})


@incident.command("post-mortem")
@click.argument("id_", metavar="ID")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
              help="A file that does not exist yet; else stdout.")  # fmt: skip
@_asking
def post_mortem(
    id_: str, output: Path | None, server: str, token_file: str | None, as_json: bool
) -> None:
    """Write the draft of the post-mortem, filled in from the timeline."""
    screen = connect(server, token_file).get(_address(id_))
    draft, words = screen["post_mortem"], screen["post_mortem_words"]
    if not draft:
        raise NotFound(f"{id_} has no draft yet", fix="resolve the incident first")
    if output is not None:
        _write(output, draft)
    if as_json:
        told = {"id": screen["id"], "words": words, "file": str(output) if output else None}
        _print_json(told | {"post_mortem": draft})
    elif output is None:
        click.echo(printed.visible(draft, keep="\n"), nl=False)
    else:
        printed.say(f"{output} is written. {words}")


def _deed(
    server: str, token_file: str | None, as_json: bool, id_: str, what: str, body: dict[str, Any]
) -> None:
    _done(connect(server, token_file).post(f"{_address(id_)}/{what}", body), as_json)


def _done(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        _print_json(answer)
        return
    state = (answer.get("mark") or {}).get("word") or answer.get("state", "")
    printed.say(f"{answer['id']}  {answer['sev']}  {state}  {answer['title']}")


def _say_checklist(tasks: list[dict[str, Any]]) -> None:
    phase = ""
    for task in tasks:
        if task["phase"] != phase:
            phase = task["phase"]
            printed.say(f"  {phase}{', ' + task['within'] if task['within'] else ''}")
        by = f" ({task['by']})" if task["done"] and task["by"] else ""
        printed.say(f"    [{'x' if task['done'] else ' '}] {task['id']:<22}{task['text']}{by}")


def _say_actions(actions: list[dict[str, Any]]) -> None:
    if actions:
        printed.say("  Action items")
    for one in actions:
        due = f", due {one['due'][:10]}" if one["due"] else ""
        state = one["mark"]["word"]
        printed.say(
            f"    {one['number']}. {one['priority']} {one['text']}: {one['owner']}{due}, {state}"
        )


def _day(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%d}" if moment else None


def _address(id_: str) -> str:
    return f"{_INCIDENTS}/{quote(id_, safe='')}"


def _write(path: Path, text: str) -> None:
    """Never over a file that is there: somebody may have written the answers into it."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise FileError((f"{path}: cannot write the draft: {error.strerror}",)) from error


def _print_json(value: Any) -> None:
    click.echo(printed.json_text(value, indent=2))

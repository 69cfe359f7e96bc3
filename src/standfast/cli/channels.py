"""`standfast on-call channels|test|answer`: which channels reach whom, by a running server."""

from __future__ import annotations

import sys
import threading
from typing import Any

import click

from standfast.cli import printed
from standfast.cli.client import Client, connect, server_options
from standfast.cli.group import FAILED, TIMED_OUT
from standfast.cli.printed import json_option, line
from standfast_kit.clock import monotonic


@click.command()
@json_option
@server_options
def channels(as_json: bool, server: str, token_file: str | None) -> None:
    """Show by which channels each person is known to be reached: by the last test page of each."""
    found = connect(server, token_file).get("/api/v1/on-call/channels")
    if as_json:
        click.echo(printed.json_text(found, indent=2))
        return
    for one in found:
        _show_way(one)
    if not found:
        click.echo("the file has no channel that leads to anybody: add `channels:`", err=True)


def _show_way(one: dict[str, Any]) -> None:
    wakes = " (wakes)" if one["wakes"] else ""
    said = f"{one['name']} by {one['channel']}{wakes}: {one['mark']['word']}, {one['words']}"
    click.echo(line(said))


@click.command()
@click.argument("person", required=False)
@click.option("--channel", metavar="CHANNEL", help="By this channel only.")
@click.option("--all", "everybody", is_flag=True, help="Everybody, by every channel.")
@click.option(
    "--wait",
    type=click.IntRange(0, 3600),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="Wait so long for the answers; 0 only sends.",
)
@json_option
@server_options
def test(
    person: str | None,
    channel: str | None,
    everybody: bool,
    wait: int,
    as_json: bool,
    server: str,
    token_file: str | None,
) -> None:
    """Send PERSON (an id of the file) a test page by each of their channels, and wait for the answers.

    It is marked as a test and has a link in it; whoever presses the button behind the link has verified the
    channel. Exits 1 where a test failed, 7 where somebody has not answered yet.
    """
    if everybody == bool(person or channel):
        raise click.UsageError("name a person or a channel, or say --all")
    client = connect(server, token_file)
    body = {
        "people": [person] if person else [],
        "channels": [channel] if channel else [],
        "everybody": everybody,
    }
    sent = {(one["person"], one["channel"]) for one in client.post("/api/v1/on-call/tests", body)}
    if not as_json:
        click.echo(f"{len(sent)} test pages are on their way", err=True)
    found = _waited(client, sent, wait)
    if as_json:
        click.echo(printed.json_text(found, indent=2))
    else:
        for one in found:
            _show_way(one)
    if any(one["mark"]["word"] == "failed" for one in found):
        sys.exit(FAILED)
    if wait and any(one["testing"] for one in found):
        sys.exit(TIMED_OUT)


def _waited(client: Client, sent: set[tuple[str, str]], seconds: int) -> list[dict[str, Any]]:
    """The ways that were tested, as soon as none of them is under way, and at the latest after `seconds`."""
    end, pause = monotonic() + seconds, threading.Event()
    while True:
        every = client.get("/api/v1/on-call/channels")
        found = [one for one in every if (one["person"], one["channel"]) in sent]
        running = [one for one in found if one["testing"]]
        if not running or monotonic() >= end:
            return found
        pause.wait(min(1.0, max(0.0, end - monotonic())))


@click.command()
@click.argument("code")
@json_option
@server_options
def answer(code: str, as_json: bool, server: str, token_file: str | None) -> None:
    """Answer a test page by the CODE that stands in it: the channel that it came by is verified."""
    done = connect(server, token_file).post("/api/v1/on-call/tests/answer", {"code": code})
    if as_json:
        click.echo(printed.json_text(done))
        return
    who = done["person"] or "its own receiver"
    click.echo(line(f"{done['channel']} reaches {who}"))

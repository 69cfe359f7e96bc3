"""`standfast heartbeat`: a job of cron tells that it ran."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from standfast.cli.client import Client, connect, server_options
from standfast.errors import StandfastError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

_PATIENCE = 10.0  # seconds for an answer, unless told otherwise: a job is not held up longer
_NOT_FOUND, _NOT_RUN = 127, 126  # as shells answer


@click.command()
@click.argument("name")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--start", "state", flag_value="start", help="It begins.")
@click.option("--finish", "state", flag_value="finish", help="It ended well; this is the default.")
@click.option("--fail", "state", flag_value="fail", help="It failed.")
@click.option("--exit-status", type=int, help="How it ended: 0 is well. In cron: --exit-status $?")
@click.option("--seconds", type=click.FloatRange(min=0), help="How long it took.")
@click.option("--because", default="", help="Why it failed, in a line.")
@server_options
def heartbeat(
    name: str,
    command: tuple[str, ...],
    state: str | None,
    exit_status: int | None,
    seconds: float | None,
    because: str,
    server: str,
    token_file: str | None,
) -> None:
    """Tell that the job NAME ran, or run COMMAND and tell how that went: heartbeat NAME -- COMMAND.

    With a COMMAND its beginning, its exit status and its duration are told, and its exit status is
    ours, whether or not the server could be told.
    """
    client = connect(server, token_file, patience=_PATIENCE)
    path = f"/api/v1/heartbeats/{quote(name, safe='')}"
    if command:
        if state or exit_status is not None or seconds is not None:
            raise click.UsageError("a COMMAND tells all of that by itself")
        sys.exit(_run(client, path, command))
    body = {"state": state, "exit_status": exit_status, "seconds": seconds, "because": because}
    client.post(path, {key: value for key, value in body.items() if value not in (None, "")})


def _run(client: Client, path: str, command: tuple[str, ...]) -> int:
    from standfast_kit.clock import monotonic

    _try(client, path, {"state": "start"})
    began = monotonic()
    code = _status(command)
    told = {"exit_status": max(-255, min(255, code)), "seconds": monotonic() - began}
    _try(client, path, told)
    return code


def _status(command: tuple[str, ...]) -> int:
    """The command's exit status as a shell would answer it."""
    try:
        child = subprocess.Popen(command)
    except FileNotFoundError:
        click.echo(f"error: no command is called {command[0]!r}", err=True)
        return _NOT_FOUND
    except OSError as error:
        click.echo(f"error: {command[0]}: {error.strerror}", err=True)
        return _NOT_RUN

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    before: dict[int, Any] = {
        one: signal.signal(one, pass_on) for one in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def _try(client: Client, path: str, body: Mapping[str, object]) -> None:
    """The job matters more than the telling; standfast will miss what it is not told."""
    try:
        client.post(path, body)
    except StandfastError as error:
        click.echo(f"warning: standfast was not told: {error.problem}", err=True)

"""The table of commands, and the exit codes that they share."""

from __future__ import annotations

import importlib
import os
import sys
from difflib import get_close_matches
from typing import NoReturn

import click

from standfast.cli import printed
from standfast.errors import FileError, NotAllowed, StandfastError

# name -> (module:attribute, one line of help). Help and completion read this table and import no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("standfast.cli.init:init", "Write a commented reliability file to start from."),
    "import": (
        "standfast.cli.import_:import_",
        "Write a reliability file from Compose files and other sources.",
    ),
    "review": (
        "standfast.cli.review:review",
        "Review a reliability file: ACCEPT, CLARIFY or BLOCK.",
    ),
    "feedback": ("standfast.cli.feedback:feedback", "List and answer the findings of the review."),
    "waive": ("standfast.cli.waive:waive", "Accept what a rule finds at one path, until a day."),
    "publish": (
        "standfast.cli.publish:publish",
        "Write the documents and the machine configuration.",
    ),
    "docs": ("standfast.cli.docs:docs", "Read the published documents in a browser."),
    "schema": ("standfast.cli.schema:schema", "Print the JSON Schema of the reliability file."),
    "serve": ("standfast.cli.serve:serve", "Watch, page, back up and audit what a file describes."),
    "gate": ("standfast.cli.gate:gate", "Ask whether a service may be deployed now."),
    "deploy": ("standfast.cli.deploy:deploy", "Mark deployments, and list them."),
    "slo": ("standfast.cli.slo:slo", "See error budgets and burn alerts, exclude time from them."),
    "report": (
        "standfast.cli.report:report",
        "Make, list and verify service level reports.",
    ),
    "page": ("standfast.cli.page:page", "List and acknowledge pages."),
    "incident": ("standfast.cli.incident:incident", "Declare, run and close incidents."),
    "on-call": (
        "standfast.cli.on_call:on_call",
        "Show who is on call, now or in the weeks to come.",
    ),
    "backup": ("standfast.cli.backup:backup", "Take, list, verify and restore backups."),
    "audit": ("standfast.cli.audit:audit", "Search, verify and export the audit log."),
    "status-page": (
        "standfast.cli.status_page:status_page",
        "Write the status page that users see.",
    ),
    "heartbeat": (
        "standfast.cli.heartbeat:heartbeat",
        "Tell that a job ran, or run it and tell how that went.",
    ),
    "doctor": (
        "standfast.cli.doctor:doctor",
        "Look for what would keep standfast from working here.",
    ),
    "token": ("standfast.cli.token:token", "Make and revoke tokens for the API."),
    "demo": ("standfast.demo.command:demo", "Run a small shop, break it, and watch what happens."),
}

# Exit codes, the same for every command.
OK, FAILED, USAGE, CLARIFY = 0, 1, 2, 3
UNREACHABLE, NOT_ALLOWED, CONFLICT, TIMED_OUT, INTERRUPTED = 4, 5, 6, 7, 130


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = get_close_matches(args[0], COMMANDS, n=1)
            if not near:
                raise
            said = f"{error.message} Did you mean {near[0]!r}?"
            raise click.UsageError(said, ctx) from error

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"standfast {version('standfast')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version.",
)
def standfast() -> None:
    """Production reliability as software.

    One file describes a system; standfast reviews it, watches it, pages for it, recovers it and keeps its
    audit log. Start with `standfast demo`, or with `standfast init` and `standfast review standfast.yaml`.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run a command; every error of ours becomes one clear message and a documented exit code."""
    try:
        code = standfast.main(args=arguments, prog_name="standfast", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except StandfastError as error:
        said = str(error) if isinstance(error, FileError) else f"error: {error}"
        printed.say(said, keep="\n", err=True)
        sys.exit(exit_code(error))
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`); say nothing more to a closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(OK)
    sys.exit(code if isinstance(code, int) else OK)


def exit_code(error: StandfastError) -> int:
    from standfast.errors import Conflict, TimedOut, Unreachable

    table: tuple[tuple[type[StandfastError], int], ...] = (
        (FileError, USAGE),
        (NotAllowed, NOT_ALLOWED),
        (Conflict, CONFLICT),
        (Unreachable, UNREACHABLE),
        (TimedOut, TIMED_OUT),
    )
    return next((code for kind, code in table if isinstance(error, kind)), FAILED)

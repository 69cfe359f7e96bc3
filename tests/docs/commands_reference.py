"""Writes docs/reference/commands.md from the commands themselves: `python tests/docs/commands_reference.py`."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from standfast.cli.group import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"
_HEAD = """# Commands

Data goes to standard output, words to standard error. `--json` on a command prints its answer as JSON. Colour
is used on a terminal only, and not where `NO_COLOR` is set.

Exit codes are the same everywhere:

| Code | Means |
|---|---|
| 0 | done; of a review: ACCEPT |
| 1 | a check failed; of a review: BLOCK |
| 2 | the call or the file is not right |
| 3 | of a review: CLARIFY |
| 4 | the server does not answer |
| 5 | not allowed |
| 6 | conflict: somebody was there first |
| 7 | not in time |
| 130 | interrupted |

Commands that talk to a running server take its address from `--server` or `STANDFAST_SERVER`, and a token
from `--token-file` or `STANDFAST_TOKEN`. A whole answer has to come within `--timeout` or `STANDFAST_TIMEOUT`
(30 seconds), however the server spreads its bytes; of an export, each hundred lines.
"""


def reference() -> str:
    return _HEAD + "".join(
        _command(name, _load(where), line) for name, (where, line) in COMMANDS.items()
    )


def _load(where: str) -> click.Command:
    module, _, attribute = where.partition(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    return command


def _command(name: str, command: click.Command, line: str) -> str:
    parts = [f"\n## standfast {name}\n\n{line}\n"]
    if isinstance(command, click.Group):
        for sub_name in command.list_commands(click.Context(command)):
            sub = command.get_command(click.Context(command), sub_name)
            assert sub
            parts.append(f"\n### standfast {name} {sub_name}\n\n{_words(sub)}\n{_table(sub)}")
    else:
        parts.append(f"\n{_words(command)}\n{_table(command)}")
    return "".join(parts)


def _words(command: click.Command) -> str:
    text = (command.help or "").split("\f")[0].replace("\b\n", "")
    return "\n".join(line.strip() for line in text.strip().splitlines()) + "\n"


def _table(command: click.Command) -> str:
    rows = list(_rows(command))
    return "\n| Argument or option | Means |\n|---|---|\n" + "".join(rows) if rows else ""


def _rows(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            yield f"| `{parameter.human_readable_name}` | {'needed' if parameter.required else 'optional'} |\n"
        elif isinstance(parameter, click.Option) and not parameter.hidden:
            means = (parameter.help or "").replace("|", "\\|").replace("\n", " ")
            yield f"| `{', '.join([*parameter.opts, *parameter.secondary_opts])}` | {means} |\n"


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")

"""The command line starts fast because it imports little."""

from __future__ import annotations

import subprocess
import sys

import pytest

from standfast.cli.group import COMMANDS, exit_code
from standfast.errors import Conflict, FileError, NotAllowed, StandfastError, TimedOut, Unreachable

HEAVY = (
    "pydantic",
    "sqlalchemy",
    "fastapi",
    "starlette",
    "jinja2",
    "httpx2",
    "psycopg",
    "yaml",
    "cryptography",
)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from standfast.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit:\n    pass\n"
        f"print('HEAVY', sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_every_command_of_the_table_exists_and_says_what_it_does() -> None:
    import importlib

    for name, (where, line) in COMMANDS.items():
        module, _, attribute = where.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert command.help, name
        assert line.endswith("."), name


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StandfastError("x"), 1),
        (FileError(("a:1:1: error: x",)), 2),
        (Unreachable("x"), 4),
        (NotAllowed("x"), 5),
        (Conflict("x"), 6),
        (TimedOut("x"), 7),
    ],
)
def test_each_error_has_its_exit_code(error: StandfastError, code: int) -> None:
    assert exit_code(error) == code

"""What the program offers is in the documents."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from commands_reference import PAGE, _load, reference

from standfast.cli.group import COMMANDS


def test_the_reference_of_the_commands_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "run: python tests/docs/commands_reference.py"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_means(name: str) -> None:
    command = _load(COMMANDS[name][0])
    leaves = [command]
    if isinstance(command, click.Group):
        leaves = [command.commands[sub] for sub in command.commands]
    for leaf in leaves:
        assert leaf.help
        for parameter in leaf.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {leaf.name} {parameter.name}"

"""`standfast slo`: what is done about service levels."""

from __future__ import annotations

import click

from standfast.cli.exclusions import exclude, exclusions


@click.group()
def slo() -> None:
    """Exclude time from service levels, and see what was excluded."""


for command in (exclude, exclusions):
    slo.add_command(command)

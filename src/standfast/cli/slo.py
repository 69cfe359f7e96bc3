"""`standfast slo`: what is done about service levels."""

from __future__ import annotations

import click

from standfast.cli.agreements import agreements
from standfast.cli.exclusions import exclude, exclusions


@click.group()
def slo() -> None:
    """Exclude time from service levels, see what was excluded, and what is promised to customers."""


for command in (agreements, exclude, exclusions):
    slo.add_command(command)

"""`standfast slo`: what is done about service levels."""

from __future__ import annotations

import click

from standfast.cli.agreements import agreements
from standfast.cli.backtest import backtest
from standfast.cli.exclusions import exclude, exclusions


@click.group()
def slo() -> None:
    """Exclude time from service levels, see what was excluded, what is promised to customers,
    and what another objective would have paged."""


for command in (agreements, backtest, exclude, exclusions):
    slo.add_command(command)

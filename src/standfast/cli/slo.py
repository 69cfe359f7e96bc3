"""`standfast slo`: what is done about service levels."""

from __future__ import annotations

import click

from standfast.cli.agreements import agreements
from standfast.cli.backtest import backtest
from standfast.cli.exclusions import exclude, exclusions
from standfast.cli.objectives import objectives, show


@click.group()
def slo() -> None:
    """See what is left of each error budget, exclude time from service levels, see what is promised to
    customers, and what another objective would have paged."""


for command in (agreements, backtest, exclude, exclusions, objectives, show):
    slo.add_command(command)

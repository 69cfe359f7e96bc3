"""`standfast docs`: the published documents, to be read."""

from __future__ import annotations

from functools import partial

import click

from standfast.cli.client import connect
from standfast.cli.measuring import measurements


@click.group()
def docs() -> None:
    """Read the published documents."""


@docs.command("serve")
@click.argument("file", type=click.Path(dir_okay=False), default="standfast.yaml")
@click.option(
    "--out",
    default=".",
    show_default=True,
    type=click.Path(file_okay=False),
    help="The folder that FILE is published into; what people added there is shown, too.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8601,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--server",
    envvar="STANDFAST_SERVER",
    help="A running server to take current figures from; else STANDFAST_SERVER.",
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False),
    help="A file with the API token; else STANDFAST_TOKEN.",
)
def serve(
    file: str, out: str, host: str, port: int, server: str | None, token_file: str | None
) -> None:
    """Show the documents of FILE as pages, as publishing it now would write them, until Ctrl-C.

    Nothing is written. Without --host only this machine can read along.
    """
    from standfast.app.documents import Shelf
    from standfast.web import library

    client = connect(server, token_file) if server else None
    ask = partial(measurements, client) if client else None
    library.serve(Shelf(file, out, ask), host=host, port=port)

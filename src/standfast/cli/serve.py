"""`standfast serve`"""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(dir_okay=False), default="standfast.yaml")
@click.option(
    "--database",
    default="",
    envvar="STANDFAST_DATABASE",
    metavar="URL",
    help="sqlite:///PATH or postgresql://USER@HOST/NAME; a file in the data folder by default.",
)
@click.option(
    "--data",
    default="standfast-data",
    envvar="STANDFAST_DATA",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where keys, anchors and the default database lie.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    envvar="STANDFAST_HOST",
    show_default=True,
    help="Address to listen on.",
)
@click.option(
    "--port",
    default=8600,
    envvar="STANDFAST_PORT",
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Say the address and the first password as JSON."
)
def serve(file: str, database: str, data: Path, host: str, port: int, as_json: bool) -> None:
    """Watch, page, back up and audit what FILE describes, until told to stop.

    The file is looked at while the server runs: a good change is taken over, a broken one is shown on the
    overview page and the running one goes on. SIGHUP looks at once; SIGTERM and Ctrl-C end it.
    """
    from standfast.web.serving import serve_until_told

    serve_until_told(file=file, database=database, data=data, host=host, port=port, as_json=as_json)

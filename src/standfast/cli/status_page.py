"""`standfast status-page`: the page that users see, drawn from what a running server measured."""

from __future__ import annotations

import click

from standfast.cli.client import connect, server_options


@click.command("status-page")
@click.option(
    "--out",
    required=True,
    metavar="FOLDER",
    type=click.Path(file_okay=False),
    help="Where to: index.html, status.json and feed.atom there are replaced.",
)
@server_options
def status_page(out: str, server: str, token_file: str | None) -> None:
    """Write the status page once, as a running server would.

    A server whose file sets `server.status_page` keeps it up to date by itself. The token needs the
    scope `read`.
    """
    import msgspec

    from standfast.app.files import Tree
    from standfast.dashboards.status_page import StatusPage
    from standfast.engine.announce import write
    from standfast.errors import StandfastError

    answered = connect(server, token_file).get("/api/v1/status-page")
    try:
        page = msgspec.convert(answered, StatusPage, strict=False)
    except msgspec.ValidationError as error:
        raise StandfastError(
            f"the server's status page cannot be read: {error}",
            fix="use a server of the same version as this command",
        ) from error
    for name in write(Tree(out), page):
        click.echo(f"wrote {name}")

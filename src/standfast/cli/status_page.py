"""`standfast status-page`: the page that users see, drawn from what a running server measured."""

from __future__ import annotations

import click

from standfast.cli.client import connect, server_options


@click.command("status-page")
@click.option(
    "--out",
    required=True,
    metavar="PLACE",
    type=click.Path(file_okay=False),
    help="A folder, or s3://BUCKET/PREFIX: index.html, status.json, feed.atom and badges/ there are replaced.",
)
@server_options
def status_page(out: str, server: str, token_file: str | None) -> None:
    """Write the status page once, as a running server would.

    A server whose file sets `server.status_page` keeps it up to date by itself. The token needs the
    scope `read`. A bucket is reached as the environment says: AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY or the machine's role, AWS_REGION, and AWS_ENDPOINT_URL where it is not AWS.
    """
    import msgspec

    from standfast.app.places import opened
    from standfast.dashboards.status_page import StatusPage
    from standfast.engine.announce import write
    from standfast.errors import StandfastError

    folder = opened(out, where="--out")
    answered = connect(server, token_file).get("/api/v1/status-page")
    try:
        page = msgspec.convert(answered, StatusPage, strict=False)
    except msgspec.ValidationError as error:
        raise StandfastError(
            f"the server's status page cannot be read: {error}",
            fix="use a server of the same version as this command",
        ) from error
    names = list(write(folder, page))
    badges = [name for name in names if name.endswith(".svg")]
    for name in names:
        if name not in badges:
            click.echo(f"wrote {name}")
    click.echo(f"wrote {len(badges)} badges")

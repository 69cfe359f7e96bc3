"""`standfast slo exclude` and `standfast slo exclusions`"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from standfast.cli import printed
from standfast.cli.client import connect, server_options
from standfast.cli.instants import instant

_KINDS = click.Choice(["maintenance", "upstream"])
_EXCLUSIONS = "/api/v1/exclusions"
_INSTANT = "as 2026-11-27T18:00 (UTC where no zone is given), or 4h: from now on"


@click.command()
@click.argument("of", metavar="OBJECTIVE|COMPONENT", required=False)
@click.option("--from", "starts", help=f"When it begins, {_INSTANT}; may lie in the past.")
@click.option("--until", "ends", help=f"When it ends, {_INSTANT}.")
@click.option("--because", help="Why this time does not count, in a line.")
@click.option("--by", help="Who answers for it: a person or a team of the file.")
@click.option(
    "--kind",
    type=_KINDS,
    default="maintenance",
    show_default=True,
    help="Our own plan, which silences burn alerts too; or an outage of what others run for us.",
)
@click.option("--revoke", metavar="ID", help="Let what this exclusion spared count again.")
@printed.json_option
@server_options
def exclude(
    of: str | None,
    starts: str | None,
    ends: str | None,
    because: str | None,
    by: str | None,
    kind: str,
    revoke: str | None,
    as_json: bool,
    server: str,
    token_file: str | None,
) -> None:
    """Leave a stretch of time out of an objective, or of all that rest on a component.

    It counts as neither good nor bad nor unknown. Ahead or afterwards; what was counted stays counted,
    so that --revoke undoes it wholly.
    """
    given = {"OBJECTIVE|COMPONENT": of, "--from": starts, "--until": ends}
    given |= {"--because": because, "--by": by}
    client = connect(server, token_file)
    if revoke is not None:
        if extra := [name for name, value in given.items() if value is not None]:
            raise click.UsageError(f"--revoke takes nothing else; leave out {', '.join(extra)}")
        done = client.post(f"{_EXCLUSIONS}/{quote(revoke, safe='')}/revoke")
        printed.one(done, _done, as_json=as_json)
        return
    if missing := [name for name, value in given.items() if value is None]:
        raise click.UsageError(f"missing: {', '.join(missing)}")
    body = {"of": of, "kind": kind, "because": because, "by": by}
    body |= {"starts": instant(starts or "").isoformat(), "ends": instant(ends or "").isoformat()}
    printed.one(client.post(_EXCLUSIONS, body), _done, as_json=as_json)


@click.command()
@printed.json_option
@server_options
def exclusions(as_json: bool, server: str, token_file: str | None) -> None:
    """List what was excluded, the newest first, what was revoked too."""
    found = connect(server, token_file).get(_EXCLUSIONS)
    printed.each(found, _said, as_json=as_json, nothing="nothing was excluded")


def _said(one: dict[str, Any]) -> str:
    said = "afterwards" if one["afterwards"] else "ahead"
    what = f"{one['state']} {one['kind']} of {one['of']} {one['starts']} to {one['ends']}"
    return f"{one['id']} {what}, {one['by']} (said {said}): {one['because']}"


def _done(one: dict[str, Any]) -> str:
    does = "counts again" if one["revoked_at"] else "does not count"
    return f"{one['id']}: {one['starts']} to {one['ends']} {does} for {one['of']}"

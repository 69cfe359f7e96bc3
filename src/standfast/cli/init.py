"""`standfast init`: a commented file to start from, and what a file leaves to be assumed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from standfast.cli import printed

if TYPE_CHECKING:
    from standfast.spec.system import System


@click.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), default="standfast.yaml")
@click.option("--name", help="The system's name; by default that of the folder.")
@click.option(
    "--explain", is_flag=True, help="Write nothing; list what the file at PATH leaves open."
)
@click.option("--environment", default="", help="With --explain: the overlay to lay over the file.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def init(path: Path, name: str | None, explain: bool, environment: str, as_json: bool) -> None:
    """Write a commented reliability file to start from, by default standfast.yaml.

    An existing file is never overwritten.
    """
    if explain:
        _explain(path, environment, as_json)
        return
    from standfast import spec

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(spec.starting_file(name or path.resolve().parent.name))
    except FileExistsError:
        raise click.ClickException(
            f"{path} exists and is left as it is\n  fix: name another file, or look at what it "
            f"leaves open with `standfast init --explain {path}`"
        ) from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    click.echo(json.dumps({"written": str(path)}) if as_json else f"wrote {path}")
    if not as_json:
        click.echo(f"next: standfast review {path}")


def _explain(path: Path, environment: str, as_json: bool) -> None:
    from standfast import spec
    from standfast.app.files import Files

    system = spec.read(str(path), Files(), environment)
    if as_json:
        click.echo(printed.json_text(_listed(system), indent=2))
        return
    for one in system.assumptions:
        click.echo(str(one))
    many = len(system.assumptions)
    click.echo(f"{many} assumptions" if many else "nothing is assumed: the file says it all")


def _listed(system: System) -> dict[str, object]:
    fields = ("id", "path", "assumed", "because", "change")
    return {
        "system": system.name,
        "assumptions": [{key: getattr(one, key) for key in fields} for one in system.assumptions],
    }

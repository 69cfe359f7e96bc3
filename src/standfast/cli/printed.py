"""How commands print what a server tells: lines that cannot steer the terminal, or JSON as it came."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

json_option = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


def line(text: object) -> str:
    """One printable line, whatever others wrote."""
    return "".join(each for each in " ".join(str(text).split()) if each.isprintable())


def one(found: Any, shown: Callable[[Any], str], *, as_json: bool) -> None:
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else line(shown(found)))


def each(found: Sequence[Any], shown: Callable[[Any], str], *, as_json: bool, nothing: str) -> None:
    """A line for each; where there is none, `nothing` is said beside the output."""
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for single in found:
        click.echo(line(shown(single)))
    if not found:
        click.echo(nothing, err=True)

"""How commands print what others wrote: text that cannot steer the terminal, or JSON that says the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

json_option = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


def visible(text: object, *, keep: str = "") -> str:
    """The text with a sign in place of each that cannot be seen; those of `keep` stay."""
    return "".join(
        sign if sign.isprintable() or sign in keep else "\N{REPLACEMENT CHARACTER}"
        for sign in str(text)
    )


def line(text: object) -> str:
    """One printable line, whatever others wrote."""
    return visible(" ".join(str(text).split()))


def say(text: object, *, keep: str = "", err: bool = False) -> None:
    """A line as it is laid out, its margin with it; more than one only where `keep` has the line's end."""
    click.echo(visible(text, keep=keep), err=err)


def json_text(value: Any, *, indent: int | None = None) -> str:
    """JSON in which what cannot be seen is written as an escape, so that it is read back as it was."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(
        sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text
    )


def one(found: Any, shown: Callable[[Any], str], *, as_json: bool) -> None:
    click.echo(json_text(found) if as_json else line(shown(found)))


def each(found: Sequence[Any], shown: Callable[[Any], str], *, as_json: bool, nothing: str) -> None:
    """A line for each; where there is none, `nothing` is said beside the output."""
    if as_json:
        click.echo(json_text(found))
        return
    for single in found:
        click.echo(line(shown(single)))
    if not found:
        click.echo(nothing, err=True)

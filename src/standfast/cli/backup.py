"""`standfast backup`: works on the file and the folder of copies, whether a server runs or not."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.engine.protect import Protect

_FILE = click.option(
    "--file", default="standfast.yaml", show_default=True, help="The reliability file."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
_PROGRAMS = click.option(
    "--programs", type=click.Path(file_okay=False, path_type=Path), help="PostgreSQL's programs."
)
_SCRATCH = click.option(
    "--scratch",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where scratch servers live for a moment.",
)


@click.group()
def backup() -> None:
    """Take, list, verify and restore backups."""


@backup.command()
@click.argument("store")
@click.option(
    "--kind",
    type=click.Choice(["full", "incremental"]),
    default="full",
    show_default=True,
    help="The whole, or what changed since the newest copy (PostgreSQL 17 and later).",
)
@_FILE
@_PROGRAMS
@_JSON
def run(store: str, kind: str, file: str, programs: Path | None, as_json: bool) -> None:
    """Take a copy of STORE now."""
    copy = _protect(file, store, programs).run(store, kind, by=_operator(), say=_say(as_json))
    if as_json:
        _print(copy)
    else:
        click.echo(f"{copy.id}: {copy.size:,} bytes in {_seconds(copy.lasted)}; prove it with "
                   f"`standfast backup verify {store}`")  # fmt: skip


@backup.command("list")
@click.argument("store")
@_FILE
@_JSON
def list_(store: str, file: str, as_json: bool) -> None:
    """Every copy of STORE and how far it is proven; the marks that a restore can go to."""
    protect = _protect(file, store, None)
    copies, marks = protect.copies(store), protect.marks(store)
    if as_json:
        _print({"copies": copies, "marks": list(marks.values()), "proofs": protect.proofs(store)})
        return
    for copy in copies:
        click.echo(
            f"{copy.id}  {copy.state:<15}  {copy.finished_at:%Y-%m-%d %H:%M:%S} UTC  {copy.size:>15,}"
            + (f"  {copy.reason}" if copy.reason else "")
        )
    for mark in list(marks.values())[-5:]:
        click.echo(f"mark {mark.name}  {mark.at:%Y-%m-%d %H:%M:%S} UTC")
    if not copies:
        click.echo(f"no copies yet: `standfast backup run {store}`")


@backup.command()
@click.argument("store")
@click.option("--copy", "copy_id", help="This copy, not the newest.")
@_FILE
@_PROGRAMS
@_SCRATCH
@_JSON
def verify(
    store: str,
    copy_id: str | None,
    file: str,
    programs: Path | None,
    scratch: Path | None,
    as_json: bool,
) -> None:
    """Restore a copy of STORE into a scratch server and compare what it holds. Exits 1 where it differs."""
    protect = _protect(file, store, programs, scratch)
    proof = protect.verify(store, copy_id, by=_operator(), say=_say(as_json))
    judged = [j for j in protect.judgements(proof.at) if j.store == store]
    if as_json:
        _print({"proof": proof, "data": judged})
    else:
        click.echo(f"{'PROVEN' if proof.passed else 'FAILED'} {proof.copy}"
                   + (f": {proof.reason}" if proof.reason else ""))  # fmt: skip
        click.echo(f"  {proof.rows:,} rows in {proof.tables} tables compared; "
                   f"{len(proof.uncounted)} tables not compared")  # fmt: skip
        click.echo("  RTO " + _seconds(proof.rto) + " = " + " + ".join(
            f"{phase.name} {_seconds(phase.lasted)}" for phase in proof.phases))  # fmt: skip
        click.echo(f"  RPO {_seconds(proof.rpo) if proof.rpo is not None else 'unknown'}")
        for row in judged:
            click.echo(f"  {row.data}: RPO {row.rpo}, RTO {row.rto}")
    if not proof.passed:
        click.get_current_context().exit(1)


@backup.command()
@click.argument("store")
@click.option(
    "--into", required=True, type=click.Path(path_type=Path), help="A new or empty folder."
)
@click.option("--to", default="latest", show_default=True, help="latest, an instant, or a mark.")
@click.option("--start", is_flag=True, help="Start the server on the folder afterwards.")
@_FILE
@_PROGRAMS
@_SCRATCH
@_JSON
def restore(
    store: str,
    into: Path,
    to: str,
    start: bool,
    file: str,
    programs: Path | None,
    scratch: Path | None,
    as_json: bool,
) -> None:
    """Bring STORE back into a data folder; needs neither its server nor standfast's."""
    protect = _protect(file, store, programs, scratch)
    restored = protect.restore(store, into, _instant(to), by=_operator(), say=_say(as_json))
    if start:
        protect.start(store, into)
    if as_json:
        _print(restored)
        return
    click.echo(
        f"{store} is back in {restored.into} up to {restored.reached}, in {_seconds(restored.rto)}"
    )
    for note in restored.notes:
        click.echo(f"  note: {note}")


def _instant(text: str) -> datetime | str | None:
    """`latest`, an ISO 8601 instant (UTC where it names no zone), or else the name of a mark."""
    if text == "latest":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _protect(file: str, store: str, programs: Path | None, scratch: Path | None = None) -> Protect:
    from standfast.app.backup import offline

    return offline(file, store, programs=programs, scratch=scratch)


def _operator() -> Any:
    from standfast.app.offline import operator

    return operator()


def _say(as_json: bool) -> Callable[[str], None]:
    """Progress for people only, and beside the answer."""
    if as_json or not sys.stderr.isatty():
        return lambda _: None
    return lambda words: click.echo(f"... {words}", err=True)


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.2f} s"


def _print(value: object) -> None:
    import msgspec

    def plain(other: object) -> object:
        if isinstance(other, Fraction):
            return str(other)
        raise TypeError(type(other).__name__)

    click.echo(json.dumps(msgspec.to_builtins(value, enc_hook=plain), indent=1))

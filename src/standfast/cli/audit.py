"""Search, verify and export the audit log."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from standfast.cli import printed
from standfast.cli.client import connect, server_options

if TYPE_CHECKING:
    from standfast.audit.verify import Verdict

_FILTERS = (
    click.option("--stream", default="system", show_default=True, help="Whose events."),
    click.option("--actor", help="Who did it: an id."),
    click.option("--action", help="What was done: `user.login`, or `user.*`."),
    click.option("--target", help="To what: an id, or `type:id`."),
    click.option("--since", help="From this instant on, ISO 8601 with a time zone."),
    click.option("--until", help="Before this instant."),
)


def _filtered(command: Any) -> Any:
    for option in reversed(_FILTERS):
        command = option(command)
    return server_options(command)


@click.group()
def audit() -> None:
    """Search, verify and export the audit log."""


@audit.command()
@_filtered
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="How many at the most.",
)
@click.option("--before", type=int, help="Go on from the page that named it.")
@click.option("--json", "as_json", is_flag=True, help="The API's answer as it is.")
def search(server: str, token_file: str | None, as_json: bool, **filters: Any) -> None:
    """Show who did what, the newest first. The search itself is written to the log."""
    page = connect(server, token_file).get("/api/v1/audit", filters)
    if as_json:
        click.echo(printed.json_text(page, indent=2))
        return
    for entry in page["entries"]:
        click.echo(_line(entry))
    if page.get("next") is not None:
        click.echo(f"more: --before {page['next']}", err=True)


@audit.command()
@_filtered
@click.option("--output", type=click.File("w", lazy=True), default="-", help="A file; else stdout.")
def export(server: str, token_file: str | None, output: Any, **filters: Any) -> None:
    """Write matching events as JSON lines that prove themselves offline."""
    for line in connect(server, token_file).lines("/api/v1/audit/export", filters):
        output.write(line + "\n")


@audit.command()
@click.option("--database", envvar="STANDFAST_DATABASE", help="URL of the database to verify.")
@click.option("--anchor", "anchors", multiple=True, type=click.Path(dir_okay=False),
              help="A file of checkpoints kept elsewhere; may be repeated.")  # fmt: skip
@click.option("--key", help="The log's verifying key, or a file with its keys.")
@click.option("--export", "exported", type=click.File("r", encoding="utf-8"),
              help="Verify an export instead of a database; needs --key.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The verdict as JSON.")
def verify(
    database: str | None, anchors: tuple[str, ...], key: str | None, exported: Any, as_json: bool
) -> None:
    """Check every record, column, payload and checkpoint; needs no server.

    Exit code 0: the log is as it was written. 1: it is not, and each finding says where.
    """
    if bool(database) == bool(exported):
        raise click.UsageError("name either --database or --export")
    if exported:
        verdict = _verify_export(exported, key)
    else:
        from standfast.app.offline import offline_audit

        verdict = offline_audit(str(database), anchors, key)
    click.echo(_as_json(verdict) if as_json else printed.visible(_as_text(verdict), keep="\n"))
    sys.exit(0 if verdict.clean else 1)


def _verify_export(exported: Any, key: str | None) -> Verdict:
    from standfast.audit.checkpoint import BadCheckpoint, VerifyingKey
    from standfast.audit.export import check

    if not key:
        raise click.UsageError("an export is verified against --key, the log's verifying key")
    try:
        trusted = VerifyingKey.parse(key)
    except BadCheckpoint as error:
        raise click.UsageError(f"--key: {error}") from error
    return check(exported, trusted)


def _as_json(verdict: Verdict) -> str:
    findings = [
        {"kind": found.kind, "stream": found.stream, "seq": found.seq, "said": found.said}
        for found in verdict.findings
    ]
    told = {
        "clean": verdict.clean, "findings": findings, "sizes": dict(verdict.sizes),
        "roots": dict(verdict.roots), "checkpoints": verdict.checkpoints, "notes": verdict.notes,
    }  # fmt: skip
    return printed.json_text(told, indent=2)


def _as_text(verdict: Verdict) -> str:
    lines = [f"TAMPERED  {found}" for found in verdict.findings]
    for stream, size in verdict.sizes.items():
        lines.append(f"{stream}: {size:,} events, root {verdict.roots.get(stream, '')[:16]}")
    lines.append(f"{verdict.checkpoints:,} signed checkpoints hold")
    lines += [f"note: {note}" for note in verdict.notes]
    lines.append("the log is as it was written" if verdict.clean else "the log was changed")
    return "\n".join(lines)


def _line(entry: dict[str, Any]) -> str:
    actor, target = entry["actor"], entry.get("target")
    to = f" {target['type']}:{target['id']}" if target else ""
    ended = entry["outcome"]["status"]
    said = entry["action"].get("description", "")
    text = f"{entry['timestamp']}  {entry['seq']:>8}  {actor['id']}  {entry['action']['type']}{to}"
    return printed.visible(f"{text}  {ended}  {said}".rstrip())

"""`standfast on-call FILE`: who answers, by the file alone; `channels`, `test` and `answer` ask a server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from standfast import spec
from standfast.cli import printed
from standfast.cli.channels import answer, channels, test
from standfast.paging.rotation import on_duty, shifts, until
from standfast_kit.clock import utc_now

if TYPE_CHECKING:
    from standfast.spec.calling import OnCall
    from standfast.spec.system import System

_NOBODY = "nobody"


def _instant(
    _ctx: click.Context, _parameter: click.Parameter, value: str | None
) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if value is not None else None
        return None if found is None else found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{value!r} is no instant; write 2026-11-20T12:00Z") from error


class _FileFirst(click.Group):
    """What is no command of ours is the file to show: `standfast on-call standfast.yaml`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["show", *args]
        return super().parse_args(ctx, args)


@click.group("on-call", cls=_FileFirst)
def on_call() -> None:
    """Show who is on call, and whether their channels reach them.

    `standfast on-call FILE` is short for `standfast on-call show FILE`.
    """


@on_call.command()
@click.argument("file", type=click.Path(dir_okay=False), default="standfast.yaml")
@click.option(
    "--at",
    callback=_instant,
    metavar="INSTANT",
    help="As of that instant, such as 2026-11-20T12:00Z; UTC unless it names an offset (default: now).",
)
@click.option(
    "--weeks",
    type=click.IntRange(0, 104),
    default=0,
    show_default=True,
    help="Show the watches of so many weeks to come, too.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def show(file: str, at: datetime | None, weeks: int, as_json: bool) -> None:
    """Show who is on call by FILE, without server or database. Names nobody where nobody answers."""
    from standfast.app.files import Files

    system = spec.read(file, Files())
    now = at or utc_now()
    found = [_rota(system, rota, now, weeks) for rota in system.on_call.values()]
    if as_json:
        click.echo(printed.json_text(found, indent=2))
        return
    for one in found:
        _show(one)
    if not found:
        click.echo("the file has no rotation: add `on_call:`", err=True)


def _rota(system: System, rota: OnCall, now: datetime, weeks: int) -> dict[str, Any]:
    """Instants in the zone of the rota: its people read their own clocks."""
    zone, duty = ZoneInfo(rota.timezone), on_duty(rota, now)
    watches = shifts(rota, now, now + timedelta(weeks=weeks)) if weeks else ()
    return {
        "rota": rota.name,
        "timezone": rota.timezone,
        "at": _local(now, zone),
        "primary": _person(system, duty.primary),
        "secondary": _person(system, duty.secondary),
        "until": _local(until(rota, now), zone),
        "watches": [
            {
                "begin": _local(one.begin, zone),
                "end": _local(one.end, zone),
                "primary": _person(system, one.primary),
                "secondary": _person(system, one.secondary),
            }
            for one in watches
        ],
    }


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="minutes")


def _person(system: System, id: str | None) -> dict[str, str | None] | None:  # noqa: A002 - a person's id is called that
    if id is None:
        return None
    known = system.people.get(id)
    name, email, phone = (known.name, known.email, known.phone) if known else (id, None, None)
    return {"id": id, "name": name, "email": email, "phone": phone}


def _show(one: dict[str, Any]) -> None:
    printed.say(f"{one['rota']} ({one['timezone']}) at {one['at']}")
    printed.say(f"  primary    {_named(one['primary'], address=True)}")
    printed.say(f"  secondary  {_named(one['secondary'], address=True)}")
    printed.say(f"  until      {one['until']}")
    for watch in one["watches"]:
        names = f"{_named(watch['primary'])}, then {_named(watch['secondary'])}"
        printed.say(f"    {watch['begin']} - {watch['end']}  {names}")


def _named(person: dict[str, str | None] | None, *, address: bool = False) -> str:
    if person is None:
        return _NOBODY
    ways = [one for one in (person["phone"], person["email"]) if one] if address else []
    return f"{person['name']}" + (f" ({', '.join(ways)})" if ways else "")


for command in (channels, test, answer):
    on_call.add_command(command)

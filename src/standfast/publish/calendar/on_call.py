"""One calendar for each rotation: a rule for each turn where a rule can say it, else every shift."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from standfast.paging.hours import read as read_hours
from standfast.paging.rotation import handoff, on_duty, resolve, shifts, turn_at
from standfast.publish.artefact import FOLDER, Noted, Owed
from standfast.publish.calendar.icalendar import Event, calendar, wall
from standfast.publish.document import Generated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.paging.rotation import Watch
    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition
    from standfast.spec.calling import OnCall

WEEKS = 8
"""How far shifts are told one by one; as far as the review proves them."""
YEAR = timedelta(weeks=52)
"""How far a rule goes on; publishing anew prolongs it."""
_DAY = timedelta(days=1)


def calendars(edition: Edition) -> Artefacts:
    if not edition.system.on_call:
        yield Owed(
            path="oncall/",
            lacks="nobody is on call: there is no rotation",
            rule="ONC-01",
            to="DevOps/Platform",
        )
    for name, rota in edition.system.on_call.items():
        path = f"oncall/{name}.ics"
        events = tuple(events_of(edition, rota))
        if not events:
            yield Owed(path=path, lacks=f"{name} names nobody", rule="ONC-01", to="DevOps/Platform")
            continue
        text = calendar(
            f"On call: {edition.system.name}/{name}",
            datetime.combine(edition.as_of, time(), UTC),
            [rota.timezone],
            events,
        )
        yield Generated(path=f"{FOLDER}/{path}", text=text)
        until = edition.as_of + (YEAR if comes_round(rota, edition) else timedelta(weeks=WEEKS))
        yield Noted(path=path, said=f"reaches to {until.isoformat()}; publish again before then")


def events_of(edition: Edition, rota: OnCall) -> Iterator[Event]:
    return _rules(edition, rota) if comes_round(rota, edition) else _shifts(edition, rota)


def comes_round(rota: OnCall, edition: Edition) -> bool:
    """Can a rule say the whole year? Whole days round the clock, nobody standing in, nobody away, and every
    handover at a time that clocks do show: of one that is skipped rules and rotations think differently."""
    begin, end = _begin(edition, rota), _begin(edition, rota) + YEAR
    first, last = begin.date() - 2 * _DAY, end.date() + 2 * _DAY
    absent = any(
        away <= last and back >= first
        for one in rota.shift.order
        if one in edition.system.people
        for away, back in edition.system.people[one].leave
    )
    replaced = any(away <= last and back >= first for away, back, _ in rota.overrides)
    whole = rota.shift.length >= _DAY and not rota.shift.length % _DAY
    if not rota.shift.order or absent or replaced or not whole or not read_hours(rota.hours).always:
        return False
    return all(
        watch.begin.astimezone(ZoneInfo(rota.timezone)).time() == rota.shift.handover_time
        for watch in shifts(rota, begin, end)[1:]
    )


def _begin(edition: Edition, rota: OnCall) -> datetime:
    return resolve(datetime.combine(edition.as_of, time()), rota.timezone)


# ------------------------------------------------------------------ by rule


def _rules(edition: Edition, rota: OnCall) -> Iterator[Event]:
    """The turns of one round, each of which comes again when the round is over."""
    begin, length, count = _begin(edition, rota), rota.shift.length, len(rota.shift.order)
    until = begin + YEAR
    present = turn_at(rota, begin)
    for turn in range(present, present + count):
        at = handoff(rota, turn)
        duty = on_duty(rota, at)
        if duty.primary and at < until:
            start = _wall(rota, at)
            yield _event(
                edition,
                rota,
                f"turn-{turn % count}",
                (start, start + length),
                (duty.primary, duty.secondary),
                f"FREQ=DAILY;INTERVAL={length * count // _DAY};UNTIL={wall(until)}Z",
            )


# ------------------------------------------------------------------ one by one


def _shifts(edition: Edition, rota: OnCall) -> Iterator[Event]:
    begin = _begin(edition, rota)
    # From before the day on, so that the shift that is under way keeps its beginning, and its name.
    before = begin - max(rota.shift.length, timedelta(weeks=1))
    for watch in shifts(rota, before, begin + timedelta(weeks=WEEKS)):
        if watch.primary is not None and watch.end > begin:
            yield _event(
                edition,
                rota,
                f"{watch.begin.astimezone(UTC):%Y%m%dT%H%M%SZ}",
                (_wall(rota, watch.begin), _wall(rota, watch.end)),
                (watch.primary, watch.secondary),
                "",
                note=_away(edition, rota, watch),
            )


def _away(edition: Edition, rota: OnCall, watch: Watch) -> str:
    """Leave takes nobody off call unseen; it is said, and the review blocks on it."""
    person = edition.system.people.get(watch.primary or "")
    first, last = _wall(rota, watch.begin).date(), _wall(rota, watch.end).date()
    for away, back in person.leave if person else ():
        if away <= last and back >= first:
            return f"On leave from {away.isoformat()} to {back.isoformat()}: nobody stands in (ONC-03)."
    return ""


# ------------------------------------------------------------------ words


def _event(
    edition: Edition,
    rota: OnCall,
    place: str,
    stretch: tuple[datetime, datetime],
    people: tuple[str, str | None],
    rule: str,
    *,
    note: str = "",
) -> Event:
    """Names only: telephone numbers stay out of what is published."""
    primary, secondary = people
    behind = (
        f"Second in line: {_name(edition, secondary)}."
        if secondary
        else "Nobody is second in line."
    )
    base = edition.system.server.public_url
    lines = (note, behind, f"Covers {', '.join(rota.covers)}." if rota.covers else "",
             f"{base.rstrip('/')}/on-call" if base else "")  # fmt: skip
    return Event(
        uid=f"{place}.{rota.name}.{edition.system.name}@standfast",
        begin=stretch[0],
        end=stretch[1],
        zone=rota.timezone,
        summary=f"On call: {_name(edition, primary)} ({rota.name})",
        description="\n".join(line for line in lines if line),
        rule=rule,
    )


def _name(edition: Edition, person: str) -> str:
    found = edition.system.people.get(person)
    return found.name if found else person


def _wall(rota: OnCall, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(rota.timezone)).replace(tzinfo=None)

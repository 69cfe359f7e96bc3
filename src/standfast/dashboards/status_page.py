"""The status page: are you up? What users may see of a system, and nothing that is for its makers.

No name of a person, host or hidden component gets in, and no cause: a part is shown where a journey
stands on it, an incident by its title, its weight in users' words, its state and its times.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from standfast.dashboards.status_notice import Maintenance, Notice, notice
from standfast.slo.exclusion import Kind
from standfast.slo.objective import objectives, working
from standfast.slo.tally import NOTHING, Tally, all_of
from standfast.spec.steps import closure, hard_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.incidents.incident import Incident
    from standfast.slo.exclusion import Exclusion
    from standfast.slo.indicator import Indicator
    from standfast.spec.system import Journey, System

DAYS = 90
SPANS = (7, 30, 90)  # days; before them come the last 24 hours
RECENT = timedelta(minutes=10)
"""What "now" is: as far back as it takes to tell an outage from a hiccup."""
_SEEN = RECENT / 2  # looked at for less than this of it, and the state is unknown
_DOWN, _REDUCED = Fraction(1, 2), Fraction(1, 20)  # the share that fails now
_BAD_DAY = Fraction(5, 100)  # the share that failed over a day
_PROMISE = Fraction(995, 1000)  # a good day's share where nothing is promised
_ENOUGH = Fraction(1, 2)  # of a span has to be measured, or its share is no figure to show alone
_DAY = timedelta(days=1)
_SHOWN = frozenset({"web", "http", "external"})

OPERATIONAL, REDUCED, DOWN, UNKNOWN = "operational", "reduced", "down", "unknown"
PARTLY, IDLE = "partly measured", "no requests"
FINE, TROUBLED, BAD, UNMEASURED = "fine", "some trouble", "much trouble", "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """`state` is fine, some trouble, much trouble, no requests or not measured."""

    day: date
    state: str
    good: float | None
    measured: float  # the share of the day (of today so far) in which anybody looked
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """Over the newest days, today among them; of one day, over the last 24 hours.

    `state` is that of a Day, and not measured where less than half of the time was.
    """

    days: int
    state: str
    good: float | None
    measured: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A journey or a component; `state` is how it is now."""

    kind: str  # "journey" | "component"
    name: str
    state: str
    words: str
    availability: tuple[Availability, ...]
    days: tuple[Day, ...]  # the oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPage:
    name: str
    as_of: datetime
    timezone: str  # of the days
    state: str
    words: str
    availability: tuple[Availability, ...]  # of the part that was worst
    parts: tuple[Part, ...]
    open: tuple[Notice, ...]
    past: tuple[Notice, ...]
    maintenance: tuple[Maintenance, ...] = ()  # going on or planned, the soonest first

    @property
    def news(self) -> tuple[object, ...]:
        """What is worth a new page at once; figures that creep are not."""
        parts = tuple((one.name, one.words) for one in self.parts)
        return self.name, self.words, parts, self.open, self.past, self.maintenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was counted of one indicator in each of `windows`, in their order."""

    recent: Tally
    day: Tally  # the last 24 hours
    days: tuple[Tally, ...]


NEVER = Looked(recent=NOTHING, day=NOTHING, days=(NOTHING,) * DAYS)


def indicators(system: System) -> dict[str, Indicator]:
    """Component -> what tells whether it works, of all that the page is made of."""
    names = {
        *_components(system),
        *(step for one in system.journeys.values() for step in hard_steps(system, one.path)),
    }
    found = {name: working(system, name) for name in sorted(names)}
    return {name: one for name, one in found.items() if one is not None}


def windows(system: System, now: datetime) -> list[tuple[datetime, datetime]]:
    """The last minutes, the last 24 hours, then each of the days."""
    return [
        (now - RECENT, now),
        (now - _DAY, now),
        *((start, end) for _, start, end in _days(system, now)),
    ]


def looked(tallies: Sequence[Tally]) -> Looked:
    return Looked(recent=tallies[0], day=tallies[1], days=tuple(tallies[2:]))


def screen(
    system: System,
    seen: Mapping[str, Looked],
    incidents: Iterable[Incident],
    exclusions: Iterable[Exclusion],
    now: datetime,
) -> StatusPage:
    """`seen` by component, as `indicators` names them."""
    days = _days(system, now)
    parts = (
        *(_journey(system, one, seen, days) for one in system.journeys.values()),
        *(_component(system, name, seen, days) for name in _components(system)),
    )
    hurt = _hurt(system)
    told = [notice(one, hurt[one.component]) for one in incidents if one.component in hurt]
    going_on = tuple(one for one in told if one.resolved is None)
    state, words = _overall(parts, going_on)
    planned = _maintenance(system, hurt, exclusions, now)
    if any(one.starts <= now for one in planned):
        words = f"{words}; maintenance is going on"
    return StatusPage(
        name=system.name,
        as_of=now,
        timezone=system.timezone,
        state=state,
        words=words,
        availability=_worst(parts),
        parts=tuple(_beside(one, going_on) for one in parts),
        open=going_on,
        past=tuple(one for one in told if one.resolved is not None and one.resolved >= days[0][1]),
        maintenance=planned,
    )


# ------------------------------------------------------------------ what is shown


def _components(system: System) -> tuple[str, ...]:
    """What users meet: the services on the journeys; of a file without journeys all that serve."""
    on_path = dict.fromkeys(step for one in system.journeys.values() for step in one.path)
    names = on_path if system.journeys else system.components
    return tuple(
        name
        for name in names
        if name in system.components and system.components[name].type in _SHOWN
    )


def _hurt(system: System) -> dict[str, tuple[str, ...]]:
    """Component -> the journeys (else the shown components) that fail with it."""
    ways = {one.name: one.path for one in system.journeys.values()} or {
        name: (name,) for name in _components(system)
    }
    found: dict[str, tuple[str, ...]] = {}
    for name, path in ways.items():
        for component in {*path, *closure(system, path)}:
            found[component] = (*found.get(component, ()), name)
    return found


def _maintenance(
    system: System,
    hurt: Mapping[str, tuple[str, ...]],
    exclusions: Iterable[Exclusion],
    now: datetime,
) -> tuple[Maintenance, ...]:
    """Work on a journey, or on an objective, level or component that journeys need."""
    component_of = {name: name for name in hurt}
    component_of |= {name: level.of for name, level in system.service_levels.items()}
    component_of |= {one.name: one.component for one in objectives(system) if not one.joint}
    found = []
    for one in exclusions:
        if one.kind is not Kind.MAINTENANCE or one.revoked_at is not None or one.ends <= now:
            continue
        named = (one.of,) if one.of in system.journeys else ()
        if affects := named or hurt.get(component_of.get(one.of, ""), ()):
            found.append(Maintenance(id=one.id, affects=affects, starts=one.starts, ends=one.ends))
    return tuple(sorted(found, key=lambda each: (each.starts, each.id)))


def _days(system: System, now: datetime) -> list[tuple[date, datetime, datetime]]:
    zone = ZoneInfo(system.timezone)
    today = now.astimezone(zone).date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    starts = [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]
    return list(zip(days, starts, [*starts[1:], now], strict=True))


# ------------------------------------------------------------------ parts


def _journey(
    system: System,
    journey: Journey,
    seen: Mapping[str, Looked],
    days: Sequence[tuple[date, datetime, datetime]],
) -> Part:
    deciding = hard_steps(system, journey.path)
    steps = {step: seen[step] for step in deciding if step in seen}
    now = {name: one.recent for name, one in steps.items() if one.recent.covered >= _SEEN}
    whole = Looked(
        recent=all_of(list(now.values())),
        day=_journey_day(system, {name: one.day for name, one in steps.items()}),
        days=tuple(
            _journey_day(system, {name: one.days[number] for name, one in steps.items()})
            for number in range(len(days))
        ),
    )
    target = journey.slo.target if journey.slo else _PROMISE
    missing = len(_blind(system, deciding, now))
    return _part("journey", journey.name, whole, target, days, missing)


def _journey_day(system: System, steps: Mapping[str, Tally]) -> Tally:
    """What failed is told though another step was not seen; that all was well takes all of them."""
    known = {name: tally for name, tally in steps.items() if tally.covered}
    whole = all_of(list(known.values()))
    return NOTHING if not whole.bad and _blind(system, steps, known) else whole


def _blind(system: System, steps: Iterable[str], known: Iterable[str]) -> list[str]:
    """The steps that nothing tells of: what a measured step cannot do without is seen through it."""
    told = {*closure(system, known)}
    return [step for step in steps if step not in told]


def _component(
    system: System,
    name: str,
    seen: Mapping[str, Looked],
    days: Sequence[tuple[date, datetime, datetime]],
) -> Part:
    levels = [one for one in system.service_levels.values() if one.of == name]
    promised = [
        promise.target
        for level in levels
        if level.sli in {"availability", "probe", "errors"}
        for promise in level.slos
    ]
    target = promised[0] if promised else _PROMISE
    return _part("component", name, seen.get(name, NEVER), target, days, 0)


def _part(
    kind: str,
    name: str,
    of: Looked,
    target: Fraction,
    days: Sequence[tuple[date, datetime, datetime]],
    missing: int,
) -> Part:
    state, words = _now(of.recent, missing)
    lengths = [end - start for _, start, end in days]
    return Part(
        kind=kind,
        name=name,
        state=state,
        words=words,
        availability=(
            _availability(1, [of.day], [_DAY], target),
            *(_availability(span, of.days, lengths, target) for span in SPANS),
        ),
        days=tuple(
            _day(day, tally, length, target)
            for (day, _, _), tally, length in zip(days, of.days, lengths, strict=True)
        ),
    )


def _beside(part: Part, going_on: Sequence[Notice]) -> Part:
    """What people declared weighs more than a measurement that does not see it."""
    hurt = any(one.state == "open" and part.name in one.affects for one in going_on)
    if not hurt or part.state in {DOWN, REDUCED}:
        return part
    return replace(part, state=REDUCED, words="Reduced: an incident is going on")


def _now(recent: Tally, missing: int) -> tuple[str, str]:
    share = recent.bad_share
    if recent.covered < _SEEN:
        return UNKNOWN, "Unknown: not measured just now"
    if share is None:
        return IDLE, "Unknown: nobody used it just now"
    if share >= _DOWN:
        return DOWN, "Down"
    if share >= _REDUCED:
        return REDUCED, "Reduced: some requests fail"
    if missing:
        return PARTLY, "Works as far as it is measured; a part of it is not"
    return OPERATIONAL, "Operational"


def _day(day: date, tally: Tally, length: timedelta, target: Fraction) -> Day:
    measured, good = _covered(tally, length), tally.good_share
    if not tally.covered or not measured:
        return Day(day=day, state=UNMEASURED, good=None, measured=0.0, words="not measured")
    whole = measured >= Fraction(99, 100)
    looked_at = "" if whole else f", {percent(measured, 0)} of the time measured"
    if good is None:
        return Day(
            day=day, state=IDLE, good=None, measured=float(measured), words=f"no requests{looked_at}"
        )  # fmt: skip
    state = _held(good, target)
    return Day(
        day=day,
        state=state,
        good=float(good),
        measured=float(measured),
        words=f"{state}: {percent(good)} good{looked_at}",
    )


def _held(good: Fraction, target: Fraction) -> str:
    return FINE if good >= target else TROUBLED if good > 1 - _BAD_DAY else BAD


def _availability(
    span: int, tallies: Sequence[Tally], lengths: Sequence[timedelta], target: Fraction
) -> Availability:
    whole = sum(tallies[-span:], NOTHING)
    measured, good = _covered(whole, sum(lengths[-span:], timedelta(0))), whole.good_share
    figure = "no figure" if good is None else f"{percent(good)} good"
    state = IDLE if good is None else _held(good, target)
    return Availability(
        days=span,
        state=UNMEASURED if measured < _ENOUGH else state,
        good=None if good is None else float(good),
        measured=float(measured),
        words=f"{'24 hours' if span == 1 else f'{span} days'}: {figure},"
        f" {percent(measured, 0)} of the time measured",
    )


def _worst(parts: Sequence[Part]) -> tuple[Availability, ...]:
    """Of the journeys, or of all parts where there are none; what was not measured enough does not count."""
    ways = [one for one in parts if one.kind == "journey"] or parts
    return tuple(map(_least, zip(*(one.availability for one in ways), strict=True)))


def _least(every: Sequence[Availability]) -> Availability:
    known = [one for one in every if one.state not in {IDLE, UNMEASURED}]
    return min(known or every, key=lambda one: 1.0 if one.good is None else one.good)


def _covered(tally: Tally, length: timedelta) -> Fraction:
    if length <= timedelta(0):
        return Fraction(0)
    micro = timedelta(microseconds=1)
    return min(Fraction(1), Fraction(tally.covered // micro, length // micro))


def percent(share: Fraction, places: int = 2) -> str:
    """Never rounded up: only what was good throughout is 100%."""
    scaled = (share * 100 * 10**places).__floor__()
    return f"{scaled / 10**places:.{places}f}%" if share < 1 else "100%"


def percent_of(good: float) -> str:
    """Of a share that has been through JSON: the nearest decimal, and rounded down from there."""
    return percent(Fraction(repr(good)))


# ------------------------------------------------------------------ the whole


def _overall(parts: Sequence[Part], going_on: Sequence[Notice]) -> tuple[str, str]:
    """The worst of what people declared and what is measured; nothing measured is never "operational"."""
    states = [one.state for one in parts]
    worked_on = [one for one in going_on if one.state == "open"]
    if any(one.weight == "SEV1" for one in worked_on):
        return DOWN, "Major outage"
    if DOWN in states:
        down = ", ".join(one.name for one in parts if one.state == DOWN)
        return DOWN, f"Down: {down}"
    if worked_on:
        return REDUCED, min(worked_on, key=lambda one: one.weight).impact
    if REDUCED in states:
        return REDUCED, "Reduced service"
    known = [state for state in states if state in {OPERATIONAL, PARTLY}]
    if not known:
        return UNKNOWN, "Unknown: nothing was measured just now"
    if going_on:
        return REDUCED, "Recovering"
    if blind := len([state for state in states if state != OPERATIONAL]):
        told = (
            f"{blind} of {len(states)} parts {'is' if blind == 1 else 'are'} not measured in full"
        )
        return PARTLY, f"What is measured works; {told}"
    return OPERATIONAL, "All systems operational"

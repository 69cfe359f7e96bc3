"""Cover by intervals, against a loop over every minute that asks the plain questions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paging_system import CHAT, MAIL, ROTA, person, team_system

from standfast.paging.cover import cover, standing
from standfast.paging.rotation import on_duty
from standfast.spec.calling import (
    EscalationStep,
    OnCall,
    SeverityRule,
    Shift,
    Team,
)
from standfast.spec.system import System
from standfast.spec.values import Severity

MINUTE, WEEKS = timedelta(minutes=1), timedelta(weeks=8)
PEOPLE = ("ada", "bo", "cy", "dee")
# Zones that change their clocks at odd hours, by odd amounts, or at midnight.
ZONES = (
    "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Havana",
    "Pacific/Chatham", "Asia/Kolkata", "Africa/Casablanca", "Pacific/Auckland", "UTC",
)  # fmt: skip


def calendar(**more: object) -> OnCall:
    shift = Shift(
        length=timedelta(weeks=1),
        handover_day=0,
        handover_time=time(9),
        order=("ada", "bo", "cy"),
    )
    return replace(ROTA, **{"shift": shift, **more})


def team(rota: OnCall, **leave: tuple[date, date]) -> System:
    people = {one: person(one, leave=(leave[one],) if one in leave else ()) for one in PEOPLE}
    return replace(
        team_system(),
        people=people,
        teams={"storefront": Team(name="storefront", members=("ada", "bo"), lead="dee")},
        on_call={"storefront": rota},
        severities={
            one: SeverityRule(severity=one, respond=5 * MINUTE, notify=("page",))
            for one in Severity
        },
        channels={"page": MAIL, "chat": CHAT},
    )


def plainly(rota: OnCall, system: System, at: datetime) -> tuple[set[str], bool, set[str]]:
    """Who is told first, is one of them there, and who else is there later; asked afresh each minute."""
    day = at.astimezone(ZoneInfo(rota.timezone)).date()
    duty = on_duty(rota, at)
    turns = {"primary": duty.primary, "secondary": duty.secondary, "storefront": "dee"}
    told = [turns.get(step.to, step.to) for step in rota.escalate[Severity.P1]]
    there = {
        one for one in told if one and not any(a <= day <= b for a, b in system.people[one].leave)
    }
    first = {told[0]} - {None}
    return first, bool(first & there), (there & set(told[1:])) - first


DAYS = st.dates(date(2026, 3, 1), date(2026, 5, 15))
SPANS = st.tuples(DAYS, st.integers(0, 12)).map(lambda p: (p[0], p[0] + timedelta(days=p[1])))
HOURS = st.one_of(
    st.just("24x7"),
    st.builds(
        "{}-{} {:02}:{:02}-{:02}:{:02}".format,
        *[st.sampled_from(("Mon", "Tue", "Fri", "Sat", "Sun"))] * 2,
        *[st.integers(0, 23), st.sampled_from((0, 30))] * 2,
    ),
)
LADDERS = st.lists(
    st.sampled_from(("primary", "secondary", "dee", "storefront")),
    min_size=1,
    max_size=4,
    unique=True,
)


@settings(max_examples=12, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    hours=HOURS,
    length=st.sampled_from((8, 12, 24, 100, 168)),
    order=st.permutations(PEOPLE).map(lambda all_: all_[:3]),
    ladder=LADDERS,
    override=st.none() | st.tuples(SPANS, st.sampled_from(PEOPLE)),
    leave=st.dictionaries(st.sampled_from(PEOPLE), SPANS, max_size=3),
    autumn=st.booleans(),
)
def test_intervals_say_what_every_single_minute_says(
    zone: str, hours: str, length: int, order: list[str], ladder: list[str],
    override: tuple[tuple[date, date], str] | None, leave: dict[str, tuple[date, date]],
    autumn: bool,
) -> None:  # fmt: skip
    shift = Shift(
        length=timedelta(hours=length), handover_day=None, handover_time=time(9), order=tuple(order)
    )
    rota = calendar(
        shift=shift,
        timezone=zone,
        hours=hours,
        escalate={Severity.P1: tuple(EscalationStep(to=to, within=MINUTE) for to in ladder)},
        overrides=((*override[0], override[1]),) if override else (),
    )
    system = team(rota, **leave)
    begin = datetime(2026, 10 if autumn else 3, 20, 11, 7, tzinfo=UTC)
    end = begin + timedelta(days=17)  # across the change of most clocks

    pieces = cover(rota, Severity.P1, system, begin, end)

    assert (pieces[0].begin, pieces[-1].end) == (begin, end)
    assert all(a.end == b.begin and a.standing != b.standing for a, b in pairwise(pieces))
    at = begin
    for piece in pieces:
        first, there, behind = (
            set(piece.standing.first),
            piece.standing.answers,
            piece.standing.behind,
        )
        while at < piece.end:
            assert (first, there, set(behind)) == plainly(rota, system, at), at
            at += MINUTE
    assert at == end


def test_an_hour_that_comes_twice_is_covered_as_the_clock_shows_it() -> None:
    rota = calendar(hours="Mon-Sun 09:00-02:30", timezone="Europe/Berlin")
    begin, end = datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 8, tzinfo=UTC)

    pieces = cover(rota, Severity.P1, team(rota), begin, end)

    quiet = [
        (one.begin.hour, one.begin.minute, one.lasts) for one in pieces if not one.standing.first
    ]
    half, night = timedelta(minutes=30), timedelta(hours=6, minutes=30)
    assert quiet == [(0, 30, half), (1, 30, night)]


def test_leave_takes_whole_days_of_the_rotas_zone() -> None:
    rota = calendar(timezone="America/New_York")
    system = team(rota, ada=(date(2026, 12, 8), date(2026, 12, 8)))
    pieces = cover(rota, Severity.P1, system, *(datetime(2026, 12, n, tzinfo=UTC) for n in (7, 14)))

    (away,) = [one for one in pieces if one.standing.away == ("ada",)]
    assert (away.begin, away.end) == tuple(datetime(2026, 12, n, 5, tzinfo=UTC) for n in (8, 9))


@pytest.mark.parametrize(
    ("changes", "deaf"),
    [
        ({"channels": {"page": MAIL}}, False),
        ({"channels": {"page": replace(MAIL, wakes=False)}}, True),
        ({"channels": {"page": MAIL}, "people": {"ada": person("ada", email=None)}}, True),
        ({"channels": {}, "people": {"ada": person("ada", email=None, phone="1")}}, False),
        ({"channels": {}, "people": {"ada": person("ada", email=None)}}, True),
    ],
)
def test_a_channel_has_to_wake_and_to_have_an_address(
    changes: dict[str, object], deaf: bool
) -> None:
    rota = calendar(escalate={Severity.P1: (EscalationStep(to="primary", within=MINUTE),)})
    alone = replace(rota, shift=replace(rota.shift, order=("ada",)))
    system = replace(team(alone), **{"on_call": {"storefront": alone}, **changes})
    at = datetime(2026, 12, 1, 12, tzinfo=UTC)

    assert standing(alone, Severity.P1, system, at).deaf == (("ada",) if deaf else ())


def test_eight_weeks_of_the_usual_calendar_are_eight_pieces_or_nine() -> None:
    rota = calendar()
    begin = datetime(2026, 11, 25, 12, tzinfo=UTC)
    pieces = cover(rota, Severity.P1, team(rota), begin, begin + WEEKS)

    assert len(pieces) == 9
    assert all(one.standing.answers and one.standing.behind for one in pieces)


def test_zones_from_everywhere_add_up_to_the_whole() -> None:
    begin = datetime(2026, 10, 1, tzinfo=UTC)
    for zone in sorted(available_timezones())[::5]:
        rota = calendar(timezone=zone, hours="Mon-Fri 00:30-02:30")
        pieces = cover(rota, Severity.P1, team(rota), begin, begin + WEEKS)
        assert sum((one.lasts for one in pieces), timedelta()) == WEEKS

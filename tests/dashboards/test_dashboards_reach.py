"""Would a page arrive? That pages leave the house is half of it; whoever is on call must have answered one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from paging_system import NOON, team_system

from standfast.dashboards.on_call import Delivery, delivery
from standfast.paging.reachable import ways
from standfast.paging.trial import answered, trial

SYSTEM = team_system()
MINUTE = timedelta(minutes=1)


def asked(*answers: str, late: tuple[str, ...] = (), system=SYSTEM, now=NOON) -> Delivery:
    """`answers` are those who answered a test page at noon."""
    trials = [
        answered(trial(one, one, "page", SYSTEM, by="bo", now=NOON), one, "link", NOON + MINUTE)
        for one in answers
    ]
    return delivery(system, 0, late, ways(system, trials, now), now)


def test_a_way_that_nobody_tried_is_no_green_state() -> None:
    found = asked()
    assert (found.mark.tone, found.mark.word, found.proven_at) == ("warn", "unproven", None)
    assert found.words == "every page that was due has left, but Ada never answered a test page"


def test_it_is_delivering_once_who_is_on_call_now_has_answered() -> None:
    found = asked("ada")
    assert (found.mark.tone, found.mark.word) == ("good", "delivering")
    assert found.proven_at == NOON + MINUTE
    assert ("Late", "none") in found.why

    assert asked("bo").mark.word == "unproven", "it is ada who is called"
    assert asked("ada", now=NOON + timedelta(days=400)).mark.word == "unproven"


def test_a_page_that_cannot_leave_outweighs_what_was_proven() -> None:
    found = asked("ada", late=("1 page waits since 12:00",))
    assert (found.mark.tone, found.words) == ("bad", "1 page waits since 12:00")


def test_where_nobody_is_on_call_it_is_unknown() -> None:
    found = asked(system=replace(SYSTEM, on_call={}))
    assert (found.mark.tone, found.words) == ("quiet", "nobody is on call")

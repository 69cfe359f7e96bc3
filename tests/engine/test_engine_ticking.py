from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from standfast.engine.ticking import Role, Ticking

SOON = timedelta(milliseconds=5)


def test_a_role_that_fails_goes_on_and_takes_nobody_with_it(caplog) -> None:
    caplog.set_level(logging.CRITICAL)
    seen = {"bad": 0, "good": 0}
    enough = threading.Event()

    def bad(_now) -> None:
        seen["bad"] += 1
        raise OSError("no disk")

    def good(_now) -> None:
        seen["good"] += 1
        if seen["good"] > 3 and seen["bad"] > 3:
            enough.set()

    ticking = Ticking(
        [Role(name="bad", every=SOON, work=bad), Role(name="good", every=SOON, work=good)]
    )
    ticking.start()
    assert enough.wait(60)
    assert ticking.stop(patience=60) == ()

    assert ticking.pulses["bad"].failures > 3
    assert ticking.pulses["good"].failures == 0


def test_a_role_that_hangs_is_late_and_named_at_the_end(clock) -> None:
    hold, begun = threading.Event(), threading.Event()

    def hang(_now) -> None:
        begun.set()
        hold.wait(120)

    role = Role(name="slow", every=SOON, work=hang, patience=timedelta(seconds=5))
    ticking = Ticking([role], clock)
    ticking.start()
    assert begun.wait(60)

    assert ticking.late(clock()) == {}
    clock.pass_by(seconds=60)
    assert "60 s" in ticking.late(clock())["slow"]
    assert ticking.stop(patience=0.1) == ("slow",)
    hold.set()


def test_the_last_failure_is_told_until_a_tick_succeeds() -> None:
    fails, done = [True], threading.Event()

    def sometimes(_now) -> None:
        if fails.pop() if fails else False:
            raise ValueError("not today")
        done.set()

    ticking = Ticking([Role(name="moody", every=SOON, work=sometimes)])
    ticking._tick(ticking._threads[0])
    assert "not today" in ticking.late(ticking._clock())["moody"]
    ticking._tick(ticking._threads[0])
    assert ticking.late(ticking._clock()) == {}


def test_a_role_that_a_check_of_its_own_tells_of_leaves_the_other_check_alone() -> None:
    def refused(_now) -> None:
        raise OSError("the disk is full")

    ticking = Ticking(
        [
            Role(name="public", every=SOON, work=refused, check="status_page"),
            Role(name="main", every=SOON, work=lambda _now: None),
        ]
    )
    for each in ticking._threads:
        ticking._tick(each)

    told = {"public": "OSError: the disk is full"}
    now = ticking._clock()
    assert ticking.late(now) == told
    assert ticking.late(now, "status_page") == told
    assert ticking.late(now, "ticking") == {}


def test_work_that_takes_long_comes_more_rarely_and_within_a_minute_all_the_same() -> None:
    role = Role(name="judge", every=timedelta(seconds=1), work=print, share=0.25)

    assert role.pause(0.1) == pytest.approx(0.9)
    assert role.pause(0.5) == pytest.approx(1.5)
    assert role.pause(5) == pytest.approx(15)
    assert role.pause(25) == 30
    assert replace(role, share=1.0).pause(5) == 0.01

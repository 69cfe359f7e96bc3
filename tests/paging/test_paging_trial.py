"""Test pages: what they prove, for how long, and of which address."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from paging_system import CHAT, MAIL, NOON, ROTA, person, team_system

from standfast.paging.cover import cover
from standfast.paging.notification import Outcome
from standfast.paging.reachable import REMINDED, Proof, every_way, proved, ways
from standfast.paging.trial import (
    ANSWERED_WITHIN,
    address_of,
    answered,
    told,
    trial,
)
from standfast.spec.calling import Channel
from standfast.spec.server import ServerSettings
from standfast.spec.values import SecretRef, Severity

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
HOLDS = timedelta(days=90)
SYSTEM = team_system()
ADA = ("ada", "page")


def asked_for(system=SYSTEM, at=NOON, way=ADA, number="T-1"):
    return trial(number, *way, system, by="bo", now=at)


def verified(system=SYSTEM, at=NOON, way=ADA, number="T-1"):
    return answered(asked_for(system, at, way, number), way[0], "link", at + MINUTE)


def standing(trials=(), now=NOON, system=SYSTEM, way=ADA):
    return ways(system, trials, now)[way]


def test_what_the_file_says_is_declared_until_somebody_answers() -> None:
    assert standing().proof is Proof.DECLARED
    assert standing([asked_for()]).proof is Proof.TESTING

    way = standing([verified()], NOON + DAY)
    assert (way.proof, way.took, way.until) == (Proof.VERIFIED, MINUTE, NOON + MINUTE + HOLDS)


def test_a_verification_ends_and_asks_for_the_next_test_before() -> None:
    end = NOON + MINUTE + HOLDS
    assert not standing([verified()], end - REMINDED - MINUTE).due(end - REMINDED - MINUTE)
    assert standing([verified()], end - REMINDED).due(end - REMINDED)
    assert standing([verified()], end - MINUTE).proof is Proof.VERIFIED
    assert standing([verified()], end).proof is Proof.EXPIRED


def test_the_file_says_how_long_it_holds() -> None:
    system = team_system(server=ServerSettings(channels_verified_for=7 * DAY))

    assert standing([verified(system)], NOON + 8 * DAY, system).proof is Proof.EXPIRED


@pytest.mark.parametrize(
    "people",
    [{"ada": person("ada", email="ada@new.test")}, {"ada": person("ada", email="adA@shop.test")}],
)
def test_another_address_was_not_tested(people) -> None:
    changed = team_system(people={**SYSTEM.people, **people})
    way = standing([verified()], NOON + DAY, changed)

    assert way.proof is Proof.DECLARED
    assert way.reason == "its address is another one than was tested"
    back = standing([verified()], NOON + DAY)
    assert back.proof is Proof.VERIFIED  # the old address is proved as long as it was


def test_a_refusal_and_a_silence_are_failures_and_say_why() -> None:
    refused = told(asked_for(), Outcome.PERMANENT, "550 no such user", NOON, final=True)
    assert (standing([refused]).proof, standing([refused]).reason) == (
        Proof.FAILED,
        "550 no such user",
    )
    sent = told(asked_for(), Outcome.ACCEPTED, "", NOON, final=True)
    assert standing([sent], NOON + ANSWERED_WITHIN - MINUTE).proof is Proof.TESTING
    silent = standing([sent], NOON + ANSWERED_WITHIN)
    assert (silent.proof, silent.reason) == (Proof.FAILED, "it was sent, and nobody answered")


def test_the_newest_test_counts_though_one_under_way_takes_nothing_away() -> None:
    first, later = verified(), NOON + DAY
    again = asked_for(at=later, number="T-2")
    assert standing([first, again], later).proof is Proof.VERIFIED
    assert standing([first, again], later).testing

    failed = told(again, Outcome.PERMANENT, "550 gone", later, final=True)
    assert standing([first, failed], later).proof is Proof.FAILED


def test_a_room_is_tested_once_and_a_gateway_for_each_person() -> None:
    gateway = Channel(name="call", kind="webhook", wakes=True, url=SecretRef(kind="env", name="GW"))
    mailbox = replace(MAIL, name="desk", to="desk@shop.test")
    system = team_system(channels={"chat": CHAT, "call": gateway, "desk": mailbox})

    assert every_way(system) == (
        ("", "chat"),
        *((one, "call") for one in ("ada", "bo", "cy", "dee")),
        ("", "desk"),
    )
    phone = team_system(
        channels=system.channels,
        people={**system.people, "ada": person("ada", phone="+49 30 5550199")},
    )
    assert address_of("ada", "call", phone) != address_of("ada", "call", system)
    assert "5550199" not in address_of("ada", "call", phone)


def test_what_is_proved_of_the_weeks_ahead_is_told_in_hours() -> None:
    weeks = cover(ROTA, Severity.P1, SYSTEM, NOON, NOON + 56 * DAY)

    def hours(*people: str) -> tuple[timedelta, timedelta]:
        known = ways(SYSTEM, [verified(way=(one, "page"), number=one) for one in people], NOON)
        found = proved(weeks, Severity.P1, SYSTEM, known)
        assert found.whole == 56 * DAY
        return found.first, found.both

    assert hours() == (timedelta(), timedelta())
    assert hours("ada") == (56 * DAY, timedelta())
    assert hours("ada", "bo") == (56 * DAY, 56 * DAY)
    assert hours("bo") == (timedelta(), timedelta())  # nobody verified is woken first


def test_leave_takes_its_part_of_the_proof_away() -> None:
    away = (date(2026, 11, 23), date(2026, 11, 24))
    system = team_system(people={**SYSTEM.people, "ada": person("ada", leave=(away,))})
    weeks = cover(ROTA, Severity.P1, system, NOON, NOON + 56 * DAY)
    known = ways(system, [verified(system)], NOON)

    assert proved(weeks, Severity.P1, system, known).first == 54 * DAY


class Trying(RuleBasedStateMachine):
    """Whatever is asked, sent, refused, answered or changed in the file: verified is what was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.trials, self.mail = NOON, {}, "ada@shop.test"
        self.answers = {}  # address as written -> when its newest answered test was asked for, and answered
        self.number = 0

    @property
    def system(self):
        return team_system(people={**SYSTEM.people, "ada": person("ada", email=self.mail)})

    @rule()
    def ask(self) -> None:
        self.number += 1
        self.now += timedelta(seconds=1)
        name = f"T-{self.number}"
        self.trials[name] = (asked_for(self.system, self.now, number=name), self.mail)

    @rule(which=st.integers(0, 9), outcome=st.sampled_from(Outcome), final=st.booleans())
    def send(self, which: int, outcome: Outcome, final: bool) -> None:
        if self.trials:
            name = list(self.trials)[which % len(self.trials)]
            one, mail = self.trials[name]
            self.trials[name] = (told(one, outcome, "said", self.now, final=final), mail)

    @rule(which=st.integers(0, 9))
    def answer(self, which: int) -> None:
        if self.trials:
            name = list(self.trials)[which % len(self.trials)]
            one, mail = self.trials[name]
            if self.now - one.asked_at < ANSWERED_WITHIN and one.answered_at is None:
                self.trials[name] = (answered(one, "ada", "link", self.now), mail)
                known = self.answers.get(mail, (one.asked_at, self.now))
                self.answers[mail] = max(known, (one.asked_at, self.now))

    @rule(mail=st.sampled_from(["ada@shop.test", "ada@new.test"]))
    def move(self, mail: str) -> None:
        self.mail = mail

    @rule(hours=st.integers(1, 24 * 60))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def verified_means_answered_here_and_of_late(self) -> None:
        way = standing([one for one, _ in self.trials.values()], self.now, self.system)
        asked, at = self.answers.get(self.mail, (None, None))
        if way.proof is Proof.VERIFIED:
            assert at is not None
            assert self.now < at + HOLDS
            assert way.until == at + HOLDS
        if at is None:
            assert way.proof not in {Proof.VERIFIED, Proof.EXPIRED}
        mine = [one for one, mail in self.trials.values() if mail == self.mail]
        if not mine:
            assert way.proof is Proof.DECLARED
        elif mine[-1].asked_at == asked:  # nothing was asked since
            holds = self.now < at + HOLDS
            failed = mine[-1].failed_at is not None
            wanted = Proof.FAILED if failed else Proof.VERIFIED if holds else Proof.EXPIRED
            assert way.proof is wanted


Trying.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_verified_means_answered = Trying.TestCase

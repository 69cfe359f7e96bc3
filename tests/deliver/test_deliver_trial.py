"""Test pages over real channels: a mail server and a webhook on loopback, and the outbox of real pages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from email import message_from_string
from itertools import count

import pytest
from paging_system import CHAT, MAIL, MINUTE, NOON, person, team_system
from receivers import Mailbox, hook_server, mail_server

from standfast.audit.event import Actor
from standfast.drivers.smtp import SmtpSend
from standfast.drivers.webhook import WebhookSend
from standfast.engine.deliver import Deliver
from standfast.engine.trim import Trim
from standfast.engine.try_out import TryOut
from standfast.errors import NotAllowed, NotFound
from standfast.paging.notification import LEASE, Outcome, Result
from standfast.paging.reachable import Proof, ways
from standfast.paging.trial import ANSWERED_WITHIN, PATIENCE
from standfast_kit.clock import utc_now

BO = Actor(type="user", id="bo")


class House:
    """A store, what sends from it, and who asks for tests."""

    def __init__(self, store, clock, system, **senders) -> None:
        self.store, self.clock, self.system = store, clock, system
        numbers = count()

        def chance() -> str:
            return f"{next(numbers):043d}"

        self.deliver = Deliver(store, senders, chance=chance, owner="one")
        self.try_out = TryOut(store, lambda: self.system, chance=chance, clock=clock)

    def send(self) -> None:
        self.deliver.tick(self.system, self.clock())
        self.deliver.finish(20)

    def way(self, person_: str, channel: str):
        now = self.clock()
        trials = self.store.read(lambda tx: tx.trials.standing())
        return ways(self.system, trials, now)[person_, channel]


@pytest.fixture
def house(database, clock):
    clock.now = utc_now()  # PostgreSQL leases by its own clock
    made = []

    def build(system, **senders) -> House:
        made.append(House(database, clock, system, **senders))
        return made[-1]

    yield build
    for one in made:
        one.deliver.close()


def read(mail: str) -> str:
    return message_from_string(mail).get_payload(decode=True).decode()


def code_in(mail: str) -> str:
    return re.search(r"test-page/(\S+)", read(mail))[1]


def test_a_mail_that_is_answered_verifies_and_looking_at_its_link_does_not(
    house, clock, log
) -> None:
    with mail_server() as mailbox:
        system = team_system(channels={"page": replace(MAIL, port=mailbox.port)})
        one = house(system, smtp=SmtpSend())
        one.try_out.ask(BO, ["ada"])
        one.send()
    ((to, mail),) = mailbox.mails
    assert to == "ada@shop.test"
    assert "Subject: TEST: does page reach Ada?" in mail
    assert "nothing is wrong" in read(mail)
    assert one.way("ada", "page").proof is Proof.TESTING

    code = code_in(mail)
    one.try_out.by_code(code)  # as a mail scanner does
    assert one.way("ada", "page").proof is Proof.TESTING
    clock.pass_by(minutes=2)
    one.try_out.answer(code, ip_address="192.0.2.7")
    way = one.way("ada", "page")

    assert (way.proof, way.took) == (Proof.VERIFIED, 2 * MINUTE)
    assert log.types == ["channel.test-asked", "channel.test-sent", "channel.verified"]
    one.try_out.answer(code)
    assert log.types[-1:] == ["channel.verified"]
    assert log.types.count("channel.verified") == 1  # a second word changes nothing


def test_a_room_is_told_once_and_verified_for_everybody(house) -> None:
    with hook_server() as hook:
        system = team_system(channels={"chat": replace(CHAT, url=hook.url)})
        one = house(system, webhook=WebhookSend())
        one.try_out.ask(BO)
        one.send()
    ((_, body, _),) = hook.posts
    told = json.loads(body)
    assert (told["status"], told["test"], told["person"]) == ("test", True, None)
    one.try_out.answer(told["code"], BO, via="api")

    assert one.way("", "chat").proof is Proof.VERIFIED


def test_a_gateway_is_told_whose_telephone_to_ring(house) -> None:
    with hook_server() as hook:
        system = team_system(
            channels={"call": replace(CHAT, name="call", wakes=True, url=hook.url)},
            people={
                one: person(one, phone=f"+49 30 55501{n}") for n, one in enumerate(("ada", "bo"))
            },
        )
        one = house(system, webhook=WebhookSend())
        one.try_out.ask(BO)
        one.send()

    rung = {json.loads(body)["person"]["phone"] for _, body, _ in hook.posts}
    assert rung == {"+49 30 555010", "+49 30 555011"}


def test_a_refused_test_fails_with_what_the_server_said(house, log) -> None:
    with mail_server(Mailbox(refuse={"ada@shop.test": "550 no such user"})) as mailbox:
        system = team_system(channels={"page": replace(MAIL, port=mailbox.port)})
        one = house(system, smtp=SmtpSend())
        one.try_out.ask(BO, ["ada"])
        one.send()

    way = one.way("ada", "page")
    assert way.proof is Proof.FAILED
    assert "550" in way.reason
    assert log.types[-1] == "channel.test-not-sent"


def test_a_server_that_never_answers_is_given_up_and_nobody_is_alarmed(house, database) -> None:
    answers = Result(outcome=Outcome.RETRYABLE, reason="connection refused")
    one = house(team_system(channels={"page": MAIL}), smtp=lambda *_: answers)
    one.try_out.ask(BO, ["ada"])
    one.send()
    assert (one.way("ada", "page").proof, one.way("ada", "page").reason) == (
        Proof.TESTING,
        "connection refused",
    )
    assert (
        one.deliver.undelivered(one.clock() + MINUTE) == ()
    )  # it is a test, and no page that waits


@pytest.mark.usefixtures("sqlite")
def test_patience_with_a_test_ends(sqlite, clock) -> None:
    answers = Result(outcome=Outcome.RETRYABLE, reason="connection refused")
    one = House(sqlite, clock, team_system(channels={"page": MAIL}), smtp=lambda *_: answers)
    one.try_out.ask(BO, ["ada"])
    for _ in range(5):
        one.send()
        clock.pass_by(seconds=PATIENCE.total_seconds() / 4 + 1)
    one.deliver.close()
    way = one.way("ada", "page")

    assert way.proof is Proof.FAILED
    assert way.reason == "given up after 10 minutes: connection refused"


def test_a_crash_while_sending_sends_the_same_test_again(sqlite, clock) -> None:
    """Whoever claimed it died: the lease runs out, and the message comes again under its own key."""
    with mail_server() as mailbox:
        system = team_system(channels={"page": replace(MAIL, port=mailbox.port)})
        one = House(sqlite, clock, system, smtp=SmtpSend())
        one.try_out.ask(BO, ["ada"])
        sqlite.keep(lambda tx: tx.outbox.claim(tx.now(), tx.now() + LEASE, "dead", "page"))
        one.send()
        assert mailbox.mails == []
        clock.pass_by(seconds=LEASE.total_seconds() + 1)
        one.send()
        one.deliver.close()

    ((_, mail),) = mailbox.mails
    one.try_out.answer(code_in(mail))
    assert one.way("ada", "page").proof is Proof.VERIFIED


def test_a_page_goes_before_a_test(sqlite, clock) -> None:
    from paging_system import alert

    from standfast.engine.escalate import Pages
    from standfast.engine.follow import Follow
    from standfast.engine.ports import Change

    sent = []

    def send(_channel, message, _timeout) -> Result:
        sent.append(message.subject)
        return Result(outcome=Outcome.ACCEPTED)

    system = team_system(channels={"page": MAIL})
    one = House(sqlite, clock, system, smtp=send)
    one.try_out.ask(BO)
    fired = alert(since=clock(), fired_at=clock())
    sqlite.write(lambda tx: Change(None, Follow().fired(tx, fired, system, clock())))
    Pages(sqlite, clock).tick(system, clock())
    claimed = sqlite.keep(lambda tx: tx.outbox.claim(tx.now(), tx.now() + LEASE, "x", "page"))
    one.deliver.close()

    assert claimed.key.startswith("web-down")


def test_whoever_clicks_twice_sends_one_test(house, clock) -> None:
    one = house(
        team_system(channels={"page": MAIL}), smtp=lambda *_: Result(outcome=Outcome.ACCEPTED)
    )
    first = one.try_out.ask(BO, ["ada"])
    clock.pass_by(seconds=30)
    assert one.try_out.ask(BO, ["ada"]) == first
    clock.pass_by(seconds=31)
    assert one.try_out.ask(BO, ["ada"]) != first


def test_an_address_that_changes_meanwhile_is_not_written_to(house) -> None:
    sent = []
    one = house(team_system(channels={"page": MAIL}), smtp=lambda *args: sent.append(args))
    one.try_out.ask(BO, ["ada"])
    people = {**one.system.people, "ada": person("ada", email="ada@new.test")}
    one.system = team_system(channels={"page": MAIL}, people=people)
    one.send()

    assert sent == []
    assert one.way("ada", "page").proof is Proof.DECLARED


def test_too_late_and_unknown_are_told_apart(sqlite, clock) -> None:
    with mail_server() as mailbox:
        system = team_system(channels={"page": replace(MAIL, port=mailbox.port)})
        one = House(sqlite, clock, system, smtp=SmtpSend())
        one.try_out.ask(BO, ["ada"])
        one.send()
        one.deliver.close()
    code = code_in(mailbox.mails[0][1])
    with pytest.raises(NotFound, match="no test page has this code"):
        one.try_out.answer("x" * 43)
    clock.pass_by(seconds=ANSWERED_WITHIN.total_seconds() + 1)
    with pytest.raises(NotAllowed, match="the time to answer this test is over"):
        one.try_out.answer(code)
    assert one.way("ada", "page").reason == "it was sent, and nobody answered"


def test_nobody_to_be_reached_is_said(house) -> None:
    one = house(team_system(people={"ada": person("ada", email=None)}, channels={"page": MAIL}))
    with pytest.raises(NotFound, match="no channel of the file leads to ada"):
        one.try_out.ask(BO, ["ada"])
    with pytest.raises(NotFound, match="no channel is called 'pager'"):
        one.try_out.ask(BO, [], ["pager"])


def test_old_tests_go_and_what_still_counts_stays(sqlite, clock) -> None:
    clock.now = NOON
    with mail_server() as mailbox:
        system = team_system(channels={"page": replace(MAIL, port=mailbox.port)})
        one = House(sqlite, clock, system, smtp=SmtpSend())
        one.try_out.ask(BO, ["ada"])
        one.send()
        one.try_out.answer(code_in(mailbox.mails[0][1]))
        one.deliver.close()
    clock.pass_by(days=89)
    Trim(sqlite).tick(system, clock())
    assert one.way("ada", "page").proof is Proof.VERIFIED
    clock.pass_by(days=102)
    Trim(sqlite).tick(system, clock())

    assert sqlite.read(lambda tx: tx.trials.standing()) == ()
    assert one.way("ada", "page").proof is Proof.DECLARED

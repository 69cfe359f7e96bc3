"""Whoever was told that something is wrong is told, once, that it is over."""

from __future__ import annotations

import json
import multiprocessing
from collections import Counter
from dataclasses import replace
from email import message_from_string
from itertools import count

import deliver_child
import pytest
from paging_system import CHAT, MAIL, MINUTE, alert, team_system
from receivers import Hook, Mailbox, hook_server, mail_server, until

from standfast.audit.event import Actor
from standfast.drivers.smtp import SmtpSend
from standfast.drivers.webhook import WebhookSend
from standfast.engine.deliver import Deliver
from standfast.engine.escalate import Pages
from standfast.engine.follow import Follow
from standfast.engine.ports import Change
from standfast.paging.message import message_id
from standfast.paging.notification import LEASE, OVER_PATIENCE, Delivery, Kind, Outcome, Result
from standfast.paging.page import PageState, page_id
from standfast.spec.calling import SeverityRule
from standfast.spec.values import Severity
from standfast_kit.clock import utc_now

ADA = Actor(type="user", id="ada")
PAGE = page_id("web-down/web", 1)
WELL = "over: 40 of 40 requests succeeded in the last minute"
BOTH = {
    one: SeverityRule(severity=one, respond=5 * MINUTE, notify=("page", "chat")) for one in Severity
}
FORKS = multiprocessing.get_context("forkserver")


class Recorder:
    def __init__(self, *answers: Result) -> None:
        self.answers, self.sent = list(answers), []

    def __call__(self, channel, message, timeout) -> Result:
        self.sent.append(message)
        if len(self.answers) > 1:
            return self.answers.pop(0)
        return self.answers[0] if self.answers else Result(outcome=Outcome.ACCEPTED)

    @property
    def subjects(self) -> list[str]:
        return [one.subject for one in self.sent]


@pytest.fixture
def real_time(database, clock):
    """PostgreSQL leases by its own clock, so the fake one starts there."""
    clock.now = utc_now()
    return clock


@pytest.fixture
def deliver_of():
    made, numbers = [], count()

    def make(store, **senders) -> Deliver:
        made.append(
            Deliver(store, senders, chance=lambda: f"{next(numbers):043d}", owner=f"{len(made)}")
        )
        return made[-1]

    yield make
    for one in made:
        one.close()


def fire(store, system, now, **more):
    one = alert(**{"since": now, "fired_at": now, **more})
    store.write(lambda tx: Change(None, Follow().fired(tx, one, system, now)))
    return one


def resolve(store, system, one, now) -> None:
    over = replace(one, because=WELL)
    store.write(lambda tx: Change(None, Follow().resolved(tx, over, system, now)))


def sent_once(deliver, system, now) -> None:
    deliver.tick(system, now)
    deliver.finish(20)


def rows(store, kind=Kind.OVER, page=PAGE):
    return [one for one in store.read(lambda tx: tx.outbox.of_page(page)) if one.kind is kind]


def test_the_end_is_told_by_the_same_mail_and_chat_that_told_of_the_beginning(
    database, real_time, log, deliver_of
) -> None:
    with mail_server(Mailbox()) as box, hook_server(Hook()) as hook:
        system = team_system(
            channels={"page": replace(MAIL, port=box.port), "chat": replace(CHAT, url=hook.url)},
            severities=BOTH,
        )
        deliver = deliver_of(database, smtp=SmtpSend(), webhook=WebhookSend())
        one = fire(database, system, real_time())
        sent_once(deliver, system, real_time())
        Pages(database, real_time).acknowledge(PAGE, ADA)
        resolve(database, system, one, real_time())
        resolve(database, system, one, real_time())  # said twice, done once
        for _ in range(3):
            sent_once(deliver, system, real_time())

    page, over = (message_from_string(text) for _, text in box.mails)
    assert [to for to, _ in box.mails] == ["ada@shop.test"] * 2
    assert over["Subject"] == "Resolved: P1 web: web is down"
    assert over["In-Reply-To"] == page["Message-ID"]
    assert over["X-Priority"] is None
    said = over.get_payload()
    assert "The alert is over: 40 of 40 requests succeeded in the last minute." in said
    assert "Acknowledged by: ada" in said
    assert "Incident: INC-1 https://ops.shop.test/incidents/INC-1" in said
    assert "/ack/" not in said

    first, second = (json.loads(body) for _, body, _ in hook.posts)
    assert [first["status"], second["status"]] == ["firing", "resolved"]
    assert second["follows"] == first["key"]
    assert second["page"] == first["page"] == PAGE
    told = [event for event in log.events if event.type == "page.end-sent"]
    assert {event.context["channel"] for event in told} == {"page", "chat"}
    timeline = database.read(lambda tx: tx.incidents.timeline("INC-1"))
    assert "Ada told that it is over by page" in [entry.text for entry in timeline]


def test_what_is_told_is_kept_in_the_transaction_of_the_end(
    database, real_time, deliver_of
) -> None:
    system = team_system()
    one = fire(database, system, real_time())
    sent_once(deliver_of(database, smtp=Recorder()), system, real_time())

    def cut_off(tx):
        Follow().resolved(tx, one, system, real_time())
        raise RuntimeError("the power goes")

    with pytest.raises(RuntimeError):
        database.write(cut_off)
    assert database.read(lambda tx: tx.paging.page(PAGE)).active
    assert rows(database) == []

    resolve(database, system, one, real_time())
    assert [(each.person, each.channel, each.state) for each in rows(database)] == [
        ("ada", "page", Delivery.PENDING)
    ]


def test_a_page_that_reached_nobody_has_no_end_to_tell(
    database, real_time, log, deliver_of
) -> None:
    system, gone = team_system(), Recorder(Result(outcome=Outcome.RETRYABLE, reason="421 busy"))
    deliver = deliver_of(database, smtp=gone)
    never, refused = "never/web", "refused/web"
    first = fire(database, system, real_time(), fingerprint=refused)
    sent_once(deliver, system, real_time())
    second = fire(database, system, real_time(), fingerprint=never)
    for one in (first, second):
        resolve(database, system, one, real_time())

    assert rows(database, page=page_id(refused, 1)) == rows(database, page=page_id(never, 1)) == []
    pages = [rows(database, Kind.PAGE, page_id(one, 1))[0] for one in (never, refused)]
    assert [one.state for one in pages] == [Delivery.CANCELLED] * 2
    closed = [event for event in log.events if event.type == "page.closed"]
    assert [event.context["taken_back"] for event in closed] == [1, 1]


def test_steps_that_were_still_to_come_are_taken_back_and_only_those_told_hear_of_the_end(
    sqlite, clock, deliver_of
) -> None:
    system, mail = team_system(), Recorder()
    deliver = deliver_of(sqlite, smtp=mail)
    one = fire(sqlite, system, clock())
    sent_once(deliver, system, clock())
    Pages(sqlite, clock).tick(system, clock.pass_by(minutes=5))  # bo is to be told, and is not yet
    resolve(sqlite, system, one, clock())
    clock.pass_by(minutes=20)
    Pages(sqlite, clock).tick(system, clock())
    sent_once(deliver, system, clock())

    assert [each.to for each in mail.sent] == ["ada@shop.test"] * 2
    states = {each.person: each.state for each in rows(sqlite, Kind.PAGE)}
    assert states == {"ada": Delivery.ARRIVED, "bo": Delivery.CANCELLED}


def test_a_page_on_its_way_at_the_end_is_followed_by_its_end_if_it_arrives(
    sqlite, clock, deliver_of
) -> None:
    system, mail = team_system(), Recorder()
    deliver = deliver_of(sqlite, smtp=mail)
    one = fire(sqlite, system, clock())

    def meanwhile(channel, message, timeout) -> Result:
        resolve(sqlite, system, one, clock())
        return Result(outcome=Outcome.ACCEPTED)

    sent_once(deliver_of(sqlite, smtp=meanwhile), system, clock())
    sent_once(deliver, system, clock())
    assert mail.sent == []  # not before the page itself has come to rest
    sent_once(deliver, system, clock.pass_by(seconds=LEASE.total_seconds()))
    assert mail.subjects == ["Resolved: P1 web: web is down"]


def test_a_page_on_its_way_at_the_end_that_does_not_arrive_has_no_end(
    sqlite, clock, deliver_of
) -> None:
    system, mail = team_system(), Recorder()
    one = fire(sqlite, system, clock())

    def meanwhile(channel, message, timeout) -> Result:
        resolve(sqlite, system, one, clock())
        return Result(outcome=Outcome.PERMANENT, reason="550 gone")

    sent_once(deliver_of(sqlite, smtp=meanwhile), system, clock())
    sent_once(deliver_of(sqlite, smtp=mail), system, clock.pass_by(minutes=1))
    assert mail.sent == []
    assert [each.state for each in rows(sqlite)] == [Delivery.CANCELLED]


def test_a_sender_that_died_in_the_middle_leaves_an_end_to_tell(sqlite, clock, deliver_of) -> None:
    """Nobody knows whether the page arrived: a word too much is better than one too few."""
    system, mail = team_system(), Recorder()
    one = fire(sqlite, system, clock())
    sqlite.keep(lambda tx: tx.outbox.claim(tx.now(), tx.now() + LEASE, "gone", "page"))
    resolve(sqlite, system, one, clock())
    sent_once(deliver_of(sqlite, smtp=mail), system, clock.pass_by(minutes=1))
    assert mail.subjects == ["Resolved: P1 web: web is down"]


def test_an_alert_that_returns_before_its_end_was_told_goes_on_in_silence(
    sqlite, clock, deliver_of
) -> None:
    system, mail = team_system(), Recorder()
    deliver, pages = deliver_of(sqlite, smtp=mail), Pages(sqlite, clock)
    one = fire(sqlite, system, clock())
    sent_once(deliver, system, clock())
    pages.acknowledge(PAGE, ADA)
    for _ in range(2):
        resolve(sqlite, system, one, clock.pass_by(seconds=1))
        fire(sqlite, system, clock())
    sent_once(deliver, system, clock())
    assert mail.subjects == ["P1 web: web is down"]
    assert sqlite.read(lambda tx: tx.paging.page(PAGE)).state is PageState.ACKNOWLEDGED

    resolve(sqlite, system, one, clock.pass_by(seconds=1))
    sent_once(deliver, system, clock())
    assert mail.subjects[1:] == ["Resolved: P1 web: web is down"]


def test_an_alert_that_returns_after_its_end_was_told_is_told_again(
    sqlite, clock, deliver_of
) -> None:
    """Whoever had acknowledged it was told to lay it aside."""
    system, mail = team_system(), Recorder()
    deliver = deliver_of(sqlite, smtp=mail)
    one = fire(sqlite, system, clock())
    sent_once(deliver, system, clock())
    Pages(sqlite, clock).acknowledge(PAGE, ADA)
    resolve(sqlite, system, one, clock.pass_by(seconds=1))
    sent_once(deliver, system, clock())
    fire(sqlite, system, clock.pass_by(seconds=1))
    sent_once(deliver, system, clock())

    back = sqlite.read(lambda tx: tx.paging.page(PAGE))
    assert (back.state, back.acknowledged_by) == (PageState.OPEN, None)
    assert mail.subjects[2:] == ["P1 web: web is down"]
    assert len({each.key for each in mail.sent}) == 3
    resolve(sqlite, system, one, clock.pass_by(seconds=1))
    sent_once(deliver, system, clock())
    assert mail.subjects[3:] == ["Resolved: P1 web: web is down"]


def test_whoever_knew_only_the_milder_page_hears_of_the_end_of_the_graver(
    sqlite, clock, deliver_of
) -> None:
    severities = {
        Severity.P3: SeverityRule(severity=Severity.P3, respond=None, notify=("chat",)),
        Severity.P1: SeverityRule(severity=Severity.P1, respond=5 * MINUTE, notify=("page",)),
    }
    system, mail, chat = team_system(severities=severities), Recorder(), Recorder()
    deliver = deliver_of(sqlite, smtp=mail, webhook=chat)
    fire(sqlite, system, clock(), severity=Severity.P3)
    sent_once(deliver, system, clock())
    one = fire(sqlite, system, clock.pass_by(seconds=1), severity=Severity.P1, episode=2)
    sent_once(deliver, system, clock())
    assert (len(chat.sent), len(mail.sent)) == (1, 1)  # graver is not over

    resolve(sqlite, system, one, clock.pass_by(seconds=1))
    sent_once(deliver, system, clock())
    assert mail.subjects[1:] == ["Resolved: P1 web: web is down"]
    assert chat.subjects[1:] == ["Resolved: P3 web: web is down"]

    third = fire(sqlite, system, clock.pass_by(hours=1), episode=3)
    resolve(sqlite, system, third, clock())
    sent_once(deliver, system, clock())
    assert (len(chat.sent), len(mail.sent)) == (2, 2)


def test_an_end_that_cannot_be_told_is_given_up_after_a_day(sqlite, clock, deliver_of) -> None:
    system = team_system()
    busy = Result(outcome=Outcome.RETRYABLE, reason="421 busy")
    mail = Recorder(Result(outcome=Outcome.ACCEPTED), busy)
    deliver = deliver_of(sqlite, smtp=mail)
    one = fire(sqlite, system, clock())
    sent_once(deliver, system, clock())
    resolve(sqlite, system, one, clock())
    sent_once(deliver, system, clock())
    assert deliver.undelivered(clock.pass_by(minutes=1))[0].startswith("1 resolved notice waits")
    clock.now += OVER_PATIENCE
    sent_once(deliver, system, clock())
    sent_once(deliver, system, clock.pass_by(hours=1))

    assert len(mail.sent) == 3
    (row,) = rows(sqlite)
    assert (row.state, row.reason) == (Delivery.FAILED, "given up after 1 day: 421 busy")


def test_pages_go_before_ends(sqlite, clock, deliver_of) -> None:
    system, mail = team_system(), Recorder()
    deliver = deliver_of(sqlite, smtp=mail)
    over = [fire(sqlite, system, clock(), fingerprint=f"over-{n}/web") for n in range(4)]
    sent_once(deliver, system, clock())
    for one in over:
        resolve(sqlite, system, one, clock())
    clock.pass_by(seconds=1)
    fire(sqlite, system, clock(), severity=Severity.P2)
    claimed = sqlite.keep(lambda tx: tx.outbox.claim(tx.now(), tx.now() + LEASE, "one", "page"))
    assert claimed.kind is Kind.PAGE


def test_the_message_id_of_an_end_is_its_own() -> None:
    key = "web-down~web/1/abc/0/0/ada/page"
    assert message_id(key) != message_id(f"{key}/over1")


@pytest.mark.kill
def test_a_sender_killed_again_and_again_still_tells_every_end(
    database, database_url, clock
) -> None:
    clock.now = utc_now()
    with hook_server(Hook()) as hook:
        system = team_system(channels={"chat": replace(CHAT, url=hook.url)})
        fired = [
            fire(database, system, clock(), fingerprint=f"rule-{number}/web")
            for number in range(30)
        ]
        for turn in range(5):
            ready = FORKS.Event()
            child = FORKS.Process(
                target=deliver_child.main, args=(database_url, hook.url, f"worker-{turn}", ready)
            )
            child.start()
            assert ready.wait(90)
            before = len(hook.posts)
            if turn == 1:
                until(lambda: len({h["Idempotency-Key"] for h, _, _ in hook.posts}) >= 30, 90)
                for one in fired:
                    resolve(database, system, one, clock())
                before = len(hook.posts)
            until(
                lambda before=before: (
                    len(hook.posts) > before + 3
                    or database.read(lambda tx: tx.outbox.waiting()) == 0
                ),
                30,
            )
            if turn == 4:
                until(lambda: database.read(lambda tx: tx.outbox.waiting()) == 0, 60)
            child.kill()
            child.join()

    told = Counter(
        (body["page"], body["status"]) for body in (json.loads(text) for _, text, _ in hook.posts)
    )
    pages = {page for page, _ in told}
    assert len(pages) == 30
    assert {(page, status) for page in pages for status in ("firing", "resolved")} == set(told)
    assert sum(told.values()) - 60 <= 2 * 5  # at most what two lanes had in hand at each kill

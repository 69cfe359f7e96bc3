from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from paging_system import CHAT, MAIL, MINUTE, alert, team_system
from receivers import Hook, Mailbox, hook_server, mail_server, until

from free_ports import free_port
from standfast.audit.event import Actor
from standfast.drivers.smtp import SmtpSend
from standfast.drivers.webhook import WebhookSend
from standfast.engine.deliver import Deliver
from standfast.engine.escalate import Pages
from standfast.engine.follow import Follow
from standfast.engine.ports import Change
from standfast.errors import Conflict, NotAllowed, NotFound
from standfast.paging.notification import Delivery, Outcome, Result
from standfast.paging.page import PageState, page_id
from standfast.spec.calling import SeverityRule
from standfast.spec.values import Severity
from standfast_kit.clock import utc_now

ADA = Actor(type="user", id="ada")
PAGE = page_id("web-down/web", 1)
WHOLE_DAY = timedelta(days=1, minutes=1)


class Recorder:
    """A channel that keeps what it is given, and answers as told."""

    def __init__(self, *answers: Result) -> None:
        self.answers, self.sent, self.lock = list(answers), [], threading.Lock()

    def __call__(self, channel, message, timeout) -> Result:
        with self.lock:
            self.sent.append(message)
            if len(self.answers) > 1:
                return self.answers.pop(0)
            return self.answers[0] if self.answers else Result(outcome=Outcome.ACCEPTED)


@pytest.fixture
def real_time(database, clock):
    """PostgreSQL leases by its own clock, so the fake one starts there."""
    clock.now = utc_now()
    return clock


@pytest.fixture
def deliver_of(database):
    made = []

    def make(owner="one", **senders) -> Deliver:
        numbers = count()
        made.append(
            Deliver(
                database,
                senders,
                chance=lambda: f"{owner}-{next(numbers):040d}",
                owner=owner,
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.close()


def fire(store, system, now, **more):
    one = alert(since=now, fired_at=now, **more)
    store.write(lambda tx: Change(None, Follow().fired(tx, one, system, now)))
    return one


def sent_once(deliver, system, clock) -> None:
    deliver.tick(system, clock())
    deliver.finish(20)


def rows(store, page=PAGE):
    return store.read(lambda tx: tx.outbox.of_page(page))


def test_a_firing_alert_is_a_page_an_incident_and_its_first_mail_in_one_transaction(
    database, real_time, log, deliver_of
) -> None:
    system = team_system()
    fire(database, system, real_time())

    assert database.read(lambda tx: tx.paging.page(PAGE)).incident == "INC-1"
    assert [(one.person, one.channel) for one in rows(database)] == [("ada", "page")]
    assert log.types == ["incident.declared", "page.opened"]

    mail = Recorder()
    sent_once(deliver_of(smtp=mail), system, real_time)
    assert [one.to for one in mail.sent] == ["ada@shop.test"]
    assert log.types[-1] == "page.sent"
    assert rows(database)[0].state is Delivery.ARRIVED


def test_firing_twice_pages_once(database, real_time) -> None:
    system = team_system()
    for _ in range(3):
        fire(database, system, real_time())

    assert len(rows(database)) == 1
    assert len(database.read(lambda tx: tx.incidents.recent())) == 1


def test_a_page_goes_from_person_to_person_until_somebody_answers(
    database, real_time, deliver_of
) -> None:
    system, pages, mail = team_system(), Pages(database, real_time), Recorder()
    deliver = deliver_of(smtp=mail)
    now = real_time()
    fire(database, system, now)
    for minutes in (0, 1, 5, 6):
        pages.tick(system, now + minutes * MINUTE)
        sent_once(deliver, system, real_time)
    # The rows of PostgreSQL are due by its own clock, which has not moved.
    wanted = {"ada", "bo"}
    assert {one.person for one in rows(database)} == wanted

    pages.acknowledge(PAGE, ADA)
    for minutes in (10, 15, 25):
        pages.tick(system, now + minutes * MINUTE)
    assert {one.person for one in rows(database)} == wanted
    incident = database.read(lambda tx: tx.incidents.incident("INC-1"))
    assert incident.roles["commander"] == "ada"


def test_acknowledging_takes_back_what_has_not_been_sent(database, real_time, deliver_of) -> None:
    system, pages, mail = team_system(), Pages(database, real_time), Recorder()
    fire(database, system, real_time())

    assert pages.acknowledge(PAGE, ADA).state is PageState.ACKNOWLEDGED
    sent_once(deliver_of(smtp=mail), system, real_time)

    assert mail.sent == []
    assert [one.state for one in rows(database)] == [Delivery.CANCELLED]
    assert pages.acknowledge(PAGE, Actor(type="user", id="bo")).acknowledged_by == "ada"


def test_an_answer_between_claim_and_send_stops_the_send(database, real_time, deliver_of) -> None:
    system, pages = team_system(), Pages(database, real_time)
    fire(database, system, real_time())
    mail = Recorder()
    deliver = deliver_of(smtp=mail)
    claimed = database.keep(lambda tx: tx.outbox.claim(tx.now(), tx.now() + MINUTE, "one", "page"))
    pages.acknowledge(PAGE, ADA)

    deliver._deliver(claimed, system)

    assert mail.sent == []


def test_the_end_of_the_alert_closes_its_page_and_mitigates_its_incident(
    database, real_time, log
) -> None:
    system, now = team_system(), real_time()
    one = fire(database, system, now)
    database.write(lambda tx: Change(None, Follow().resolved(tx, one, system, now + MINUTE)))

    assert database.read(lambda tx: tx.paging.page(PAGE)).state is PageState.CLOSED
    assert [row.state for row in rows(database)] == [Delivery.CANCELLED]
    assert database.read(lambda tx: tx.incidents.incident("INC-1")).state == "mitigated"
    with pytest.raises(Conflict):
        Pages(database, real_time).acknowledge(PAGE, ADA)


def test_a_graver_episode_replaces_the_page_of_the_milder_one(database, real_time) -> None:
    system, now = team_system(), real_time()
    fire(database, system, now, severity=Severity.P2)
    fire(database, system, now, severity=Severity.P1, episode=2)

    states = {p.episode: p.state for p in database.read(lambda tx: tx.paging.recent(now - MINUTE))}
    assert states == {1: PageState.CLOSED, 2: PageState.OPEN}
    assert database.read(lambda tx: tx.incidents.open())[0].sev == "SEV1"


def test_a_link_shows_without_changing_and_acknowledges_only_by_its_deed(
    database, real_time, deliver_of
) -> None:
    system, pages, mail = team_system(), Pages(database, real_time), Recorder()
    fire(database, system, real_time())
    sent_once(deliver_of(smtp=mail), system, real_time)
    token = mail.sent[0].text.partition("/ack/")[2].split()[0]

    for _ in range(3):  # a mail scanner opens every link
        assert pages.by_token(token).can_acknowledge
    assert database.read(lambda tx: tx.paging.page(PAGE)).state is PageState.OPEN

    assert pages.acknowledge_by_token(token, "10.0.0.9").acknowledged_by == "ada"
    assert not pages.by_token(token).can_acknowledge
    with pytest.raises(NotFound):
        pages.by_token("x" * 43)
    real_time.now += WHOLE_DAY
    with pytest.raises(NotAllowed, match="expired"):
        pages.acknowledge_by_token(token)


def test_two_deliverers_at_once_lose_nothing_and_send_nothing_twice(
    database, real_time, deliver_of
) -> None:
    system, mail = team_system(), Recorder()
    for number in range(40):
        fire(database, system, real_time(), fingerprint=f"rule-{number}/web")
    pair = [deliver_of(owner, smtp=mail) for owner in ("one", "two")]
    for deliver in pair:
        deliver.tick(system, real_time())
    for deliver in pair:
        deliver.finish(30)

    assert sorted(one.key for one in mail.sent) == sorted({one.key for one in mail.sent})
    assert len(mail.sent) == 40


def test_a_lease_that_ran_out_is_tried_again_and_the_late_settlement_does_not_count(
    database, real_time, deliver_of
) -> None:
    system, mail = team_system(), Recorder()
    fire(database, system, real_time())
    crashed = database.keep(lambda tx: tx.outbox.claim(tx.now(), tx.now(), "gone", "page"))
    assert crashed.attempts == 1

    sent_once(deliver_of(smtp=mail), system, real_time)
    late = database.keep(
        lambda tx: tx.outbox.settle(
            crashed,
            Result(outcome=Outcome.PERMANENT),
            replace(crashed, state=Delivery.FAILED),
            tx.now(),
        )
    )

    assert not late
    assert rows(database)[0].state is Delivery.ARRIVED
    history = database.read(lambda tx: tx.outbox.attempts_of(PAGE))
    assert [one.attempt for one in history] == [1, 2]
    assert history[1].outcome is Outcome.ACCEPTED


def test_a_permanent_failure_moves_to_other_channels_and_then_to_the_next_person_at_once(
    database, real_time, log
) -> None:
    with (
        mail_server(Mailbox(refuse={"ada@shop.test": "550 gone"})) as box,
        hook_server(Hook(answers=[(404, {})])) as hook,
    ):
        system = team_system(
            channels={
                "page": replace(MAIL, port=box.port),
                "chat": replace(CHAT, url=hook.url),
            }
        )
        deliver = Deliver(
            database,
            {"smtp": SmtpSend(), "webhook": WebhookSend()},
            chance=_chances(),
            owner="one",
        )
        fire(database, system, real_time())
        for _ in range(4):
            sent_once(deliver, system, real_time)
        deliver.close()

    assert [to for to, _ in box.mails] == ["bo@shop.test"]
    assert "Ada by page (failed)" in box.mails[0][1].partition("Also told: ")[2]
    reason = [e for e in log.events if e.type == "page.escalated"][-1].description
    assert "550" in reason
    assert "404" in reason


def _chances():
    numbers = count()
    return lambda: f"{next(numbers):043d}"


def test_mail_that_cannot_leave_waits_is_tried_again_and_the_reason_is_readable(
    sqlite, clock
) -> None:
    """The seed's P1: 1, 2, 5 and 15 seconds; then other channels and the next person, while it still tries."""
    port = free_port()
    system = team_system(channels={"page": replace(MAIL, port=port)})
    deliver = Deliver(sqlite, {"smtp": SmtpSend()}, chance=_chances(), owner="one")
    fire(sqlite, system, clock())
    tried = []
    for second in range(25):
        before = sum(one.attempts for one in rows(sqlite))
        sent_once(deliver, system, clock)
        if sum(one.attempts for one in rows(sqlite)) > before:
            tried.append(second)
        clock.pass_by(seconds=1)

    assert tried[:5] == [0, 1, 3, 8, 23]
    assert "refused" in deliver.undelivered(clock())[0].lower()
    assert {one.person for one in rows(sqlite)} == {"ada", "bo"}
    with mail_server(port=port) as box:
        clock.pass_by(seconds=30)
        sent_once(deliver, system, clock)
    deliver.close()
    assert {to for to, _ in box.mails} == {"ada@shop.test", "bo@shop.test"}
    assert deliver.undelivered(clock()) == ()


def test_a_receiver_that_fails_once_is_told_again_under_the_same_key(sqlite, clock) -> None:
    with hook_server(Hook(answers=[(500, {}), (429, {"Retry-After": "9"}), (200, {})])) as hook:
        system = team_system(
            channels={"chat": replace(CHAT, url=hook.url)},
            severities={
                one: SeverityRule(severity=one, respond=MINUTE, notify=("chat",))
                for one in Severity
            },
        )
        deliver = Deliver(sqlite, {"webhook": WebhookSend()}, chance=_chances(), owner="one")
        fire(sqlite, system, clock())
        tried = []
        for second in range(15):
            before = len(hook.posts)
            sent_once(deliver, system, clock)
            if len(hook.posts) > before:
                tried.append(second)
            clock.pass_by(seconds=1)
        deliver.close()

    assert tried == [0, 1, 10]
    assert len({headers["Idempotency-Key"] for headers, _, _ in hook.posts}) == 1
    history = sqlite.read(lambda tx: tx.outbox.attempts_of(PAGE))
    assert [one.outcome for one in history] == ["retryable", "retryable", "delivered"]


def test_a_hanging_channel_delays_no_other(sqlite, clock) -> None:
    hold, mail = threading.Event(), Recorder()

    def hang(channel, message, timeout) -> Result:
        hold.wait(150)
        return Result(outcome=Outcome.UNKNOWN, reason="hung")

    system = team_system()
    deliver = Deliver(sqlite, {"smtp": mail, "webhook": hang}, chance=_chances(), owner="one")
    for number in range(5):
        fire(sqlite, system, clock(), fingerprint=f"mild-{number}/web", severity=Severity.P3)
    deliver.tick(system, clock())
    fire(sqlite, system, clock())
    try:

        def told() -> bool:
            deliver.tick(system, clock())
            deliver.finish(0.2)
            return bool(mail.sent)

        until(told)
        assert len(mail.sent) == 1
    finally:
        hold.set()
        deliver.finish(60)
        deliver.close()


def test_a_channel_whose_driver_breaks_is_tried_again(sqlite, clock) -> None:
    def broken(channel, message, timeout) -> Result:
        raise RuntimeError("a bug")

    system = team_system()
    deliver = Deliver(sqlite, {"smtp": broken}, chance=_chances(), owner="one")
    fire(sqlite, system, clock())
    sent_once(deliver, system, clock)
    deliver.close()

    assert rows(sqlite)[0].last_outcome is Outcome.UNKNOWN
    assert rows(sqlite)[0].state is Delivery.PENDING


def test_the_same_refusal_again_and_again_fills_no_audit_log(sqlite, clock, log) -> None:
    system = team_system(channels={"page": MAIL})
    always = Recorder(Result(outcome=Outcome.RETRYABLE, reason="421 busy"))
    deliver = Deliver(sqlite, {"smtp": always}, chance=_chances(), owner="one")
    fire(sqlite, system, clock())
    for _ in range(40):
        sent_once(deliver, system, clock)
        clock.pass_by(seconds=15)
    deliver.close()

    assert len(always.sent) > 100
    assert log.types.count("page.not-sent") == 5 * len(rows(sqlite))

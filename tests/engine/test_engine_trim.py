"""Rows that have served their time go, in small batches; what is open stays, however old it is."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "paging"))

from paging_system import alert, team_system

from standfast.alerting.alert import AlertState
from standfast.audit.event import Actor
from standfast.engine.escalate import Pages
from standfast.engine.follow import Follow
from standfast.engine.ports import Change
from standfast.engine.respond import Respond
from standfast.engine.sign_in import Session, Token
from standfast.engine.trim import CHORE, EVERY, Trim, terms
from standfast.incidents.incident import IncidentState
from standfast.monitoring.count import Count
from standfast.monitoring.health import ComponentHealth, Health
from standfast.paging.notification import Delivery, Outcome, Result
from standfast.paging.page import page_id
from standfast.paging.token import mint
from standfast.slo.policy import PolicyState
from standfast.spec.server import ServerSettings

if TYPE_CHECKING:
    from conftest import FakeClock, MemoryLog
    from standfast.store.database import Database

DAY = timedelta(days=1)
KEPT = 100 * DAY
FILE = team_system(server=ServerSettings(keep_samples=KEPT))
ADA = Actor(type="user", id="ada")
TABLES = (
    "pages", "outbox", "send_attempts", "alerts", "alert_episodes", "sessions", "tokens",
    "ack_tokens", "sli_counts", "gauges", "component_health", "policy_states", "incidents",
    "incident_timeline",
)  # fmt: skip


def rows(database: Database) -> dict[str, int]:
    with database.engine.connect() as connection:
        return {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
            for name in TABLES
        }


def fire(database: Database, now, name: str) -> str:
    """A page that was sent, tried twice, with its alert; answers the page's id."""
    one = alert(fingerprint=f"{name}/{name}", component=name, since=now, fired_at=now, seen_at=now)

    def work(tx):
        tx.alerting.save(one)
        return Change(None, Follow().fired(tx, one, FILE, now))

    database.write(work)
    for outcome in (Outcome.RETRYABLE, Outcome.ACCEPTED):
        database.keep(lambda tx, outcome=outcome: send(tx, now, outcome))
    return page_id(one.fingerprint, 1)


def send(tx, now, outcome) -> None:
    one = tx.outbox.claim(now, now + timedelta(seconds=15), "x", "page")
    state = Delivery.ARRIVED if outcome.arrived else Delivery.PENDING
    tx.outbox.settle(one, Result(outcome=outcome), replace(one, state=state, settled_at=now), now)


def end(database: Database, now, name: str) -> None:
    def work(tx):
        before = tx.alerting.alert(f"{name}/{name}", lock=True)
        over = replace(before, state=AlertState.RESOLVED, resolved_at=now, seen_at=now)
        tx.alerting.save(over)
        return Change(None, Follow().resolved(tx, over, FILE, now))

    database.write(work)
    for _ in range(3):
        database.keep(lambda tx: drain(tx, now))


def drain(tx, now) -> None:
    if (one := tx.outbox.claim(now, now + timedelta(seconds=15), "x", "page")) is not None:
        arrived = replace(one, state=Delivery.ARRIVED, settled_at=now)
        tx.outbox.settle(one, Result(outcome=Outcome.ACCEPTED), arrived, now)


@pytest.fixture
def respond(database: Database, clock: FakeClock) -> Respond:
    return Respond(database, lambda: FILE, clock)


def test_what_is_over_goes_after_its_term_and_what_is_open_stays(
    database: Database, clock: FakeClock, respond: Respond
) -> None:
    now = clock.now
    for name in ("over", "worked-on", "unanswered", "answered"):
        fire(database, now, name)
    for name in ("over", "worked-on"):
        end(database, now, name)
    respond.resolve("INC-1", ADA)
    Pages(database, clock).acknowledge(page_id("answered/answered", 1), ADA)

    before = rows(database)
    Trim(database).tick(FILE, now + KEPT - timedelta(minutes=1))
    assert rows(database) == before
    Trim(database).tick(FILE, now + KEPT + DAY)

    with database.engine.connect() as connection:
        left = set(connection.exec_driver_sql("SELECT alert FROM pages").scalars())
        alerts = set(connection.exec_driver_sql("SELECT fingerprint FROM alerts").scalars())
    assert left == alerts == {f"{n}/{n}" for n in ("worked-on", "unanswered", "answered")}
    after = rows(database)
    assert before["outbox"] - after["outbox"] == 2  # the page and its end
    assert before["send_attempts"] - after["send_attempts"] == 3
    # Episodes that ended are history; incidents and their timelines are the record, and stay.
    assert after["alert_episodes"] == 2
    assert after["incidents"] == before["incidents"]
    assert after["incident_timeline"] == before["incident_timeline"]

    respond.turn("INC-2", IncidentState.RESOLVED, ADA)
    Trim(database).tick(FILE, now + KEPT + 2 * DAY)
    assert rows(database)["pages"] == rows(database)["alerts"] == 2


def test_an_alert_that_comes_again_after_its_rows_went_pages_anew(
    database: Database, clock: FakeClock, respond: Respond
) -> None:
    page = fire(database, clock.now, "web")
    end(database, clock.now, "web")
    respond.resolve("INC-1", ADA)
    clock.pass_by(days=101)
    Trim(database).tick(FILE, clock.now)
    assert rows(database)["alerts"] == 0

    assert fire(database, clock.now, "web") == page
    assert database.read(lambda tx: tx.paging.page(page)).active
    assert rows(database)["outbox"] == 1


def test_a_message_that_still_waits_keeps_its_page(database: Database, clock: FakeClock) -> None:
    fire(database, clock.now, "web")
    one = database.read(lambda tx: tx.alerting.alert("web/web"))
    over = replace(one, state=AlertState.RESOLVED, resolved_at=clock.now)
    database.write(lambda tx: Change(None, Follow().resolved(tx, over, FILE, clock.now)))
    Respond(database, lambda: FILE, clock).resolve("INC-1", ADA)
    Trim(database).tick(FILE, clock.pass_by(days=200))

    assert rows(database)["pages"] == 1
    assert [
        r.state for r in database.read(lambda tx: tx.outbox.of_page(page_id("web/web", 1)))
    ] == [Delivery.PENDING]


def test_sessions_links_and_tokens_go_when_they_have_ended(
    database: Database, clock: FakeClock
) -> None:
    now = clock.now
    ends = {"ended": now - timedelta(seconds=1), "good": now + DAY}

    def keep(tx) -> None:
        for name, at in ends.items():
            tx.accounts.save_session(
                Session(digest=name, account="a", csrf="c", begun_at=now, ends_at=at)
            )
            link = mint(name * 20, "P-1", "ada", now)
            tx.paging.add_token(replace(link, expires_at=at))
        for name, at in {"long": now - KEPT - DAY, "lately": now - DAY, "never": None}.items():
            tx.accounts.save_token(
                Token(id=name, digest=name, name=name, scopes=("read",), made_at=now, ends_at=at)
            )

    database.keep(keep)
    Trim(database).tick(FILE, now)

    assert database.read(lambda tx: tx.accounts.session("ended")) is None
    assert database.read(lambda tx: tx.accounts.session("good")) is not None
    assert {one.id for one in database.read(lambda tx: tx.accounts.tokens())} == {"lately", "never"}
    assert rows(database)["ack_tokens"] == 1


def test_the_newest_state_of_everything_stays_however_old(
    database: Database, clock: FakeClock
) -> None:
    now = clock.now

    def keep(tx) -> None:
        for days in (300, 200, 150):
            at = now - days * DAY
            tx.monitoring.keep_health(
                [ComponentHealth(component="web", state=Health.HEALTHY, because="", since=at)]
            )
            tx.levels.keep_policy(
                PolicyState(objective="o", band=f"{days}", action="", freezes=False, since=at)
            )
            tx.monitoring.keep_gauges("web", at, {"cpu": 0.5})

    database.keep(keep)
    Trim(database).tick(FILE, now)

    assert (
        database.read(lambda tx: tx.monitoring.component_healths())["web"].since == now - 150 * DAY
    )
    assert database.read(lambda tx: tx.levels.policies())["o"].band == "150"
    found = rows(database)
    assert (found["component_health"], found["policy_states"], found["gauges"]) == (1, 1, 0)
    assert database.read(lambda tx: tx.monitoring.newest())["web"]["cpu"].value == 0.5


def test_many_old_rows_go_in_small_transactions_and_sums_stay_right(
    sqlite: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, minute = clock.now, timedelta(minutes=1)
    start = now - KEPT - 950 * minute
    counts = [
        Count(indicator="web/probe", at=start + n * minute, bad=1, total=2, covered=minute,
              seen_from=start)
        for n in range(1000)
    ]  # fmt: skip
    sqlite.keep(lambda tx: tx.levels.add(counts))
    sizes: list[int] = []
    own = sqlite.keep

    def counted(work):
        gone = own(work)
        if isinstance(gone, int) and not isinstance(gone, bool):
            sizes.append(gone)
        return gone

    monkeypatch.setattr(sqlite, "keep", counted)
    trim = Trim(sqlite, batch=100)
    short = replace(FILE, server=ServerSettings(keep_samples=KEPT, keep_history=KEPT))
    assert trim.tick(short, now) == 950

    assert max(sizes) == 100
    left = sqlite.read(lambda tx: tx.levels.tally("web/probe", now - KEPT - minute, now))
    assert (left.bad, left.total) == (50, 100)
    assert sqlite.read(lambda tx: tx.chores.chore(CHORE)).said == "trimmed 886 minutes, 64 counts"


def test_it_is_done_once_an_hour_by_one_of_several_servers(
    database: Database, clock: FakeClock
) -> None:
    now = clock.now
    pair = [Trim(database), Trim(database)]
    done = lambda: database.read(lambda tx: tx.chores.chore(CHORE))  # noqa: E731 - a look, not a deed
    for one in pair:
        one.tick(FILE, now)
    assert (done().fence, done().done_at) == (1, now)
    for one in pair:
        one.tick(FILE, now + EVERY + timedelta(seconds=1))
    assert done().fence == 2


def test_a_server_that_died_at_it_loses_its_lease(sqlite: Database, clock: FakeClock) -> None:
    sqlite.keep(
        lambda tx: tx.chores.claim(CHORE, clock.now, clock.now, clock.now + timedelta(minutes=5))
    )
    Trim(sqlite).tick(FILE, clock.pass_by(minutes=4))
    assert sqlite.read(lambda tx: tx.chores.chore(CHORE)).done_at is None
    Trim(sqlite).tick(FILE, clock.pass_by(minutes=2))
    assert sqlite.read(lambda tx: tx.chores.chore(CHORE)).done_at == clock.now
    assert not sqlite.keep(lambda tx: tx.chores.done(CHORE, 1, clock.now, "too late"))


def test_minutes_are_kept_for_two_of_the_longest_windows_and_quarter_hours_for_years() -> None:
    short = replace(FILE, server=ServerSettings(keep_samples=DAY), budget_window=90 * DAY)
    kept = {one.kind: one.after for one in terms(short)}
    assert kept["minutes"] == kept["budget history"] == 180 * DAY
    assert kept["counts"] == 3 * 365 * DAY
    assert kept["pages"] == DAY


def test_trimming_is_housekeeping_of_which_the_audit_log_says_nothing(
    sqlite: Database, clock: FakeClock, log: MemoryLog
) -> None:
    Trim(sqlite).tick(FILE, clock.now)
    assert log.events == []

"""Alerts of other tools: read, kept, followed, and left alone by our own judging."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast import spec
from standfast.drivers.alert_formats import parse, parse_alertmanager
from standfast.engine.evaluate import Evaluate
from standfast.engine.follow import Follow
from standfast.engine.intake import Intake
from standfast.errors import StandfastError
from standfast.paging.page import PageState
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from standfast.store.database import Database

SYSTEM = spec.read_text("""
system: {name: blog, criticality: medium, timezone: UTC}
components: {web: {type: http, owner: web}}
people:
  ada: {name: Ada Ito, email: ada@blog.test}
  bo: {name: Bo Lind, email: bo@blog.test}
teams: {web: {members: [ada, bo], lead: bo}}
on_call:
  web:
    covers: [web]
    shift: {length: 1w, handover: "Mon 09:00", order: [ada, bo], start: 2026-11-16}
channels:
  page: {kind: smtp, host: 127.0.0.1, port: 9, from: standfast@blog.test}
""")
FIRING = {"name": "queue-long", "severity": "critical", "component": "web", "summary": "9000 wait"}
OVER = {**FIRING, "status": "resolved"}


def told(*alerts: dict[str, object]):
    return parse({"alerts": list(alerts)})


def prometheus(**changes: object) -> dict[str, object]:
    alert = {
        "status": "firing",
        "labels": {"alertname": "HighErrors", "severity": "warning", "service": "web"},
        "annotations": {"summary": "errors", "description": "9% fail", "runbook_url": "https://r/1"},
        "startsAt": "2026-11-20T11:58:01.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "a1b2",
    }  # fmt: skip
    return {"version": "4", "status": "firing", "alerts": [{**alert, **changes}]}


def pages(database: Database):
    return database.read(lambda tx: tx.paging.active())


# ------------------------------------------------------------------ reading


def test_alertmanagers_webhook_is_read_with_its_words_and_its_instant() -> None:
    (one,) = parse_alertmanager(prometheus())

    assert (one.name, one.component, one.severity, one.firing) == (
        "HighErrors", "web", Severity.P3, True,
    )  # fmt: skip
    assert (one.summary, one.because, one.runbook) == ("errors", "9% fail", "https://r/1")
    assert one.since == datetime(2026, 11, 20, 11, 58, 1, 123456, UTC)
    assert one.source == "alertmanager"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": ""}, "alerts.1"),
        ({"severity": "dreadful"}, "alerts.1.severity"),
        ({"status": "maybe"}, "alerts.1.status"),
        ({"labels": ["a"]}, "alerts.1.labels"),
        ({"since": "noon"}, "alerts.1.since"),
        ({"since": "0001-01-01T00:00:00+05:00"}, "alerts.1.since"),
        ({"summary": 5}, "alerts.1.summary"),
    ],
)
def test_what_cannot_be_read_is_named_by_alert_and_field(change, where: str) -> None:
    with pytest.raises(StandfastError) as refused:
        told(FIRING, {**FIRING, **change})

    assert refused.value.where == where


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["alerts", "labels", "version", "name", "status", "startsAt", "since"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from([parse, parse_alertmanager]))
def test_whatever_is_sent_is_read_or_refused_in_words(body: object, read) -> None:
    for sent in (body, {"version": "4", "alerts": [body]}):
        with suppress(StandfastError):  # anything else would be an answer of 500
            assert isinstance(read(sent), tuple)


# ------------------------------------------------------------------ keeping


def test_an_accepted_alert_has_its_page_its_incident_and_its_mail(database, clock, log) -> None:
    (one,) = Intake(database, Follow()).accept(told(FIRING), SYSTEM, clock())

    assert (one.turn, one.severity, one.component) == ("fired", Severity.P1, "web")
    (page,) = pages(database)
    assert (page.alert, page.state, page.incident) == (one.fingerprint, PageState.OPEN, "INC-1")
    (mail,) = database.read(lambda tx: tx.outbox.of_page(page.id))
    assert (mail.person, mail.channel) == ("ada", "page")
    assert log.types[0] == "alert.fired"


def test_the_same_alert_again_changes_nothing_and_says_nothing(sqlite, clock, log) -> None:
    intake = Intake(sqlite, Follow())
    intake.accept(told(FIRING), SYSTEM, clock())
    before, said = pages(sqlite), len(log.events)

    (again,) = intake.accept(told(FIRING), SYSTEM, clock.pass_by(seconds=30))

    assert again.turn == "unchanged"
    assert (pages(sqlite), len(log.events)) == (before, said)


def test_its_end_closes_the_page_and_a_late_return_is_a_new_one(database, clock) -> None:
    intake = Intake(database, Follow())
    intake.accept(told(FIRING), SYSTEM, clock())
    (first,) = pages(database)
    (ended,) = intake.accept(told(OVER), SYSTEM, clock.pass_by(minutes=1))
    assert ended.turn == "resolved"
    assert pages(database) == ()

    intake.accept(told(FIRING), SYSTEM, clock.pass_by(hours=1))

    (second,) = pages(database)
    assert second.id != first.id
    assert (first.episode, second.episode) == (1, 2)


def test_one_that_flaps_goes_on_with_its_page(sqlite, clock) -> None:
    intake = Intake(sqlite, Follow())
    intake.accept(told(FIRING), SYSTEM, clock())
    (first,) = pages(sqlite)
    intake.accept(told(OVER), SYSTEM, clock.pass_by(minutes=1))

    (back,) = intake.accept(told(FIRING), SYSTEM, clock.pass_by(minutes=1))

    assert back.turn == "reopened"
    assert [one.id for one in pages(sqlite)] == [first.id]


def test_an_end_of_what_never_began_pages_nobody(sqlite, clock) -> None:
    (one,) = Intake(sqlite, Follow()).accept(told(OVER), SYSTEM, clock())

    assert one.turn == "unchanged"
    assert pages(sqlite) == ()
    assert sqlite.read(lambda tx: tx.alerting.alerts()) == {}


def test_all_of_a_delivery_is_kept_or_none(sqlite, clock) -> None:
    class Breaks(Follow):
        def fired(self, tx, alert, system, now):
            if alert.rule == "z":
                raise StandfastError("no")
            return super().fired(tx, alert, system, now)

    with pytest.raises(StandfastError):
        Intake(sqlite, Breaks()).accept(told(FIRING, {**FIRING, "name": "z"}), SYSTEM, clock())

    assert pages(sqlite) == ()
    assert sqlite.read(lambda tx: tx.alerting.alerts()) == {}


@pytest.mark.parametrize("labels", [{}, {"source": "standfast"}])
def test_our_own_judging_leaves_foreign_alerts_alone(sqlite, clock, labels) -> None:
    (one,) = Intake(sqlite, Follow()).accept(told({**FIRING, "labels": labels}), SYSTEM, clock())

    Evaluate(sqlite, Follow()).tick(SYSTEM, clock.pass_by(minutes=10))

    alert = sqlite.read(lambda tx: tx.alerting.alert(one.fingerprint))
    assert alert is not None
    assert alert.firing
    assert len(pages(sqlite)) == 1


def test_a_pair_of_alertmanagers_that_tell_it_at_once_page_once(database, clock) -> None:
    intake, gate, turns, broken = Intake(database, Follow()), threading.Barrier(6), [], []

    def tell() -> None:
        gate.wait()
        try:
            turns.append(intake.accept(parse_alertmanager(prometheus()), SYSTEM, clock())[0].turn)
        except StandfastError as error:
            broken.append(error)

    threads = [threading.Thread(target=tell) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert broken == []
    assert sorted(turns) == ["fired"] + ["unchanged"] * 5
    assert len(pages(database)) == 1

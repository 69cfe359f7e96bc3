from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paging_system import NOON, team_system

from standfast.drivers.alert_formats import parse, parse_alertmanager
from standfast.engine.follow import Follow
from standfast.engine.intake import REOPENS, Intake
from standfast.errors import StandfastError
from standfast.paging.page import PageState
from standfast.spec.calling import AlertRule
from standfast.spec.condition import Threshold
from standfast.spec.values import Severity

MINUTE = timedelta(minutes=1)
DOWN = {"name": "disk-full", "component": "web", "severity": "P1", "because": "99% used"}


def alertmanager(status: str = "firing", **labels: str) -> dict[str, object]:
    return {
        "version": "4",
        "status": status,
        "alerts": [
            {
                "status": status,
                "labels": {
                    "alertname": "DiskFull", "severity": "critical", "service": "web", **labels,
                },
                "annotations": {"summary": "disk full", "description": "99% of /data"},
                "startsAt": "2026-11-20T11:58:00Z",
                "endsAt": "0001-01-01T00:00:00Z",
            }
        ],
    }  # fmt: skip


def pages(store):
    return store.read(lambda tx: tx.paging.recent(NOON - timedelta(days=1)))


def test_an_alert_from_outside_is_kept_with_page_and_incident(database, log) -> None:
    accepted = Intake(database, Follow()).accept(
        parse_alertmanager(alertmanager()), team_system(), NOON
    )

    (page,) = pages(database)
    assert accepted[0].turn == "fired"
    assert (page.severity, page.component, page.body) == (Severity.P1, "web", "99% of /data")
    assert database.read(lambda tx: tx.incidents.incident(page.incident)).began_at < NOON
    assert log.types == ["alert.fired", "incident.declared", "page.opened"]


def test_a_sender_that_repeats_itself_pages_once(database) -> None:
    intake, system = Intake(database, Follow()), team_system()
    turns = [
        intake.accept(parse({"alerts": [DOWN]}), system, NOON + n * MINUTE)[0].turn
        for n in range(4)
    ]

    assert turns == ["fired", "unchanged", "unchanged", "unchanged"]
    assert len(pages(database)) == 1


def test_the_end_closes_and_a_quick_return_is_the_same_episode_and_a_late_one_the_next(
    database,
) -> None:
    intake, system, at = Intake(database, Follow()), team_system(), NOON

    def send(status: str):
        return intake.accept(parse({"alerts": [{**DOWN, "status": status}]}), system, at)[0].turn

    assert send("firing") == "fired"
    assert send("resolved") == "resolved"
    assert pages(database)[0].state is PageState.CLOSED
    at += REOPENS
    assert send("firing") == "reopened"
    assert [one.state for one in pages(database)] == [PageState.OPEN]
    assert send("resolved") == "resolved"
    at += REOPENS + MINUTE
    assert send("firing") == "fired"
    assert sorted(one.episode for one in pages(database)) == [1, 2]


def test_a_graver_report_is_a_new_page(database) -> None:
    intake, system = Intake(database, Follow()), team_system()
    intake.accept(parse({"alerts": [{**DOWN, "severity": "P2"}]}), system, NOON)

    assert intake.accept(parse({"alerts": [DOWN]}), system, NOON)[0].turn == "raised"
    assert [one.severity for one in pages(database) if one.active] == [Severity.P1]


def test_the_end_of_something_never_heard_of_changes_nothing(database, log) -> None:
    ended = parse({"alerts": [{**DOWN, "status": "resolved"}]})

    assert Intake(database, Follow()).accept(ended, team_system(), NOON)[0].turn == "unchanged"
    assert log.types == []


def test_a_rule_of_the_file_says_how_grave_it_is_and_otherwise_the_higher_is_taken(sqlite) -> None:
    when = Threshold(
        signal="disk used", above=True, limit=0, unit="%", lasting=MINUTE, text="disk > 80%"
    )
    rule = AlertRule(name="disk-full", of="web", when=when, severity=Severity.P3, runbook="disk")
    system = replace(team_system(), alerts={"disk-full": rule})
    plain = [{"name": "disk-full"}, {"name": "something-else"}]

    found = Intake(sqlite, Follow()).accept(parse({"alerts": plain}), system, NOON)

    assert [(one.severity, one.component) for one in found] == [
        (Severity.P3, "web"),
        (Severity.P2, "unknown"),
    ]


def test_another_replica_is_no_other_alert_but_another_host_is() -> None:
    one, two = (parse_alertmanager(alertmanager(replica=name))[0] for name in "ab")
    other = parse_alertmanager(alertmanager(instance="db-2"))[0]

    assert one.labels == two.labels
    assert other.labels != one.labels


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "no list of alerts"),
        ({"alerts": [1]}, "alerts.0: an alert is an object"),
        ({"alerts": [{"component": "web"}]}, "alerts.0: 'name' is missing"),
        ({"alerts": [{**DOWN, "severity": "P9"}]}, "alerts.0.severity: 'P9' is no severity"),
        ({"alerts": [{**DOWN, "status": "odd"}]}, "alerts.0.status: 'odd' is no status"),
        ({"alerts": [{**DOWN, "since": "soon"}]}, "alerts.0.since: 'soon' is no instant"),
        ({"alerts": [{**DOWN, "since": "0001-01-01T00:00:00+14:00"}]}, "is no instant"),
        ({"alerts": [{}] * 1001}, "1001 alerts at once"),
    ],
)
def test_an_unknown_form_is_refused_with_the_field_and_the_remedy(body, said: str) -> None:
    with pytest.raises(StandfastError) as caught:
        parse(body)

    assert said in str(caught.value)
    assert caught.value.fix


def test_another_version_of_the_webhook_is_refused_by_name() -> None:
    with pytest.raises(StandfastError, match="version '3'"):
        parse_alertmanager({"version": "3", "alerts": []})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
_FIELDS = st.sampled_from(["name", "severity", "status", "labels", "since", "summary", "startsAt"])


@given(st.lists(st.dictionaries(_FIELDS, _JSON, max_size=5) | _JSON, max_size=3))
def test_whatever_is_sent_is_taken_or_refused_in_words(alerts) -> None:
    for read in (parse, parse_alertmanager):
        with suppress(StandfastError):
            assert len(read({"version": "4", "alerts": alerts})) == len(alerts)

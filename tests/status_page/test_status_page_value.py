from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from status_story import (
    HOUR,
    NOW,
    books,
    declared,
    happened,
    just_now,
    over,
    planned,
    seen,
    told,
    watched,
)

from standfast.dashboards.status_page import StatusPage, percent
from standfast.slo.exclusion import Kind
from standfast.spec.values import Sev
from standfast.web.api.encode import plain

if TYPE_CHECKING:
    from standfast.dashboards.status_page import Part
    from standfast.store.database import Database


def part(page: StatusPage, kind: str, name: str) -> Part:
    return next(one for one in page.parts if (one.kind, one.name) == (kind, name))


def test_each_day_says_how_it_was_and_whether_anybody_looked(sqlite: Database) -> None:
    web = part(told(sqlite), "component", "web")

    assert [(one.state, one.words) for one in web.days[-4:]] == [
        ("fine", "fine: 100% good"),
        ("much trouble", "much trouble: 80.00% good"),
        ("not measured", "not measured"),
        ("fine", "fine: 100% good, 93% of the time measured"),
    ]
    assert len(web.days) == 90
    assert {one.state for one in web.days[:-4]} == {"not measured"}


def test_availability_comes_with_how_much_of_the_time_was_measured(sqlite: Database) -> None:
    day, week, month, quarter = part(told(sqlite), "component", "web").availability

    good = Fraction(2400 + 1920 + 1100 + 40, 2400 + 2400 + 1100 + 40)
    assert (month.days, month.good) == (30, float(good))
    assert month.words == "30 days: 91.91% good, 8% of the time measured"
    assert quarter.words == "90 days: 91.91% good, 2% of the time measured"
    assert week.words == "7 days: 91.91% good, 37% of the time measured"
    assert day.words == "24 hours: 100% good, 46% of the time measured"
    assert {one.state for one in (day, week, month, quarter)} == {"not measured"}


def test_a_span_that_was_looked_at_for_half_of_it_has_a_state(sqlite: Database) -> None:
    watched(sqlite, "web", NOW - 24 * HOUR, 24, bad=3)
    web = part(seen(sqlite, books(), NOW), "component", "web")

    assert (web.availability[0].good, web.availability[0].state) == (0.97, "some trouble")
    assert web.availability[1].state == "not measured"


def test_the_whole_is_as_available_as_its_worst_journey_that_is_known(sqlite: Database) -> None:
    watched(sqlite, "web", NOW - 24 * HOUR, 24, bad=3)
    watched(sqlite, "pay", NOW - 24 * HOUR, 24, bad=10)
    page = seen(sqlite, books(), NOW)
    read, buy = (part(page, "journey", name).availability[0] for name in ("read", "buy"))

    assert page.availability[0] == buy
    assert buy.good is not None
    assert read.good is not None
    assert buy.good < read.good == 0.97
    assert {one.state for one in page.availability[1:]} == {"not measured"}


def test_a_system_that_nobody_watched_is_unknown(sqlite: Database) -> None:
    page = seen(sqlite, books(), NOW)

    assert page.state == "unknown"
    assert page.words == "Unknown: nothing was measured just now"
    assert {one.state for one in page.parts} == {"unknown"}


def test_it_is_operational_only_where_every_part_is_measured(sqlite: Database) -> None:
    just_now(sqlite, "web", NOW)
    half = seen(sqlite, books(), NOW)
    just_now(sqlite, "pay", NOW)
    whole = seen(sqlite, books(), NOW)

    assert (half.state, half.words) == (
        "partly measured",
        "What is measured works; 2 of 4 parts are not measured in full",
    )
    assert part(half, "journey", "buy").state == "partly measured"
    assert part(half, "journey", "read").state == "operational"  # the database is seen through web
    assert (whole.state, whole.words) == ("operational", "All systems operational")


def test_a_look_without_requests_is_no_proof_of_health(sqlite: Database) -> None:
    just_now(sqlite, "web", NOW, total=0)

    assert part(seen(sqlite, books(), NOW), "component", "web").state == "no requests"
    assert seen(sqlite, books(), NOW).state == "unknown"


def test_failures_of_now_are_told_by_their_weight(sqlite: Database) -> None:
    just_now(sqlite, "web", NOW, bad=1, total=10)
    reduced = seen(sqlite, books(), NOW)
    later = NOW + HOUR
    just_now(sqlite, "web", later, bad=9, total=10)
    down = seen(sqlite, books(), later)

    assert (reduced.state, reduced.words) == ("reduced", "Reduced service")
    assert (down.state, down.words) == ("down", "Down: read, buy, web")


def test_what_was_measured_an_hour_ago_says_nothing_of_now(sqlite: Database) -> None:
    just_now(sqlite, "web", NOW)

    assert seen(sqlite, books(), NOW + HOUR).state == "unknown"


def test_an_incident_shows_no_name_cause_or_host(sqlite: Database) -> None:
    page = told(sqlite)

    text = str(plain(page))
    assert [(one.id, one.title, one.impact, one.state) for one in page.open] == [
        ("INC-2", "Trouble with read, buy", "Reduced service", "open")
    ]
    assert [one.id for one in page.past] == ["INC-1"]
    for secret in ("ada", "Ada", "db-3", "disk", "internal", "INC-3", "Payco", "'db'"):
        assert secret not in text, secret


def test_an_incident_that_ended_is_told_with_its_times(sqlite: Database) -> None:
    (one,) = told(sqlite).past

    assert (one.title, one.impact, one.affects) == (
        "Orders were slow",
        "Partial outage",
        ("read", "buy"),
    )
    assert [update.words for update in one.updates] == [
        "Resolved.",
        "We are working on it.",
        "We know of the trouble.",
    ]
    assert one.resolved == one.updated == datetime(2026, 11, 18, 11, tzinfo=UTC)


def test_an_incident_outweighs_what_is_measured(sqlite: Database) -> None:
    just_now(sqlite, "web", NOW)
    just_now(sqlite, "pay", NOW)
    happened(sqlite, declared(1, "Wrong prices", Sev.SEV1, "web", NOW - HOUR, "ada"))

    page = seen(sqlite, books(), NOW)

    assert (page.state, page.words) == ("down", "Major outage")
    assert part(page, "journey", "buy").words == "Reduced: an incident is going on"
    assert part(page, "component", "pay").words == "Operational"


def test_what_ended_over_ninety_days_ago_is_gone(sqlite: Database) -> None:
    old = declared(1, "Long ago", Sev.SEV1, "web", NOW - timedelta(days=100), "ada")
    happened(sqlite, over(old, NOW - timedelta(days=95)))

    assert seen(sqlite, books(), NOW).past == ()


def test_a_day_is_one_of_the_systems_own_zone_with_its_25_hours(sqlite: Database) -> None:
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Berlin; summer time ends that day
    watched(sqlite, "web", start - HOUR, 1, bad=100)
    watched(sqlite, "web", start, 25)
    watched(sqlite, "web", start + 25 * HOUR, 1, bad=100)

    web = part(seen(sqlite, books("Europe/Berlin"), NOW), "component", "web")
    days = {one.day.isoformat(): one for one in web.days}

    assert days["2026-10-25"].words == "fine: 100% good"
    assert days["2026-10-24"].good == days["2026-10-26"].good == 0.0


def test_a_day_of_a_journey_is_good_only_where_each_step_was_seen(sqlite: Database) -> None:
    page = told(sqlite)  # nobody looks at pay, and web had a bad day

    assert [one.state for one in part(page, "journey", "read").days[-4:]] == [
        "fine", "much trouble", "not measured", "fine",
    ]  # fmt: skip
    assert [one.state for one in part(page, "journey", "buy").days[-4:]] == [
        "not measured", "much trouble", "not measured", "not measured",
    ]  # fmt: skip


def test_maintenance_is_told_by_times_and_journeys_until_it_is_over(sqlite: Database) -> None:
    planned(sqlite, "db", NOW + 5 * HOUR)
    planned(sqlite, "web-probes", NOW - HOUR)
    planned(sqlite, "buy", NOW - 2 * HOUR)  # over this very instant
    planned(sqlite, "reports", NOW)  # nothing of the users'
    planned(sqlite, "pay", NOW, kind=Kind.UPSTREAM)

    page = seen(sqlite, books(), NOW)

    assert [(one.affects, one.starts, one.ends) for one in page.maintenance] == [
        (("read", "buy"), NOW - HOUR, NOW + HOUR),
        (("read", "buy"), NOW + 5 * HOUR, NOW + 7 * HOUR),
    ]
    assert page.words == "Unknown: nothing was measured just now; maintenance is going on"
    assert "disk" not in str(plain(page))


def test_it_comes_back_from_json_as_it_was(sqlite: Database) -> None:
    page = told(sqlite)

    assert msgspec.convert(plain(page), StatusPage, strict=False) == page


def test_creeping_figures_are_no_news_and_a_changed_state_is(sqlite: Database) -> None:
    page = told(sqlite)

    assert replace(page, as_of=NOW + HOUR).news == page.news
    assert replace(page, words="Down: web").news != page.news


@given(st.fractions(0, 1), st.integers(0, 4))
def test_a_share_is_never_rounded_up(share: Fraction, places: int) -> None:
    told = Fraction(percent(share, places).rstrip("%")) / 100

    assert told <= share < told + Fraction(1, 10 ** (places + 2)) or told == share == 1

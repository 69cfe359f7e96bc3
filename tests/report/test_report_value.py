"""What a report says of a period: sums, exclusions, gaps, and nothing unknown as met."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_story import DAY, HOUR, NOW, START, ZONE, counted, excluded, october, read, shop, told

from standfast.dashboards.report.counts import Rows, Version, count, windows_in
from standfast.dashboards.report.make import report, unreportable
from standfast.dashboards.report.promise import promise_line
from standfast.dashboards.report.value import EXCLUDED, IDLE, MET, MISSED, UNKNOWN, UNMEASURED
from standfast.errors import NotFound, StandfastError
from standfast.slo.agreement import agreements
from standfast.slo.exclusion import Exclusion, Kind
from standfast.slo.objective import objectives
from standfast.slo.period import current, period_of
from standfast.slo.tally import Tally

if TYPE_CHECKING:
    from standfast.dashboards.report.value import PromiseLine, Report
    from standfast.store.database import Database


def _of(report: Report, name: str) -> PromiseLine:
    return next(one for one in report.promises if one.name == name)


# ------------------------------------------------------------------ periods


def test_a_month_is_that_of_its_zone_and_its_days_are_as_long_as_they_were() -> None:
    found = period_of("2026-10", ZONE)

    assert (found.start, found.end) == (START, datetime(2026, 10, 31, 23, tzinfo=UTC))
    hours = {day: span.length // HOUR for day, span in found.days()}
    assert len(hours) == 31
    assert hours[date(2026, 10, 25)] == 25
    assert sum(hours.values()) == 745


def test_a_quarter_holds_its_months_and_follows_the_one_before() -> None:
    found = period_of("2026-Q1", ZONE)

    assert found.before.name == "2025-Q4"
    assert found.before.end == found.start
    assert len(list(found.days())) == 90
    assert current(NOW, ZONE, 3).name == "2026-Q4"
    assert current(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), ZONE, 1).name == "2027-01"


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "2026-Q5", "2026-1", "26-01", "0001-01", "2026-10-01", "٢٠٢٦-10"]
)  # fmt: skip
def test_what_is_no_period_is_refused_with_the_way_to_write_one(text: str) -> None:
    with pytest.raises(StandfastError, match=r"no period\s+fix: .*2026-Q3"):
        period_of(text, ZONE)


@given(year=st.integers(2000, 2100), month=st.integers(1, 12), months=st.sampled_from([1, 3]))
def test_the_days_of_a_period_fill_it_without_a_gap(year: int, month: int, months: int) -> None:
    here = current(datetime(year, month, 15, tzinfo=UTC), ZONE, months)
    spans = [span for _, span in here.days()]

    assert spans[0].start == here.start
    assert spans[-1].end == here.end
    assert all(one.end == other.start for one, other in pairwise(spans))
    assert period_of(here.name, ZONE) == here


# ------------------------------------------------------------------ the story of October


def test_the_figures_of_october_are_those_that_were_counted(database: Database) -> None:
    told(database)

    web = _of(october(database), "web-probes")

    assert (web.state, web.counted.bad, web.counted.total) == (MISSED, 180, 170_880)
    assert web.counted.achieved == 1 - Fraction(180, 170_880)
    assert web.counted.missing == 30 * HOUR
    assert web.counted.excluded == 3 * HOUR
    assert web.counted.covered == 712 * HOUR
    assert web.spent == 180 / (170_880 * Fraction(1, 1000))
    assert web.downtime == 45 * timedelta(minutes=1)
    assert web.without_exclusions == 1 - Fraction(900, 171_600)
    assert web.window == "the calendar month"


def test_a_contract_is_judged_by_its_own_terms_zone_and_exclusions(database: Database) -> None:
    told(database)

    (acme,) = october(database).agreements
    (window,) = acme.windows

    assert (acme.customer, acme.contract, acme.guard) == ("Acme", "C-17", "web-probes")
    assert window.starts == START + 6 * HOUR  # midnight in New York
    assert (window.state, window.closed) == ("broken", True)
    assert window.counted.excluded == 1 * HOUR  # of three hours of maintenance it leaves out one
    assert (window.counted.bad, window.counted.total) == (180 + 480, 170_880 + 480 - 6 * 240)
    assert window.margin == Fraction(1, 1000) - Fraction(660, 169_920)
    assert window.owed_words == "200.00 EUR, 10% of the fee"
    assert [(one.words, one.owed) for one in window.credits] == [
        ("< 99%", False),
        ("< 99.9%", True),
    ]
    assert [one.id for one in window.refused] == ["EX-1"]
    (left_out,) = window.exclusions
    assert (left_out.within, left_out.bad) == (1 * HOUR, 240)
    assert left_out.without == 1 - Fraction(900, 170_160)
    assert window.counted.total == sum(day.counted.total for day in window.days)
    assert len(window.days) == 31


def test_a_contract_that_was_hardly_looked_at_is_unknown_and_so_is_what_is_owed(
    database: Database,
) -> None:
    counted(database, "web", START + 20 * DAY, 200)

    (window,) = october(database).agreements[0].windows

    assert (window.state, window.owed, window.owed_words) == (UNKNOWN, None, "not known")


@pytest.mark.parametrize(
    ("calendar", "period", "ends"),
    [
        ("month", "2026-10", ["2026-10-31"]),
        ("month", "2026-Q3", ["2026-07-31", "2026-08-31", "2026-09-30"]),
        ("quarter", "2026-10", ["2026-12-31"]),  # it goes on
        ("quarter", "2026-Q3", ["2026-09-30"]),
        ("week", "2026-10", ["2026-10-04", "2026-10-11", "2026-10-18", "2026-10-25"]),
    ],
)
def test_of_a_contract_those_windows_are_told_that_ended_in_the_period(
    calendar, period, ends
) -> None:
    (one,) = [one for one in agreements(shop()) if one.name == "acme"]
    terms = replace(one.terms, calendar=calendar)
    zone = ZoneInfo("America/New_York")

    found = windows_in(replace(one, terms=terms), period_of(period, ZONE), NOW)

    last = [(span.end - timedelta(microseconds=1)).astimezone(zone) for span, _ in found]
    assert [f"{day:%Y-%m-%d}" for day in last] == ends


def test_a_report_of_a_contract_tells_nothing_else(database: Database) -> None:
    told(database)

    found = october(database, of="acme")

    assert (found.promises, [one.name for one in found.agreements]) == ((), ["acme"])


def test_an_exclusion_tells_what_the_figure_would_be_without_it(database: Database) -> None:
    told(database)

    (one,) = _of(october(database), "web-probes").exclusions

    assert (one.id, one.owner, one.kind, one.afterwards) == ("EX-1", "ada", "maintenance", False)
    assert (one.within, one.bad, one.total) == (3 * HOUR, 720, 720)
    assert one.without == 1 - Fraction(900, 171_600)
    assert one.state_without == MISSED


def test_two_exclusions_of_the_same_hour_are_told_apart_and_counted_once(
    database: Database,
) -> None:
    told(database)
    excluded(database, "web-probes", START + 696 * HOUR, 4, Kind.UPSTREAM, at=NOW)

    web = _of(october(database), "web-probes")

    assert web.counted.excluded == 5 * HOUR
    first, second = web.exclusions
    assert (first.within, second.within) == (1 * HOUR, 2 * HOUR)
    assert second.afterwards
    assert first.without == 1 - Fraction(180 + 240, 171_600 - 4 * 240)


def test_what_was_hardly_looked_at_is_unknown_however_good_it_was(database: Database) -> None:
    counted(database, "web", START, 300)

    web = _of(october(database), "web-probes")

    assert web.counted.achieved == 1
    assert web.state == UNKNOWN
    assert "Only 40.2% of the time" in web.because
    assert [day.state for day in web.days][-3:] == [UNMEASURED] * 3


def test_a_day_of_a_journey_with_a_step_that_nobody_saw_is_not_a_kept_one(
    database: Database,
) -> None:
    told(database)

    buy = _of(october(database), "buy")

    assert buy.state == UNKNOWN
    assert buy.days[0].state == UNMEASURED
    assert buy.days[5].state == "broken"  # what failed is told though another step was not seen
    assert buy.counted.missing == 20 * DAY


def test_no_traffic_is_neither_met_nor_missed(database: Database) -> None:
    counted(database, "web", START, 745, total=0)

    web = _of(october(database), "web-probes")

    assert (web.state, web.counted.achieved, web.downtime) == (IDLE, None, None)
    assert {day.state for day in web.days} == {IDLE}


def test_a_day_that_is_excluded_whole_says_so(database: Database) -> None:
    counted(database, "web", START, 745)
    excluded(database, "web", START, 24, at=START - DAY)

    web = _of(october(database), "web-probes")

    assert (web.days[0].state, web.days[0].words) == (EXCLUDED, EXCLUDED)
    assert web.counted.excluded == DAY


def test_time_before_the_first_look_is_told_as_such(database: Database) -> None:
    counted(database, "web", START + 4 * DAY, 745 - 96)

    web = _of(october(database), "web-probes")

    assert web.unwatched == 4 * DAY == web.counted.missing
    assert web.state == MET


def test_a_period_that_goes_on_is_provisional_and_ends_now(database: Database) -> None:
    told(database)
    now = START + 6 * DAY + 12 * HOUR

    found = october(database, now=now)

    assert found.provisional
    assert "So far: the period is not over" in found.summary
    assert len(_of(found, "web-probes").days) == 7
    assert _of(found, "web-probes").counted.covered == 156 * HOUR


def test_it_is_judged_by_the_file_of_its_end_and_tells_what_changed(database: Database) -> None:
    told(database)

    found = october(database)

    assert found.file_version == 2
    (change,) = found.changes
    assert (change.version, change.changes) == (2, ("web-probes: objective 99.5% → 99.9%",))


def test_of_incidents_only_the_titles_by_people_are_shown(database: Database) -> None:
    told(database)

    first, second = october(database).incidents

    assert (first.id, first.title, first.promises) == (
        "INC-7",
        "Checkout was slow",
        ("web-probes", "buy", "acme"),
    )
    assert (second.title, second.promises) == ("Trouble with pay", ("pay-probes", "buy"))


def test_alerts_of_the_period_are_counted_by_rule(database: Database) -> None:
    told(database)

    (one,) = october(database).alerts

    assert (one.rule, one.severity, one.fired) == ("burn-web-probes", "P1", 1)
    assert one.lasted == 2 * HOUR - timedelta(minutes=3)


def test_it_is_compared_with_the_period_before(database: Database) -> None:
    told(database)

    before = _of(october(database), "web-probes").previous

    assert (before.period, before.achieved) == ("2026-09", 1 - Fraction(1, 240))
    assert before.change == Fraction(1, 240) - Fraction(180, 170_880)


def test_a_report_of_one_promise_holds_only_that(database: Database) -> None:
    told(database)

    assert [one.name for one in october(database, of="pay-probes").promises] == ["pay-probes"]
    with pytest.raises(NotFound, match="no objective or agreement is called 'nobody'"):
        october(database, of="nobody")


def test_a_period_without_a_count_cannot_be_reported_on(database: Database) -> None:
    told(database)

    said = unreportable(read(database, "2025-01"))

    assert said.startswith("nothing was measured in 2025-01")
    assert "the first look was on 2026-09-20" in said
    assert unreportable(read(database)) == ""


def test_a_version_that_can_no_longer_be_read_is_told_and_stops_nothing(database: Database) -> None:
    from standfast.engine.accept import Version

    told(database)
    broken = Version(
        number=3, digest="x", path="standfast.yaml", texts={"standfast.yaml": "old: {}"},
        accepted_at=START + 20 * DAY, accepted_by="ada",
    )  # fmt: skip
    database.keep(lambda tx: tx.files.add(broken))

    found = october(database)

    assert "can no longer be read" in found.notes[0]
    assert found.changes[-1].changes == ("this version can no longer be read",)


# ------------------------------------------------------------------ arithmetic

_WEB = objectives(shop())[0]
_BUY = next(one for one in objectives(shop()) if one.group == "journeys")
_PERIOD = period_of("2026-10", ZONE)
_HOURS = 745
_hour = st.tuples(st.integers(0, 5), st.integers(0, 20), st.integers(0, 60)).map(
    lambda one: (min(one[0], one[1]), one[1], one[2])
)


class _Counts:
    """Hour by hour in memory, as the rows answer it: buckets that begin after the first edge."""

    def __init__(self, hours: dict[str, list[tuple[int, int, int]]]) -> None:
        self._sums = {
            key: [Tally(), *accumulate(_tally(row) for row in rows)] for key, rows in hours.items()
        }

    def __call__(self, key, windows):
        return [self._one(key, start, end) for start, end in windows]

    def _one(self, key, start, end):
        sums = self._sums.get(key, [Tally()])
        first, last = ((edge - START) // HOUR + 1 for edge in (start, end))
        return sums[min(max(last, 0), len(sums) - 1)] - sums[min(max(first, 0), len(sums) - 1)]


def _tally(row: tuple[int, int, int]) -> Tally:
    return Tally(bad=row[0], total=row[1], covered=timedelta(minutes=row[2]))


def _exclusion(number: int, start: int, hours: int) -> Exclusion:
    return Exclusion(
        id=f"EX-{number}", of="web", kind=Kind.MAINTENANCE, starts=START + start * HOUR,
        ends=START + (start + hours) * HOUR, because="x", by="ada", made_at=START, made_by="ada",
    )  # fmt: skip


@given(
    hours=st.dictionaries(st.integers(0, _HOURS - 1), _hour, max_size=60),
    out=st.lists(st.tuples(st.integers(0, _HOURS), st.integers(1, 90)), max_size=4),
)
def test_the_sums_of_a_report_are_those_of_its_days(hours, out) -> None:
    rows = [hours.get(number, (0, 0, 0)) for number in range(_HOURS)]
    exclusions = [_exclusion(number, *one) for number, one in enumerate(out)]
    counts = _Counts({"web/probe": rows})

    one = count(_WEB, _PERIOD, _PERIOD.end, exclusions, START, counts)
    line = promise_line(_rows(one), one, ())

    days = [day.counted for day in line.days]
    free = [
        row
        for number, row in enumerate(rows)
        if not any(start <= number < start + many for start, many in out)
    ]
    assert line.counted.bad == sum(day.bad for day in days) == sum(row[0] for row in free)
    assert line.counted.total == sum(day.total for day in days) == sum(row[1] for row in free)
    assert line.counted.covered == sum((day.covered for day in days), timedelta(0))
    assert line.counted.covered == timedelta(minutes=sum(row[2] for row in free))
    parts = line.counted.covered + line.counted.missing + line.counted.excluded
    assert parts == _PERIOD.end - _PERIOD.start
    if line.allowed and all(day.spent is not None for day in line.days):
        assert line.spent == sum(day.spent for day in line.days)
    assert line.without_exclusions == (
        1 - Fraction(sum(row[0] for row in rows), total)
        if (total := sum(row[1] for row in rows))
        else None
    )
    if line.state == MET:
        assert line.counted.achieved >= line.target
        assert line.coverage >= line.min_coverage


@given(
    web=st.lists(_hour, min_size=1, max_size=50),
    pay=st.lists(_hour, min_size=1, max_size=50),
)
def test_a_journey_is_the_product_of_its_steps_over_the_whole_period(web, pay) -> None:
    counts = _Counts({"web/probe": web, "pay/probe": pay})

    one = count(_BUY, _PERIOD, _PERIOD.end, (), START, counts)
    line = promise_line(_rows(one), one, ())

    share = Fraction(1)
    for rows in (web, pay):
        total = sum(row[1] for row in rows)
        share *= 1 - Fraction(sum(row[0] for row in rows), total) if total else 1
    if line.counted.total:
        assert line.counted.achieved == share
    assert line.counted.covered == sum((day.counted.covered for day in line.days), timedelta(0))


def _rows(one):
    version = Version(
        number=1, accepted_at=START, accepted_by="ada", digest="d" * 64, system=shop()
    )
    return Rows(
        system=shop(), version=version, period=_PERIOD, until=_PERIOD.end, promises=(one,),
        incidents=(), alerts=(), versions=(), opening=None,
    )  # fmt: skip


def test_a_report_of_nothing_promised_is_refused() -> None:
    one = count(_WEB, _PERIOD, _PERIOD.end, (), START, _Counts({}))
    empty = replace(_rows(one), promises=())

    assert "promises nothing" in unreportable(empty)
    assert report(empty, of="", made_at=NOW, made_by="ada", key="k").summary.startswith("Nothing")

"""Composites: one promise on several service levels and journeys, all of them or by weight."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.errors import FileError
from standfast.slo.agreement import agreements
from standfast.slo.burn import burn_alerts
from standfast.slo.judgement import BurnState, judge
from standfast.slo.objective import objectives
from standfast.slo.tally import NOTHING, Tally, all_of, weighed
from standfast.spec import read_text

FILE = """
system: {name: shop, criticality: critical}
components:
  web: {type: http, scrape: http://web/metrics, needs: {db: hard, hints: {strength: soft}}}
  search: {type: http, scrape: http://search/metrics}
  db: {type: postgresql, address: db:5432}
  hints: {type: http, scrape: http://hints/metrics}
journeys:
  checkout: {path: [web, hints, db], slo: 99%}
service_levels:
  web-up: {of: web, sli: availability, slo: 99.9%}
  search-up: {of: search, sli: availability, slo: 99.5%}
  search-fast: {of: search, sli: latency, slo: p95 < 200ms}
  slow: {of: web, sli: latency, slo: [p95 < 200ms, p99 < 1s]}
composites:
  storefront: {all: [checkout, search-up, web-up], slo: 98%}
  finding: {weighted: {search-up: 1, search-fast: 3}, slo: 97%, window: [7d, 30d]}
"""
MINUTE = timedelta(minutes=1)


def found(text: str = FILE):
    return {one.name: one for one in objectives(read_text(text))}


def count(bad: int, total: int) -> Tally:
    return Tally(bad=bad, total=total, covered=MINUTE)


def test_all_of_them_count_what_they_share_once() -> None:
    storefront = found()["storefront"]
    keys = [one.key for one in storefront.indicators]

    assert len(keys) == len(set(keys)) == 3  # web is counted for the journey and for itself
    counts = dict(zip(keys, [count(10, 1000), count(0, 10), count(5, 100)], strict=True))
    whole = storefront.whole([counts[key] for key in keys])
    assert whole.good_share == Fraction(990, 1000) * Fraction(95, 100)
    assert whole.total == 1000
    assert storefront.soft == ("hints",)
    assert storefront.path == "composites.storefront"


def test_a_mean_by_weight_counts_each_part_by_its_share() -> None:
    finding = found()["finding-7d"]

    whole = finding.whole([count(2, 100), count(0, 1000)])

    assert whole.bad_share == Fraction(2, 100) / 4
    assert finding.window == timedelta(days=7)
    assert found()["finding-30d"].window == timedelta(days=30)
    assert [(one.of, one.weight) for one in finding.parts] == [("search-up", 1), ("search-fast", 3)]


def test_a_part_without_traffic_leaves_its_weight_to_the_others() -> None:
    finding = found()["finding-7d"]

    assert finding.whole([count(2, 100), Tally(covered=MINUTE)]).bad_share == Fraction(2, 100)
    idle = finding.whole([Tally(covered=MINUTE), Tally(covered=MINUTE)])
    assert (idle.total, idle.bad, idle.covered, idle.bad_share) == (0, 0, MINUTE, None)


def test_what_nobody_looks_at_in_one_part_is_unknown_of_the_whole() -> None:
    finding = found()["finding-7d"]

    assert finding.whole([count(0, 100), NOTHING]).covered == timedelta(0)


counts = st.integers(0, 10_000).flatmap(
    lambda total: st.integers(0, total).map(lambda bad: count(bad, total))
)
weights = st.fractions(Fraction(1, 100), 100)


@given(st.lists(st.tuples(weights, counts), min_size=1, max_size=8))
def test_the_mean_lies_between_the_worst_part_and_the_best(parts) -> None:
    whole = weighed(parts)

    shares = [one.bad_share for _, one in parts if one.bad_share is not None]
    if not shares:
        assert whole.bad_share is None
        return
    assert whole.bad_share is not None
    assert min(shares) <= whole.bad_share <= max(shares)
    assert whole.total == sum(one.total for _, one in parts)


@given(st.lists(counts, min_size=1, max_size=8))
def test_weighed_as_the_traffic_is_it_is_the_share_of_all_events_together(parts) -> None:
    busy = [one for one in parts if one.total]
    whole = weighed([(Fraction(one.total), one) for one in busy])

    assert whole.bad == sum(one.bad for one in busy)
    assert whole.evidence == whole.total  # each event weighs the same


@given(st.lists(counts, min_size=1, max_size=8))
def test_all_of_them_are_no_better_than_the_worst(parts) -> None:
    whole = all_of(parts)

    shares = [one.good_share for one in parts if one.good_share is not None]
    assert whole.good_share is None or whole.good_share <= min(shares)
    bad = [one.total for one in parts if one.bad]
    if bad:
        assert min(bad) <= whole.evidence <= max(bad)


@given(st.lists(st.tuples(weights, st.integers(1, 10_000)), min_size=1, max_size=6), st.data())
def test_a_single_bad_event_is_one_of_as_many_as_the_figure_rests_on(parts, data) -> None:
    """So the least number of events that keeps one failed request of ten from paging holds here too."""
    at = data.draw(st.integers(0, len(parts) - 1))
    tallies = [count(number == at, total) for number, (_, total) in enumerate(parts)]

    for whole in (
        all_of(tallies),
        weighed([(weight, one) for (weight, _), one in zip(parts, tallies, strict=True)]),
    ):
        assert whole.bad_share is not None
        assert abs(whole.evidence - 1 / whole.bad_share) <= 1
        assert whole.bad_share * whole.evidence <= 1 + Fraction(1, 10_000)


def test_a_single_failed_probe_of_a_busy_journey_wakes_nobody() -> None:
    """The first step's thousands of requests are no evidence of what one probe a minute found."""
    checkout = found()["checkout"]
    page = burn_alerts(checkout)[0]

    def counts(window: timedelta) -> Tally:
        minutes = window // MINUTE
        web = Tally(bad=0, total=1000 * minutes, covered=window)
        probes = Tally(bad=1, total=minutes, covered=window)
        return checkout.whole([web, probes])

    def busy_step_down(window: timedelta) -> Tally:
        minutes = window // MINUTE
        web = Tally(bad=100 * minutes, total=1000 * minutes, covered=window)
        return checkout.whole([web, Tally(bad=0, total=minutes, covered=window)])

    def down(window: timedelta) -> Tally:
        minutes = window // MINUTE
        web = Tally(bad=0, total=1000 * minutes, covered=window)
        return checkout.whole([web, Tally(bad=minutes, total=minutes, covered=window)])

    old = timedelta(days=40)
    assert len(checkout.indicators) == 2
    assert judge(checkout, page, counts, watched=old).state is not BurnState.CRITICAL
    assert judge(checkout, page, down, watched=old).state is BurnState.CRITICAL
    slow = burn_alerts(checkout)[1]
    burn = judge(checkout, slow, busy_step_down, watched=old)
    assert (burn.state, burn.long.widened) == (BurnState.CRITICAL, False)


def test_without_an_slo_it_is_what_its_parts_come_to() -> None:
    text = FILE.replace(", slo: 98%}", "}").replace(", slo: 97%, window: [7d, 30d]}", "}")
    system = read_text(text)
    mine = {one.path: one for one in system.assumptions}

    assert system.composites["storefront"].slo.text == "98.4%"  # 99% x 99.5% x 99.9% = 98.406...%
    assert system.composites["finding"].slo.text == "96.12%"  # (99.5% + 3 x 95%) / 4 = 96.125%
    assert "search-up, search-fast promise, by weight" in mine["composites.finding.slo"].because
    assert "checkout × search-up × web-up" in mine["composites.storefront.slo"].because


def test_it_may_be_what_a_customer_was_promised() -> None:
    text = FILE.replace("slo: 98%}", "slo: 98%, sla: 97%, calendar: quarter}")
    agreed = {one.name: one for one in agreements(read_text(text))}

    one = agreed["storefront-sla"]
    assert one.terms.calendar == "quarter"
    assert one.target == Fraction(97, 100)
    assert [guard.name for guard in one.guards] == ["storefront"]
    by_contract = FILE + "agreements:\n  acme: {of: storefront, sla: 96%}\n"
    acme = {one.name: one for one in agreements(read_text(by_contract))}["acme"]
    assert acme.target == Fraction(96, 100)
    assert len(acme.terms.indicators) == 3


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("all: [checkout, search-up, web-up]", "all: [checkout]", "at least 2 are needed here"),
        (
            "all: [checkout,",
            "all: [chekout,",
            "no service level or journey 'chekout'; did you mean",
        ),
        ("all: [checkout,", "all: [finding,", "finding is a composite itself"),
        ("all: [checkout,", "all: [web-up,", "a part is here twice"),
        (
            "all: [checkout,",
            "all: [slow,",
            "name the one that counts: slow-p95-200ms, slow-p99-1s",
        ),
        (
            "all: [checkout",
            "weighted: {web-up: 1, search-up: 1}, all: [checkout",
            "either `all: [...]`",
        ),
        ("search-fast: 3}", "search-fast: 0}", "a weight is a number above 0"),
        ("search-fast: 3}", "search-fast: heavy}", "a weight is a number above 0"),
        ("slo: 97%", "slo: p95 < 1s", "a composite promises a share of good events"),
        ("slo: 97%", "calendar: month", "either `calendar:` or `window:`"),
        ("  finding:", "  web-up:", "a service level is called web-up too"),
        ("  finding:", "  checkout:", "a journey is called checkout too"),
    ],
)
def test_what_is_wrong_in_a_composite_is_said_with_its_place(before, after, problem) -> None:
    assert before in FILE
    with pytest.raises(FileError) as caught:
        read_text(FILE.replace(before, after))

    assert problem in str(caught.value)
    assert "standfast.yaml:1" in str(caught.value)


def test_of_a_level_with_several_promises_the_one_that_is_named_counts() -> None:
    text = FILE.replace("search-fast: 3}", "slow-p99-1s: 3}")
    finding = found(text)["finding-7d"]

    assert [one.threshold for one in finding.indicators] == [None, timedelta(seconds=1)]
    unsaid = read_text(text.replace(", slo: 97%, window: [7d, 30d]}", "}"))
    assert unsaid.composites["finding"].slo.text == "99.12%"  # (99.5% + 3 x 99%) / 4 = 99.125%


def test_an_alert_may_watch_its_burn() -> None:
    system = read_text(
        FILE + "alerts:\n  sf: {of: web, when: burn rate of storefront, severity: P1}\n"
    )

    assert system.alerts["sf"].when.objective == "storefront"

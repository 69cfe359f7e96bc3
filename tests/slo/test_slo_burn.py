from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.slo.burn import burn_alerts, burn_rate, burn_windows, detection, refused
from standfast.slo.indicator import Indicator
from standfast.slo.judgement import BurnState, events_needed, explain, judge, words
from standfast.slo.objective import Objective, bucket_of
from standfast.slo.tally import Tally
from standfast.spec.values import Promise, Severity

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
API = Indicator(key="api/requests", component="api", kind="requests")


def objective(
    target: str = "0.999", window: timedelta = 30 * DAY, *, critical: bool = True
) -> Objective:
    return Objective(
        name="api-availability",
        level="api-availability",
        component="api",
        sli="availability",
        promise=Promise(text=target, target=Fraction(target)),
        window=window,
        indicators=(API,),
        critical=critical,
        bucket=bucket_of(window, timedelta(seconds=1)),
    )


def page_quick(one: Objective):
    return burn_windows(one)[0]


def test_the_factors_of_thirty_days_are_those_of_the_workbook() -> None:
    windows = burn_windows(objective())

    assert [window.factor for window in windows] == [Fraction("14.4"), 6, 3, 1]
    assert [window.long for window in windows] == [HOUR, 6 * HOUR, DAY, 3 * DAY]
    assert [window.short for window in windows] == [5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR]


def test_a_quick_page_is_p1_only_where_it_is_critical() -> None:
    grave = [window.severity for window in burn_windows(objective())]
    mild = [window.severity for window in burn_windows(objective(critical=False))]

    assert grave == [Severity.P1, Severity.P2, Severity.P3, Severity.P3]
    assert mild == [Severity.P2, Severity.P2, Severity.P3, Severity.P3]


def test_an_objective_of_an_hour_is_judged_over_seconds_and_minutes() -> None:
    windows = burn_windows(objective(window=HOUR))

    assert objective(window=HOUR).bucket == timedelta(seconds=1)
    assert [window.long.total_seconds() for window in windows] == [21, 129, 514, 1543]
    assert windows[0].short == timedelta(seconds=3), "three buckets, not 1.8 s"


@given(st.integers(min_value=60, max_value=400 * 86_400))
def test_whatever_the_period_firing_after_the_long_window_costs_the_stated_share(
    seconds: int,
) -> None:
    one = objective(window=timedelta(seconds=seconds))

    for window in burn_windows(one):
        spent = window.factor * Fraction(window.long // timedelta(seconds=1), seconds)
        assert spent == window.budget_share
        assert window.long >= window.short >= 3 * one.bucket


def test_an_alert_that_no_outage_could_fire_is_refused_with_the_arithmetic() -> None:
    one = objective("0.9")

    assert [window.name for window in burn_alerts(one)] == [
        "page-slow",
        "ticket-quick",
        "ticket-slow",
    ]
    assert "14.4 x 10.00% = 144.0% of requests failing" in refused(one)[0].because
    assert len(refused(objective("1"))) == 4


@given(
    st.fractions(min_value=0, max_value=1, max_denominator=10_000),
    st.fractions(min_value=Fraction(1, 1000), max_value=1, max_denominator=1000),
)
def test_an_alert_can_fire_exactly_when_a_total_outage_is_detected(
    allowed: Fraction, error_rate: Fraction
) -> None:
    one = objective(str(1 - allowed))

    for window in burn_windows(one):
        fires = window in burn_alerts(one)
        if fires:
            assert detection(one, window, Fraction(1)) < window.long
        if detection(one, window, error_rate) is not None and allowed:
            assert burn_rate(error_rate.numerator, error_rate.denominator, allowed) >= window.factor


@pytest.mark.parametrize(
    ("rate", "quick", "slow"),
    [("1", "52s", "2m10s"), ("1/10", "8m38s", "21m36s"), ("1/100", None, "3h36m")],
)
def test_detection_times_are_those_of_the_arithmetic(rate, quick, slow) -> None:
    one = objective()
    found = [detection(one, window, Fraction(rate)) for window in burn_windows(one)[:2]]

    assert [None if one is None else words(one) for one in found] == [quick, slow]


def test_the_explanation_names_all_three_detection_times() -> None:
    assert explain(objective(), page_quick(objective())) == (
        "fires when 2% of the budget would go in 1h (14.4x):"
        " 100% of requests failing after 52s, 10% after 8m38s, 1% never"
    )


WORDS = [
    ({"kind": "requests"}, "requests failing"),
    ({"kind": "latency"}, "requests slow"),
    ({"kind": "probe"}, "probes failing"),
    ({"kind": "gauge", "signal": "age"}, "the time with age over its limit"),
    ({"kind": "events"}, "answers wrong"),
    ({"kind": "query"}, "events bad"),
]


@pytest.mark.parametrize(("made", "said"), WORDS, ids=lambda one: str(one))
def test_each_kind_of_indicator_is_explained_in_its_own_words(made, said) -> None:
    one = replace(objective(), indicators=(replace(API, **made),))

    assert f": 100% of {said} after 52s, 10% after 8m38s, 1% never" in explain(one, page_quick(one))


def test_a_joint_objective_is_explained_in_the_word_that_all_its_parts_share() -> None:
    slow = replace(API, key="api/latency<1", kind="latency")
    slower = replace(API, key="web/latency<1", component="web", kind="latency")
    of_one_kind = replace(objective(), sli="composite", indicators=(slow, slower))
    of_two = replace(objective(), sli="composite", indicators=(slow, API))
    journey = replace(objective(), sli="journey", indicators=(slow, API))

    assert [one.bad for one in (of_one_kind, of_two, journey)] == [
        "requests slow", "events bad", "attempts failing",
    ]  # fmt: skip


# ------------------------------------------------------------------ the arithmetic against the clock


def first_minute(one: Objective, window, rate: Fraction, *, busy: int = 1000) -> int | None:
    """At the end of which minute of errors it fires, looked at minute by minute; None: not in its window."""

    for minute in range(window.long // MINUTE + 2):

        def counts(wide: timedelta, minute: int = minute) -> Tally:
            failing = min(minute, wide // MINUTE)
            return Tally(bad=failing * busy * rate, total=wide // MINUTE * busy, covered=wide)

        if judge(one, window, counts, watched=90 * DAY).fires:
            return minute
    return None


@pytest.mark.parametrize("rate", [Fraction(1), Fraction(1, 10), Fraction(1, 100)])
@pytest.mark.parametrize("period", [7 * DAY, 28 * DAY, 30 * DAY])
@pytest.mark.parametrize("target", ["0.99", "0.999", "0.9995"])
def test_every_alert_fires_in_the_minute_that_its_explanation_names(target, period, rate) -> None:
    one = objective(target, period)
    for window in burn_alerts(one):
        told, minute = detection(one, window, rate), first_minute(one, window, rate)
        assert (told is None) == (minute is None), window.name
        if told is not None and minute is not None:
            assert (minute - 1) * MINUTE < told <= minute * MINUTE, window.name


@pytest.mark.parametrize(("rate", "ever"), [("1/10", [True, True, True, True]),
                                            ("1/100", [False, True, True, True])])  # fmt: skip
def test_what_is_explained_as_never_does_not_fire_in_a_whole_period(rate, ever) -> None:
    one = objective()
    found = []
    for window in burn_windows(one):
        burn = judge(one, window, steady(Fraction(rate), 100_000), watched=90 * DAY)
        found.append(burn.fires)
        assert burn.fires == (detection(one, window, Fraction(rate)) is not None)

    assert found == ever


# ------------------------------------------------------------------ judging


def steady(bad: Fraction, per_minute: int, *, since: timedelta = 90 * DAY):
    """Counts of an even stream of events."""

    def counts(window: timedelta) -> Tally:
        seen = min(window, since)
        total = int(seen / MINUTE * per_minute)
        return Tally(bad=int(total * bad), total=total, covered=seen)

    return counts


@given(st.fractions(min_value=0, max_value=1, max_denominator=500))
def test_with_even_traffic_the_alert_fires_from_the_factor_on(bad: Fraction) -> None:
    one = objective("0.99")
    window = page_quick(one)

    burn = judge(one, window, steady(bad, 100_000), watched=90 * DAY)

    assert burn.fires == (bad >= window.factor * one.allowed)


def test_one_failed_request_of_ten_wakes_nobody() -> None:
    one = objective()
    quiet = Tally(bad=1, total=10, covered=30 * DAY)

    burn = judge(one, page_quick(one), lambda _: quiet, watched=30 * DAY)

    assert burn.state is BurnState.ACCEPTABLE
    assert burn.long.widened


def test_eight_days_of_failing_on_a_quiet_service_fire() -> None:
    one = objective()

    def counts(window: timedelta) -> Tally:  # five events a day; nine of ten fail for eight days
        days = window / DAY
        total = int(days * 5)
        return Tally(bad=int(min(days, 8) * 5 * 0.9), total=total, covered=window)

    burn = judge(one, page_quick(one), counts, watched=30 * DAY)

    assert burn.fires
    assert burn.long.window > HOUR
    assert "widened" in burn.because


def probed(every: timedelta, failing: int, watched: timedelta):
    """Counts of probes since the first look, of which the newest `failing` failed."""

    def counts(window: timedelta) -> Tally:
        total = int(min(window, watched) / every)
        return Tally(bad=min(failing, total), total=total, covered=min(window, watched))

    return counts


@pytest.mark.parametrize(("failing", "fires"), [(2, False), (3, False), (4, True)])
def test_what_was_first_seen_a_while_ago_fires_when_what_is_old_would(
    failing: int, fires: bool
) -> None:
    """240 probes an hour, of which 1.44% may fail: so it is after four, in the first minutes as in the last."""
    one, every = objective(), timedelta(seconds=15)
    for watched in (3 * MINUTE, 20 * MINUTE, DAY, 40 * DAY):
        burn = judge(one, page_quick(one), probed(every, failing, watched), watched=watched)
        assert burn.fires is fires, watched
        assert burn.long.young == (watched < HOUR)


def test_two_failures_in_the_first_two_minutes_wake_nobody() -> None:
    one = objective()
    for window in burn_alerts(one):
        young = judge(one, window, probed(timedelta(seconds=15), 2, 2 * MINUTE), watched=2 * MINUTE)
        assert not young.fires
        assert young.state is BurnState.UNKNOWN
        assert young.because.endswith(
            "2 bad of 8 since the first look are too few events to judge the burn"
        )


def test_something_down_from_its_first_minute_on_fires_after_a_handful_of_events() -> None:
    one, every = objective(), timedelta(seconds=15)

    def fires(events: int) -> bool:
        seen = events * every
        return judge(one, page_quick(one), probed(every, events, seen), watched=seen).fires

    assert [fires(n) for n in (1, 4, 9, 10, 40)] == [False, False, False, True, True]


@given(
    bad=st.fractions(min_value=0, max_value=1, max_denominator=200),
    minutes=st.integers(min_value=1, max_value=120),
)
def test_with_even_traffic_the_young_spend_the_budget_of_the_whole_window(
    bad: Fraction, minutes: int
) -> None:
    one, watched = objective("0.99"), minutes * MINUTE
    window = page_quick(one)
    counts = steady(bad, 100_000, since=watched)
    burn = judge(one, window, counts, watched=watched)

    seen = min(Fraction(1), Fraction(minutes, 60))
    short = min(Fraction(1), Fraction(minutes, 5))
    assert burn.fires == (bad * min(seen, short) >= window.factor * one.allowed)


def test_states_are_named_by_which_window_burns() -> None:
    one = objective()
    window = page_quick(one)

    def state(long: int, short: int) -> BurnState:
        def counts(wide: timedelta) -> Tally:
            bad = long if wide >= window.long else short
            return Tally(bad=bad, total=10_000, covered=wide)

        return judge(one, window, counts, watched=30 * DAY).state

    assert state(500, 500) is BurnState.CRITICAL
    assert state(10, 500) is BurnState.INCREASING
    assert state(500, 0) is BurnState.RECOVERING
    assert state(10, 0) is BurnState.ACCEPTABLE


def test_too_little_seen_is_unknown_and_not_good() -> None:
    one = objective()
    blind = Tally(bad=0, total=100_000, covered=timedelta(minutes=1))

    assert judge(one, page_quick(one), lambda _: blind, watched=DAY).state is BurnState.UNKNOWN


@given(
    st.fractions(
        min_value=Fraction(1, 2), max_value=Fraction(99999, 100_000), max_denominator=100_000
    )
)
def test_so_many_events_are_needed_that_one_bad_one_stays_below_the_factor(target) -> None:
    one = objective(str(target))

    for window in burn_alerts(one):
        needed = events_needed(one, window)
        assert burn_rate(1, needed, one.allowed) < window.factor
        assert needed == 1 or burn_rate(1, needed - 1, one.allowed) >= window.factor

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from standfast.slo.budget import BudgetState, budget, budget_left, exhaustion
from standfast.slo.indicator import Indicator
from standfast.slo.objective import Objective
from standfast.slo.policy import PolicyState, band_of, policy_state
from standfast.slo.tally import Tally, all_of
from standfast.slo.window import Span, span
from standfast.spec.system import BudgetPolicy, PolicyBand
from standfast.spec.values import Promise

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
API = Objective(
    name="api",
    level="api",
    component="api",
    sli="availability",
    promise=Promise(text="99.9%", target=Fraction(999, 1000)),
    window=30 * DAY,
    indicators=(Indicator(key="api/requests", component="api", kind="requests"),),
)
MONTH = Span(start=NOW - 30 * DAY, end=NOW)
targets = st.fractions(min_value=0, max_value=Fraction(9999, 10_000), max_denominator=10_000)
totals = st.integers(min_value=1, max_value=10**9)


def judged(tally: Tally, **more):
    given = {"span": MONTH, "now": NOW, "first_seen": MONTH.start} | more
    return budget(API, tally, **given)


@given(targets, totals, st.data())
def test_the_budget_is_exact_and_falls_with_every_bad_event(target, total, data) -> None:
    bad = data.draw(st.integers(min_value=0, max_value=total))
    left = budget_left(Tally(bad=bad, total=total, covered=DAY), 1 - target)

    assert (left >= 0) == (Fraction(bad, total) <= 1 - target)
    assert left + Fraction(bad) / (total * (1 - target)) == 1


def test_three_nines_of_a_month_are_43_minutes_and_12_seconds() -> None:
    whole = judged(Tally(bad=0, total=10**6, covered=30 * DAY))

    assert whole.left_time == timedelta(minutes=43, seconds=12)
    assert whole.left_events == 1000
    assert whole.state is BudgetState.HEALTHY


def test_a_large_count_is_written_out_to_the_last_event() -> None:
    large = judged(Tally(bad=1_234_567, total=4 * 10**9, covered=30 * DAY))

    assert "1,234,567 of 4,000,000,000 events were bad, 4,000,000 are allowed" in large.because


def test_half_the_budget_spent_says_so() -> None:
    half = judged(Tally(bad=500, total=10**6, covered=30 * DAY))

    assert half.left == Fraction(1, 2)
    assert half.because == (
        "api: 500 of 1,000,000 events were bad, 1,000 are allowed at 99.9%; 50.0% of the budget is left"
    )


def test_a_rounding_of_one_step_would_have_hidden_a_breach() -> None:
    within = judged(Tally(bad=1000, total=10**6, covered=30 * DAY))
    over = judged(Tally(bad=1001, total=10**6, covered=30 * DAY))

    assert within.left == 0
    assert over.left == Fraction(-1, 1000)
    assert over.state is BudgetState.EXHAUSTED


def test_no_traffic_no_data_and_good_are_three_answers() -> None:
    quiet = judged(Tally(bad=0, total=0, covered=30 * DAY))
    blind = judged(Tally(bad=0, total=0))
    good = judged(Tally(bad=0, total=10, covered=30 * DAY))

    assert (quiet.state, quiet.achieved, quiet.left) == (BudgetState.HEALTHY, None, 1)
    assert (blind.state, blind.left) == (BudgetState.UNKNOWN, None)
    assert (good.state, good.achieved) == (BudgetState.HEALTHY, 1)
    assert "not the same as good" in blind.because


def test_too_little_observed_is_unknown_but_never_hides_an_exhausted_budget() -> None:
    good = judged(Tally(bad=0, total=10**6, covered=10 * DAY))
    bad = judged(Tally(bad=10**4, total=10**6, covered=10 * DAY))

    assert good.state is BudgetState.UNKNOWN
    assert "only 33% of the time" in good.because
    assert bad.state is BudgetState.EXHAUSTED


def test_the_share_that_a_judgement_needs_is_enough_and_a_second_less_is_not() -> None:
    enough = judged(Tally(bad=1, total=10**6, covered=15 * DAY))
    less = judged(Tally(bad=1, total=10**6, covered=15 * DAY - timedelta(seconds=1)))

    assert (enough.coverage, enough.state) == (Fraction(1, 2), BudgetState.HEALTHY)
    assert less.state is BudgetState.UNKNOWN


def test_a_promise_of_everything_is_kept_until_the_first_failure_and_then_spent() -> None:
    strict = replace(API, promise=Promise(text="100%", target=Fraction(1)))

    def after(bad: int) -> BudgetState:
        tally = Tally(bad=bad, total=10**6, covered=30 * DAY)
        return budget(strict, tally, span=MONTH, now=NOW, first_seen=MONTH.start).state

    assert [after(0), after(1)] == [BudgetState.HEALTHY, BudgetState.EXHAUSTED]


def test_time_before_the_first_look_is_not_held_against_the_coverage() -> None:
    new = judged(Tally(bad=0, total=10, covered=DAY), first_seen=NOW - DAY)

    assert new.coverage == 1
    assert new.state is BudgetState.HEALTHY


def test_a_burning_budget_says_when_it_will_be_gone() -> None:
    burning = judged(Tally(bad=500, total=10**6, covered=30 * DAY), burn=Fraction(3))

    assert burning.state is BudgetState.BURNING
    assert burning.exhausted_at == NOW + 5 * DAY
    assert "gone at 2026-11-25 12:00 UTC" in burning.because


@given(
    st.fractions(min_value=Fraction(1, 100), max_value=1), st.fractions(min_value=0, max_value=50)
)
def test_a_rolling_budget_lasts_exactly_when_the_pace_is_one_or_less(left, burn) -> None:
    ends = exhaustion(left, burn, MONTH, NOW, rolling=True)

    assert (ends is None) == (burn <= 1)
    assert ends is None or ends > NOW


def test_a_calendar_budget_ends_only_before_the_calendar_forgives_it() -> None:
    stretch = Span(start=NOW - 20 * DAY, end=NOW + 10 * DAY)

    assert exhaustion(Fraction(1, 2), Fraction(1), stretch, NOW, rolling=False) is None
    soon = exhaustion(Fraction(1, 4), Fraction(1), stretch, NOW, rolling=False)
    assert soon == NOW + timedelta(days=7.5)


# ------------------------------------------------------------------ a window that is not whole yet


def test_the_first_failure_of_a_month_has_not_spent_the_month() -> None:
    month = Span(start=NOW - timedelta(hours=1), end=NOW - timedelta(hours=1) + 30 * DAY)
    calendar = replace(API, calendar="month")
    one = budget(
        calendar,
        Tally(bad=1, total=60, covered=timedelta(hours=1)),
        span=month,
        now=NOW,
        first_seen=NOW - 90 * DAY,
    )

    assert one.left == 1 - Fraction(10, 432), "one minute of the 43.2 that a month allows"
    assert (one.left_events, one.left_time) == (
        Fraction(422, 10),
        timedelta(minutes=42, seconds=12),
    )
    assert one.achieved == Fraction(59, 60)
    assert one.state is BudgetState.HEALTHY
    assert "43.2 are allowed at 99.9% over the whole window, at this traffic" in one.because


@given(
    st.integers(min_value=1, max_value=30 * 24 * 60),
    st.integers(min_value=0, max_value=60),
    st.integers(min_value=1, max_value=1000),
    st.booleans(),
)
def test_the_budget_allows_as_long_an_outage_on_any_day(watched, down, busy, calendar) -> None:
    assume(down <= watched)
    minute, start = timedelta(minutes=1), NOW - watched * timedelta(minutes=1)
    seen = Tally(bad=down * busy, total=watched * busy, covered=watched * minute)
    span = Span(start=start, end=start + 30 * DAY) if calendar else MONTH
    found = budget(
        replace(API, calendar="month" if calendar else ""),
        seen,
        span=span,
        now=NOW,
        first_seen=start,
    )

    assert found.left == 1 - Fraction(down * 10, 432)
    assert found.left_time == timedelta(minutes=43, seconds=12) - down * minute
    assert (found.state is BudgetState.EXHAUSTED) == (down >= 44)


def test_bad_slices_of_a_month_spend_the_slices_of_the_month() -> None:
    quarter = Span(start=NOW - DAY, end=NOW + 29 * DAY)
    sliced = budget(
        replace(API, calendar="month"),
        Tally(bad=1, total=288, covered=DAY),  # slices of five minutes
        span=quarter,
        now=NOW,
        first_seen=NOW - DAY,
    )

    assert sliced.left_events == Fraction(8640, 1000) - 1


def test_excluded_time_makes_the_window_shorter_for_the_young_too() -> None:
    tally = Tally(bad=1, total=60, covered=timedelta(hours=1))
    ahead = Span(start=NOW + DAY, end=NOW + 4 * DAY)
    behind = Span(start=NOW - timedelta(hours=2), end=NOW - timedelta(hours=1))
    month = Span(start=NOW - timedelta(hours=2), end=NOW - timedelta(hours=2) + 30 * DAY)
    found = budget(
        replace(API, calendar="month"),
        tally,
        span=month,
        now=NOW,
        first_seen=month.start,
        spared=(behind, ahead),
    )

    # 30 d less 3 d less 1 h are 647 h, of which one was watched.
    assert found.left_events == Fraction(647 * 60, 1000) - 1


def test_a_constant_pace_is_told_to_be_gone_when_it_is() -> None:
    """Projected on every day of a calendar month: it is the same instant."""
    start, pace = NOW - 10 * DAY, Fraction(5)
    ends = set()
    for days in range(1, 6):
        seen = Tally(bad=5 * days, total=1000 * days, covered=days * DAY)
        found = budget(
            replace(API, calendar="month"),
            seen,
            span=Span(start=start, end=start + 30 * DAY),
            now=start + days * DAY,
            first_seen=start - DAY,
            burn=pace,
        )
        assert found.state is BudgetState.BURNING
        ends.add(found.exhausted_at)

    assert ends == {start + 6 * DAY}, "five times too fast, thirty days last six"


def test_so_far_is_measured_by_what_the_events_until_now_allow() -> None:
    young = judged(Tally(bad=1, total=100, covered=DAY), first_seen=NOW - DAY, so_far=True)

    assert young.left == -9


# ------------------------------------------------------------------ windows


def test_a_calendar_month_begins_at_midnight_where_the_system_lives() -> None:
    monthly = replace(API, calendar="month")

    found = span(monthly, datetime(2026, 10, 31, 23, 30, tzinfo=UTC), "Europe/Berlin")

    assert found.start == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert found.end == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


def test_a_month_in_which_the_clocks_change_is_an_hour_longer() -> None:
    october = span(
        replace(API, calendar="month"), datetime(2026, 10, 10, tzinfo=UTC), "Europe/Berlin"
    )

    assert october.length == 31 * DAY + timedelta(hours=1)


def test_the_last_quarter_ends_with_the_year() -> None:
    quarter = span(replace(API, calendar="quarter"), NOW, "UTC")

    assert (quarter.start.month, quarter.end) == (10, datetime(2027, 1, 1, tzinfo=UTC))


# ------------------------------------------------------------------ journeys


tallies = st.integers(min_value=0, max_value=1000).flatmap(
    lambda total: st.integers(min_value=0, max_value=total).map(
        lambda bad: Tally(bad=bad, total=total, covered=DAY)
    )
)


@given(st.lists(tallies, min_size=1, max_size=5))
def test_a_journey_is_never_better_than_its_worst_step(steps) -> None:
    assume(any(step.total for step in steps))
    journey = all_of(steps)

    worst = min(step.good_share for step in steps if step.total)
    assert journey.good_share <= worst
    assert 0 <= journey.bad <= journey.total


def test_a_journey_is_the_product_of_its_steps() -> None:
    web = Tally(bad=5, total=1000, covered=DAY)
    api = Tally(bad=1, total=500, covered=DAY / 2)

    journey = all_of([web, api])

    assert journey.good_share == Fraction(995, 1000) * Fraction(499, 500)
    assert (journey.total, journey.covered) == (1000, DAY / 2)


# ------------------------------------------------------------------ policy


POLICY = BudgetPolicy(
    bands=(
        PolicyBand(low=Fraction(1, 2), high=Fraction(1), action="features", text="> 50%"),
        PolicyBand(
            low=Fraction(1, 4),
            high=Fraction(1, 2),
            action="reliability",
            text="25-50%",
            with_low=True,
        ),
        PolicyBand(
            low=Fraction(0), high=Fraction(1, 4), action="freeze", text="< 25%", freezes=True
        ),
        PolicyBand(low=None, high=Fraction(0), action="review", text="0%", freezes=True),
    )
)


def test_each_part_of_the_budget_has_its_band() -> None:
    parts = ["1", "501/1000", "1/2", "1/4", "249/1000", "1/1000", "0", "-3"]

    assert [band_of(POLICY.bands, Fraction(left)).text for left in parts] == [
        "> 50%",
        "> 50%",
        "25-50%",
        "25-50%",
        "< 25%",
        "< 25%",
        "0%",
        "0%",
    ]


def test_a_band_is_left_for_a_better_one_only_with_a_margin() -> None:
    frozen = PolicyState(
        objective="api", band="< 25%", action="freeze", freezes=True, since=NOW - DAY
    )

    assert policy_state(POLICY, "api", Fraction(255, 1000), frozen, NOW) == frozen
    assert policy_state(POLICY, "api", None, frozen, NOW) == frozen
    assert policy_state(POLICY, "api", Fraction(27, 100), frozen, NOW).band == "25-50%"
    assert policy_state(POLICY, "api", Fraction(-1), frozen, NOW).since == NOW

"""The formulas, against the figures of the design and against chance itself."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.review.arithmetic import (
    budget,
    ceiling,
    copying,
    drained_after,
    fires_after,
    lasting,
    needed_of_each,
    survival,
    worst_loss,
)
from standfast.review.wording import bytes_of, listed, number, percent, span
from standfast.spec.protection import FailoverStep

MONTH = timedelta(days=30)
SHARES = st.fractions(min_value=0, max_value=1, max_denominator=100_000)


def test_the_ceiling_agrees_with_a_simulation_of_the_journey() -> None:
    hard, soft = [Fraction("0.995"), Fraction("0.98")], [(Fraction("0.9"), Fraction("0.7"))]
    chance, trials = Random(20261124), 200_000
    good = 0
    for _ in range(trials):
        up = all(chance.random() < part for part in hard)
        good += up and all(chance.random() < a or chance.random() < e for a, e in soft)
    expected = float(ceiling(hard, soft))
    # Four standard errors of a share of 200,000 trials.
    assert abs(good / trials - expected) < 4 * (expected * (1 - expected) / trials) ** 0.5


def test_web_api_and_database_in_series_are_down_280_minutes_a_month() -> None:
    series = ceiling([Fraction("0.995"), Fraction("0.999"), Fraction("0.9995")])
    assert percent(series) == "99.3508%"
    assert budget(MONTH, series) // timedelta(minutes=1) == 280
    assert span(budget(MONTH, Fraction("0.999"))) == "43.2 min"


@given(hard=st.lists(SHARES, max_size=6), soft=st.lists(st.tuples(SHARES, SHARES), max_size=4))
def test_no_journey_is_better_than_its_weakest_hard_part(
    hard: list[Fraction], soft: list[tuple[Fraction, Fraction]]
) -> None:
    assert 0 <= ceiling(hard, soft) <= min(hard, default=Fraction(1))


@given(availability=SHARES, effectiveness=SHARES)
def test_a_fallback_never_makes_a_need_worse(
    availability: Fraction, effectiveness: Fraction
) -> None:
    assert survival(availability, Fraction(0)) == availability
    assert survival(availability, Fraction(1)) == 1
    assert survival(availability, effectiveness) >= availability


@pytest.mark.parametrize(
    ("parts", "each"), [(2, "99.95%"), (3, "99.9667%"), (4, "99.975%"), (6, "99.9833%")]
)
def test_equal_parts_share_a_target_by_its_root(parts: int, each: str) -> None:
    assert percent(needed_of_each(Fraction("0.999"), parts)) == each


def test_just_under_five_percent_drains_a_999_budget_in_14_hours_and_24_minutes() -> None:
    drained = drained_after(MONTH, Fraction("0.999"), Fraction("0.05"))
    assert drained == timedelta(hours=14, minutes=24)


@pytest.mark.parametrize(
    ("factor", "hours", "target", "rate", "minutes"),
    [
        ("14.4", 1, "0.999", "1", 0.864),
        ("6", 6, "0.999", "1", 2.16),
        ("14.4", 1, "0.999", "0.1", 8.64),
        ("6", 6, "0.999", "0.1", 21.6),
        ("6", 6, "0.999", "0.01", 216),
        ("14.4", 1, "0.995", "0.1", 43.2),
    ],
)
def test_a_burn_alert_fires_when_the_table_says(
    factor: str, hours: int, target: str, rate: str, minutes: float
) -> None:
    fired = fires_after(Fraction(factor), timedelta(hours=hours), Fraction(target), Fraction(rate))
    assert fired == timedelta(minutes=minutes)


def test_a_slow_burn_never_reaches_the_fast_window() -> None:
    hour, target = timedelta(hours=1), Fraction("0.999")
    assert fires_after(Fraction("14.4"), hour, target, Fraction("0.01")) is None


def test_an_hourly_dump_of_25_minutes_may_lose_85() -> None:
    assert worst_loss(timedelta(hours=1), timedelta(minutes=25)) == timedelta(minutes=85)


def test_120_gb_at_90_mb_a_second_take_22_minutes() -> None:
    assert span(copying(120 * 10**9, 90 * 10**6)) == "22.2 min"


def test_parallel_steps_count_once_by_the_longest() -> None:
    steps = [
        FailoverStep(do="a", takes=timedelta(minutes=2)),
        FailoverStep(do="b", takes=timedelta(minutes=6), parallel="x"),
        FailoverStep(do="c", takes=timedelta(minutes=5), parallel="x"),
    ]
    assert lasting(steps) == timedelta(minutes=8)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(), "0"), (timedelta(milliseconds=200), "200 ms"), (timedelta(seconds=15), "15 s"),
        (timedelta(minutes=5), "5 min"), (timedelta(minutes=43, seconds=12), "43.2 min"),
        (timedelta(hours=14, minutes=24), "14.4 h"), (timedelta(days=30), "30 d"),
    ],
)  # fmt: skip
def test_spans_are_told_in_the_unit_that_reads_best(length: timedelta, words: str) -> None:
    assert span(length) == words


def test_figures_are_told_without_idle_zeros() -> None:
    assert (percent(Fraction("0.999")), percent(Fraction(1))) == ("99.9%", "100%")
    assert number(Fraction(1234567, 100)) == "12,345.67"
    assert (bytes_of(120 * 10**9), bytes_of(512)) == ("120 GB", "512 B")


def test_long_lists_say_how_much_they_leave_out() -> None:
    assert listed("abc") == "a, b and c"
    assert listed("abcde", 2) == "a, b and 3 more"

# ruff: noqa: E501 - tables are read by columns
"""Units and conditions read back what they show, and refuse what lacks its unit."""

from __future__ import annotations

import contextlib
from datetime import time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.spec import promises, signals, units, words
from standfast.spec.condition import Absence, Age, Burn, Condition, Expiry, Threshold
from standfast.spec.values import Money

SPANS = st.integers(min_value=0, max_value=10**12).map(lambda many: timedelta(milliseconds=many))
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)


@given(SPANS)
def test_a_duration_reads_back_as_it_was_shown(span: timedelta) -> None:
    assert units.duration(units.show_duration(span)) == span


@given(st.integers(min_value=0, max_value=10**8))
def test_a_percentage_reads_back_exactly(millionths: int) -> None:
    share = Fraction(millionths, 10**8)
    assert units.percentage(units.show_percentage(share)) == share


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("1h30m", 5400),
        ("7d", 604_800),
        ("1w", 604_800),
        ("1y", 31_536_000),
        ("250ms", 0.25),
        ("0s", 0),
    ],
)
def test_durations_are_spelled_as_prometheus_spells_them(text: str, seconds: float) -> None:
    assert units.duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["5", 5, "", "5 min", "1m1h", "-5m", "1.5h", "٣m", "5M", None, "9" * 50 + "d"]
)
def test_a_duration_without_its_unit_is_refused_with_examples(text: object) -> None:
    with pytest.raises(ValueError, match="write for example 30s, 5m, 1h30m, 7d"):
        units.duration(text)


@pytest.mark.parametrize("text", [99.9, 0.999, "99.9", "99,9%", "-1%", True, None])
def test_a_percentage_without_its_sign_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="write a percentage with its sign"):
        units.percentage(text)


def test_a_percentage_cannot_pass_the_whole() -> None:
    with pytest.raises(ValueError, match="more than the whole"):
        units.percentage("100.1%")
    assert units.growth("130%") == Fraction(13, 10)


def test_money_sizes_speeds_and_clock_times_keep_their_units() -> None:
    assert units.money("4200 EUR") == Money(amount=Decimal(4200), currency="EUR")
    assert units.size("120GB") == 120_000_000_000
    assert units.size("1.5GiB") == 1_610_612_736
    assert units.speed("90MB/s") == 90_000_000
    assert units.daily("02:00 daily") == time(2)
    assert units.handover("Mon 09:00") == (0, time(9))
    assert units.handover("09:00") == (None, time(9))
    assert units.tripping("50% in 10s") == (Fraction(1, 2), timedelta(seconds=10))
    assert units.response("next business day") is None


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (units.money, "4200"), (units.size, "120"), (units.speed, "90MB"), (units.day, "2026-13-01"),
        (units.day, "20261014"), (units.clock, "25:00"), (units.handover, "Someday 09:00"),
        (units.daily, 120), (units.tripping, "50%"), (units.response, 5),
    ],
)  # fmt: skip
def test_other_units_are_compulsory_too(parse: object, text: object) -> None:
    with pytest.raises(ValueError, match="write"):
        parse(text)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "target", "threshold", "average"),
    [
        ("99.9%", Fraction(999, 1000), None, False),
        ("p95 < 200ms", Fraction(95, 100), timedelta(milliseconds=200), False),
        ("P99.9 < 1s", Fraction(999, 1000), timedelta(seconds=1), False),
        ("99% < 300ms", Fraction(99, 100), timedelta(milliseconds=300), False),
        ("< 0.1%", Fraction(999, 1000), None, False),
        ("error rate < 1%", Fraction(99, 100), None, False),
        ("avg < 200ms", Fraction(1, 2), timedelta(milliseconds=200), True),
    ],
)
def test_promises_are_shares_of_good_events(
    text: str, target: Fraction, threshold: timedelta | None, average: bool
) -> None:
    written = promises.promise(text)
    assert (written.promise.target, written.promise.threshold) == (target, threshold)
    assert (written.average, written.promise.text) == (average, text)


@pytest.mark.parametrize(
    "text", [99.9, "99.9", "p95 200ms", "p95 > 200ms", "p95 < 200", None, ["99%"]]
)
def test_an_unclear_promise_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="write"):
        promises.promise(text)


LIMITS = {
    "%": st.integers(0, 10**6).map(lambda many: Fraction(many, 10**6)),
    "s": st.integers(0, 10**9).map(lambda many: Fraction(many, 1000)),
    "": st.integers(0, 10**9).map(Fraction),
}
THRESHOLDS = st.sampled_from(
    [(kind, one) for kind in ("http", "postgresql", "redis", "queue") for one in signals.threshold_signals(kind).values()]
).flatmap(
    lambda pair: st.tuples(
        st.just(pair[0]),
        st.builds(
            Threshold,
            signal=st.just(pair[1].name), unit=st.just(pair[1].unit), above=st.booleans(),
            limit=LIMITS[pair[1].unit], lasting=SPANS, floor=st.integers(0, 1000), text=st.just(""),
        ),
    )
)  # fmt: skip
OTHERS = st.one_of(
    st.builds(Absence, signal=st.sampled_from(signals.ABSENCES), lasting=SPANS, guarded=st.booleans(), text=st.just("")),
    st.builds(Expiry, what=st.sampled_from(signals.EXPIRIES), within=SPANS, text=st.just("")),
    st.builds(Age, what=st.sampled_from(signals.AGES), limit=SPANS, text=st.just("")),
    st.builds(Burn, objective=NAMES, text=st.just("")),
).map(lambda one: ("http", one))  # fmt: skip


@given(st.one_of(THRESHOLDS, OTHERS))
def test_a_condition_reads_back_as_it_was_shown(pair: tuple[str, Condition]) -> None:
    kind, one = pair
    again = words.condition(words.show(one), kind)
    assert again.text == words.show(one)
    assert words.show(again) == words.show(one)
    assert type(again) is type(one)
    for name in set(one.__slots__) - {"text"}:
        assert getattr(again, name) == getattr(one, name)


def test_an_unknown_signal_lists_those_of_the_components_type() -> None:
    with pytest.raises(
        ValueError, match=r"unknown signal 'query time'; known for redis: .*hit rate"
    ):
        words.condition("query time > 1s", "redis")
    with pytest.raises(ValueError, match="did you mean 'error rate'"):
        words.condition("eror rate > 1%", "http")


def test_a_signal_with_a_metric_of_ones_own_is_known() -> None:
    found = words.condition("carts abandoned > 30% for 1h", "http", ["carts abandoned"])
    assert isinstance(found, Threshold)
    assert (found.limit, found.unit) == (Fraction(3, 10), "%")


@pytest.mark.parametrize(
    "text",
    [
        "error rate over five percent",
        "certificate < 14 days",
        "error rate > 5",
        "p95 latency > 1",
        "x" * 400,
        "",
        "no luck for 1m",
    ],
)
def test_what_is_no_condition_is_refused_with_the_right_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|unknown signal|at most"):
        words.condition(text, "http")


@given(st.text(max_size=300))
def test_no_text_breaks_the_parsers_in_another_way(text: str) -> None:
    for parse in (
        units.duration,
        units.percentage,
        units.money,
        units.size,
        units.handover,
        promises.promise,
    ):
        try:
            parse(text)
        except ValueError:
            continue
    with contextlib.suppress(ValueError):
        words.condition(text, "http")

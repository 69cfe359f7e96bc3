from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.dashboards.figure import budget_words, figure


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (4.391, " s", "4.39 s"),
        (17.74, "/s", "17.7/s"),
        (643.2, " ms", "643 ms"),
        (4391.0, " ms", "4,391 ms"),
        (0.00001, "%", "0%"),
        (0.0, "", "0"),
        (-12.5, "", "-12.5"),
    ],
)
def test_a_figure_has_the_digits_that_count_and_its_unit(
    value: float, unit: str, written: str
) -> None:
    assert figure(value, unit) == written


@given(st.floats(-1e12, 1e12))
def test_no_figure_is_written_with_an_exponent(value: float) -> None:
    assert "e" not in figure(value)


def test_a_budget_is_a_share_until_it_is_overspent_and_then_a_multiple_of_itself() -> None:
    assert budget_words(Fraction(1, 2)) == "50.0%"
    assert budget_words(Fraction(9999, 10000)) == "99.9%"  # never rounded up to whole
    assert budget_words(Fraction(0)) == "0.0%"
    assert budget_words(Fraction(-2921, 100)) == "overspent 30.2×"
    assert budget_words(None) == "unknown"

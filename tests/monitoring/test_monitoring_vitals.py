from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.errors import StandfastError
from standfast.monitoring.vitals import VITALS, cells, felt, fits, group_of
from standfast.spec.system import Experience

NOW = datetime(2026, 11, 25, 12, 34, 56, tzinfo=UTC)
seconds = st.floats(min_value=0, max_value=30)


@given(st.lists(seconds, min_size=1, max_size=200))
def test_the_percentile_lies_in_the_bucket_of_the_true_one_and_shares_are_exact(
    values: list[float],
) -> None:
    vital = VITALS["LCP"]
    counts = Counter(cell.bucket for v in values for cell in cells("home", {"LCP": v * 1000}, NOW))
    found = felt(vital, counts)
    true = sorted(values)[-(-3 * len(values) // 4) - 1]
    edges = (0.0, *vital.edges)
    place = bisect_left(vital.edges, true * 1000 / 1000)
    assert found.samples == len(values)
    assert found.good == sum(v * 1000 / 1000 <= vital.good for v in values)
    assert found.poor == sum(v * 1000 / 1000 > vital.poor for v in values)
    if place < len(vital.edges):
        assert edges[place] <= found.p75 <= edges[place + 1]
    else:
        assert found.p75 == vital.edges[-1]


def test_nothing_counted_is_unknown() -> None:
    assert felt(VITALS["INP"], {}).rating == "unknown"


@pytest.mark.parametrize(
    ("name", "value", "rating"),
    [("LCP", 2.5, "good"), ("LCP", 2.51, "needs improvement"), ("LCP", 4.01, "poor"),
     ("INP", 0.2, "good"), ("INP", 0.51, "poor"), ("CLS", 0.1, "good"), ("CLS", 0.26, "poor")],
)  # fmt: skip
def test_ratings_are_the_published_ones(name: str, value: float, rating: str) -> None:
    assert VITALS[name].rating(value) == rating
    assert VITALS[name].good in VITALS[name].edges
    assert VITALS[name].poor in VITALS[name].edges
    assert list(VITALS[name].edges) == sorted(set(VITALS[name].edges))


@given(st.text("ab*/", max_size=12), st.text("ab/", max_size=14))
def test_a_pattern_fits_as_the_same_regular_expression_would(pattern: str, path: str) -> None:
    same = ".*".join(re.escape(part) for part in pattern.split("*"))
    assert fits(pattern, path) == bool(re.fullmatch(same, path, re.DOTALL))


def test_the_first_group_that_fits_counts_and_the_rest_is_other() -> None:
    asked = Experience(of="web", origins=(), pages={"goods": ("/p/*", "/"), "all": ("/p*",)})
    assert [group_of(asked, one) for one in ("/p/7?x=1", "/", "/pq", "/q", "")] == [
        "goods", "goods", "all", "other", "other",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 1e9])
def test_what_cannot_be_is_refused(value: float) -> None:
    with pytest.raises(StandfastError):
        cells("home", {"LCP": value}, NOW)

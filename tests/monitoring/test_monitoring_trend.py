from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.monitoring.gauge import Reading, full_in

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def readings(*values: float, every: float = 600) -> list[Reading]:
    return [Reading(START + timedelta(seconds=i * every), one) for i, one in enumerate(values)]


def test_a_disk_that_fills_evenly_is_full_when_the_line_says_so() -> None:
    assert full_in(readings(0.5, 0.6, 0.7, 0.8)) == pytest.approx(1200)


def test_a_full_disk_is_full_now_and_an_idle_one_not_within_ten_years() -> None:
    assert full_in(readings(1.0, 1.0, 1.0, 1.0)) == 0
    assert full_in(readings(0.5, 0.5, 0.5, 0.5)) == full_in(readings(0.9, 0.7, 0.6, 0.5))


def test_a_few_minutes_are_no_trend() -> None:
    assert full_in(readings(0.1, 0.5, 0.9, every=60)) is None
    assert full_in([]) is None


@given(st.lists(st.floats(0, 1), min_size=4, max_size=30))
def test_the_answer_is_never_negative_nor_without_end(values) -> None:
    assert 0 <= full_in(readings(*values)) <= 10 * 365 * 86_400

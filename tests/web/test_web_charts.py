from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.web import charts

START = datetime(2026, 11, 25, tzinfo=UTC)
values = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=2000)


@given(values)
def test_thinning_loses_neither_peak_nor_gap_nor_order(found: list[float | None]) -> None:
    points = [(START + timedelta(seconds=turn), value) for turn, value in enumerate(found)]
    kept = charts.thinned(points)
    assert len(kept) <= 3 * 240 // 2 + 3
    assert [at for at, _ in kept] == sorted(at for at, _ in kept)
    known = [value for value in found if value is not None]
    shown = [value for _, value in kept if value is not None]
    assert set(kept) <= set(points)
    if known:
        assert (min(shown), max(shown)) == (min(known), max(known))
    assert (None in found) == any(value is None for _, value in kept)


def test_words_of_others_cannot_leave_the_attribute_that_carries_them() -> None:
    points = [(START, 1.0), (START + timedelta(seconds=1), 2.0)]
    nasty = '"><script>alert(1)</script>'
    drawn = charts.hovered(
        "a", charts.series(points, nasty), points, words=nasty, deploys=[(START, nasty)]
    )
    assert "<script>" not in drawn
    assert drawn.count("<figure") == 1


def test_a_single_point_is_no_chart() -> None:
    assert "Not enough measured" in charts.hovered(
        "a", charts.series([(START, 1.0)], "x"), [(START, 1.0)], words="x"
    )


def test_an_even_burn_is_drawn_to_the_end_of_the_window_and_not_of_the_curve() -> None:
    points = [(START, 1.0), (START + timedelta(minutes=1), -40.0)]
    ends = START + timedelta(minutes=10)
    drawn = str(charts.burn_down(points, "w", even_until=ends))
    (left, right) = re.search(r'class="even" points="([^"]+)"', drawn)[1].split()
    top, bottom = 10.0, 10.0 + (180 - 10 - 22) / 2
    assert float(left.split(",")[1]) == pytest.approx(top)
    assert float(right.split(",")[1]) == pytest.approx(top + (bottom - top) * 0.1, abs=0.1)
    assert charts.below(points)
    assert not charts.below(points[:1])
    figure = str(
        charts.hovered("b", charts.burn_down(points, "w"), points, words="w", even_until=ends)
    )
    assert (
        json.loads(unescape(re.search(r'data-plot="([^"]*)"', figure)[1]))["even"]
        == ends.timestamp()
    )

"""From a server's answers to whole events of each minute."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.monitoring.asked import (
    MINUTE,
    Answer,
    Progress,
    Question,
    Stretch,
    begun,
    failed,
    newest_end,
    stretch,
    taken,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ASKED = Question(indicator="api/requests", bad="bad", total="total", scale=60.0)


def progress(read_to: datetime = NOON, **more: object) -> Progress:
    base = {"ok": True, "because": "", "at": NOON, "since": NOON}
    return Progress(**{"indicator": "api/requests", "read_to": read_to, **base, **more})


def asking(minutes: int, *, behind: int = 0) -> Stretch:
    last = NOON + minutes * MINUTE
    return Stretch(first=NOON + MINUTE, last=last, newest=last + behind * MINUTE)


def answer(*pairs: tuple[float | None, float | None]) -> Answer:
    """(bad, total) a second of each minute; None is not answered."""
    ends = [NOON + number * MINUTE for number in range(1, len(pairs) + 1)]
    return Answer(
        bad={end: bad for end, (bad, _) in zip(ends, pairs, strict=True) if bad is not None},
        total={end: all_ for end, (_, all_) in zip(ends, pairs, strict=True) if all_ is not None},
    )


def take(given_: Answer, asked: Stretch, before: Progress | None = None):
    return taken(before or progress(), ASKED, asked, given_, NOON + timedelta(minutes=20))


@given(
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 100)), min_size=1, max_size=50
    )
)  # fmt: skip
def test_many_small_rates_are_together_at_most_one_event_off(
    shares: list[tuple[float, float]],
) -> None:
    pairs = [(share * total, total) for share, total in shares]
    found = take(answer(*pairs), asking(len(pairs)))
    assert len(found.counts) == len(pairs)
    for name, number in (("bad", 0), ("total", 1)):
        exact = 60 * sum(pair[number] for pair in pairs)
        whole = sum(getattr(one, name) for one in found.counts)
        carried = getattr(found.progress, f"{name}_carried")
        assert whole + carried == pytest.approx(exact, abs=1e-6)
    assert all(0 <= one.bad <= one.total for one in found.counts)
    assert abs(found.progress.total_carried) <= 0.5 + 1e-9


def test_a_minute_counts_into_the_bucket_that_it_is() -> None:
    (one,) = take(answer((0.5, 2.0)), asking(1)).counts
    assert (one.at, one.bad, one.total, one.covered) == (NOON, 30, 120, MINUTE)


def test_no_traffic_is_an_answer_and_no_answer_is_none() -> None:
    found = take(answer((0.0, 0.0), (None, None), (0.0, 1.0)), asking(3))
    assert [(one.at, one.total) for one in found.counts] == [(NOON, 0), (NOON + 2 * MINUTE, 60)]
    assert found.progress.ok


def test_what_is_late_is_asked_for_again() -> None:
    first = take(answer((0.0, 1.0), (None, None), (None, None)), asking(3))
    assert first.progress.read_to == NOON + MINUTE
    again = stretch(first.progress, NOON + 3 * MINUTE, DAY)
    assert again is not None
    assert again.first == NOON + 2 * MINUTE


def test_a_hole_in_the_past_is_passed_over() -> None:
    found = take(answer(*[(None, None)] * 5), asking(5, behind=100))
    assert found.counts == ()
    assert found.progress.read_to == NOON + 5 * MINUTE


def test_long_silence_is_told() -> None:
    found = take(answer(*[(None, None)] * 10), asking(10))
    assert not found.progress.ok
    assert "nothing is answered since 2026-11-20 12:00 UTC" in found.progress.because


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ((math.nan, 1.0), "are no numbers"),
        ((0.0, math.inf), "are no numbers"),
        ((0.0, -1.0), "fewer than none"),
        ((-1.0, 1.0), "fewer than none"),
        ((2.0, 1.0), "more bad than all"),
        ((1.0, None), "`total` answers nothing"),
        ((None, 1.0), "a metric, label or bucket is missing"),
    ],
)
def test_what_cannot_be_is_never_counted(pair: tuple[float, float], said: str) -> None:
    found = take(answer((0.0, 1.0), pair, (0.0, 1.0)), asking(3))
    assert [one.at for one in found.counts] == [NOON, NOON + 2 * MINUTE]
    assert said in found.progress.because
    assert not found.progress.ok


def test_a_fault_takes_nothing_and_keeps_its_beginning() -> None:
    first = failed(progress(), ASKED, "no connection", NOON + MINUTE)
    second = failed(first, ASKED, "no connection", NOON + 2 * MINUTE)
    assert (second.read_to, second.ok, second.since) == (NOON, False, NOON + MINUTE)
    assert second.total == "total"


def test_what_lies_too_far_back_is_given_up() -> None:
    found = stretch(progress(NOON - 3 * DAY), NOON, DAY)
    assert found is not None
    assert found.first == NOON - DAY + MINUTE
    assert found.last == NOON
    assert not found.behind


def test_a_long_way_is_walked_in_days() -> None:
    found = stretch(progress(NOON - 3 * DAY), NOON, 10 * DAY)
    assert found is not None
    assert found.last - found.first == DAY - MINUTE
    assert found.behind


def test_a_clock_that_is_put_back_asks_for_nothing() -> None:
    assert stretch(progress(NOON), NOON - timedelta(hours=1), DAY) is None


def test_it_begins_as_far_back_as_it_would_catch_up() -> None:
    newest = newest_end(NOON + timedelta(seconds=75), timedelta(seconds=30))
    assert newest == NOON
    assert begun("api/requests", NOON, newest, DAY).read_to == NOON - DAY

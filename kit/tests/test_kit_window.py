"""The rolling window against a model that remembers every single outcome."""

from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast_kit import Breaker
from standfast_kit.testing import FakeClock
from standfast_kit.window import BUCKETS, LockedCount, Window, ticker

SPAN = 10.0
steps = st.lists(
    st.tuples(
        st.one_of(st.floats(0, 0.3), st.floats(0, 3), st.sampled_from([0.0, 0.1, 5.0, 10.0, 25.0])),
        st.booleans(),
    ),
    max_size=200,
)


@dataclass
class Exact:
    """Every outcome, with its time."""

    seen: list[tuple[float, bool]] = field(default_factory=list)

    def total(self, now: float, span: float) -> int:
        return sum(at > now - span for at, _ in self.seen)

    def failed(self, now: float, span: float) -> int:
        return sum(at > now - span and failed for at, failed in self.seen)


@given(steps)
def test_it_counts_no_older_outcome_and_misses_at_most_one_bucket(
    outcomes: list[tuple[float, bool]],
) -> None:
    now, model = 1000.0, Exact()
    window = Window(SPAN, now)
    for pause, failed in outcomes:
        now += pause
        model.seen.append((now, failed))
        # As the breaker does: quick while before the edge, careful past it.
        if not failed and now < window.edge:
            window.tick()
            tally = window.tally(now)
        else:
            tally = window.record(now, failed=failed)
        short = SPAN - SPAN / BUCKETS - 1e-9
        assert model.total(now, short) <= tally.total <= model.total(now, SPAN)
        assert model.failed(now, short) <= tally.failed <= model.failed(now, SPAN)


@given(steps, st.integers(1, 12), st.sampled_from(["30%", "50%", "100%"]))
def test_the_breaker_opens_only_where_an_exact_one_could(
    outcomes: list[tuple[float, bool]], min_calls: int, share: str
) -> None:
    clock, model = FakeClock(), Exact()
    b = Breaker("x", open=f"{share} in 10s", min_calls=min_calls, clock=clock.monotonic)
    limit, short = Fraction(share.rstrip("%")) / 100, SPAN - SPAN / BUCKETS - 1e-9
    for pause, failed in outcomes:
        clock.pass_by(pause)
        now = clock.seconds
        model.seen.append((now, failed))
        b.admit().settle(failed=failed)
        if b.state == "open":
            # The most failures over the fewest calls that the window may have seen.
            assert model.total(now, SPAN) >= min_calls
            assert model.failed(now, SPAN) >= limit * model.total(now, short)
            return
        if model.total(now, short) >= min_calls:
            assert model.failed(now, short) < limit * model.total(now, SPAN)


def test_the_count_of_free_threaded_interpreters_counts_alike() -> None:
    locked, quick = LockedCount(), ticker()
    assert [locked() for _ in range(5)] == [quick() for _ in range(5)] == [0, 1, 2, 3, 4]


def test_reading_does_not_change_what_is_read() -> None:
    window = Window(SPAN, 0.0)
    window.record(0.0, failed=False)
    assert [window.tally(0.0).ok for _ in range(5)] == [1] * 5
    assert window.whole().ok == 1


@pytest.mark.parametrize("late", [10.0, 10.1, 1e6])
def test_a_reading_long_after_the_last_outcome_finds_nothing(late: float) -> None:
    window = Window(SPAN, 0.0)
    window.record(0.0, failed=True)
    assert window.tally(late).total == 0

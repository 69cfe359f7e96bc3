from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.errors import Conflict, StandfastError
from standfast.slo.budget import BudgetState, budget, coverage_of
from standfast.slo.exclusion import (
    Exclusion,
    Kind,
    checked,
    edges,
    length,
    merged,
    reach_back,
    rest,
    revoked,
    spared,
)
from standfast.slo.indicator import Indicator
from standfast.slo.objective import Objective
from standfast.slo.tally import Tally
from standfast.slo.window import Span
from standfast.spec.values import Promise

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
US = timedelta(microseconds=1)
API = Objective(
    name="api",
    level="api",
    component="api",
    sli="availability",
    promise=Promise(text="99%", target=Fraction(99, 100)),
    window=30 * DAY,
    indicators=(Indicator(key="api/requests", component="api", kind="requests"),),
)
SPAN = 120  # minutes that are counted, after NOW


def excluded(start: timedelta, lasting: timedelta, **more) -> Exclusion:
    given = {
        "id": "EX-1", "of": "api", "kind": Kind.MAINTENANCE, "starts": NOW + start,
        "ends": NOW + start + lasting, "because": "we move", "by": "ada", "made_at": NOW,
        "made_by": "ada",
    }  # fmt: skip
    return Exclusion(**given | more)


counts = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 9), st.booleans()), min_size=SPAN, max_size=SPAN
)
stretches = st.builds(
    excluded,
    # To the second, and on whole minutes often: so that they touch, overlap, and lie outside.
    st.one_of(
        st.integers(-60, SPAN + 60).map(lambda n: n * MINUTE),
        st.integers(-3600, (SPAN + 60) * 60).map(lambda n: timedelta(seconds=n)),
    ),
    st.one_of(
        st.integers(1, 90).map(lambda n: n * MINUTE),
        st.integers(1, 5400).map(lambda n: timedelta(seconds=n)),
    ),
)
some = st.lists(stretches, max_size=6)


def tally(seen, start: datetime, end: datetime) -> Tally:
    """As the store does it: of the buckets that begin after `start`, up to `end`."""
    found = Tally()
    for number, (bad, good, looked) in enumerate(seen):
        if start < NOW + number * MINUTE <= end:
            found += Tally(
                bad=bad * looked, total=(bad + good) * looked, covered=MINUTE if looked else 0 * DAY
            )
    return found


def touched(number: int, exclusions) -> bool:
    at = NOW + number * MINUTE
    return any(one.starts < at + MINUTE and at < one.ends for one in exclusions)


@given(counts, some, st.integers(-10, SPAN), st.integers(1, SPAN + 20))
def test_what_is_left_is_what_a_walk_over_the_minutes_finds(
    seen, exclusions, first: int, minutes: int
) -> None:
    start, end = NOW + first * MINUTE - US, NOW + (first + minutes) * MINUTE - US
    out = spared(exclusions, API)

    found = rest(tally(seen, start, end), [tally(seen, *each) for each in edges(out, start, end)])

    kept = [one if not touched(n, exclusions) else (0, 0, False) for n, one in enumerate(seen)]
    assert found == tally(kept, start, end)
    minutes_out = [n for n in range(first, first + minutes) if touched(n, exclusions)]
    assert length(out, start + US, end + US) == len(minutes_out) * MINUTE


@given(some)
def test_merged_spans_are_disjoint_in_order_and_the_same_time(exclusions) -> None:
    spans = merged(Span(start=one.starts, end=one.ends) for one in exclusions)

    assert all(one.end < two.start for one, two in pairwise(spans))
    edges_of = [edge for one in exclusions for edge in (one.starts, one.ends - US, one.ends)]
    for edge in edges_of:
        inside = any(one.starts <= edge < one.ends for one in exclusions)
        assert inside == any(one.start <= edge < one.end for one in spans)


@given(some, st.integers(1, 300))
def test_a_burn_window_reaches_back_over_what_is_excluded(exclusions, minutes: int) -> None:
    out, end = spared(exclusions, API), NOW + SPAN * MINUTE

    start = reach_back(out, end, minutes * MINUTE)

    assert end - start - length(out, start, end) == minutes * MINUTE
    assert length(out, start, start + US) == timedelta(0), "it begins where something counts"


@given(counts, some)
def test_coverage_asks_only_for_the_time_that_is_not_excluded(seen, exclusions) -> None:
    span = Span(start=NOW, end=NOW + SPAN * MINUTE)
    out = spared(exclusions, API)
    everything = [(bad, good, True) for bad, good, _ in seen]
    start, end = span.start - US, span.end - US
    left = rest(
        tally(everything, start, end), [tally(everything, *each) for each in edges(out, start, end)]
    )

    coverage = coverage_of(left.covered, span, span.end, span.start, out)

    assert coverage == (1 if length(out, span.start, span.end) < span.length else 0)


def test_excluded_time_is_neither_good_nor_bad_nor_unknown_in_the_budget() -> None:
    month = Span(start=NOW - 30 * DAY, end=NOW)
    out = spared([excluded(-20 * DAY, 20 * DAY)], API)
    seen = Tally(bad=5, total=1000, covered=10 * DAY)

    without = budget(API, seen, span=month, now=NOW, first_seen=month.start)
    found = budget(API, seen, span=month, now=NOW, first_seen=month.start, spared=out)

    assert without.state is BudgetState.UNKNOWN
    assert (found.state, found.coverage, found.left) == (BudgetState.HEALTHY, 1, Fraction(1, 2))
    assert found.left_time == 10 * DAY / 200, "half of a hundredth of the ten days that count"
    assert found.because.endswith("; 20d of the window are excluded")


def test_an_exclusion_of_a_component_holds_for_all_that_rest_on_it_until_it_is_revoked() -> None:
    journey = replace(
        API,
        name="buy",
        level="buy",
        component="web",
        sli="journey",
        group="journeys",
        unmeasured=("bank",),
    )
    other = replace(API, name="web", level="web", component="web", indicators=())

    for of, covered in (
        ("api", [API, journey]), ("bank", [journey]), ("buy", [journey]), ("web", [other]),
    ):  # fmt: skip
        one = excluded(DAY, DAY, of=of)
        assert [each for each in (API, journey, other) if one.covers(each)] == covered, of
    over = revoked(excluded(DAY, DAY), NOW, "ada")
    assert not over.covers(API)
    with pytest.raises(Conflict):
        revoked(over, NOW, "ada")


def test_only_planned_maintenance_stops_the_clock_of_burns() -> None:
    both = [excluded(DAY, DAY), excluded(3 * DAY, DAY, kind=Kind.UPSTREAM)]

    assert len(spared(both, API)) == 2
    assert spared(both, API, kind=Kind.MAINTENANCE) == spared(both[:1], API)


@pytest.mark.parametrize(
    ("start", "lasting"),
    [(DAY, 0 * DAY), (DAY, -DAY), (DAY, 32 * DAY), (-200 * DAY, DAY), (366 * DAY, DAY)],
)
def test_an_interval_that_makes_no_sense_is_refused(start: timedelta, lasting: timedelta) -> None:
    with pytest.raises(StandfastError):
        checked(NOW + start, NOW + start + lasting, NOW, 100 * DAY)

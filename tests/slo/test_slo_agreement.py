"""Agreements with customers: their own windows, their own exclusions, and what a breach costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.errors import FileError
from standfast.slo.agreement import AgreementState, agreements, excuse, judge, window_of
from standfast.slo.exclusion import Exclusion, Kind
from standfast.slo.tally import Tally
from standfast.slo.window import Span
from standfast.spec import read_text

FILE = """
system: {name: shop, criticality: critical, timezone: Europe/Berlin}
components:
  api: {type: http, url: https://api.shop.test, scrape: http://api:8000/metrics, needs: {db: hard}}
  db: {type: postgresql}
journeys:
  browse: {path: [api, db], slo: 99%, sla: 98%}
service_levels:
  up: {of: api, sli: availability, slo: 99.9%, sla: 99.5%}
  fast: {of: api, sli: latency, slo: p95 < 200ms, sla: p99 < 500ms}
agreements:
  acme:
    of: up
    customer: Acme
    contract: MSA-7
    credits: {"< 99.5%": 10%, "< 99%": 25%, "< 95%": 100%}
    fee: 1000 EUR
    maintenance: {at_most: 4h, notice: 48h}
    excludes: maintenance
"""
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOVEMBER = Span(
    start=datetime(2026, 10, 31, 23, tzinfo=UTC), end=datetime(2026, 11, 30, 23, tzinfo=UTC)
)
LATER = datetime(2026, 12, 2, tzinfo=UTC)
KEY = "api/requests!5xx,timeout"


def found(text: str = FILE):
    return {one.name: one for one in agreements(read_text(text))}


class Minutes:
    """Counts by the minute, tallied as the store does."""

    def __init__(self, bad_at=lambda _at: 0, total: int = 1000, seen=lambda _at: True) -> None:
        self.rows = {}
        at = NOVEMBER.start
        while at < NOVEMBER.end:
            if seen(at):
                self.rows[at] = Tally(bad=bad_at(at), total=total, covered=MINUTE)
            at += MINUTE

    def __call__(self, _indicator, windows):
        return [
            sum((one for at, one in self.rows.items() if start < at <= end), Tally())
            for start, end in windows
        ]


def judged(minutes: Minutes, exclusions=(), *, agreement=None, now=LATER, seen=None):
    return judge(
        agreement or found()["acme"],
        NOVEMBER,
        exclusions,
        minutes,
        now=now,
        first_seen={KEY: seen or NOVEMBER.start},
    )


def excluded(start: datetime, length: timedelta, kind=Kind.MAINTENANCE, **more) -> Exclusion:
    given = {"id": "EX-1", "of": "api", "because": "we move", "by": "web", "made_by": "ada"}
    made = more.pop("made_at", start - timedelta(days=7))
    return Exclusion(**(given | more), kind=kind, starts=start, ends=start + length, made_at=made)


def down(start: datetime, length: timedelta):
    return lambda at: 1000 if start <= at < start + length else 0


def test_a_stated_agreement_takes_the_place_of_the_plain_sla_and_the_others_keep_theirs() -> None:
    assert list(found()) == ["acme", "fast-sla", "browse-sla"]
    acme, fast, browse = found().values()

    assert (acme.terms.calendar, acme.window_words) == ("month", "calendar month, Europe/Berlin")
    assert acme.guard.name == "up"
    assert fast.terms.indicators[0].key == "api/latency<0.5", "it is counted at its own threshold"
    assert fast.guard is None
    assert [one.component for one in browse.terms.indicators] == ["api"]


def test_an_agreement_about_several_levels_is_one_promise_for_each() -> None:
    assert list(
        found(FILE.replace("of: up\n", "of: [up, browse]\n").replace("sla: 98%", "sla: 99.5%"))
    )[:2] == [
        "acme-up",
        "acme-browse",
    ]


def test_the_window_is_the_customers_month_in_the_customers_zone() -> None:
    assert window_of(found()["acme"], datetime(2026, 11, 14, tzinfo=UTC)) == NOVEMBER
    kathmandu = found(FILE.replace("    customer: Acme", "    timezone: Asia/Kathmandu"))["acme"]
    assert window_of(kathmandu, LATER).start == datetime(2026, 11, 30, 18, 15, tzinfo=UTC)


def test_a_month_without_trouble_is_kept_and_owes_nothing() -> None:
    one = judged(Minutes())

    assert (one.state, one.achieved, one.owed, one.amount.amount) == (
        AgreementState.KEPT, 1, 0, Decimal("0.00"),
    )  # fmt: skip
    assert (one.margin, one.margin_left, one.missing) == (Fraction(5, 1000), 1, timedelta(0))
    assert one.closed


def test_what_lies_between_objective_and_contract_is_the_margin_and_it_narrows() -> None:
    one = judged(Minutes(down(NOVEMBER.start + 5 * HOUR, 2 * HOUR)))  # 2 of 720 hours

    assert one.state is AgreementState.NARROW
    assert one.achieved == 1 - Fraction(2, 720)
    assert one.margin_left == (one.achieved - Fraction(995, 1000)) / Fraction(4, 1000)
    assert "56% of the margin between the two is left" in one.because


@pytest.mark.parametrize(
    ("hours", "share", "amount"), [(4, 10, "100.00"), (10, 25, "250.00"), (72, 100, "1000.00")]
)
def test_the_worst_border_that_was_passed_says_what_is_owed(hours, share, amount) -> None:
    one = judged(Minutes(down(NOVEMBER.start, hours * HOUR)))

    assert one.state is AgreementState.BROKEN
    assert (one.owed, str(one.amount)) == (Fraction(share, 100), f"{Decimal(amount):,} EUR")
    assert "of the fee is owed" in one.because


def test_maintenance_is_left_out_up_to_what_the_contract_allows() -> None:
    start = NOVEMBER.start + 24 * HOUR
    one = judged(Minutes(down(start, 6 * HOUR)), [excluded(start, 6 * HOUR)])

    assert one.excuse.time == 4 * HOUR
    assert one.budget.tally.bad == 2 * 60 * 1000, "what is beyond the cap counts"
    assert "maintenance is left out up to 4h a window; 2h more count" in one.because


def test_maintenance_announced_too_late_counts_and_so_does_what_the_contract_does_not_name() -> (
    None
):
    start = NOVEMBER.start + 24 * HOUR
    late = excluded(start, HOUR, made_at=start - 3 * HOUR)
    after = excluded(start, HOUR, made_at=start + 3 * HOUR)
    upstream = excluded(start, HOUR, Kind.UPSTREAM)
    for one, because in (
        (late, "it was announced 3h ahead, and 2d are due"),
        (after, "it was announced afterwards, and 2d are due"),
        (upstream, "this contract counts upstream"),
    ):
        answer = excuse(found()["acme"], [one], NOVEMBER)
        assert answer.spans == ()
        assert [each.because for each in answer.uncounted] == [because]


def test_a_plain_sla_leaves_out_what_its_objective_does() -> None:
    start = NOVEMBER.start + 24 * HOUR
    plain = found(FILE.partition("agreements:")[0])["up-sla"]
    outage = excluded(start, HOUR, Kind.UPSTREAM)

    assert judged(Minutes(down(start, HOUR)), [outage], agreement=plain).achieved == 1


def test_time_in_which_nobody_looked_is_missing_and_the_worst_that_it_can_hide_is_said() -> None:
    half = NOVEMBER.start + NOVEMBER.length / 2
    one = judged(Minutes(seen=lambda at: at >= half), seen=half)

    assert (one.missing, one.at_worst) == (NOVEMBER.length / 2, Fraction(1, 2))


def test_too_little_seen_is_unknown_but_a_breach_that_was_seen_is_one() -> None:
    tenth = NOVEMBER.start + NOVEMBER.length / 10
    few = lambda at: at < tenth  # noqa: E731 - it reads better so

    assert judged(Minutes(seen=few)).state is AgreementState.UNKNOWN
    assert judged(Minutes(down(NOVEMBER.start, HOUR), seen=few)).state is AgreementState.BROKEN
    assert judged(Minutes(seen=lambda _at: False)).state is AgreementState.UNKNOWN


def test_until_the_window_is_over_everything_may_still_change() -> None:
    one = judged(Minutes(down(NOVEMBER.start, HOUR)), now=NOVEMBER.start + 2 * HOUR)

    assert not one.closed
    assert one.because.startswith(
        "acme: 50.000% of 120,000 events were good, which breaks 99.5% so far"
    )


BASE = Minutes()


@given(
    st.lists(
        st.tuples(st.integers(-2000, 45_000), st.integers(1, 3000), st.sampled_from(Kind)),
        max_size=6,
    ),
    st.integers(0, 3000),
)
def test_what_is_left_out_lies_within_the_window_and_under_the_cap(found_spans, cap) -> None:
    text = FILE.replace("at_most: 4h", f"at_most: {cap}m").replace(
        "excludes: maintenance", "excludes: [maintenance, upstream]"
    )
    one = found(text)["acme"]
    mine = [
        excluded(NOVEMBER.start + begin * MINUTE, length * MINUTE, kind, id=f"EX-{number}")
        for number, (begin, length, kind) in enumerate(found_spans)
    ]
    answer = excuse(one, mine, NOVEMBER)

    ends = [edge for span in answer.spans for edge in (span.start, span.end)]
    assert ends == sorted(set(ends))
    assert all(NOVEMBER.start <= edge <= NOVEMBER.end for edge in ends)
    others = excuse(one, [each for each in mine if each.kind is Kind.UPSTREAM], NOVEMBER)
    assert answer.time - others.time <= cap * MINUTE


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            "of: up\n",
            "of: upp\n",
            "there is no service level, journey or composite 'upp'; did you mean 'up'?",
        ),
        ('"< 99%": 25%', '"< 99%": 5%', "< 99% owes no more than < 99.5%"),
        ('"< 99.5%": 10%', '"< 99.9%": 10%', "99.5% keeps the promise, and yet a credit"),
        ('"< 95%": 100%', '"95": 100%', "not a border of a credit: '95'"),
        ("fee: 1000 EUR", "fee: lots", "not an amount of money: 'lots'"),
        ("fee: 1000 EUR", "sla: p99 < 1s", "up is no latency"),
        ("fee: 1000 EUR", "calendar: fortnight", "unknown word 'fortnight'"),
        ("fee: 1000 EUR", "window: 0s", "a window of 0s cannot be counted over"),
        ("fee: 1000 EUR", "timezone: Mars/Base", "unknown time zone 'Mars/Base'"),
        ("excludes: maintenance", "excludes: upstream", "so that there is nothing to limit"),
        ("fee: 1000 EUR", "calendar: month\n    window: 30d", "either `calendar:` or `window:`"),
    ],
)
def test_what_is_wrong_in_an_agreement_is_said_with_its_place(before, after, problem) -> None:
    with pytest.raises(FileError) as caught:
        read_text(FILE.replace(before, after))

    assert problem in str(caught.value)
    assert "standfast.yaml:1" in str(caught.value) or "standfast.yaml:2" in str(caught.value)

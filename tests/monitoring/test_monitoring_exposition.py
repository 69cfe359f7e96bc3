from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from standfast.errors import SourceError
from standfast.monitoring.exposition import MOST_SERIES, parse
from standfast.monitoring.histogram import percentile, within

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\x85\u2028\u2029"), max_size=20
)
numbers = st.floats(allow_nan=False)


@settings(max_examples=50)
@given(st.dictionaries(st.tuples(texts, texts), numbers, max_size=8), st.lists(st.floats(0, 20)))
def test_what_the_usual_client_writes_is_read_back_whole(values, seconds) -> None:
    registry = CollectorRegistry()
    gauge = Gauge("room", 'Odd "help" \\ text\n', ["a", "b"], registry=registry)
    counter = Counter("events", "Events", ["kind"], registry=registry)
    histogram = Histogram("took_seconds", "Time", registry=registry)
    for labels, value in values.items():
        gauge.labels(*labels).set(value)
        counter.labels(labels[0]).inc()
    for one in seconds:
        histogram.observe(one)

    for text in (generate_latest(registry).decode(), generate_openmetrics(registry).decode()):
        found = {(one.name, one.labels): one.value for one in parse(text).samples}
        theirs = {
            (one.name, tuple(sorted(one.labels.items()))): one.value
            for family in text_string_to_metric_families(generate_latest(registry).decode())
            for one in family.samples
        }
        for key, value in theirs.items():
            if not key[0].endswith("_created"):  # one of the formats writes it, the other may not
                assert found[key] == value


@given(st.text(max_size=300))
def test_whatever_is_answered_is_read_or_refused_in_words(text: str) -> None:
    try:
        found = len(parse(text).samples)
    except SourceError as error:
        found = 0 if "answered" in error.problem else -1
    assert 0 <= found <= len(text)


def test_exemplars_timestamps_and_odd_spacing_are_taken() -> None:
    text = (
        'a_bucket{le="0.1"} 8 # {trace="x"} 0.05\n'
        "b\t3 1700000000000\n"
        'c { x = "1" , } 4\n'
        "d +Inf\n# EOF\n"
    )

    assert [(one.name, one.value) for one in parse(text).samples] == [
        ("a_bucket", 8.0),
        ("b", 3.0),
        ("c", 4.0),
        ("d", math.inf),
    ]


def test_a_web_page_and_json_are_named_for_what_they_are() -> None:
    with pytest.raises(SourceError, match="a web page"):
        parse("<!doctype html><html><body>Log in</body></html>")
    with pytest.raises(SourceError, match="JSON"):
        parse('{"status": "ok"}')


def test_a_series_given_twice_counts_once_and_is_noted() -> None:
    found = parse('a{x="1"} 5\na{x="1"} 9\na{x="2"} 1\n')

    assert [one.value for one in found.samples] == [5.0, 1.0]
    assert "a series given twice" in found.notes[0]


def test_an_explosion_of_labels_is_cut_off_and_noted() -> None:
    many = "\n".join(f'a{{x="{i}"}} 1' for i in range(MOST_SERIES + 5))

    found = parse(many)

    assert len(found.samples) == MOST_SERIES
    assert f"more than {MOST_SERIES} series" in found.notes[0]


def test_a_line_of_quotes_without_end_takes_no_time() -> None:
    found = parse("a 1\nb 2\n" + "c{" + 'x="\\' * 50_000 + "\n")

    assert len(found.samples) == 2


def test_only_wanted_names_are_kept() -> None:
    assert [one.name for one in parse("a 1\nb 2\n", wanted={"b"}).samples] == ["b"]


# ------------------------------------------------------------------ histograms


def test_a_percentile_lies_inside_its_bucket() -> None:
    buckets = {0.1: 50.0, 0.5: 90.0, 1.0: 100.0, math.inf: 100.0}

    assert percentile(buckets, 0.5) == pytest.approx(0.1)
    assert percentile(buckets, 0.95) == pytest.approx(0.75)
    assert percentile({0.1: 0.0, math.inf: 10.0}, 0.5) == 0.1
    assert percentile({0.1: 5.0}, 0.5) is None
    assert percentile({}, 0.5) is None


@given(st.lists(st.integers(0, 100), min_size=3, max_size=8), st.floats(0.01, 1))
def test_a_percentile_stays_within_the_bounds(steps, share) -> None:
    total, buckets = 0, {}
    for i, more in enumerate(steps[:-1]):
        total += more
        buckets[float(i + 1)] = float(total)
    buckets[math.inf] = float(total + steps[-1])

    found = percentile(buckets, share)
    assert (found is None) == (buckets[math.inf] == 0)
    assert found is None or 0 <= found <= len(steps) - 1


def test_a_threshold_on_a_bound_is_exact_and_between_bounds_errs_to_slow() -> None:
    buckets = {0.1: 50.0, 0.5: 90.0, math.inf: 100.0}

    assert within(buckets, 0.5) == (90.0, 0.5)
    assert within(buckets, 0.3) == (50.0, 0.1)
    assert within(buckets, 0.05) == (0.0, None)

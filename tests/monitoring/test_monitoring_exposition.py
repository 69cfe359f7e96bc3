from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Enum,
    Gauge,
    Histogram,
    Info,
    generate_latest,
)
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as official
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


def test_a_series_given_twice_counts_once_and_with_two_values_makes_its_name_doubtful() -> None:
    same = parse('a{x="1"} 5\na{x="1"} 5\na{x="2"} 1\n')
    torn = parse('a{x="1"} 5\na{x="1"} 9\na{x="2"} 1\nb 1\n')

    assert [one.value for one in same.samples] == [5.0, 1.0]
    assert "a series given twice" in same.notes[0]
    assert (same.doubtful, torn.doubtful) == (frozenset(), {"a"})


def test_an_explosion_of_labels_is_refused_since_a_part_would_be_a_wrong_sum() -> None:
    many = "\n".join(f'a{{x="{i}"}} 1' for i in range(MOST_SERIES + 5))

    with pytest.raises(SourceError, match="more than 20,000 series"):
        parse(many)
    with pytest.raises(SourceError, match="more than 3 series"):
        parse("a 1\nb 2\nc 3\nd 4\n", most=3)
    assert len(parse(many, wanted={"b"}).samples) == 0


# ------------------------------------------------------------------ OpenMetrics


@settings(max_examples=50)
@given(
    st.dictionaries(st.tuples(texts, texts), st.floats(0, 1e12), max_size=6),
    st.lists(st.floats(0, 20), max_size=5),
    st.sampled_from(["ready", "off"]),
)
def test_openmetrics_is_read_as_the_official_parser_reads_it(values, seconds, state) -> None:
    registry = CollectorRegistry()
    counter = Counter("events", "Odd \\ help\n", ["a", "b"], unit="items", registry=registry)
    histogram = Histogram("took_seconds", "Time", registry=registry)
    Info("build", "Which", registry=registry).info({"version": "1", "by": 'a"b'})
    Enum("mode", "State", states=["ready", "off"], registry=registry).state(state)
    for labels, value in values.items():
        counter.labels(*labels).inc(value, exemplar={"trace": "x"})
    for one in seconds:
        histogram.observe(one, exemplar={"trace": "y"})
    text = generate_openmetrics(registry).decode()

    found = parse(text, openmetrics=True)
    ours = {(one.name, one.labels): one.value for one in found.samples}
    theirs = {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in official(text)
        for one in family.samples
    }
    assert ours == theirs


@given(st.integers(0, 200))
def test_openmetrics_that_was_cut_off_is_refused_as_the_official_parser_does(place) -> None:
    registry = CollectorRegistry()
    Counter("events", "Events", ["kind"], registry=registry).labels("a").inc()
    text = generate_openmetrics(registry).decode()
    part = text[: min(place, len(text) - 2)]

    with pytest.raises(SourceError, match="cut off"):
        parse(part, openmetrics=True)
    with pytest.raises(ValueError):  # noqa: PT011 - it has no class of its own
        list(official(part))


def test_nothing_may_follow_the_end_of_openmetrics() -> None:
    for text in ("a 1\n# EOF\nb 2\n# EOF\n", "a 1\n# EOF\nb 2\n"):
        with pytest.raises(SourceError):
            parse(text, openmetrics=True)
        with pytest.raises(ValueError):  # noqa: PT011 - it has no class of its own
            list(official(text))
    assert len(parse("a 1\n# EOF", openmetrics=True).samples) == 1


def test_openmetrics_tells_when_a_series_began_and_names_a_counter_as_it_is_known() -> None:
    text = (
        '# TYPE hits counter\nhits_total{a="1"} 5\nhits_created{a="1"} 1700000000.5\n'
        '# TYPE took histogram\ntook_bucket{le="+Inf"} 2\ntook_count 2\ntook_created 1700000001\n# EOF\n'
    )
    found = parse(text, wanted={"hits", "took_bucket", "took_count"}, openmetrics=True)

    assert [one.name for one in found.samples] == ["hits", "took_bucket", "took_count"]
    assert [found.began(one) for one in found.samples] == [1700000000.5, 1700000001, 1700000001]


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

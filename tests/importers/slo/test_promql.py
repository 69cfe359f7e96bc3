"""Queries of somebody else's, looked into without being understood: never a changed string, never a hang."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.drivers.importers import promql

QUERIES = st.text(alphabet="abc{}[]()\"'`\\#$ \n=~!,:/-+*5m.<>|", max_size=60)


@given(QUERIES)
def test_nothing_raises_whatever_the_text(text: str) -> None:
    promql.wrong(text)
    promql.placeholder(text)
    promql.metrics(text)
    promql.quotient(text)
    promql.with_range(promql.filled(text), "5m", "$window")


@given(QUERIES)
def test_tidied_once_is_tidied_for_good(text: str) -> None:
    once = promql.tidy(text)
    assert promql.tidy(once) == once
    assert "\n" not in promql.bare(once)


@given(st.text(alphabet="ab [5m]#'`(){}", max_size=30))
def test_strings_stay_as_they_are(value: str) -> None:
    quoted = '"' + value + '"'
    query = f"sum(rate(x{{a={quoted}}}[5m])) # told\n / y"
    assert promql.tidy(query) == f"sum(rate(x{{a={quoted}}}[5m])) / y" or "  " in value
    assert promql.with_range(promql.tidy(query), "5m", "1h").count(quoted) == 1


@pytest.mark.parametrize(
    "text",
    [
        "keep_last_value(x)", "rollup_rate(x[5m])", "range_median(x)", "WITH (a = b) a",
        "rate(x[5m]) keep_metric_names",
        "x[5i]", "rate(x[])", "label_set(x, 'a', 'b')", "sum(x) default 0", "a ifnot b",
    ],
)  # fmt: skip
def test_metricsql_is_known(text: str) -> None:
    assert "MetricsQL" in promql.wrong(text)


@pytest.mark.parametrize(
    "text",
    [
        "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", "label_replace(a, 'b', '$1', 'c', '(.*)')",
        "avg_over_time(x[5m:1m])", "now > 1", "x offset 5m",
        "x @ start()", 'count by (default) (x{a="WITH ("})',
        "absent(up)", "quantile_over_time(0.5, x[5m])", "any == 1", "max_over_time((x > 1)[1h:1m])",
    ],
)  # fmt: skip
def test_promql_is_not_taken_for_it(text: str) -> None:
    assert promql.wrong(text) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x > {{ .Values.limit }}", "{{"), ("x > ${LIMIT}", "${LIMIT}"), ("x > $limit", "$limit"),
        ("x > <limit>", "<limit>"), ("x > %(limit)s", "%(limit"), ('x{code="<error>"}', ""),
        ("rate(x[$window])", ""), ("rate(x[{{.window}}])", ""), ("rate(x[$__rate_interval])", ""),
        ('x{a=~"b$"}', ""), ("label_replace(a, 'b', '$1', 'c', '(.*)')", ""),
    ],
)  # fmt: skip
def test_what_somebody_should_have_filled_in_is_seen(text: str, found: str) -> None:
    assert promql.placeholder(text).startswith(found) if found else promql.placeholder(text) == ""


def test_metrics_are_told_from_words_labels_and_functions() -> None:
    query = 'sum by (job) (rate(a_total{job="x"}[5m])) / on(job) group_left b:c:d > bool 1e3'
    query += ' and {__name__="e"} offset 5m'
    assert set(promql.metrics(query)) == {"a_total", "b:c:d", "e"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a / b", ("a", "b", False)), ("(1 - (a / b))", ("a", "b", True)), ("a / b / c", None), ("a - b", None),
        ("(a - c) / b", ("(a - c)", "b", False)), ("a / b or c", None), ("a / b > 1", None), ("1 - a", None),
    ],
)  # fmt: skip
def test_a_quotient_is_taken_apart_only_where_it_is_one(text: str, parts: object) -> None:
    assert promql.quotient(text) == parts


def test_logql_is_known() -> None:
    assert "LogQL" in promql.wrong('sum(rate({app="x"} |= "error" [5m]))')

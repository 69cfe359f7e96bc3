"""Service levels that count events by PromQL of the file's own."""

from __future__ import annotations

from fractions import Fraction

import pytest

from standfast import spec
from standfast.slo.objective import objectives
from standfast.spec.reading import mistakes
from standfast.spec.system import EventQuery

TOTAL = 'total: "sum(rate(orders_total[$window]))"'
BAD = 'bad: "sum(rate(orders_failed_total[$window]))"'
GOOD = 'good: "sum(rate(orders_ok_total[$window]))"'


def file(query: str, sli: str = "query") -> str:
    return (
        "system: {name: shop}\ncomponents: {api: {type: worker}}\n"
        f"service_levels:\n  orders: {{of: api, sli: {sli}, slo: 99.9%, {query}}}\n"
    )


COUNTED = "sum(rate(orders_total[$window]))"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (BAD, EventQuery(total=COUNTED, bad="sum(rate(orders_failed_total[$window]))")),
        (GOOD, EventQuery(total=COUNTED, good="sum(rate(orders_ok_total[$window]))")),
    ],
)
def test_events_are_counted_by_bad_or_by_good_ones(part: str, expected: EventQuery) -> None:
    system = spec.read_text(file(f"query: {{{TOTAL}, {part}}}"))
    assert system.service_levels["orders"].query == expected
    (objective,) = objectives(system)
    assert (objective.target, objective.sli) == (Fraction(999, 1000), "query")
    assert objective.indicators[0].query == expected


def test_two_levels_with_queries_of_their_own_are_counted_apart() -> None:
    text = file(f"query: {{{TOTAL}, {BAD}}}")
    more = f"  again: {{of: api, sli: query, slo: 99%, query: {{{TOTAL}, {GOOD}}}}}\n"
    keys = {one.indicators[0].key for one in objectives(spec.read_text(text + more))}
    assert keys == {"api/query:orders", "api/query:again"}


@pytest.mark.parametrize(
    ("query", "sli", "path", "said"),
    [
        ("window: 30d", "query", "sli", "`sli: query` needs `query: {total: ..., bad: ...}`, or `good:`"),
        (f"query: {{{TOTAL}}}", "query", "query", "write either `good:` or `bad:` beside `total:`"),
        (f"query: {{{TOTAL}, {BAD}, {GOOD}}}", "query", "query", "write either `good:` or `bad:`"),
        (f"query: {{{TOTAL}, bad: 'sum(rate(x[5m]))'}}", "query", "query.bad", "write `[$window]`"),
        (f"query: {{{TOTAL}, good: vector(1)}}", "query", "query.good", "names no window"),
        (f"query: {{total: up, {BAD}}}", "query", "query.total", "names no window"),
        (f"query: {{{TOTAL}, {BAD}}}", "availability", "query", "only `sli: query` has one"),
        (f"query: {{{BAD}}}", "query", "query.total", ""),
        (f"query: {{{TOTAL}, baad: x}}", "query", "query.baad", "did you mean 'bad'?"),
        ("query: sum(x)", "query", "query", ""),
    ],
)  # fmt: skip
def test_a_mistake_in_a_query_is_one_sentence_at_its_place(
    query: str, sli: str, path: str, said: str
) -> None:
    found = mistakes(file(query, sli))
    assert [one.path for one in found] == [f"service_levels.orders.{path}"]
    assert said in found[0].sentence
    assert found[0].line == 4

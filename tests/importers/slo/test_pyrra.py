"""Pyrra's objectives: each kind of indicator, and the component that nothing names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_drafts import draft, facts, is_taken_whole, notes
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.pyrra.importer import Pyrra
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import Draft, Fact, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RATIO = """ratio:
      errors: {metric: 'http_total{job="shop",code=~"5.."}'}
      total: {metric: 'http_total{job="shop"}'}"""


def objective(indicator: str, more: str = "", name: str = "shop-errors") -> str:
    return f"""
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {{name: {name}, labels: {{pyrra.dev/team: storefront}}}}
spec:
  target: "99.90"
  window: 4w
  indicator:
    {indicator}
{more}"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Draft]:
    def reading(*texts: str) -> Draft:
        files = {f"{number}.yaml": text for number, text in enumerate(texts)}
        found = draft(Pyrra(), tmp_path, files)
        assert is_taken_whole(found)
        return found

    return reading


def level(found: Draft, name: str = "shop-errors") -> dict[str, object]:
    start = f"service_levels.{name}."
    return {
        key.removeprefix(start): value
        for key, value in facts(found).items()
        if key.startswith(start)
    }


def test_a_ratio_counts_what_its_selectors_select(read: Callable[..., Draft]) -> None:
    found = read(objective(RATIO))
    assert level(found) == {
        "of": "shop",
        "sli": "query",
        "query.bad": 'sum(rate(http_total{job="shop",code=~"5.."}[$window]))',
        "query.total": 'sum(rate(http_total{job="shop"}[$window]))',
        "slo": "99.9%",
        "window": "28d",
    }
    assert facts(found)["shop.owner"] == "storefront"


def test_a_latency_takes_its_bucket_however_its_bound_is_stored(read: Callable[..., Draft]) -> None:
    text = """latency:
      success: {metric: 'd_bucket{job="shop",le="1"}'}
      total: {metric: 'd_count{job="shop"}'}"""
    assert level(read(objective(text)))["query.good"] == (
        'sum(rate(d_bucket{job="shop",le=~"1(\\\\.0*)?"}[$window]))'
    )


def test_a_latency_without_a_bucket_is_told(read: Callable[..., Draft]) -> None:
    text = "latency: {success: {metric: d_bucket}, total: {metric: d_count}}"
    assert any("`le`" in one for one in notes(read(objective(text)), NoteKind.UNSUPPORTED))


def test_a_native_histogram_is_asked_for_its_fraction(read: Callable[..., Draft]) -> None:
    text = "latencyNative: {latency: 250ms, total: {metric: 'd{job=\"shop\"}'}}"
    rate = 'sum(rate(d{job="shop"}[$window]))'
    assert (
        level(read(objective(text)))["query.good"]
        == f"histogram_fraction(0, 0.25, {rate}) * histogram_count({rate})"
    )


def test_a_boolean_gauge_is_a_share_of_its_samples(read: Callable[..., Draft]) -> None:
    found = level(read(objective("bool_gauge: {metric: 'up{job=\"shop\"}'}")))
    assert found["query.good"] == 'sum(sum_over_time(up{job="shop"}[$window]))'
    assert found["query.total"] == 'sum(count_over_time(up{job="shop"}[$window]))'


def test_a_promise_for_each_of_many_is_told(read: Callable[..., Draft]) -> None:
    found = read(objective(RATIO + "\n      grouping: [handler]"))
    assert level(found)
    assert any("each handler" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_a_component_that_nothing_names_is_called_after_the_objective_and_told(
    read: Callable[..., Draft],
) -> None:
    found = read(objective(RATIO.replace('job="shop"', 'x="y"')))
    assert level(found)["of"] == "shop-errors"
    assert any("rename it" in one for one in notes(found, NoteKind.DETECTED))


def test_a_component_that_another_source_knows_is_taken(tmp_path: Path) -> None:
    known = Draft(facts=(Fact(path=("components", "shop", "type"), value="http", places=()),))
    text = objective(RATIO.replace('job="shop"', 'x="y"'))
    found = Pyrra().read([Source(path="a.yaml", text=text)], Disk(tmp_path, [tmp_path]), known)
    assert level(found)["of"] == "shop"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("  alerting: {disabled: true}", "wakes nobody"),
        ("  alerting: {burnrates: false}", "wakes nobody"),
        ("  alerting: {absent: false}", "not-scraped"),
        ("  alerting: {severities: {slowBurn: info}}", "slowBurn"),
        ("  performanceOverAccuracy: true", "performanceOverAccuracy"),
    ],
)
def test_settings_without_a_word_in_the_file_are_told(
    read: Callable[..., Draft], more: str, said: str
) -> None:
    found = read(objective(RATIO, more))
    assert level(found)
    assert any(said in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_an_alert_with_a_name_or_severity_of_its_own_is_kept(read: Callable[..., Draft]) -> None:
    found = facts(
        read(objective(RATIO, "  alerting: {name: ShopBurns, severities: {fastBurn: warning}}"))
    )
    assert found["alerts.ShopBurns.when"] == "burn rate of shop-errors"
    assert found["alerts.ShopBurns.severity"] == "P3"


@pytest.mark.parametrize(
    ("old", "new"), [('"99.90"', '"100.1"'), ("4w", "30s"), ("4w", "soon"), ('"99.90"', "[]")]
)
def test_targets_and_windows_that_are_none_are_told(
    read: Callable[..., Draft], old: str, new: str
) -> None:
    found = read(objective(RATIO).replace(old, new))
    assert not level(found)
    assert notes(found, NoteKind.UNSUPPORTED)


def test_expressions_where_pyrra_has_selectors_are_told(read: Callable[..., Draft]) -> None:
    found = read(objective("ratio: {errors: {metric: sum(a)}, total: {metric: b}}"))
    assert any("no plain selector" in one for one in notes(found, NoteKind.UNSUPPORTED))

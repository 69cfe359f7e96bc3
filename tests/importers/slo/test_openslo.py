"""OpenSLO files: every version, every kind of indicator, and what of it the file cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_drafts import draft, facts, is_taken_whole, notes
from standfast.drivers.importers.openslo.importer import OpenSlo
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import Draft, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERVICE = """
apiVersion: openslo/v1
kind: Service
metadata: {name: shop, labels: {team: [storefront]}}
spec: {}
"""
SLI = """
apiVersion: openslo/v1
kind: SLI
metadata: {name: shop-errors}
spec:
  ratioMetric:
    counter: true
    bad: {metricSource: {metricSourceRef: prom, spec: {query: 'sum(rate(http_total{code=~"5.."}[5m]))'}}}
    total: {metricSource: {metricSourceRef: prom, spec: {query: "sum(rate(http_total[5m]))"}}}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prom}
spec: {type: Prometheus, connectionDetails: {url: "http://prometheus:9090", password: hunter2x}}
"""
SLO = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: availability}
spec:
  service: shop
  indicatorRef: shop-errors
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: most, target: 0.9995}]
"""
Read = "Callable[..., Draft]"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Draft]:
    def reading(*texts: str) -> Draft:
        files = {f"{number}.yaml": text for number, text in enumerate(texts)}
        found = draft(OpenSlo(), tmp_path, files)
        assert is_taken_whole(found)
        return found

    return reading


def level(one: Draft, name: str) -> dict[str, object]:
    start = f"service_levels.{name}."
    return {
        key.removeprefix(start): value for key, value in facts(one).items() if key.startswith(start)
    }


def test_an_objective_is_put_together_from_several_files(read: Callable[..., Draft]) -> None:
    found = read(SERVICE, SLI, SLO)
    assert level(found, "availability") == {
        "of": "shop",
        "sli": "query",
        "query.total": "sum(rate(http_total[$window]))",
        "query.bad": 'sum(rate(http_total{code=~"5.."}[$window]))',
        "slo": "99.95%",
        "window": "28d",
    }
    assert facts(found)["shop.owner"] == "storefront"
    assert any("counts over [5m]" in one for one in notes(found, NoteKind.DETECTED))


def test_a_secret_of_a_data_source_is_told_and_left(read: Callable[..., Draft]) -> None:
    found = read(SERVICE, SLI, SLO)
    assert "hunter2" not in repr(found)
    assert any("password" in one for one in notes(found, NoteKind.SECRET))


def test_a_reference_to_nothing_is_told(read: Callable[..., Draft]) -> None:
    found = read(SERVICE, SLO)
    assert any(
        "shop-errors, which no source defines" in one for one in notes(found, NoteKind.PLACEHOLDER)
    )
    assert not level(found, "availability")


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("{duration: 30d, isRolling: true}", {"window": "30d"}),
        (
            "{duration: 1M, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}",
            {"calendar": "month"},
        ),
        (
            "{duration: 1Q, calendar: {startTime: 2026-04-01 00:00:00, timeZone: UTC}}",
            {"calendar": "quarter"},
        ),
        ("{duration: 12h, isRolling: true}", {"window": "12h"}),
    ],
)
def test_windows(read: Callable[..., Draft], window: str, expected: dict[str, str]) -> None:
    found = level(
        read(SERVICE, SLI, SLO.replace("{duration: 4w, isRolling: true}", window)), "availability"
    )
    assert {key: found[key] for key in ("window", "calendar") if key in found} == expected


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (
            "{duration: 1m, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}",
            "which is minutes; months are written 1M",
        ),
        ("{duration: 1M, isRolling: true}", "no fixed length"),
        (
            "{duration: 2Y, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}",
            "`month`, `quarter` and `year`",
        ),
        ("{duration: 30s, isRolling: true}", "no duration in minutes"),
    ],
)
def test_windows_that_the_file_does_not_have(
    read: Callable[..., Draft], window: str, said: str
) -> None:
    found = read(SERVICE, SLI, SLO.replace("{duration: 4w, isRolling: true}", window))
    assert not level(found, "availability")
    assert any(said in one for one in notes(found, NoteKind.UNSUPPORTED))


@pytest.mark.parametrize(
    ("duration", "start", "calendar"),
    [("1w", "2026-01-05", "week"), ("1Y", "2026-01-01", "year"), ("12M", "2026-01-01", "year")],
)
def test_weeks_and_years_of_the_calendar_are_the_files_own(
    read: Callable[..., Draft], duration: str, start: str, calendar: str
) -> None:
    window = f"{{duration: {duration}, calendar: {{startTime: {start} 00:00:00, timeZone: UTC}}}}"
    found = read(SERVICE, SLI, SLO.replace("{duration: 4w, isRolling: true}", window))
    assert level(found, "availability")["calendar"] == calendar
    assert not any("begins at" in one.text for one in found.notes)


def test_days_and_weeks_of_the_calendar_are_told_and_roll(read: Callable[..., Draft]) -> None:
    window = "{duration: 2w, calendar: {startTime: 2026-01-05 00:00:00, timeZone: UTC}}"
    found = read(SERVICE, SLI, SLO.replace("{duration: 4w, isRolling: true}", window))
    assert level(found, "availability")["window"] == "14d"
    assert any("of the calendar" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_a_calendar_that_begins_in_the_middle_is_told(read: Callable[..., Draft]) -> None:
    window = "{duration: 1Q, calendar: {startTime: 2026-02-01 00:00:00, timeZone: Asia/Tokyo}}"
    found = read(SERVICE, SLI, SLO.replace("{duration: 4w, isRolling: true}", window))
    assert any("begins at 2026-02-01" in one for one in notes(found, NoteKind.UNSUPPORTED))
    assert any("Asia/Tokyo" in one for one in notes(found, NoteKind.DETECTED))


def test_several_objectives_on_one_indicator_are_several_promises(
    read: Callable[..., Draft],
) -> None:
    several = "[{target: 0.99}, {targetPercent: 99.99}]"
    found = read(SERVICE, SLI, SLO.replace("[{displayName: most, target: 0.9995}]", several))
    assert level(found, "availability")["slo"] == ("99%", "99.99%")


@pytest.mark.parametrize("target", ["{}", "{target: 99.9}", "{targetPercent: 0}", "{target: many}"])
def test_a_target_that_is_none_is_told(read: Callable[..., Draft], target: str) -> None:
    found = read(SERVICE, SLI, SLO.replace("{displayName: most, target: 0.9995}", target))
    assert not level(found, "availability")
    assert any(
        "target" in one
        for one in (*notes(found, NoteKind.UNSUPPORTED), *notes(found, NoteKind.PLACEHOLDER))
    )


def inline(
    metric: str,
    objective: str = "{target: 0.99}",
    method: str = "Occurrences",
    version: str = "openslo/v1",
) -> str:
    word = "sli" if "v2" in version else "indicator"
    return f"""
apiVersion: {version}
kind: SLO
metadata: {{name: it}}
spec:
  service: shop
  {word}: {{metadata: {{name: x}}, spec: {{{metric}}}}}
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: {method}
  objectives: [{objective}]
"""


def source(query: str, kind: str = "Prometheus") -> str:
    return f"{{metricSource: {{type: {kind}, spec: {{query: '{query}'}}}}}}"


def test_counters_without_a_range_are_counted_by_their_growth(read: Callable[..., Draft]) -> None:
    metric = f"ratioMetric: {{counter: true, good: {source('sum(a_total)')}, total: {source('b_total')}}}"
    found = level(read(inline(metric)), "it")
    assert (found["query.good"], found["query.total"]) == (
        "sum(rate(a_total[$window]))",
        "sum(rate(b_total[$window]))",
    )


def test_gauges_without_a_range_tell_no_events(read: Callable[..., Draft]) -> None:
    metric = f"ratioMetric: {{counter: false, good: {source('sum(a)')}, total: {source('b')}}}"
    found = read(inline(metric))
    assert any("no range" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_queries_in_different_units_are_not_mixed(read: Callable[..., Draft]) -> None:
    metric = f"ratioMetric: {{good: {source('sum(rate(a[5m]))')}, total: {source('sum(increase(b[5m]))')}}}"
    assert any("same unit" in one for one in notes(read(inline(metric)), NoteKind.UNSUPPORTED))


def test_a_threshold_is_a_share_of_minutes(read: Callable[..., Draft]) -> None:
    metric = (
        f"thresholdMetric: {source('histogram_quantile(0.9, sum by (le) (rate(d_bucket[5m])))')}"
    )
    found = level(read(inline(metric, "{target: 0.99, op: lte, value: 0.2}")), "it")
    query = "histogram_quantile(0.9, sum by (le) (rate(d_bucket[5m])))"
    assert found["query.good"] == f"sum(sum_over_time((({query}) <= bool 0.2)[$window:1m]))"
    assert found["query.total"] == f"sum(count_over_time((({query}) <= bool 0.2)[$window:1m]))"


def test_a_threshold_with_nothing_to_compare_is_told(read: Callable[..., Draft]) -> None:
    found = read(inline(f"thresholdMetric: {source('up')}"))
    assert any("compared with nothing" in one for one in notes(found, NoteKind.UNSUPPORTED))


SLICED = (
    "ratioMetric: "
    f"{{counter: true, good: {source('sum(rate(a[1m]))')}, total: {source('sum(rate(b[1m]))')}}}"
)


def test_slices_of_time_are_the_levels_own(read: Callable[..., Draft]) -> None:
    objective = "{target: 0.9, timeSliceTarget: 0.95, timeSliceWindow: 5}"
    found = level(read(inline(SLICED, objective, "Timeslices")), "it")
    assert (found["slices.of"], found["slices.good"]) == ("5m", "95%")
    assert found["query.good"] == "sum(rate(a[$window]))"


def test_slices_that_do_not_fill_an_hour_are_cut_by_the_query(read: Callable[..., Draft]) -> None:
    objective = "{target: 0.9, timeSliceTarget: 0.95, timeSliceWindow: 7m}"
    found = level(read(inline(SLICED, objective, "Timeslices")), "it")
    share = "((sum(rate(a[7m]))) / (sum(rate(b[7m])))) >= bool 0.95"
    assert found["query.good"] == f"sum(sum_over_time(({share})[$window:7m]))"
    assert "slices.of" not in found


@pytest.mark.parametrize("target", ["oops", "3"])
def test_a_target_of_slices_that_is_no_share_is_told(
    read: Callable[..., Draft], target: str
) -> None:
    objective = f"{{target: 0.9, timeSliceTarget: {target}, timeSliceWindow: 5m}}"
    found = read(inline(SLICED, objective, "Timeslices"))
    assert any("timeSliceTarget" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_ratios_of_slices_weigh_alike(read: Callable[..., Draft]) -> None:
    metric = (
        "ratioMetric: "
        f"{{counter: true, bad: {source('sum(rate(a[1m]))')}, total: {source('sum(rate(b[1m]))')}}}"
    )
    found = read(inline(metric, "{target: 0.9, timeSliceWindow: 1m}", "RatioTimeslices"))
    assert "1 - (" in str(level(found, "it")["query.good"])
    assert any("weighs alike" in one for one in notes(found, NoteKind.DETECTED))


def test_a_ratio_that_is_computed_already_has_no_counts(read: Callable[..., Draft]) -> None:
    found = read(inline(f"ratioMetric: {{rawType: success, raw: {source('job:good:ratio')}}}"))
    assert any("ratio only" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_a_ratio_that_is_a_quotient_is_both_its_counts(read: Callable[..., Draft]) -> None:
    raw = source("sum(rate(bad[5m])) / sum(rate(all[5m]))")
    found = level(read(inline(f"ratioMetric: {{rawType: failure, raw: {raw}}}")), "it")
    assert (found["query.bad"], found["query.total"]) == (
        "sum(rate(bad[$window]))",
        "sum(rate(all[$window]))",
    )


def test_other_sources_are_told_by_their_names(read: Callable[..., Draft]) -> None:
    metric = (
        f"ratioMetric: {{good: {source('sum:x', 'Datadog')}, total: {source('sum:y', 'Datadog')}}}"
    )
    assert any("Datadog" in one for one in notes(read(inline(metric)), NoteKind.UNSUPPORTED))


def test_v2alpha_says_the_same_in_other_words(read: Callable[..., Draft]) -> None:
    one = "{dataSourceSpec: {type: prometheus}, spec: {query: 'sum(rate(a[5m]))'}}"
    metric = f"ratioMetric: {{counter: true, good: {one}, total: {one}}}"
    assert level(read(inline(metric, version="openslo.com/v2alpha")), "it")["slo"] == "99%"


def test_v1alpha_has_its_indicator_in_the_objective(read: Callable[..., Draft]) -> None:
    found = read("""
        apiVersion: openslo/v1alpha
        kind: SLO
        metadata: {name: old}
        spec:
          service: shop
          budgetingMethod: Occurrences
          objectives:
            - ratioMetrics:
                good: {source: prometheus, queryType: promql, query: 'sum(rate(g[{{.window}}]))'}
                total: {source: prometheus, queryType: promql, query: 'sum(rate(t[{{.window}}]))'}
              target: 0.999
          timeWindows: [{count: 30, unit: Day}]
    """)
    assert level(found, "old")["window"] == "30d"
    assert level(found, "old")["query.good"] == "sum(rate(g[$window]))"


def test_a_composite_is_several_levels_and_told(read: Callable[..., Draft]) -> None:
    several = (
        "[{target: 0.9, indicatorRef: shop-errors, compositeWeight: 2, displayName: a}, {target: "
        "0.99, indicatorRef: shop-errors, displayName: b}]"
    )
    text = SLO.replace("  indicatorRef: shop-errors\n", "").replace(
        "[{displayName: most, target: 0.9995}]", several
    )
    found = read(SERVICE, SLI, text)
    assert level(found, "availability-a")["slo"] == "90%"
    assert level(found, "availability-b")["slo"] == "99%"
    assert weights(found, "availability") == {"availability-a": 2, "availability-b": 1}
    assert any("availability is a composite" in one for one in notes(found, NoteKind.DETECTED))


def weights(found: Draft, composite: str) -> dict[str, object]:
    above = ("composites", composite, "weighted")
    return {one.path[3]: one.value for one in found.facts if one.path[:3] == above}


@pytest.mark.parametrize("weight", ["0", "-1", "heavy", "1e9"])
def test_a_weight_that_is_none_is_told(read: Callable[..., Draft], weight: str) -> None:
    several = (
        f"[{{target: 0.9, indicatorRef: shop-errors, compositeWeight: {weight}, displayName: a}}, "
        "{target: 0.99, indicatorRef: shop-errors, compositeWeight: 2.5, displayName: b}]"
    )
    text = SLO.replace("  indicatorRef: shop-errors\n", "").replace(
        "[{displayName: most, target: 0.9995}]", several
    )
    found = read(SERVICE, SLI, text)
    assert weights(found, "availability") == {"availability-a": 1, "availability-b": 2.5}
    assert any("is no weight above 0" in one for one in notes(found, NoteKind.UNSUPPORTED))


POLICY = """
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: quick}
spec:
  alertWhenBreaching: true
  conditions: [{conditionRef: burns}]
  notificationTargets: [{targetRef: pager}]
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: burns}
spec: {severity: page, condition: {kind: burnrate, op: gte, threshold: 14, lookbackWindow: 1h, alertAfter: 5m}}
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: pager}
spec: {target: pagerduty}
"""


def test_alert_policies_are_burn_rate_alerts(read: Callable[..., Draft]) -> None:
    found = read(
        SERVICE,
        SLI,
        SLO + "  alertPolicies: [{alertPolicyRef: quick}, {alertPolicyRef: gone}]\n",
        POLICY,
    )
    said = facts(found)
    assert said["alerts.availability-quick.when"] == "burn rate of availability"
    assert said["alerts.availability-quick.severity"] == "P2"
    assert any("threshold 14" in one for one in notes(found, NoteKind.UNSUPPORTED))
    assert any("pagerduty" in one for one in notes(found, NoteKind.UNSUPPORTED))
    assert any("gone" in one for one in notes(found, NoteKind.PLACEHOLDER))
    assert any("'page' is taken as P2" in one for one in notes(found, NoteKind.DETECTED))


def test_a_condition_that_fires_on_a_low_burn_is_told(read: Callable[..., Draft]) -> None:
    policy = POLICY.replace("op: gte", "op: lte")
    found = read(SERVICE, SLI, SLO + "  alertPolicies: [{alertPolicyRef: quick}]\n", policy)
    assert any("burn rate is low" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_json_and_lists_are_read(read: Callable[..., Draft]) -> None:
    found = read(
        "apiVersion: v1\nkind: List\nitems:\n"
        + "".join(
            "- " + part.strip().replace("\n", "\n  ") + "\n"
            for part in (SERVICE, *SLI.split("---"), SLO)
        )
    )
    assert level(found, "availability")["slo"] == "99.95%"


def test_only_openslo_is_claimed() -> None:
    def claims(text: str) -> bool:
        return OpenSlo().claims(Source(path="x.yaml", text=text))

    assert claims(SLO)
    assert claims('{"apiVersion": "openslo/v1", "kind": "SLO"}')
    assert not claims(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {annotations: {openslo/x: y}}"
    )
    assert not claims("# apiVersion: openslo/v1\nkind: SLO")


@pytest.mark.parametrize(
    "broken",
    [
        "spec: 1",
        "spec: {objectives: {a: b}}",
        "metadata: []",
        "spec: {service: [a], objectives: [1, [2], null]}",
        "spec: {service: s, timeWindow: {a: 1}, objectives: [{}]}",
        "spec: {service: s, timeWindow: [3], indicator: 5, objectives: [{target: 0.9}]}",
    ],
)
def test_nonsense_is_told_and_never_raises(read: Callable[..., Draft], broken: str) -> None:
    text = f"apiVersion: openslo/v1\nkind: SLO\n{broken}\n"
    text += "" if "metadata" in broken else "metadata: {name: x}\n"
    assert read(text, SERVICE).notes

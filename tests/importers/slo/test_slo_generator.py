"""slo-generator: objectives in Prometheus become counts over windows, those of other backends are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imported_drafts import cited, draft, facts, is_taken_whole, notes
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.kubernetes.importer import Kubernetes
from standfast.drivers.importers.slo_generator.importer import SloGenerator
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import Draft, NoteKind
from standfast.spec.drafting.writing import write
from standfast.spec.reading import mistakes

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = """
exporters: {bigquery: {project_id: "${PROJECT}"}}
error_budget_policies:
  default:
    steps:
      - {name: hour, burn_rate_threshold: 9, alert: true, message_alert: call, window: 3600}
      - {name: month, burn_rate_threshold: 1, alert: false, message_alert: stop releasing, window: 2419200}
  quiet:
    steps: [{name: week, burn_rate_threshold: 1, alert: false, window: 604800}]
"""
GOOD = 'http_total{job="shop",code!~"5.."}'
ALL = 'http_total{job="shop"}'


def objective(sli: str, method: str = "good_bad_ratio", more: str = "") -> str:
    return f"""
apiVersion: sre.google.com/v2
kind: ServiceLevelObjective
metadata: {{name: shop-availability, labels: {{service_name: shop, feature_name: cart}}}}
spec:
  backend: prometheus
  method: {method}
  goal: 0.9995
  service_level_indicator:
    {sli}
{more}"""


RATIO = objective(f"filter_good: '{GOOD}'\n    filter_valid: '{ALL}'")


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Draft]:
    def reading(*texts: str) -> Draft:
        files = {f"{number}.yaml": text for number, text in enumerate(texts)}
        found = draft(SloGenerator(), tmp_path, files)
        assert is_taken_whole(found)
        return found

    return reading


def level(found: Draft, name: str = "shop-availability") -> dict[str, object]:
    start = f"service_levels.{name}."
    return {
        key.removeprefix(start): value
        for key, value in facts(found).items()
        if key.startswith(start)
    }


def test_good_and_valid_events_are_counted_over_the_longest_window(
    read: Callable[..., Draft],
) -> None:
    found = read(RATIO, SHARED)
    assert level(found) == {
        "of": "shop",
        "sli": "query",
        "query.total": f"sum(increase({ALL}[$window]))",
        "query.good": f"sum(increase({GOOD}[$window]))",
        "slo": "99.95%",
        "window": "28d",
    }
    assert found.names("components") == ("shop",)


def test_each_value_cites_its_line(read: Callable[..., Draft]) -> None:
    found = read(RATIO, SHARED)
    said = {one.dotted: [f"{at.file}:{at.line}" for at in one.places] for one in found.facts}
    assert said["service_levels.shop-availability.slo"] == ["0.yaml:8"]
    assert said["service_levels.shop-availability.query.good"] == ["0.yaml:10"]
    assert said["service_levels.shop-availability.window"] == ["1.yaml:7"]
    assert not cited(found, "shop") or cited(found, "shop") == ["0.yaml:4"]


def test_bad_events_beside_good_ones_are_added_up(read: Callable[..., Draft]) -> None:
    bad = 'http_total{job="shop",code=~"5.."}[window]'
    found = level(read(objective(f"filter_good: '{GOOD}'\n    filter_bad: '{bad}'")))
    assert found["query.good"] == f"sum(increase({GOOD}[$window]))"
    assert found["query.total"] == (
        f"sum(increase({GOOD}[$window])) + sum(increase({bad.replace('window', '$window')}))"
    )


def test_own_operators_are_kept(read: Callable[..., Draft]) -> None:
    sli = f"filter_good: '{GOOD}'\n    filter_valid: '{ALL}'\n    operators: [rate, sum]"
    assert level(read(objective(sli)))["query.total"] == f"sum(rate({ALL}[$window]))"


@pytest.mark.parametrize(
    ("query", "word", "part"),
    [("sum(rate(g[window])) / sum(rate(a[window]))", "good", "g"),
     ("1 - sum(rate(b[window])) / sum(rate(a[window]))", "bad", "b")],
)  # fmt: skip
def test_a_ratio_is_taken_as_its_counts(
    query: str, word: str, part: str, read: Callable[..., Draft]
) -> None:
    found = level(read(objective(f"expression: {query}", "query_sli")))
    assert found[f"query.{word}"] == f"sum(rate({part}[$window]))"
    assert found["query.total"] == "sum(rate(a[$window]))"


@pytest.mark.parametrize(
    ("bound", "label"), [("0.25", 'le="0.25"'), ("1", 'le=~"1(\\\\.0*)?"'), ("2.0", 'le=~"2(\\\\.0*)?"')]
)  # fmt: skip
def test_buckets_up_to_the_threshold_are_good(
    bound: str, label: str, read: Callable[..., Draft]
) -> None:
    sli = f"expression: 'took_seconds_bucket{{job=\"shop\"}}'\n    threshold_bucket: {bound}"
    found = level(read(objective(sli, "distribution_cut")))
    assert found["query.good"] == (
        f'sum(increase(took_seconds_bucket{{job="shop", {label}}}[$window]))'
    )
    assert found["query.total"] == 'sum(increase(took_seconds_count{job="shop"}[$window]))'


def test_a_policy_of_its_own_says_the_window(read: Callable[..., Draft]) -> None:
    found = read(RATIO + "  error_budget_policy: quiet\n", SHARED)
    assert level(found)["window"] == "7d"
    assert any("the policy quiet wakes nobody" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_burn_rates_and_what_the_team_does_are_named(read: Callable[..., Draft]) -> None:
    told = notes(read(RATIO, SHARED), NoteKind.UNSUPPORTED)
    assert any("(9 over 1h, 1 over 28d)" in one for one in told)
    assert any("'stop releasing'" in one and "budget_policy" in one for one in told)


def test_without_its_policy_the_window_is_open(read: Callable[..., Draft]) -> None:
    found = read(RATIO)
    assert "window" not in level(found)
    assert len(notes(found, NoteKind.PLACEHOLDER)) == 1


@pytest.mark.parametrize("backend", ["cloud_monitoring", "datadog/eu", "my.own.Backend", ""])
def test_other_backends_are_named(backend: str, read: Callable[..., Draft]) -> None:
    found = read(RATIO.replace("backend: prometheus", f"backend: '{backend}'"))
    assert not found.facts
    (said,) = notes(found, NoteKind.UNSUPPORTED)
    assert (backend.partition("/")[0] or "a nameless backend") in said


WRONG = {
    "a variable": (RATIO.replace('job="shop"', 'job="${JOB}"'), "which nobody has filled in"),
    "a goal of a hundred": (RATIO.replace("0.9995", "99.95"), "the goal of"),
    "no goal": (RATIO.replace("goal: 0.9995", "goals: 1"), "the goal of"),
    "a method of nobody": (RATIO.replace("good_bad_ratio", "window_cut"), "not known"),
    "no filters": (objective("filter_good: 'a'"), "has no `filter_valid`"),
    "a value": (objective("expression: avg(up)", "query_sli"), "nothing of how many events"),
    "no buckets": (objective("expression: 'a{}'\n    threshold_bucket: 1", "distribution_cut"), "buckets"),
    "no bound": (objective("expression: a_bucket", "distribution_cut"), "`threshold_bucket`"),
    "odd operators": (RATIO + "    operators: ['x) or (']\n", "no functions of PromQL"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_counted_alike_is_named(name: str, read: Callable[..., Draft]) -> None:
    text, said = WRONG[name]
    found = read(text, SHARED)
    assert not level(found)
    assert any(said in one.text for one in found.notes)


def test_objectives_of_the_first_version_are_named(read: Callable[..., Draft]) -> None:
    found = read("service_name: a\nslo_name: b\nslo_target: 0.9\nbackend: {class: Prometheus}\n")
    assert any("slo-generator migrate" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_it_is_known_by_what_it_holds() -> None:
    assert SloGenerator().claims(Source(path="a.yaml", text=RATIO))
    assert SloGenerator().claims(Source(path="a.yaml", text=SHARED))
    assert not SloGenerator().claims(Source(path="a.yaml", text="error_budget_policies: 1"))
    assert not Kubernetes().claims(Source(path="a.yaml", text=RATIO))


TEXT = st.text(max_size=30) | st.sampled_from(
    [GOOD, ALL, f"{ALL}[window]", "a / b", "1 - a[window] / b[window]"]
)


@given(
    spec=st.fixed_dictionaries(
        {
            "backend": st.just("prometheus"),
            "method": st.sampled_from(["good_bad_ratio", "query_sli", "distribution_cut"]) | TEXT,
            "goal": st.floats(allow_nan=False) | TEXT,
            "service_level_indicator": st.dictionaries(
                st.sampled_from(
                    ["filter_good", "filter_bad", "filter_valid", "expression", "threshold_bucket"]
                ),
                TEXT | st.floats(0, 100),
            ),
        },
        optional={"error_budget_policy": TEXT},
    ),
    name=TEXT,
    window=st.integers() | TEXT,
)  # fmt: skip
def test_whatever_is_stated_makes_a_valid_file(
    spec: dict[str, object], name: str, window: object
) -> None:
    one = {
        "apiVersion": "sre.google.com/v2",
        "kind": "ServiceLevelObjective",
        "metadata": {"name": name},
        "spec": spec,
    }
    shared = {"error_budget_policies": {"default": {"steps": [{"window": window}]}}}
    sources = [
        Source(path="a.json", text=json.dumps(one)),
        Source(path="b.json", text=json.dumps(shared)),
    ]
    here = Path.cwd()
    found = SloGenerator().read(sources, Disk(here, [here]))
    assert not mistakes(write(found, "x").text)

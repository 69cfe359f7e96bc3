"""Service levels with PromQL of their own, in the rules that Prometheus runs."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import pytest
import yaml

from standfast import spec
from standfast.publish.edition import Edition
from standfast.publish.prometheus.rules import RULES, rules
from standfast.publish.prometheus.rules import tests as unit_tests
from standfast.review import Measured, examine

if TYPE_CHECKING:
    from pathlib import Path

FILE = """
system: {name: shop}
components: {orders: {type: worker, scrape: "http://orders:80/metrics"}}
service_levels:
  taken: {of: orders, sli: query, slo: 99.9%, query: {total: "sum(rate(taken_total[$window]))", PART}}
"""
PARTS = (
    "bad: \"sum(rate(taken_total{ok='no'}[$window]))\"",
    "good: \"sum(rate(taken_total{ok='yes'}[$window]))\"",
)


def edition_of(part: str) -> Edition:
    system = spec.read_text(FILE.replace("PART", part))
    day = date(2026, 11, 20)
    review = examine(system, Measured(), datetime.combine(day, time(12), UTC))
    return Edition(system=system, review=review, as_of=day, version="")


def promtool(folder: Path, *command: str) -> str:
    ran = subprocess.run(
        ["promtool", *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize("part", PARTS)
def test_prometheus_counts_by_the_query_and_alerts_on_it(tmp_path: Path, part: str) -> None:
    edition = edition_of(part)
    (tmp_path / "rules.yml").write_text(rules(edition).text)
    assert RULES.endswith("rules.yml")
    promtool(tmp_path, "check", "rules", "rules.yml")
    trial = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "15s",
                "input_series": [
                    {"series": 'taken_total{ok="yes"}', "values": "0+90x400"},
                    {"series": 'taken_total{ok="no"}', "values": "0+10x400"},
                ],
                "promql_expr_test": [
                    {
                        "expr": 'round(standfast:error_ratio:rate5m{objective="taken"}, 0.0001)',
                        "eval_time": "1h",
                        "exp_samples": [
                            {"labels": '{component="orders", objective="taken"}', "value": 0.1}
                        ],
                    },
                    {
                        "expr": 'count(ALERTS{alertname="taken-burn-p2", alertstate="firing"})',
                        "eval_time": "1h",
                        "exp_samples": [{"labels": "{}", "value": 1}],
                    },
                ],
            },
            {
                "interval": "15s",
                "input_series": [{"series": 'taken_total{ok="yes"}', "values": "0+90x400"}],
                "promql_expr_test": [
                    {
                        "expr": 'standfast:error_ratio:rate5m{objective="taken"}',
                        "eval_time": "1h",
                        "exp_samples": [{"labels": LABELS, "value": 0}],
                    }
                ],
            },
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(trial))
    promtool(tmp_path, "test", "rules", "test.yml")


LABELS = 'standfast:error_ratio:rate5m{component="orders", objective="taken"}'


def test_no_world_is_made_up_for_a_query_that_nobody_understands() -> None:
    names = [one["name"] for one in yaml.safe_load(unit_tests(edition_of(PARTS[0])).text)["tests"]]
    assert not [name for name in names if "taken-burn" in name]

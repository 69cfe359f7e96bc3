"""Service levels with PromQL of their own, in the rules that Prometheus runs."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import pytest
import yaml

from standfast import spec
from standfast.publish.edition import Edition
from standfast.publish.operations import runbooks
from standfast.publish.prometheus.rule_tests import tests as unit_tests
from standfast.publish.prometheus.rules import RULES, rules
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


def edition_of(part: str, more: str = "") -> Edition:
    system = spec.read_text(FILE.replace("PART", part) + more)
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
    files = [yaml.safe_load(one.text) for one in unit_tests(edition_of(PARTS[0]))]
    names = [one["name"] for file in files for one in file["tests"]]
    assert names
    assert not [name for name in names if "taken-burn" in name]


def test_a_runbook_elsewhere_is_an_address_beside_the_page_of_its_alert() -> None:
    more = """
alerts: {down: {of: orders, when: no metrics for 5m, severity: P2, runbook: "https://wiki.example.com/down"}}
"""
    edition = edition_of(PARTS[0], more)
    groups = yaml.safe_load(rules(edition).text)["groups"]
    down = next(one for group in groups for one in group["rules"] if one.get("alert") == "down")
    assert down["annotations"]["runbook"] == "docs/operations/runbooks/down.md"
    assert down["annotations"]["runbook_url"] == "https://wiki.example.com/down"
    page = next(one for one in runbooks.documents(edition) if one.path.endswith("/down.md"))
    assert "The team's own runbook: <https://wiki.example.com/down>" in page.text
    assert not [one.path for one in runbooks.documents(edition) if "https:" in one.path]

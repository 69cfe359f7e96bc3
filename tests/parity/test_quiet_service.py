"""A service with ten requests an hour, under the published rules: neither jumpy nor deaf."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

FILE = """
system: {name: shop, criticality: critical}
components: {api: {type: http, owner: shop, scrape: "http://127.0.0.1:1/metrics"}}
service_levels: {availability: {of: api, sli: availability, slo: 99.9%}}
people: {ada: {name: Ada Ito, email: ada@shop.test}}
teams: {shop: {members: [ada], lead: ada}}
"""
ALERT = 'ALERTS{alertname="api-burns-availability",alertstate="firing"}'


def steps(rises: list[int]) -> str:
    """A sample a minute; each entry is what six minutes add, at their beginning."""
    value, out = 0, []
    for rise in rises:
        value += rise
        out.append(f"{value}x5")
    return " ".join(out)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("quiet")
    (base / "shop.yaml").write_text(FILE, encoding="utf-8")
    command = [sys.executable, "-m", "standfast", "publish", "shop.yaml", "--out", "out"]
    done = subprocess.run(command, cwd=base, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return base / "out/ops/generated/prometheus"


def fires(folder: Path, good: list[int], bad: list[int], at: str) -> bool:
    labels = 'job="api",route="/",instance="one"'
    case = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "group_eval_order": ["standfast-objectives", "standfast-alerts", "standfast-watch"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {
                        "series": f'http_server_requests_total{{code_class="{kind}",{labels}}}',
                        "values": steps(rises),
                    }
                    for kind, rises in (("2xx", good), ("5xx", bad))
                ],
                "promql_expr_test": [
                    {"expr": f"count({ALERT})", "eval_time": at, "exp_samples": []}
                ],
            }
        ],
    }
    (folder / "quiet_test.yml").write_text(yaml.safe_dump(case), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", "quiet_test.yml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0 or "got: {} 1E+00" in said, said
    return done.returncode != 0


def test_one_failed_request_of_ten_wakes_nobody(folder: Path) -> None:
    good = [1] * 20
    bad = [0] * 18 + [1, 0]
    assert not fires(folder, good, bad, "1h52m")


def test_a_service_that_fails_for_hours_does_however_few_ask_it(folder: Path) -> None:
    good = [1] * 10 + [0] * 30
    bad = [0] * 10 + [1] * 30
    assert fires(folder, good, bad, "3h40m")

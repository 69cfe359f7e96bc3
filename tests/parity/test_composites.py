"""A composite in Prometheus, by the published rules, is what standfast's own arithmetic says it is."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
import yaml

from standfast.slo.objective import objectives
from standfast.slo.tally import Tally
from standfast.spec import read_text

FILE = """
system: {name: shop, criticality: critical}
components:
  web: {type: http, scrape: "http://web/metrics", owner: shop, needs: {db: hard}}
  search: {type: http, scrape: "http://search/metrics", owner: shop}
  db: {type: postgresql, address: "db:5432", owner: shop}
journeys: {checkout: {path: [web, db], slo: 99%}}
service_levels:
  web-up: {of: web, sli: availability, slo: 99.9%}
  search-up: {of: search, sli: availability, slo: 99.5%}
composites:
  every: {all: [checkout, search-up], slo: 98%}
  mean: {weighted: {checkout: 3, search-up: 1.5}, slo: 98%}
people: {ada: {name: Ada Ito, email: ada@shop.test}}
teams: {shop: {members: [ada], lead: ada}}
"""
HOUR = timedelta(hours=1)
# A minute's good and bad requests of web and of search, and whether the probe of db fails in every tenth.
TRAFFIC = {
    "all are busy and all lose some": ((990, 10), (45, 5), True),
    "only the busiest loses": ((900, 100), (50, 0), False),
    "nobody searches": ((990, 10), (0, 0), True),
    "nothing is lost": ((1000, 0), (50, 0), False),
    "nobody is there": ((0, 0), (0, 0), False),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("composites")
    (base / "shop.yaml").write_text(FILE, encoding="utf-8")
    command = [sys.executable, "-m", "standfast", "publish", "shop.yaml", "--out", "out"]
    done = subprocess.run(command, cwd=base, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return base / "out/ops/generated/prometheus"


def requests(job: str, good: int, bad: int) -> list[dict[str, str]]:
    labels = f'job="{job}",route="/",instance="one"'
    return [
        {
            "series": f'http_server_requests_total{{code_class="{kind}",{labels}}}',
            "values": f"0+{rise}x70",
        }
        for kind, rise in (("2xx", good), ("5xx", bad))
    ]


def counted(name: str, web: tuple[int, int], search: tuple[int, int], *, probed: int) -> Tally:
    """Of one hour, by the evaluator's own arithmetic."""
    (one,) = (each for each in objectives(read_text(FILE)) if each.name == name)
    by_component = {
        "web": Tally(bad=60 * web[1], total=60 * sum(web), covered=HOUR),
        "search": Tally(bad=60 * search[1], total=60 * sum(search), covered=HOUR),
        "db": Tally(bad=probed, total=61, covered=HOUR),  # both edges of the hour,
    }
    return one.whole([by_component[each.component] for each in one.indicators])


@pytest.mark.parametrize("traffic", TRAFFIC)
def test_ratio_and_evidence_are_those_of_the_evaluator(folder: Path, traffic: str) -> None:
    web, search, fails = TRAFFIC[traffic]
    probe = " ".join(["1x8 0" if fails else "1x9"] * 7)
    tallies = {
        name: counted(name, web, search, probed=6 if fails else 0)
        for name in ("every", "mean", "checkout")
    }
    case = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "group_eval_order": ["standfast-objectives", "standfast-alerts", "standfast-watch"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    *requests("web", *web),
                    *requests("search", *search),
                    {"series": 'standfast_probe_success{component="db"}', "values": probe},
                ],
                "promql_expr_test": [
                    expected
                    for name, tally in tallies.items()
                    for expected in (
                        of("standfast:error_ratio:rate1h", name, tally.bad_share, to=1e6),
                        of(
                            "standfast:objective_events:count1h", name, tally.evidence or None, to=1
                        ),
                    )
                ],
            }
        ],
    }
    (folder / "composites_test.yml").write_text(yaml.safe_dump(case), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", "composites_test.yml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def of(record: str, name: str, value: Fraction | int | None, *, to: float) -> dict[str, object]:
    """To so many parts of one, rounded down: evidence is told in whole events."""
    series = f'{record}{{objective="{name}"}}'
    floored = floor(float(value) * to + 1e-6) / to if value is not None else None
    return {
        "expr": f"max(floor({series} * {to:.0f} + 1e-6) / {to:.0f})",
        "eval_time": "65m",
        "exp_samples": [] if floored is None else [{"labels": "{}", "value": floored}],
    }

"""The published rules in VictoriaMetrics: vmalert takes them, and over four days they fire when they should."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from month_of_traffic import START, exposed, scrapes
from real_prometheus import victoria_metrics

PUBLISHED = sorted((Path(__file__).parents[1] / "publish").glob("golden*/**/rules.yml"))
FILE = """
system: {name: shop, criticality: critical}
components: {api: {type: http, owner: shop, scrape: "http://127.0.0.1:1/metrics", scrape_every: 30s}}
service_levels: {availability: {of: api, sli: availability, slo: 99.9%}}
people: {ada: {name: Ada Ito, email: ada@shop.test}}
teams: {shop: {members: [ada], lead: ada}}
"""


def vmalert(*options: str) -> None:
    done = subprocess.run(
        ["vmalert", "-loggerLevel=WARN", *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda one: one.parts[-5])
def test_every_published_rule_file_is_understood(file: Path) -> None:
    vmalert("-dryRun", f"-rule={file}")


def test_there_are_rule_files_to_try() -> None:
    assert len(PUBLISHED) >= 2


def test_burn_alerts_fire_in_the_incident_and_not_before(tmp_path: Path) -> None:
    file, out = tmp_path / "shop.yaml", tmp_path / "out"
    file.write_text(FILE, encoding="utf-8")
    command = [sys.executable, "-m", "standfast", "publish", str(file), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    incident = START + timedelta(days=3, hours=2)  # of two hours, with 8% of errors
    with victoria_metrics(tmp_path) as engine:
        engine.take(exposed(list(scrapes(4, days=4))))
        for _ in range(3):  # rules build on one another; each turn sees what the last one recorded
            vmalert(
                f"-rule={out / 'ops/generated/prometheus/rules.yml'}",
                f"-datasource.url={engine.url}",
                f"-remoteWrite.url={engine.url}",
                f"-replay.timeFrom={incident - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}",
                f"-replay.timeTo={incident + timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}",
                "-replay.disableProgressBar",
                "-replay.rulesDelay=100ms",
            )
            engine.flush()
        firing = 'ALERTS{alertname="api-burns-availability",alertstate="firing"}'
        found = engine.over(
            f"count({firing})",
            incident - timedelta(hours=3),
            incident + timedelta(hours=5),
            timedelta(minutes=1),
        )
    began = [at - incident.timestamp() for at, _ in found]
    assert 0 < min(began) < 1800, "it fires soon after the incident begins"
    assert 7000 < max(began) < 7200 + 2400, "and ends with its windows"

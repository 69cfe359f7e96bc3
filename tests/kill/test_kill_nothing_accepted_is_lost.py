from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.kill import run


@pytest.mark.kill
@pytest.mark.timeout(900)
def test_thirty_kills_lose_no_alert_no_page_no_audit_event_and_no_order(tmp_path: Path) -> None:
    report = run(kills=30, seed=20261124, folder=tmp_path)

    assert report.lost == {"alerts": [], "events": [], "orders": []}
    assert report.findings == []
    assert report.duplicates["events"] == 0
    assert all(count > 50 for count in report.accepted.values()), report.accepted

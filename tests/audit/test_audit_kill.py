from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from audit_log import open_log
from sqlalchemy import select

from standfast.store.audit_tables import records

CHILD = Path(__file__).parent / "audit_child.py"


@pytest.mark.kill
def test_no_acknowledged_event_is_lost_when_the_process_is_killed(tmp_path: Path, clock) -> None:
    acknowledged: list[str] = []
    for kill_after in random.Random(20261120).sample(range(1, 400), 8):
        with subprocess.Popen(
            [sys.executable, CHILD, tmp_path], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout
            fresh = [child.stdout.readline().strip() for _ in range(kill_after)]
            child.kill()
            fresh += [line.strip() for line in child.stdout if line.endswith("\n")]
        assert all(fresh)
        acknowledged += fresh

    log = open_log(f"sqlite:///{tmp_path / 'standfast.db'}", tmp_path, clock)
    try:
        verdict = log.record.verify()
        with log.database.engine.connect() as connection:
            kept = list(connection.execute(select(records.c.action)).scalars())
    finally:
        log.database.close()
    assert verdict.clean
    assert verdict.checkpoints > 0
    for event in set(acknowledged):
        assert kept.count(event) >= acknowledged.count(event)

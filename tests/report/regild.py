"""Writes the golden files and the schema anew: run it after a change that was meant, and read the diff."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from report_story import NOW, october, told  # noqa: E402  the path comes first

from standfast.publish.report import render  # noqa: E402  the path comes first
from standfast.publish.report.schema import schema  # noqa: E402  the path comes first
from standfast.store.columns import metadata  # noqa: E402  the path comes first
from standfast.store.database import Database  # noqa: E402  the path comes first

with tempfile.TemporaryDirectory() as folder:
    database = Database(
        f"sqlite:///{folder}/standfast.db", append=lambda _tx, _events: None, clock=lambda: NOW
    )
    metadata.create_all(database.engine.execution_options(writes=True))
    told(database)
    (HERE / "golden").mkdir(exist_ok=True)
    for kind, data in render(october(database)).items():
        (HERE / "golden" / f"2026-10.{kind}").write_bytes(data)
    database.close()
page = HERE.parents[1] / "docs" / "reference" / "service-level-report.schema.json"
page.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")

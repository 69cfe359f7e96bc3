"""A handbook's figures, one by one: each can be written in the file and comes out in a document.

`handbook_figures.txt` lists those of a usual reliability handbook, `examples/seed-as-written.yaml`
states them, and each has to stand in the document that the list names.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import examples

LINES = (Path(__file__).parent / "handbook_figures.txt").read_text(encoding="utf-8").splitlines()
ROWS = [tuple(line.split(" | ")) for line in LINES if not line.startswith("#")]


@pytest.fixture(scope="module")
def published() -> dict[str, list[str]]:
    return {
        path: _plain(text).splitlines()
        for path, text in examples.documents("seed-as-written").items()
    }


def _plain(text: str) -> str:
    """Without what Markdown needs and a reader does not see."""
    for sign, meant in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(sign, meant)
    return re.sub(r"\\([_>#*|\[\]])", r"\1", text)


def _stands(line: str, parts: list[str]) -> bool:
    """One after another, each by itself: `1h` is not found in `11h`, nor `5m` in `15m`."""
    at = 0
    for part in parts:
        alone = rf"(?<![\w.]){re.escape(part)}(?!\d)" if part[0].isalnum() else re.escape(part)
        found = re.compile(alone).search(line, at)
        if found is None:
            return False
        at = found.end()
    return True


@pytest.mark.parametrize(
    ("document", "parts"), [pytest.param(*row[2:], id=f"{row[0]}: {row[1]}") for row in ROWS]
)
def test_a_figure_comes_out_in_its_document(
    document: str, parts: str, published: dict[str, list[str]]
) -> None:
    wanted = parts.split(" ; ")
    assert any(_stands(line, wanted) for line in published[f"docs/{document}.md"])


def test_the_list_is_whole_and_has_no_figure_twice() -> None:
    names = [row[:2] for row in ROWS]
    assert len(set(names)) == len(names) >= 120
    assert {row[0] for row in ROWS} >= {
        "service levels", "budgets", "signals", "health", "dashboards", "severities", "alerts",
        "on call", "recovery", "backups", "verification", "disaster", "failover", "incidents",
        "post-mortem", "audit", "schema", "retention", "storage", "degradation", "breakers",
        "feedback",
    }  # fmt: skip

"""The example files as they are published, on one day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

from standfast import spec
from standfast.app.files import Files
from standfast.publish import render
from standfast.review import Measured, examine

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden_examples"
NAMES = ("shop", "seed-as-written", "minimal", "hospital", "saas", "webshop-cards")
DAY = date(2026, 11, 20)


class Beside(Files):
    """Reads from the repository wherever the tests are started, and tells places as from its root."""

    def read(self, path: str) -> str:
        return super().read(str(ROOT / path))


def documents(name: str) -> dict[str, str]:
    """Every document of one example by its path; the machine's files have tests of their own."""
    system = spec.read(f"examples/{name}.yaml", Beside())
    review = examine(system, Measured(), datetime.combine(DAY, time(12), UTC))
    outputs = render(system, review, DAY, version="0.1.0")
    return {path: one.text for path, one in outputs.items() if path.endswith(".md")}

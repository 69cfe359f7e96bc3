"""Writes the golden files anew: run it after a change that was meant, and read the diff."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import examples  # noqa: E402  the path comes first

from conftest import AS_OF, make_review, make_shop  # noqa: E402  the path comes first
from standfast.publish import render  # noqa: E402  the path comes first

shop = make_shop()
outputs = render(shop, make_review(shop), AS_OF, version="0.1.0")
for golden in (HERE / "golden").rglob("*.*"):
    path = golden.relative_to(HERE / "golden").as_posix()
    golden.write_text(outputs[path].text, encoding="utf-8")

for name in examples.NAMES:
    folder = examples.GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in examples.documents(name).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

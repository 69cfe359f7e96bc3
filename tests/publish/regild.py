"""Writes the golden files anew: run it after a change that was meant, and read the diff."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import examples  # noqa: E402  the path comes first

from conftest import AS_OF, make_minimal, make_review, make_shop  # noqa: E402  the path comes first
from standfast.publish import render  # noqa: E402  the path comes first

for name, system in (("golden", make_shop()), ("golden_minimal", make_minimal())):
    outputs = render(system, make_review(system), AS_OF, version="0.1.0")
    for path, output in outputs.items():
        golden = HERE / name / path
        # What programs read is golden as a whole; of the documents those that are there already.
        if golden.exists() or path.startswith("ops/generated/"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(output.text, encoding="utf-8", newline="")

for name in examples.NAMES:
    folder = examples.GOLDEN / name
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in examples.documents(name).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

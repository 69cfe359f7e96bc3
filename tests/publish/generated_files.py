"""What the tests of machine artefacts share: files on disk, programs that read them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

GENERATED = "ops/generated"


def laid(folder: Path, texts: Mapping[str, str]) -> Path:
    """Everything below ops/generated on disk; answers that folder."""
    for path, text in texts.items():
        if path.startswith(f"{GENERATED}/"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="")
    return folder / GENERATED


def run(folder: Path, *command: str, **more: object) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=170, **more
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout

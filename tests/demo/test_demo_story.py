"""The whole story, and that it fails where it is sabotaged."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from string import Template
from typing import Any

import pytest

from standfast.demo.command import _STEPS
from standfast.demo.processes import wait_until
from standfast.demo.story.plot import STEPS

_DEMO = [sys.executable, "-m", "standfast", "demo"]
_LIMIT = 180  # seconds: the promise
_PATIENCE = (
    600  # seconds that it is given: on a busy machine what is late is better told than cut off
)


def played(*options: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [*_DEMO, "--headless", "--json", *options], capture_output=True, text=True, timeout=_PATIENCE,
        check=False,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout or "{}")
    assert found, done.stderr[-2000:]
    return done.returncode, found


def test_the_command_knows_the_steps_without_importing_them() -> None:
    assert tuple(step.name for step in STEPS) == _STEPS


def test_the_shop_of_the_demo_is_reviewed_as_accept(tmp_path: Path) -> None:
    import standfast.demo

    text = Path(standfast.demo.__file__).with_name("shop.yaml.in").read_text()
    names = (
        "web", "api", "worker", "db", "exporter", "payments", "mailbox", "standfast", "watchman",
    )  # fmt: skip
    ports = {name: 9000 + number for number, name in enumerate(names)}
    file = tmp_path / "shop.yaml"
    file.write_text(Template(text).substitute(ports, folder=str(tmp_path)))
    done = subprocess.run(
        [sys.executable, "-m", "standfast", "review", str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout.startswith("ACCEPT"), done.stdout[:500]


def test_an_unknown_step_is_answered_with_those_there_are() -> None:
    done = subprocess.run(
        [*_DEMO, "--sabotage", "weather"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert all(step in done.stderr for step in _STEPS)


@pytest.mark.demo
@pytest.mark.timeout(_PATIENCE + 20)
def test_the_whole_story_is_true() -> None:
    code, found = played()

    assert found["passed"], found
    assert code == 0
    assert [step["step"] for step in found["steps"]] == list(_STEPS)
    assert found["took"] < _LIMIT


@pytest.mark.demo
@pytest.mark.timeout(_PATIENCE + 20)
@pytest.mark.parametrize("step", _STEPS)
def test_a_sabotaged_step_fails_and_no_other(step: str) -> None:
    code, found = played("--sabotage", step)

    assert code == 1
    assert [one["step"] for one in found["steps"]] == list(_STEPS[: _STEPS.index(step) + 1])
    assert found["steps"][-1]["failed"]
    assert not any(one["failed"] for one in found["steps"][:-1])


@pytest.mark.demo
@pytest.mark.timeout(_PATIENCE)
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_however_it_ends(tmp_path: Path, by: signal.Signals) -> None:
    """Its own folder is left where it was given one; no process is, not even after kill -9."""
    folder = Path("/tmp") / f"sf-{tmp_path.parent.name}-{tmp_path.name}"[:45]
    log = tmp_path / "out"
    with log.open("w") as out:
        # Whoever runs the tests in the background has Ctrl-C ignored, and children inherit that.
        command = ["env", "--default-signal=INT", *_DEMO, "--folder", str(folder)]
        demo = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        wait_until("customers come", (folder / "ledger.jsonl").exists, within=170)
        assert _processes_in(folder)
        os.kill(demo.pid, by)
        demo.wait(120)
        wait_until("nothing is left", lambda: not _processes_in(folder), within=60, every=0.5)
    finally:
        demo.kill()
        demo.wait()
        subprocess.run(["rm", "-rf", str(folder)], check=True)


def _processes_in(folder: Path) -> list[str]:
    """Every process that was told of the folder, by its command or environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        demo_itself = b"standfast\0demo\0" in told
        if str(folder).encode() in told and state != "Z" and not demo_itself:
            found.append(told[:200].decode(errors="replace"))
    return found

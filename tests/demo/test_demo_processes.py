"""What the demo starts ends with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from standfast.demo.processes import Processes, Program, wait_until
from standfast.errors import TimedOut

_SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(120)"]
_PARENT = """
import sys, time
from pathlib import Path
from standfast.demo.processes import Processes, Program
processes = Processes(Path(sys.argv[1]))
for name in ("one", "two"):
    print(processes.start(Program(name=name, command=sys.argv[2:], environment={})), flush=True)
time.sleep(120)
"""


def gone(process: int) -> bool:
    """Not there, or a zombie that nobody has taken leave of."""
    try:
        return ") Z " in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return True


def up(processes: Processes, name: str) -> bool:
    return "up" in processes.last_words(name)


def test_a_program_runs_and_is_stopped(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    number = processes.start(Program(name="one", command=_SLEEPER, environment={}))
    wait_until("it is up", lambda: up(processes, "one"), within=60)
    assert processes.alive("one")

    processes.stop_all()

    assert gone(number)
    assert not processes.alive("one")


def test_what_a_program_has_started_itself_goes_with_it(tmp_path: Path) -> None:
    script = f"sleep 120 & echo $! > {tmp_path}/child; echo up; wait"
    processes = Processes(tmp_path)
    processes.start(Program(name="shell", command=["/bin/sh", "-c", script], environment={}))
    wait_until("it is up", lambda: up(processes, "shell"), within=60)

    processes.stop("shell")

    child = int((tmp_path / "child").read_text())
    wait_until("its child is gone", lambda: gone(child), within=60)


def test_a_program_that_does_not_listen_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("standfast.demo.processes._PATIENCE", 0.2)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(120)"
    processes = Processes(tmp_path)
    number = processes.start(
        Program(name="deaf", command=[sys.executable, "-c", deaf], environment={})
    )
    wait_until("it is up", lambda: up(processes, "deaf"), within=60)

    processes.stop("deaf")

    assert gone(number)


def test_kill_9_of_the_parent_ends_its_children(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path), *_SLEEPER], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        children = [int(parent.stdout.readline()) for _ in range(2)]
        wait_until("they are up", (tmp_path / "two.log").read_text, within=60)

        os.kill(parent.pid, signal.SIGKILL)
        parent.wait(60)

    for child in children:
        wait_until("the child is gone", lambda child=child: gone(child), within=60)


def test_waiting_ends_with_what_was_waited_for_and_the_last_reason() -> None:
    def never() -> bool:
        raise OSError("refused")

    with pytest.raises(TimedOut, match=r"the door opens: not within 0\.05 s \(refused\)"):
        wait_until("the door opens", never, within=0.05, every=0.01)

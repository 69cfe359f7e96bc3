"""The programs that the demo starts: each in a group of its own, all of them gone when the demo is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from standfast.errors import StandfastError, TimedOut
from standfast_kit.clock import monotonic

_LEASH = Path(__file__).with_name("leash.py")
_PATIENCE = 6.0  # seconds for a program to end by itself before it is killed


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to start; `stop` is the signal that ends it in good order."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    stop: signal.Signals = signal.SIGTERM
    user: str = "-"


class Processes:
    """Start them from one thread only: the leash of a child is tied to the thread that started it."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, tuple[Program, subprocess.Popen[bytes]]] = {}

    def start(self, program: Program) -> int:
        """Start it and answer its process id; its output goes to a file of its name."""
        self.stop(program.name)
        leash = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid())]
        command = [*leash, str(int(program.stop)), program.user, *program.command]
        with self.log(program.name).open("ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **program.environment},
                cwd="/",
            )
        self._running[program.name] = (program, child)
        return child.pid

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def alive(self, name: str) -> bool:
        return name in self._running and self._running[name][1].poll() is None

    def last_words(self, name: str) -> str:
        """The end of what it printed, for an error message."""
        path = self.log(name)
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return "\n".join(lines[-8:])

    def stop(self, name: str, *, by: signal.Signals | None = None) -> None:
        """End it and everything that it started; kills what does not end."""
        if name not in self._running:
            return
        program, child = self._running.pop(name)
        _end([child], by or program.stop)

    def stop_all(self) -> None:
        """The latest first, so that nobody misses what it needs for long."""
        for name in reversed(list(self._running)):
            with suppress(OSError):
                self.stop(name)


def _end(children: Sequence[subprocess.Popen[bytes]], by: signal.Signals) -> None:
    for child in children:
        if child.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(child.pid, by)
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(_PATIENCE)
        # The whole group: what the program has started itself may have outlived it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(
    what: str, holds: Callable[[], object], within: float = 20, every: float = 0.1
) -> float:
    """Ask until the answer is true; answers the seconds it took. Raises TimedOut with the last reason."""
    began, reason = monotonic(), ""
    while True:
        try:
            if holds():
                return monotonic() - began
        except (StandfastError, OSError) as error:
            reason = f" ({error})"
        if monotonic() - began > within:
            raise TimedOut(f"{what}: not within {within:g} s{reason}")
        sleep(every)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

"""What the process itself uses, under the names that every Prometheus client gives it (Linux)."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from standfast_kit import clock
from standfast_kit.metrics import Family, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")


def started_at() -> float:
    """Seconds since the epoch when this process began; now, where /proc does not tell."""
    try:
        # Field 22 of stat(5), counted after the name in brackets, which may itself hold spaces.
        ticks = int((PROC / "self/stat").read_text().rpartition(")")[2].split()[19])
        uptime = float((PROC / "uptime").read_text().split()[0])
        age = uptime - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        age = 0.0
    return clock.utc_now().timestamp() - age


class Process:
    """A collector: start time, CPU time, resident memory, open files."""

    def __init__(self) -> None:
        self._started, self._pid = started_at(), os.getpid()

    def __call__(self) -> Iterator[Family]:
        if self._pid != os.getpid():
            self._started, self._pid = started_at(), os.getpid()
        yield _one("process_start_time_seconds", "gauge", "Start of the process", self._started)
        yield _one("process_cpu_seconds_total", "counter", "CPU time used", time.process_time())
        try:
            pages = int((PROC / "self/statm").read_text().split()[1])
            files = len(os.listdir(PROC / "self/fd"))  # noqa: PTH208 - counts names, needs no paths
        except (OSError, ValueError, IndexError):
            return
        memory = pages * os.sysconf("SC_PAGE_SIZE")
        yield _one("process_resident_memory_bytes", "gauge", "Resident memory", memory)
        yield _one("process_open_fds", "gauge", "Open file descriptors", files)


def _one(name: str, kind: str, text: str, value: float) -> Family:
    return Family(name=name, kind=kind, help=text, samples=(Sample((), value),))

"""`standfast --help`, beside a Python that does nothing."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path
from time import perf_counter

RUNS = 15


def rows() -> list[tuple[str, str, str]]:
    """(what, figure, beside what)"""
    standfast = str(Path(sys.executable).with_name("standfast"))
    ours = _median([standfast, "--help"])
    bare = _median([sys.executable, "-c", "pass"])
    return [
        (
            "standfast --help",
            f"{ours * 1000:.0f} ms",
            f"{ours / bare:.1f} x `python -c pass`; goal under 150 ms",
        )
    ]


def _median(command: list[str]) -> float:
    times = []
    for _ in range(RUNS):
        begun = perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(perf_counter() - begun)
    return statistics.median(times)


if __name__ == "__main__":
    print(*rows(), sep="\n")

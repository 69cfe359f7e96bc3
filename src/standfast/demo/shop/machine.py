"""The machine that the shop runs on, under the names of the usual exporters of machines and containers: what
/proc and the control group say, and nothing where they say nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from standfast_kit.metrics import Family, Sample

_PROC, _GROUP = Path("/proc"), Path("/sys/fs/cgroup")
_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_TICKS = 100  # of a second, on every Linux


def families() -> Iterator[Family]:
    yield from _processors()
    yield from _memory()
    yield from _network()
    yield from _container()


def _processors() -> Iterator[Family]:
    line = next((one for one in _lines(_PROC / "stat") if one.startswith("cpu ")), "")
    if line:
        spent = [float(part) / _TICKS for part in line.split()[1 : 1 + len(_MODES)]]
        samples = [
            Sample((("cpu", "all"), ("mode", m)), s) for m, s in zip(_MODES, spent, strict=False)
        ]
        yield Family(name="node_cpu_seconds_total", kind="counter", help="By mode", samples=samples)


def _memory() -> Iterator[Family]:
    told = {
        name: rest.split()
        for name, _, rest in (one.partition(":") for one in _lines(_PROC / "meminfo"))
    }
    for name in ("MemAvailable", "MemTotal"):
        if name in told:
            value = float(told[name][0]) * 1024
            yield Family(
                name=f"node_memory_{name}_bytes",
                kind="gauge",
                help=name,
                samples=[Sample((), value)],
            )


def _network() -> Iterator[Family]:
    rows = [one.partition(":") for one in _lines(_PROC / "net" / "dev") if ":" in one]
    for way, place in (("receive", 0), ("transmit", 8)):
        samples = [
            Sample((("device", name.strip()),), float(rest.split()[place]))
            for name, _, rest in rows
        ]
        if samples:
            yield Family(
                name=f"node_network_{way}_bytes_total", kind="counter", help=way, samples=samples
            )


def _container() -> Iterator[Family]:
    """By version 2 of control groups; at their root there is no limit and often no figure."""
    spent = {k: v for k, _, v in (one.partition(" ") for one in _lines(_GROUP / "cpu.stat"))}
    if "usage_usec" in spent:
        seconds = float(spent["usage_usec"]) / 1e6
        yield Family(name="container_cpu_usage_seconds_total", kind="counter", help="Used",
                     samples=[Sample((), seconds)])  # fmt: skip
    if int(spent.get("nr_periods", "0")):
        for name, told in (("periods", "nr_periods"), ("throttled_periods", "nr_throttled")):
            yield Family(name=f"container_cpu_cfs_{name}_total", kind="counter", help=told,
                         samples=[Sample((), float(spent.get(told, "0")))])  # fmt: skip
    for name, file in (
        ("container_processes", "pids.current"),
        ("container_processes_max", "pids.max"),
        ("container_memory_working_set_bytes", "memory.current"),
        ("container_spec_memory_limit_bytes", "memory.max"),
    ):
        text = "".join(_lines(_GROUP / file)).strip()
        if text.isdigit():
            yield Family(name=name, kind="gauge", help=file, samples=[Sample((), float(text))])


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []

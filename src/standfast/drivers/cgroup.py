"""What containers use, by the control groups (v2) that the kernel counts them in.

https://docs.kernel.org/admin-guide/cgroup-v2.html. A container is found by the path of its group, or by
a pattern over the names of groups and over the names that Docker and Podman have given to their ids. The
figures carry the names of cAdvisor, so that they are read as a scrape of it is.
"""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from standfast.errors import SourceError
from standfast.monitoring.exposition import Sample
from standfast.monitoring.target import Outcome
from standfast_kit.clock import Monotonic, monotonic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOTS = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
_DOCKER, _PODMAN = "/var/lib/docker", "/var/lib/containers/storage"
_MOST_GROUPS, _DEEPEST, _MOST_FOUND = 20_000, 12, 50
_LARGEST = 1_000_000  # bytes of one file
_ID = re.compile(r"(?:^|[-/])([0-9a-f]{64})(?:\.scope)?$")


class ContainerLook:
    """`address` is "/system.slice/shop.service", or a pattern such as "shop-api*"."""

    def __init__(
        self,
        root: Path | None = None,
        clock: Monotonic = monotonic,
        *,
        docker: str = _DOCKER,
        podman: str = _PODMAN,
    ) -> None:
        self._root, self._clock = root, clock
        self._docker, self._podman = Path(docker), Path(podman)

    def __call__(self, address: str, timeout: timedelta) -> Outcome:
        began = self._clock()
        try:
            root = self._root or _mounted()
            groups = self._found(root, address, began + timeout.total_seconds())
        except SourceError as error:
            return Outcome(ok=False, known=False, because=error.problem)
        if not groups:
            return Outcome(ok=False, because=f"no control group is called {address!r}")
        notes: tuple[str, ...] = ()
        if len(groups) > _MOST_FOUND:
            notes = (f"more than {_MOST_FOUND} groups are called so; the rest is left out",)
        shown = groups[:_MOST_FOUND]
        samples = tuple(one for group in shown for one in figures(root, group))
        if not samples:
            said = "the group tells nothing: its controllers are not enabled"
            return Outcome(ok=False, known=False, because=said)
        took = timedelta(seconds=self._clock() - began)
        return Outcome(ok=True, latency=took, samples=samples, notes=notes)

    def _found(self, root: Path, address: str, until: float) -> list[Path]:
        if address.startswith("/"):
            group = root / address.strip("/")
            inside = group.resolve().is_relative_to(root.resolve())
            return [group] if inside and group.is_dir() else []
        names = {**self._of_docker(), **self._of_podman()}
        return list(self._matching(root, address, names, until))

    def _matching(
        self, root: Path, pattern: str, names: Mapping[str, str], until: float
    ) -> Iterator[Path]:
        """The outermost groups of that name; what lies within one is counted in it already."""
        seen = 0
        for folder, inner, _ in os.walk(root):
            here = Path(folder)
            inner.sort()
            for one in list(inner):
                seen += 1
                match = _ID.search(one)
                known = {one, one.removesuffix(".service").removesuffix(".scope")}
                known |= {names.get(match[1], "")} if match else set()
                if any(fnmatchcase(name, pattern) for name in known if name):
                    inner.remove(one)
                    yield here / one
            if len(here.relative_to(root).parts) >= _DEEPEST:
                inner.clear()
            if seen > _MOST_GROUPS or self._clock() > until:
                raise SourceError("there are too many control groups to look through; give a path")

    def _of_docker(self) -> dict[str, str]:
        """Names by id, where we may read them."""
        found = {}
        for file in _files(self._docker / "containers", "*/config.v2.json"):
            said = _json(file)
            if isinstance(said, dict):
                found[str(said.get("ID", ""))] = str(said.get("Name", "")).lstrip("/")
        return found

    def _of_podman(self) -> dict[str, str]:
        said = _json(self._podman / "overlay-containers" / "containers.json")
        entries = said if isinstance(said, list) else []
        return {
            str(one.get("id", "")): str((one.get("names") or [""])[0])
            for one in entries
            if isinstance(one, dict)
        }


def _mounted() -> Path:
    for root in map(Path, _ROOTS):
        if (root / "cgroup.controllers").is_file():
            return root
    raise SourceError("this machine has no control groups of version 2")


def figures(root: Path, group: Path) -> Iterator[Sample]:
    """Everything that one group tells of; a controller that is not enabled tells nothing."""
    name = (("name", f"/{group.relative_to(root)}" if group != root else "/"),)
    yield from _of_cpu(root, group, name)
    yield from _of_memory(root, group, name)
    if (count := _number(group / "pids.current")) is not None:
        yield Sample("container_processes", name, count)
        if (most := _number(group / "pids.max")) is not None:
            yield Sample("container_processes_max", name, most)
    if (group / "io.stat").is_file():
        stats = _io(group / "io.stat")
        yield Sample("container_fs_reads_bytes_total", name, stats.get("rbytes", 0))
        yield Sample("container_fs_writes_bytes_total", name, stats.get("wbytes", 0))


def _of_cpu(root: Path, group: Path, name: tuple[tuple[str, str], ...]) -> Iterator[Sample]:
    stats = _pairs(group / "cpu.stat")
    if "usage_usec" not in stats:
        return
    yield Sample("container_cpu_usage_seconds_total", name, stats["usage_usec"] / 1e6)
    yield Sample("container_spec_cpu_cores", name, _cores(root, group))
    if "nr_periods" in stats:
        yield Sample("container_cpu_cfs_periods_total", name, stats["nr_periods"])
        throttled = stats.get("nr_throttled", 0)
        yield Sample("container_cpu_cfs_throttled_periods_total", name, throttled)


def _of_memory(root: Path, group: Path, name: tuple[tuple[str, str], ...]) -> Iterator[Sample]:
    current = _number(group / "memory.current")
    if current is None:
        return
    # What the kernel drops first when memory runs short is not in use (as cAdvisor reckons it).
    idle = _pairs(group / "memory.stat").get("inactive_file", 0)
    yield Sample("container_memory_working_set_bytes", name, max(0, current - idle))
    limits = [_number(one / "memory.max") for one in _upwards(root, group)]
    limit = min((one for one in limits if one is not None), default=_machine_memory())
    if limit:
        yield Sample("container_spec_memory_limit_bytes", name, limit)
    events = _pairs(group / "memory.events")
    if "oom_kill" in events:
        yield Sample("container_oom_kills_total", name, events["oom_kill"])


def _cores(root: Path, group: Path) -> float:
    """How many processors it may use: the least that it or any group around it is given."""
    found = [float(os.cpu_count() or 1)]
    for one in _upwards(root, group):
        quota, _, period = _text(one / "cpu.max").partition(" ")
        if quota.isdigit() and period.strip().isdigit() and int(period) > 0:
            found.append(int(quota) / int(period))
    return min(found)


def _upwards(root: Path, group: Path) -> Iterator[Path]:
    yield group
    if group != root:
        yield from _upwards(root, group.parent)


def _machine_memory() -> float | None:
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (ValueError, OSError):
        return None


def _pairs(file: Path) -> dict[str, float]:
    """ "name value" on each line."""
    parts = (line.split() for line in _text(file).splitlines())
    return {one[0]: float(one[1]) for one in parts if len(one) == 2 and one[1].isdigit()}


def _io(file: Path) -> dict[str, float]:
    """ "8:0 rbytes=1 wbytes=2 ...", all devices together."""
    found: dict[str, float] = {}
    for line in _text(file).splitlines():
        for part in line.split()[1:]:
            key, _, value = part.partition("=")
            if value.isdigit():
                found[key] = found.get(key, 0) + int(value)
    return found


def _number(file: Path) -> float | None:
    """None where nothing is said, or "max"."""
    text = _text(file).strip()
    return float(text) if text.isdigit() else None


def _text(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""  # the container has just ended, or the controller is off


def _json(file: Path) -> object:
    try:
        found: object = json.loads(_text(file) or "null")
    except (ValueError, RecursionError):
        return None
    return found


def _files(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))[:_MOST_GROUPS]
    except OSError:
        return []

"""What the machine that standfast runs on has of CPU, memory, disks, network and connections.

The figures carry the names of the Prometheus node exporter, so that they are read as a scrape of it is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import psutil

from standfast.monitoring.exposition import Sample
from standfast.monitoring.target import Outcome
from standfast_kit.clock import Monotonic, monotonic

if TYPE_CHECKING:
    from collections.abc import Iterator

_WITHIN = ("guest", "guest_nice")  # counted in user and nice as well
_LOOPBACK = ("lo", "lo0")


class HostLook:
    """`address` is "local": no other machine can be looked at without an exporter on it."""

    def __init__(self, clock: Monotonic = monotonic) -> None:
        self._clock = clock

    def __call__(self, address: str, timeout: timedelta) -> Outcome:  # noqa: ARG002 - the shape of every look
        began = self._clock()
        try:
            found = (*_cpu(), *_memory(), *_disks(), *_network())
            connections, notes = _connections()
        except (psutil.Error, OSError) as error:
            return Outcome(ok=False, because=f"this machine does not tell: {error}")
        took = timedelta(seconds=self._clock() - began)
        return Outcome(ok=True, latency=took, samples=(*found, *connections), notes=notes)


def _cpu() -> Iterator[Sample]:
    for mode, seconds in psutil.cpu_times()._asdict().items():
        if mode not in _WITHIN:
            yield Sample("node_cpu_seconds_total", (("cpu", "all"), ("mode", mode)), seconds)


def _memory() -> Iterator[Sample]:
    memory = psutil.virtual_memory()
    yield Sample("node_memory_MemTotal_bytes", (), memory.total)
    yield Sample("node_memory_MemAvailable_bytes", (), memory.available)


def _disks() -> Iterator[Sample]:
    seen = set()
    for one in psutil.disk_partitions(all=False):
        if one.device in seen:
            continue  # one disk mounted twice is full once
        seen.add(one.device)
        try:
            usage = psutil.disk_usage(one.mountpoint)
        except OSError:
            continue  # an empty drive, or one that we may not see
        labels = (("device", one.device), ("mountpoint", one.mountpoint))
        yield Sample("node_filesystem_size_bytes", labels, usage.total)
        yield Sample("node_filesystem_avail_bytes", labels, usage.free)
    whole = psutil.disk_io_counters()
    if whole is not None:
        yield Sample("node_disk_read_bytes_total", (), whole.read_bytes)
        yield Sample("node_disk_written_bytes_total", (), whole.write_bytes)
    for device, part in (psutil.disk_io_counters(perdisk=True) or {}).items():
        busy = getattr(part, "busy_time", None)  # of Linux and FreeBSD, in milliseconds
        if busy is not None:
            yield Sample("node_disk_io_time_seconds_total", (("device", device),), busy / 1000)


def _network() -> Iterator[Sample]:
    for device, one in psutil.net_io_counters(pernic=True).items():
        if device not in _LOOPBACK:
            yield Sample("node_network_receive_bytes_total", (("device", device),), one.bytes_recv)
            yield Sample("node_network_transmit_bytes_total", (("device", device),), one.bytes_sent)


def _connections() -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    try:
        found = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return (), ("connections are not counted: this system shows them to root only",)
    established = sum(one.status == psutil.CONN_ESTABLISHED for one in found)
    return (Sample("node_netstat_Tcp_CurrEstab", (), established),), ()

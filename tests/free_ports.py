"""Ports of loopback for the servers of the tests, handed out so that nobody else gets them first.

A port that the kernel chose may be gone before its server listens: to another worker's server, or to the
near end of any connection. So they are taken from below the kernel's own range, each worker has a part of
its own, and none is handed out twice until all were.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import threading
from pathlib import Path

_LOWEST, _WORKERS = 12_000, 8
_lock = threading.Lock()


def _kernels_lowest() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:
        return 32_768


_size = max(0, _kernels_lowest() - _LOWEST) // _WORKERS
_worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or _WORKERS - 1)
_first = _LOWEST + _worker % _WORKERS * _size
# By chance, but not by `random`, which is seeded anew for each test: a second run beside this one.
_next = secrets.randbelow(_size) if _size else 0


def free_port() -> int:
    """A port that nobody listens on, and that nobody is given by the kernel."""
    global _next  # noqa: PLW0603 - one counter for the process
    with _lock:
        for _ in range(_size):
            _next = (_next + 1) % _size
            if _free(_first + _next):
                return _first + _next
    with socket.socket() as probe:  # a kernel with a range of its own that leaves no room
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers bind: a port whose last connections are only waiting to be forgotten is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

"""Does a port take connections?"""

from __future__ import annotations

import socket
from datetime import timedelta

from standfast.monitoring.target import Outcome
from standfast_kit.clock import Monotonic, monotonic


class TcpProbe:
    def __init__(self, clock: Monotonic = monotonic) -> None:
        self._clock = clock

    def __call__(self, address: str, timeout: timedelta) -> Outcome:
        began = self._clock()
        try:
            with socket.create_connection(endpoint(address), timeout=timeout.total_seconds()):
                return Outcome(ok=True, latency=timedelta(seconds=self._clock() - began))
        except TimeoutError:
            return Outcome(ok=False, because=f"no connection within {timeout.total_seconds():g}s")
        except (OSError, ValueError) as error:
            return Outcome(ok=False, because=f"no connection: {error}")


def endpoint(address: str) -> tuple[str, int]:
    """Host and port of "host:port" or "[::1]:port". Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"not host:port: {address!r}")
    return host.strip("[]"), int(port)

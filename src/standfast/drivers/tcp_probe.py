"""Does a port take connections?"""

from __future__ import annotations

from datetime import timedelta

from standfast.drivers.resolver import Resolver, spoken
from standfast.monitoring.target import Outcome
from standfast_kit.clock import Monotonic, monotonic


class TcpProbe:
    def __init__(self, clock: Monotonic = monotonic, resolver: Resolver | None = None) -> None:
        self._clock, self._resolver = clock, resolver or Resolver()

    def __call__(self, address: str, timeout: timedelta) -> Outcome:
        began = self._clock()
        try:
            with self._resolver.connect(*endpoint(address), timeout.total_seconds()):
                return Outcome(ok=True, latency=timedelta(seconds=self._clock() - began))
        except TimeoutError as error:
            dns = str(error) if str(error).startswith("DNS") else ""
            late = f"no connection within {timeout.total_seconds():g}s"
            return Outcome(ok=False, because=dns or late)
        except (OSError, ValueError) as error:
            return Outcome(ok=False, because=f"no connection: {spoken(error)}")


def endpoint(address: str) -> tuple[str, int]:
    """Host and port of "host:port" or "[::1]:port". Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"not host:port: {address!r}")
    return host.strip("[]"), int(port)

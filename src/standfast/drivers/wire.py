"""A connection of a probe: every read and write ends by one instant, and only so much is taken."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from standfast.drivers import tls
from standfast.drivers.resolver import Resolver, spoken
from standfast.drivers.tcp_probe import endpoint
from standfast.errors import SourceError, TooMuch
from standfast.monitoring.target import Outcome

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from standfast.spec.asking import Secure
    from standfast_kit.clock import Monotonic

MOST = 1_000_000  # bytes of one look


class Unmet(Exception):
    """The server answered, and not as it should: the reason in words."""


class Wire:
    def __init__(self, plain: socket.socket, host: str, until: float, clock: Monotonic) -> None:
        self._socket: socket.socket = plain
        self._host, self._until, self._clock = host, until, clock
        self._taken = 0
        self.expires: datetime | None = None

    def begin_tls(self, secure: Secure, alpn: Sequence[str] = ()) -> str:
        """Answers the protocol that was agreed on. Raises OSError, SourceError."""
        context = tls.context(secure)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        self._socket.settimeout(self._left())
        wrapped = context.wrap_socket(self._socket, server_hostname=secure.name or self._host)
        self._socket = wrapped
        self.expires = tls.end_of(wrapped.getpeercert(binary_form=True))
        return wrapped.selected_alpn_protocol() or ""

    def send(self, data: bytes) -> None:
        self._socket.settimeout(self._left())
        self._socket.sendall(data)

    def receive(self) -> bytes:
        """What there is; nothing once the other side has ended."""
        self._socket.settimeout(self._left())
        data = self._socket.recv(65_536)
        self._taken += len(data)
        if self._taken > MOST:
            raise TooMuch(f"answered more than {MOST:,} bytes")
        return data

    def close(self) -> None:
        self._socket.close()

    def _left(self) -> float:
        left = self._until - self._clock()
        if left <= 0:
            raise TimeoutError
        return left


@contextmanager
def wired(resolver: Resolver, address: str, timeout: timedelta, clock: Monotonic) -> Iterator[Wire]:
    host, port = endpoint(address)
    seconds = timeout.total_seconds()
    until = clock() + seconds
    wire = Wire(resolver.connect(host, port, seconds), host, until, clock)
    try:
        yield wire
    finally:
        wire.close()


def failed(error: Exception, timeout: timedelta) -> Outcome:
    """What became of a look that ended in `error`; what is wrong on our side says nothing of the target."""
    if isinstance(error, Unmet):
        return Outcome(ok=False, because=str(error))
    if isinstance(error, TooMuch):
        return Outcome(ok=False, because=error.problem)
    if isinstance(error, SourceError):
        return Outcome(ok=False, known=False, because=error.problem)
    if isinstance(error, TimeoutError):
        dns = str(error) if str(error).startswith("DNS") else ""
        return Outcome(
            ok=False, because=dns or f"no whole answer within {timeout.total_seconds():g}s"
        )
    return Outcome(ok=False, because=tls.fault(error) or f"no connection: {spoken(error)}")


FAILURES = (Unmet, SourceError, OSError, ValueError, ssl.SSLError)

"""Names to addresses within a deadline: a look-up that hangs is left behind, counted, and holds nobody up."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2

from standfast_kit.clock import Monotonic, monotonic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Lookup = Callable[
        ..., Iterable[tuple[Any, ...]]
    ]  # socket.getaddrinfo, or what answers as it does

MOST = 32  # look-ups at once; the C library's resolver cannot be told to stop
_TRIED = 4  # addresses of one name


@dataclass(slots=True)
class _Flight:
    """One look-up under way; everybody who asks for the same name waits for the same one."""

    landed: threading.Event = field(default_factory=threading.Event)
    addresses: tuple[str, ...] = ()
    error: OSError | None = None
    given_up: bool = False


class Resolver:
    """`look_up` is asked in threads of their own, which nobody waits for at the end of the process."""

    def __init__(self, look_up: Lookup = socket.getaddrinfo, clock: Monotonic = monotonic) -> None:
        self._look_up, self._clock = look_up, clock
        self._lock = threading.Lock()
        self._flights: dict[str, _Flight] = {}
        self._abandoned = 0

    @property
    def abandoned(self) -> int:
        """How many look-ups have been left behind since the start."""
        return self._abandoned

    @property
    def hanging(self) -> tuple[str, ...]:
        """The names whose look-up somebody has given up on and which has not ended yet."""
        with self._lock:
            return tuple(sorted(name for name, one in self._flights.items() if one.given_up))

    def addresses(self, host: str, seconds: float) -> tuple[str, ...]:
        """At least one. Raises TimeoutError past the deadline, OSError where the name has none."""
        if _is_address(host):
            return (host,)
        flight = self._flight(host)
        if not flight.landed.wait(max(0.0, seconds)):
            self._leave(flight)
            raise TimeoutError(f"DNS did not answer for {host} in time")
        if flight.error is not None:
            raise flight.error
        return flight.addresses

    def connect(self, host: str, port: int, seconds: float) -> socket.socket:
        """A TCP connection, look-up included, within `seconds`. Raises TimeoutError and OSError."""
        until = self._clock() + seconds
        error: OSError = OSError(f"no address for {host}")
        for address in self.addresses(host, seconds)[:_TRIED]:
            left = until - self._clock()
            if left <= 0:
                raise TimeoutError(f"no connection to {host} within {seconds:.3g} s")
            try:
                return socket.create_connection((address, port), timeout=left)
            except OSError as failed:
                error = failed
        raise error

    def _flight(self, host: str) -> _Flight:
        with self._lock:
            if host in self._flights:
                return self._flights[host]
            if len(self._flights) >= MOST:
                raise OSError(f"DNS: {MOST} look-ups hang already, {host} was not asked for")
            flight = self._flights[host] = _Flight()
        threading.Thread(
            target=self._fly, args=(host, flight), name="standfast-dns", daemon=True
        ).start()
        return flight

    def _fly(self, host: str, flight: _Flight) -> None:
        try:
            found = self._look_up(host, None, type=socket.SOCK_STREAM)
            flight.addresses = tuple(dict.fromkeys(str(one[4][0]) for one in found))
            if not flight.addresses:
                flight.error = OSError(f"no address for {host}")
        except UnicodeError as error:  # a label that is too long, or empty
            flight.error = OSError(f"not a host name: {error}")
        except OSError as error:
            flight.error = error
        finally:
            with self._lock:
                del self._flights[host]
            flight.landed.set()

    def _leave(self, flight: _Flight) -> None:
        with self._lock:
            self._abandoned += not flight.given_up
            flight.given_up = True


class Deadlined(httpx2.BaseTransport):
    """HTTP whose look-ups and connections, those of redirects too, all end by one instant.

    The name is looked up here and the address is asked for; `Host` and the certificate go by the name.
    """

    def __init__(
        self,
        inner: httpx2.BaseTransport,
        resolver: Resolver,
        until: float,
        clock: Monotonic,
        name: str = "",
    ) -> None:
        self._inner, self._resolver, self._until, self._clock = inner, resolver, until, clock
        self._name = name  # of the certificate, where the address is another

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.raw_host.decode("ascii")
        try:
            addresses = self._resolver.addresses(host, self._until - self._clock())
        except TimeoutError as error:
            raise httpx2.ConnectTimeout(str(error), request=request) from error
        except OSError as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        *others, last = addresses[:_TRIED]
        for address in others:
            try:
                return self._ask(request, address)
            except httpx2.ConnectError:
                continue  # the next address may be the one that answers
        return self._ask(request, last)

    def close(self) -> None:
        self._inner.close()

    def _ask(self, request: httpx2.Request, address: str) -> httpx2.Response:
        left = max(0.001, self._until - self._clock())
        extensions = {
            **request.extensions,
            "sni_hostname": self._name or request.url.raw_host.decode("ascii"),
            "timeout": {**request.extensions.get("timeout", {}), "connect": left},
        }
        aimed = httpx2.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions=extensions,
        )
        return self._inner.handle_request(aimed)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def spoken(error: BaseException) -> str:
    """What a connection died of, without the system's number for it."""
    return _NUMBER.sub("", str(error))


_NUMBER = re.compile(r"\[Errno -?\d+\] ")

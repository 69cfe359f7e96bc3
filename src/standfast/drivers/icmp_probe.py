"""Does a host answer an echo request? Where the system lets us ask at all."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import struct
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.drivers.resolver import Resolver
from standfast.monitoring.target import Outcome
from standfast_kit.clock import Monotonic, monotonic

if TYPE_CHECKING:
    from collections.abc import Callable

    Open = Callable[[int, int, int], socket.socket]

_TRIES = 3  # a lost packet is no outage
_V4 = (socket.IPPROTO_ICMP, 8, 0)  # protocol, echo request, echo reply (RFC 792)
_V6 = (socket.IPPROTO_ICMPV6, 128, 129)  # RFC 4443
_DENIED = (
    "may not send ICMP here: allow it by net.ipv4.ping_group_range or CAP_NET_RAW; or probe a port"
)


class IcmpProbe:
    """By the unprivileged ICMP socket of Linux and macOS, else by a raw one."""

    def __init__(
        self,
        clock: Monotonic = monotonic,
        resolver: Resolver | None = None,
        open_: Open = socket.socket,
    ) -> None:
        self._clock, self._resolver, self._open = clock, resolver or Resolver(), open_

    def __call__(self, address: str, timeout: timedelta) -> Outcome:
        began, seconds = self._clock(), timeout.total_seconds()
        try:
            host = self._resolver.addresses(address, seconds)[0]
            with self._socket(host) as asking:
                answered = self._ask(asking, host, began, seconds)
        except PermissionError:
            return Outcome(ok=False, known=False, because=_DENIED)
        except TimeoutError as error:
            return Outcome(ok=False, because=str(error))
        except OSError as error:
            return Outcome(ok=False, because=f"no echo: {error.strerror or error}")
        if answered is None:
            return Outcome(ok=False, because=f"no echo within {seconds:g}s")
        return Outcome(ok=True, latency=timedelta(seconds=answered))

    def _socket(self, host: str) -> socket.socket:
        v6 = ipaddress.ip_address(host).version == 6
        family, protocol = (socket.AF_INET6 if v6 else socket.AF_INET), (_V6 if v6 else _V4)[0]
        try:
            return self._open(family, socket.SOCK_DGRAM, protocol)
        except PermissionError:
            return self._open(family, socket.SOCK_RAW, protocol)

    def _ask(self, asking: socket.socket, host: str, began: float, seconds: float) -> float | None:
        """Seconds from the request to its echo; None where none came in time."""
        token = secrets.token_bytes(16)  # tells our echo from those of others on a raw socket
        v6 = asking.family == socket.AF_INET6
        _, request, reply = _V6 if v6 else _V4
        until = began + seconds
        for number in range(1, _TRIES + 1):
            sent = self._clock()
            asking.sendto(packet(request, number, token), (host, 0))
            turn = sent + (until - sent) / (_TRIES + 1 - number)
            while (left := turn - self._clock()) > 0:
                asking.settimeout(left)
                try:
                    data = asking.recv(2_048)
                except TimeoutError:
                    break
                if is_echo(data, reply, token):
                    return self._clock() - sent
        return None


def packet(kind: int, number: int, token: bytes) -> bytes:
    """An echo request with its checksum (RFC 1071); the kernel puts its own into those of IPv6."""
    head = struct.pack("!BBHHH", kind, 0, 0, 0x5F57, number)
    data = head + token
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    return struct.pack("!BBHHH", kind, 0, checksum, 0x5F57, number) + token


def is_echo(data: bytes, reply: int, token: bytes) -> bool:
    """A raw socket of IPv4 shows the IP header as well."""
    if len(data) > 20 and data[0] >> 4 == 4 and data[9] == socket.IPPROTO_ICMP:
        data = data[(data[0] & 0x0F) * 4 :]
    return len(data) >= 8 and data[0] == reply and data[8:] == token

"""Does a server serve, by its own word? https://github.com/grpc/grpc/blob/master/doc/health-checking.md"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import H2Error

from standfast.drivers.resolver import Resolver
from standfast.drivers.wire import FAILURES, Unmet, Wire, failed, wired
from standfast.monitoring.shown import shown
from standfast.monitoring.target import Outcome
from standfast.spec.asking import GrpcHealth
from standfast_kit.clock import Monotonic, monotonic

if TYPE_CHECKING:
    from h2.events import Event

    from standfast.monitoring.target import Target

_PATH = "/grpc.health.v1.Health/Check"
_STATES = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
_NOT_FOUND, _UNIMPLEMENTED = "5", "12"


class GrpcProbe:
    def __init__(self, clock: Monotonic = monotonic, resolver: Resolver | None = None) -> None:
        self._clock, self._resolver = clock, resolver or Resolver()

    def __call__(self, target: Target) -> Outcome:
        asked = (
            target.how if isinstance(target.how, GrpcHealth) else GrpcHealth(address=target.address)
        )
        began = self._clock()
        try:
            with wired(self._resolver, asked.address, target.timeout, self._clock) as wire:
                if asked.tls is not None and wire.begin_tls(asked.tls, alpn=["h2"]) != "h2":
                    raise Unmet("agrees on no HTTP/2 by TLS")
                call = Call(asked.service)
                call.make(wire, asked, target.timeout)
                expires = wire.expires
            call.judge()
        except (*FAILURES, H2Error) as error:
            told = Unmet("does not speak HTTP/2") if isinstance(error, H2Error) else error
            return failed(told, target.timeout)
        took = timedelta(seconds=self._clock() - began)
        return Outcome(ok=True, latency=took, expires=expires)


class Call:
    """One unary call, to its end."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._status: int | None = None
        self._headers: dict[str, str] = {}
        self._body = b""

    def make(self, wire: Wire, asked: GrpcHealth, timeout: timedelta) -> None:
        state = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        state.initiate_connection()
        stream = state.get_next_available_stream_id()
        name = asked.service.encode()
        message = b"\x0a" + _varint(len(name)) + name if name else b""
        state.send_headers(stream, _request(asked, timeout))
        state.send_data(stream, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)
        wire.send(state.data_to_send())
        while True:
            data = wire.receive()
            if not data:
                raise Unmet("hung up")
            if any([self._ended(state, event) for event in state.receive_data(data)]):  # noqa: C419 - all are taken in
                return
            if to_send := state.data_to_send():
                wire.send(to_send)

    def _ended(self, state: H2Connection, event: Event) -> bool:
        if isinstance(event, ResponseReceived | TrailersReceived):
            self._headers |= {str(name): str(value) for name, value in event.headers}
        elif isinstance(event, DataReceived):
            self._body += event.data
            state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamReset | ConnectionTerminated):
            raise Unmet(f"broke the call off (HTTP/2 error {int(event.error_code or 0)})")
        return isinstance(event, StreamEnded)

    def judge(self) -> None:
        """Raises Unmet where it is not "SERVING"."""
        http, code = self._headers.get(":status", ""), self._headers.get("grpc-status", "")
        said = unquote(self._headers.get("grpc-message", ""))
        of = f" of {self._service}" if self._service else ""
        if code == _UNIMPLEMENTED:
            raise Unmet("has no health service (grpc.health.v1.Health)")
        if code == _NOT_FOUND:
            raise Unmet(f"knows no service {self._service or 'at all'}")
        if code and code != "0":
            raise Unmet(f"answered the gRPC status {shown(code)}: {shown(said)}")
        if not code:
            raise Unmet(f"answered {http or 'nothing'}, and not as gRPC does")
        state = _state(self._body)
        if state != 1:
            raise Unmet(f"the health{of} is {_STATES.get(state, str(state))}")


def _request(asked: GrpcHealth, timeout: timedelta) -> list[tuple[str, str]]:
    host = asked.address
    if asked.tls is not None and asked.tls.name:
        host = asked.tls.name
    return [
        (":method", "POST"),
        (":scheme", "http" if asked.tls is None else "https"),
        (":path", _PATH),
        (":authority", host),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("grpc-timeout", f"{max(1, timeout // timedelta(milliseconds=1))}m"),
        ("user-agent", "standfast-probe"),
    ]


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _state(body: bytes) -> int:
    """Field 1 of the one message; a field at its default of 0 is not sent."""
    size = int.from_bytes(body[1:5], "big")
    message = body[5 : 5 + size]
    if len(body) < 5 or body[0] != 0 or len(message) != size:
        raise Unmet("answered no message of gRPC's")
    if message[:1] != b"\x08" or len(message) < 2:
        return 0
    return message[1]

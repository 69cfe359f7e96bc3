"""Does a server take a WebSocket, and answer on it?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import re2
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Message,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

from standfast.drivers import credentials
from standfast.drivers.resolver import Resolver
from standfast.drivers.wire import FAILURES, Unmet, Wire, failed, wired
from standfast.monitoring.shown import shown
from standfast.monitoring.target import Outcome
from standfast.spec.asking import Secure, WebSocket
from standfast_kit.clock import Monotonic, monotonic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wsproto.events import Event

    from standfast.monitoring.target import Target

_AGENT = "standfast-probe"


class WebSocketProbe:
    def __init__(self, clock: Monotonic = monotonic, resolver: Resolver | None = None) -> None:
        self._clock, self._resolver = clock, resolver or Resolver()

    def __call__(self, target: Target) -> Outcome:
        asked = target.how if isinstance(target.how, WebSocket) else WebSocket(url=target.address)
        began = self._clock()
        try:
            parts = urlsplit(asked.url)
            secure = parts.scheme == "wss"
            address = f"{parts.hostname}:{parts.port or (443 if secure else 80)}"
            sent = credentials.headers({"User-Agent": _AGENT, **asked.headers}, asked.auth)
            with wired(self._resolver, address, target.timeout, self._clock) as wire:
                if secure:
                    wire.begin_tls(asked.tls or Secure())
                path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
                _Talk(wire).hold(asked, parts.netloc.rpartition("@")[2], path, sent)
                expires = wire.expires
        except (*FAILURES, ProtocolError) as error:
            return failed(_told(error), target.timeout)
        took = timedelta(seconds=self._clock() - began)
        return Outcome(ok=True, latency=took, expires=expires)


def _told(error: Exception) -> Exception:
    """That the answer's Sec-WebSocket-Accept is wrong is such an error too."""
    if isinstance(error, ProtocolError):
        return Unmet(f"does not speak as a WebSocket does: {shown(str(error))}")
    return error


class _Talk:
    def __init__(self, wire: Wire) -> None:
        self._wire, self._state = wire, WSConnection(ConnectionType.CLIENT)

    def hold(self, asked: WebSocket, host: str, path: str, headers: dict[str, str]) -> None:
        extra = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        protocols = [asked.protocol] if asked.protocol else []
        self._send(Request(host=host, target=path, extra_headers=extra, subprotocols=protocols))
        events = self._events()
        _accepted(next(events), asked.protocol)
        if asked.send:
            self._send(TextMessage(data=asked.send))
        if asked.expect:
            _answered(events, asked.expect)
        self._send(CloseConnection(code=1000))

    def _events(self) -> Iterator[Event]:
        while True:
            data = self._wire.receive()
            self._state.receive_data(data or None)
            for event in self._state.events():
                if isinstance(event, Ping):
                    self._send(event.response())
                else:
                    yield event
            if not data:
                raise Unmet("hung up")

    def _send(self, event: Event) -> None:
        self._wire.send(self._state.send(event))


def _accepted(event: Event, protocol: str) -> None:
    if isinstance(event, RejectConnection):
        raise Unmet(f"answered {event.status_code}, and takes no WebSocket")
    if not isinstance(event, AcceptConnection):
        raise Unmet("takes no WebSocket")
    if protocol and event.subprotocol != protocol:
        raise Unmet(f"does not speak the protocol {shown(protocol)}")


def _answered(events: Iterator[Event], pattern: str) -> None:
    """Raises Unmet with the last message where none matches before the end."""
    text, last = "", ""
    for event in events:
        if isinstance(event, CloseConnection):
            said = f"said {shown(last)} and closed" if last else f"closed with {event.code}"
            raise Unmet(f"{said}, expected {shown(pattern)}")
        if not isinstance(event, Message):
            continue
        data = event.data
        text += data if isinstance(data, str) else bytes(data).decode("utf-8", "replace")
        if event.message_finished:
            if re2.search(pattern, text) is not None:
                return
            text, last = "", text

"""Do PostgreSQL and MySQL take clients? Found out without an account, as `pg_isready` does."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from standfast.drivers.wire import Unmet
from standfast.monitoring.shown import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.drivers.wire import Wire

_USER = b"standfast"
# https://www.postgresql.org/docs/current/protocol-message-formats.html
_STARTUP = struct.pack("!i", 196_608) + b"user\0" + _USER + b"\0database\0postgres\0\0"
_CANNOT = {"57P03", "53300"}  # cannot connect now, too many connections
# https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
_CAPABLE = 0x200 | 0x8000  # the protocol of 4.1, and its way to sign in
_RESPONSE = struct.pack("<IIB23x", _CAPABLE, 1 << 24, 45) + _USER + b"\0\0"
_ERROR, _SWITCH, _TENTH = 0xFF, 0xFE, 0x0A


def _postgresql(wire: Wire) -> None:
    """Ready is who asks for a password, and who says that this user is none of theirs."""
    wire.send(struct.pack("!i", len(_STARTUP) + 4) + _STARTUP)
    stream = _Stream(wire)
    kind, length = struct.unpack("!ci", stream.take(5))
    if kind == b"R":
        return
    if kind != b"E" or not 4 < length <= 30_000:
        raise Unmet("does not speak as PostgreSQL does")
    fields = {
        one[:1]: one[1:].decode("utf-8", "replace") for one in stream.take(length - 4).split(b"\0")
    }
    if fields.get(b"C", "") in _CANNOT:
        raise Unmet(f"PostgreSQL takes no clients: {shown(fields.get(b'M', ''))}")


def _mysql(wire: Wire) -> None:
    """The greeting decides. The rest is manners: who hangs up before signing in is shut out after a while."""
    stream = _Stream(wire)
    number, greeting = _packet(stream)
    if greeting[0] == _ERROR:
        raise Unmet(f"MySQL takes no clients: {shown(_complaint(greeting))}")
    if greeting[0] != _TENTH or b"\0" not in greeting:
        raise Unmet("does not speak as MySQL does")
    for answer in (_RESPONSE, b""):
        number += 1
        wire.send(struct.pack("<I", len(answer))[:3] + bytes([number % 256]) + answer)
        number, said = _packet(stream)
        if said[0] != _SWITCH:
            return


def _packet(stream: _Stream) -> tuple[int, bytes]:
    head = stream.take(4)
    length = int.from_bytes(head[:3], "little")
    if not 0 < length <= 30_000:
        raise Unmet("does not speak as MySQL does")
    return head[3], stream.take(length)


def _complaint(packet: bytes) -> str:
    return packet[3:].decode("utf-8", "replace")


class _Stream:
    def __init__(self, wire: Wire) -> None:
        self._wire, self._held = wire, b""

    def take(self, size: int) -> bytes:
        while len(self._held) < size:
            data = self._wire.receive()
            if not data:
                raise Unmet("hung up" if self._held else "hung up without a word")
            self._held += data
        taken, self._held = self._held[:size], self._held[size:]
        return taken


GREETINGS: dict[str, Callable[[Wire], None]] = {"postgresql": _postgresql, "mysql": _mysql}

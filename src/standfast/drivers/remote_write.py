"""Reading Prometheus remote write 1.0: one block of snappy around one message of protocol buffers.

https://prometheus.io/docs/specs/prw/remote_write_spec/. The message is small and fixed (a list of series, each
with labels and samples), so it is read here by its wire format; what is unknown is passed over.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import cramjam

from standfast.errors import StandfastError
from standfast.monitoring.exposition import MOST_LABELS
from standfast.monitoring.written import Written

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = (
    32_000_000  # once unpacked; a request of Prometheus' usual 2,000 samples has some 300 kB
)
MOST_SERIES = 50_000
MOST_SAMPLES = 200_000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_SERIES, _LABELS, _SAMPLES = 1, 1, 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIX = "send Prometheus remote write 1.0: protocol buffers in one block of snappy"


def read(body: bytes) -> tuple[Written, ...]:
    """Raises StandfastError where it is something else, or more than is taken at once."""
    data = _unpacked(body)
    try:
        return tuple(_series(data))
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise StandfastError(
            "not a write request: it ends or breaks off amidst", fix=_FIX
        ) from error


def _unpacked(body: bytes) -> bytes:
    try:
        length = cramjam.snappy.decompress_raw_len(body)
        if length > MOST_BYTES:
            raise StandfastError(
                f"a request of {length:,} bytes once unpacked",
                fix=f"send at most {MOST_BYTES:,}: lower `max_samples_per_send`",
            )
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise StandfastError("not a block of snappy", fix=_FIX) from error


def _series(data: bytes) -> Iterator[Written]:
    series = samples = 0
    for field, value in _fields(data):
        if field == _SERIES and isinstance(value, bytes):
            one = _one(value)
            series, samples = series + 1, samples + len(one.samples)
            if series > MOST_SERIES or samples > MOST_SAMPLES:
                raise StandfastError(
                    f"more than {MOST_SERIES:,} series or {MOST_SAMPLES:,} samples at once",
                    fix="lower `max_samples_per_send` of the sender's queue",
                )
            if len(one.labels) < MOST_LABELS:  # else it is passed over, and the others are not lost
                yield one


def _one(data: bytes) -> Written:
    labels: dict[str, str] = {}
    samples: list[tuple[datetime, float]] = []
    for field, value in _fields(data):
        if field == _LABELS and isinstance(value, bytes):
            pair = dict(_fields(value))
            labels[_text(pair.get(1, b""))] = _text(pair.get(2, b""))
        elif field == _SAMPLES and isinstance(value, bytes):
            samples.append(_sample(value))
    name = labels.pop("__name__", "")
    return Written(name=name, labels=tuple(sorted(labels.items())), samples=tuple(samples))


def _sample(data: bytes) -> tuple[datetime, float]:
    pair = dict(_fields(data))
    value, at = pair.get(1, b"\0" * 8), pair.get(2, 0)
    if not isinstance(value, bytes) or not isinstance(at, int):
        raise IndexError
    (number,) = struct.unpack("<d", value)
    # Of whole numbers, negative ones are written as their two's complement of 64 bits.
    return _EPOCH + timedelta(milliseconds=at - (1 << 64) if at >> 63 else at), number


def _text(value: bytes | int) -> str:
    if not isinstance(value, bytes):
        raise IndexError
    text = value.decode()
    if "\x1e" in text or "\x1f" in text:
        raise StandfastError("a label with control characters in it")
    return text


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """(number, value) of each field; numbers of fixed size as their bytes."""
    place, end = 0, len(data)
    while place < end:
        tag, place = _varint(data, place)
        kind = tag & 7
        if kind == _VARINT:
            number, place = _varint(data, place)
            yield tag >> 3, number
            continue
        if kind == _BYTES:
            size, place = _varint(data, place)
        elif kind in {_FIXED64, _FIXED32}:
            size = 8 if kind == _FIXED64 else 4
        else:
            raise IndexError
        if place + size > end:
            raise IndexError
        yield tag >> 3, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise IndexError

"""Canonical JSON for the record core: RFC 8785 on a restricted profile, where a fast encoder agrees with it.

The profile: keys are ASCII strings, numbers are integers within +-(2**53 - 1), text is free of lone
surrogates, and there are no floats. Inside it sorted keys and no white space are all that RFC 8785 asks.
"""

from __future__ import annotations

from typing import Any

import msgspec

LARGEST = 2**53 - 1  # beyond it a double, which is what JSON numbers are to RFC 8785, is not exact

_encoder = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> bytes:
    """The one encoding of `value`; raises ValueError where it is outside the profile."""
    _check(value, "$")
    return _encoder.encode(value)


def _check(value: Any, where: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise ValueError(f"{where}: an integer beyond 2**53 - 1")
    elif isinstance(value, str):
        _check_text(value, where)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, f"{where}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"{where}: the key {key!r} is not ASCII text")
            _check(item, f"{where}.{key}")
    else:
        raise ValueError(f"{where}: {type(value).__name__} is outside the profile")  # noqa: TRY004 - one error for callers


def _check_text(value: str, where: str) -> None:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{where}: a lone surrogate") from None

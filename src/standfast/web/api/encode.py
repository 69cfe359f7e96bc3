"""Our frozen values as JSON: instants in RFC 3339, durations in seconds, shares as numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from fractions import Fraction
from typing import Any

from starlette.responses import JSONResponse


def plain(value: object) -> Any:
    """`value` in JSON's own types; raises TypeError for what has no form there."""
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, Enum)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return _scalar(value)


def _scalar(value: object) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Fraction):
        return float(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def answer(value: object, status: int = 200) -> JSONResponse:
    return JSONResponse(plain(value), status)

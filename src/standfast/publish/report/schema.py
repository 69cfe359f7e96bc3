"""The JSON Schema of the report's JSON, made of the value's own annotations."""

from __future__ import annotations

import dataclasses
import types
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, get_args, get_origin, get_type_hints

from standfast.dashboards.report.value import Report
from standfast.publish.report.data import FORMAT

_PLAIN: dict[object, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    timedelta: {"type": "number", "description": "seconds"},
    Fraction: {"type": "number"},
}


def schema() -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    top = _object(Report, definitions)
    top["properties"] = {"format": {"const": FORMAT}} | top["properties"]
    top["required"] = ["format", *top["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Service level report",
        **top,
        "$defs": definitions,
    }


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = [one.name for one in dataclasses.fields(kind)]
    return {
        "type": "object",
        "additionalProperties": False,
        "required": names,
        "properties": {name: _of(hints[name], definitions) for name in names},
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if isinstance(kind, types.UnionType):  # only ever with None
        some = next(each for each in get_args(kind) if each is not type(None))
        return {"anyOf": [_of(some, definitions), {"type": "null"}]}
    if get_origin(kind) is tuple:
        return _array(get_args(kind), definitions)
    if dataclasses.is_dataclass(kind):
        name = kind.__name__  # type: ignore[union-attr]  # a type, not a value
        if name not in definitions:
            definitions[name] = _object(kind, definitions)  # type: ignore[arg-type]  # a type
        return {"$ref": f"#/$defs/{name}"}
    return dict(_PLAIN[kind])


def _array(parts: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if parts[-1] is ...:
        return {"type": "array", "items": _of(parts[0], definitions)}
    items = [_of(each, definitions) for each in parts]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}

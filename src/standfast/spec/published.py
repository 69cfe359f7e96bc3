"""The schema that editors use."""

from __future__ import annotations

from typing import Any

from standfast.spec.v1.file import FileShape

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Draft 2020-12; whatever the shape takes as a shorthand is in it too."""
    found = FileShape.model_json_schema(by_alias=True)
    return {"$schema": DIALECT, **found, "title": "standfast reliability file"}

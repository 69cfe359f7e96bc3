"""Names that the reliability file takes."""

from __future__ import annotations

import re

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


def fit(name: str) -> str:
    """The nearest one that it takes: letters, digits, `-` and `_`, at most 63 of them."""
    return _UNFIT.sub("-", name).strip("-_")[:63].rstrip("-_") or "unnamed"

"""Secrets are given by reference, read when they are used, and never kept or logged."""

from __future__ import annotations

import os
from pathlib import Path


def check_reference(reference: str) -> str:
    """The reference itself; ValueError when it is not `env:NAME` or `file:/path`."""
    kind, _, rest = reference.partition(":")
    if kind not in ("env", "file") or not rest:
        # The value is not repeated here: it may be the secret itself.
        raise ValueError("a secret is given by reference: env:NAME or file:/path")
    return reference


def read_secret(reference: str) -> str | None:
    """What the reference points at; None when there is nothing there."""
    kind, _, rest = check_reference(reference).partition(":")
    if kind == "env":
        return os.environ.get(rest) or None
    try:
        return Path(rest).read_text(encoding="utf-8").strip() or None
    except OSError:
        return None

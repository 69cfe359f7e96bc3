"""Secrets, read where they are needed and at the moment they are needed; never logged, never kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from standfast.errors import SourceError

if TYPE_CHECKING:
    from standfast.spec.values import SecretRef

_LONGEST = 64 * 1024  # bytes


def resolve(secret: SecretRef) -> str:
    """Raises SourceError that names the place, never the content."""
    if secret.kind == "env":
        value = os.environ.get(secret.name, "")
        if not value:
            raise SourceError(f"the environment has no {secret.name}", fix=f"set {secret.name}")
        return value
    if secret.kind == "file":
        return _from_file(secret.name)
    raise SourceError(
        "a secret stands in the file itself and was not kept", fix="write env:NAME or file:/path"
    )


def _from_file(name: str) -> str:
    try:
        with Path(name).open(encoding="utf-8") as file:
            value = file.read(_LONGEST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SourceError(
            f"the secret's file cannot be read: {cause}", where=name, fix="check its path and owner"
        ) from None
    if not value:
        raise SourceError("the secret's file is empty", where=name)
    return value

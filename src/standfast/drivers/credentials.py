"""The headers that the file has sent: its secrets read when they are needed, and never told."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from standfast.drivers.secrets import resolve
from standfast.errors import SourceError
from standfast.spec.values import SecretRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.spec.asking import Auth


def headers(stated: Mapping[str, SecretRef | str], auth: Auth | None) -> dict[str, str]:
    """Raises SourceError where a secret is not to be had, or fits into no header."""
    found = {name: _checked(name, plain(value)) for name, value in stated.items()}
    if auth is None:
        return found
    if auth.token is not None:
        found["Authorization"] = _checked("Authorization", f"Bearer {resolve(auth.token)}")
    elif auth.username is not None and auth.password is not None:
        pair = f"{resolve(auth.username)}:{resolve(auth.password)}"
        found["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
    return found


def plain(value: SecretRef | str) -> str:
    return resolve(value) if isinstance(value, SecretRef) else value


def _checked(name: str, value: str) -> str:
    """Whoever refuses such a header later would quote it."""
    if not value.isascii() or not value.isprintable():
        raise SourceError(f"the value of the header {name} has characters that no header may have")
    return value

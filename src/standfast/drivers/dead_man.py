"""Telling a dead man's switch that we live: one bounded GET, whose address may be a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.drivers.http_probe import BoundedHttp
from standfast.drivers.secrets import resolve
from standfast.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from standfast.spec.values import SecretRef

_MOST = 100_000  # bytes of an answer
_REDIRECTS = 3


class DeadManPing:
    """`engine.dead_man.Ping`"""

    def __init__(
        self, http: BoundedHttp | None = None, secret: Callable[[SecretRef], str] = resolve
    ) -> None:
        self._http, self._secret = http or BoundedHttp(), secret

    def __call__(self, address: SecretRef | str, timeout: timedelta) -> None:
        url = address if isinstance(address, str) else self._secret(address)
        try:
            answer = self._http.get(url, timeout=timeout, most=_MOST, redirects=_REDIRECTS)
        except SourceError as error:
            # Whoever has the address can keep the switch quiet, so it is not told.
            raise SourceError(error.problem.replace(url, "the address")) from None
        if answer.status >= 400:
            raise SourceError(f"it answered {answer.status}")

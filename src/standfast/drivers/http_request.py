"""Asking a URL as the file says: method, body, headers, credentials, certificates, redirects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.drivers import credentials, tls
from standfast.drivers.http_probe import PROBE_BODY, BoundedHttp, outcome_of
from standfast.errors import SourceError
from standfast.monitoring.target import Outcome
from standfast.spec.asking import Request

if TYPE_CHECKING:
    from standfast.monitoring.target import Target


class HttpRequest:
    def __init__(self, http: BoundedHttp | None = None) -> None:
        self._http = http or BoundedHttp()

    def __call__(self, target: Target) -> Outcome:
        asked = target.how if isinstance(target.how, Request) else Request()
        try:
            headers = credentials.headers(asked.headers, asked.auth)
            body = credentials.plain(asked.body).encode()
            # Made anew each time, so that a certificate which was renewed is taken up.
            secured = tls.context(asked.tls) if asked.tls is not None else None
        except SourceError as error:  # what is wrong here says nothing of the target
            return Outcome(ok=False, known=False, because=error.problem)
        try:
            answer = self._http.ask(
                target.address,
                method=asked.method,
                body=body,
                headers=headers,
                timeout=target.timeout,
                most=PROBE_BODY,
                redirects=asked.redirects or 0,
                tls=secured,
                name=asked.tls.name if asked.tls is not None else "",
                stays=asked.confides or bool(asked.tls and asked.tls.certificate),
            )
        except SourceError as error:
            return Outcome(ok=False, because=error.problem)
        return outcome_of(answer)

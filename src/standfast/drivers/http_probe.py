"""Asking over HTTP, bounded in every way: one deadline for the whole, one cap on the body."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx2

from standfast.drivers.resolver import Deadlined, Resolver, spoken
from standfast.drivers.tls import end_of, fault
from standfast.errors import SourceError, TooMuch
from standfast.monitoring.target import Outcome
from standfast_kit.clock import Monotonic, monotonic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

_REDIRECTS = 3
PROBE_BODY = 1_000_000
_REPORT_BODY = 100_000
_HEADER = 2_000  # characters of one header that are looked at
_AGENT = "standfast-probe"
_USUAL = {"accept": "*/*", "accept-encoding": "identity", "user-agent": _AGENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes
    content_type: str
    took: timedelta
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    expires: datetime | None = None  # the certificate of an https address


class BoundedHttp:
    """Asks with a total deadline and a cap on the bytes taken; a new connection for each request."""

    def __init__(self, clock: Monotonic = monotonic, resolver: Resolver | None = None) -> None:
        self._clock, self._resolver = clock, resolver or Resolver()
        self._tls = ssl.create_default_context()  # costs 20 ms, so it is made once

    def get(
        self,
        url: str,
        *,
        timeout: timedelta,
        most: int,
        redirects: int = 0,
        accept: str = "*/*",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Raises SourceError, with the reason in words, where no whole answer comes in time."""
        sent = {"accept": accept, **(headers or {})}
        return self.ask(url, timeout=timeout, most=most, redirects=redirects, headers=sent)

    def ask(
        self,
        url: str,
        *,
        timeout: timedelta,
        most: int,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        redirects: int = 0,
        tls: ssl.SSLContext | None = None,
        name: str = "",
        stays: bool = False,
    ) -> Answer:
        """As `get`; `name` is the certificate's, and with `stays` no redirect to another server is followed."""
        seconds = timeout.total_seconds()
        began = self._clock()
        plain = httpx2.HTTPTransport(verify=tls or self._tls, trust_env=False)
        client = httpx2.Client(
            transport=Deadlined(plain, self._resolver, began + seconds, self._clock, name),
            trust_env=False,
            timeout=seconds,
            follow_redirects=redirects > 0,
            max_redirects=redirects,
            headers=_USUAL,
            event_hooks={"response": [_at_home] if stays else []},
        )
        # Time-outs of the client are per read: one byte a second would keep it busy for ever.
        watchdog = threading.Timer(seconds, client.close)
        watchdog.daemon = True
        watchdog.start()
        try:
            with (
                client,
                client.stream(method, url, headers=headers, content=body or None) as response,
            ):
                # Once the body is read, the connection is gone.
                expires = _certificate_end(response)
                taken = self._body(response, most, lambda: self._clock() - began > seconds)
                took = timedelta(seconds=self._clock() - began)
                kind = response.headers.get("content-type", "")
                return Answer(
                    status=response.status_code,
                    body=taken,
                    content_type=kind,
                    took=took,
                    headers=_headers(response),
                    expires=expires,
                )
        except httpx2.TimeoutException as error:
            dns = str(error) if str(error).startswith("DNS") else ""
            raise SourceError(dns or _late(timeout), where=url) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, RuntimeError, OSError, ValueError) as error:
            late = self._clock() - began >= seconds
            raise SourceError(_late(timeout) if late else _said(error), where=url) from error
        finally:
            watchdog.cancel()

    def _body(self, response: httpx2.Response, most: int, late: Callable[[], bool]) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise SourceError("answered compressed though asked not to", where=str(response.url))
        body = bytearray()
        for chunk in response.iter_raw(65_536):
            body += chunk
            if len(body) > most:
                raise TooMuch(f"answered more than {most:,} bytes", where=str(response.url))
            if late():
                raise httpx2.ReadTimeout("the whole took too long")
        return bytes(body)


class HttpProbe:
    """Does a URL answer with success? Redirects are followed, a few, unless they are what is expected."""

    def __init__(self, http: BoundedHttp | None = None, *, redirects: int = _REDIRECTS) -> None:
        self._http, self._redirects = http or BoundedHttp(), redirects

    def __call__(self, address: str, timeout: timedelta) -> Outcome:
        try:
            answer = self._http.get(
                address, timeout=timeout, most=PROBE_BODY, redirects=self._redirects
            )
        except SourceError as error:
            return Outcome(ok=False, because=error.problem)
        return outcome_of(answer)


def outcome_of(answer: Answer) -> Outcome:
    ok = answer.status < 400
    return Outcome(
        ok=ok,
        because="" if ok else f"answered {answer.status}",
        latency=answer.took,
        status=answer.status,
        text=answer.body.decode("utf-8", "replace"),
        headers=answer.headers,
        expires=answer.expires,
    )


class HealthPoll:
    """What a health endpoint answers, body and all; 503 with a body is an answer."""

    def __init__(self, http: BoundedHttp | None = None) -> None:
        self._http = http or BoundedHttp()

    def __call__(self, address: str, timeout: timedelta) -> Outcome:
        try:
            answer = self._http.get(
                address, timeout=timeout, most=_REPORT_BODY, accept="application/json"
            )
        except SourceError as error:
            return Outcome(ok=False, because=error.problem)
        ok = answer.status < 300
        return Outcome(
            ok=ok,
            because="" if ok else f"answered {answer.status}",
            latency=answer.took,
            status=answer.status,
            text=answer.body.decode("utf-8", "replace"),
        )


def _headers(response: httpx2.Response) -> dict[str, str]:
    return {name.lower(): value[:_HEADER] for name, value in response.headers.items()}


def _certificate_end(response: httpx2.Response) -> datetime | None:
    stream = response.extensions.get("network_stream")
    secure = stream.get_extra_info("ssl_object") if stream is not None else None
    # By place: what httpcore shows is the inner object, which knows no names of arguments.
    return end_of(secure.getpeercert(True)) if secure is not None else None


def _at_home(response: httpx2.Response) -> None:
    """What is told to one server in confidence is not carried to another, as `Cookie` and the like would be."""
    if not response.has_redirect_location:
        return
    asked, to = response.request.url, response.request.url.join(response.headers["location"])
    upgraded = (asked.scheme, to.scheme) == ("http", "https") and (asked.port, to.port) == (
        None,
        None,
    )
    same = (asked.scheme, asked.port) == (to.scheme, to.port)
    if asked.host != to.host or not (same or upgraded):
        raise SourceError("redirects to another server, which is not told what this one is")


def _late(timeout: timedelta) -> str:
    return f"no whole answer within {timeout.total_seconds():g}s"


def _said(error: Exception) -> str:
    if isinstance(error, httpx2.TooManyRedirects):
        return "redirects without end"
    if isinstance(error, httpx2.ConnectError):
        return fault(error) or f"no connection: {spoken(error)}"
    return f"no usable answer: {str(error) or type(error).__name__}"

"""Sending by webhook: one signed POST under one deadline; its receiver knows a repetition by its key."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import ssl
import threading
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx2

from standfast.drivers.secrets import resolve as resolve_secret
from standfast.errors import StandfastError
from standfast.paging.notification import Outcome, Result
from standfast_kit.clock import Clock, Monotonic, monotonic, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from standfast.paging.message import Message
    from standfast.spec.system import Channel
    from standfast.spec.values import SecretRef

# At INFO the client logs every URL, and the address of a webhook is a secret.
logging.getLogger("httpx2").setLevel(logging.WARNING)

SIGNATURE = "X-Standfast-Signature"
_PASSING = frozenset({408, 425, 429})  # of the 4xx: "not now", not "never"
_WEB = re.compile(r"https?://\S+\Z")
_LONGEST_ID = 200  # characters


class WebhookSender:
    """An `engine.deliver.Send` for channels of the kind webhook."""

    def __init__(
        self,
        resolve: Callable[[SecretRef], str] = resolve_secret,
        *,
        tls: ssl.SSLContext | None = None,
        clock: Clock = utc_now,
        ticks: Monotonic = monotonic,
    ) -> None:
        self._resolve, self._clock, self._ticks = resolve, clock, ticks
        self._tls = tls or ssl.create_default_context()  # costs 20 ms, so it is made once

    def __call__(self, channel: Channel, message: Message, timeout: timedelta) -> Result:
        """DELIVERED by any 2xx; redirects are not followed, they could carry the page anywhere."""
        body = message.payload.encode()
        try:
            url = self._url(channel)
            headers = self._headers(channel, message, body)
        except StandfastError as error:
            return Result(outcome=Outcome.PERMANENT, reason=str(error))
        seconds = timeout.total_seconds()
        began = self._ticks()
        client = httpx2.Client(verify=self._tls, trust_env=False, timeout=seconds)
        # Time-outs of the client are per read: one byte a second would keep it busy for ever.
        watchdog = threading.Timer(seconds, client.close)
        watchdog.daemon = True
        watchdog.start()
        try:
            with client, client.stream("POST", url, content=body, headers=headers) as response:
                return classify(response.status_code, response.headers, self._clock())
        except (httpx2.HTTPError, httpx2.InvalidURL, RuntimeError, OSError, ValueError) as error:
            return _broken(error, timeout, late=self._ticks() - began >= seconds)
        finally:
            watchdog.cancel()

    def _url(self, channel: Channel) -> str:
        given = channel.url
        url = given if isinstance(given, str) else self._resolve(given) if given else ""
        if not _WEB.match(url):
            raise StandfastError(  # the address is not repeated: it may be the secret
                "the webhook's url is not the address of a web server",
                where=f"channels.{channel.name}.url",
                fix="write https://... or a reference to it",
            )
        return url

    def _headers(self, channel: Channel, message: Message, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "standfast",
            "Idempotency-Key": quote(message.key, safe="/~;=:@ "),
        }
        if channel.secret is not None:
            headers[SIGNATURE] = sign(self._resolve(channel.secret), body)
        return headers


def sign(secret: str, body: bytes) -> str:
    """`sha256=` and the HMAC of the body, in hex: what a receiver compares, in constant time."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def classify(status: int, headers: httpx2.Headers, now: datetime) -> Result:
    said = f"answered {status}"
    if 200 <= status < 300:
        found = headers.get("x-request-id", "")[:_LONGEST_ID]
        return Result(outcome=Outcome.DELIVERED, reason=said, provider_id=found)
    if status >= 500 or status in _PASSING:
        after = retry_after(headers.get("retry-after", ""), now)
        return Result(outcome=Outcome.RETRYABLE, reason=said, retry_after=after)
    if 300 <= status < 400:
        said += ", a redirect; the channel needs the final address"
    return Result(outcome=Outcome.PERMANENT, reason=said)


def retry_after(text: str, now: datetime) -> timedelta | None:
    """Seconds or a date (RFC 9110, 10.2.3); None for what is neither. At most a day."""
    try:
        if text.strip().isdecimal():
            wait = timedelta(seconds=min(int(text[:12]), 86_400))
        else:
            wait = parsedate_to_datetime(text) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), timedelta(days=1))


def _broken(error: Exception, timeout: timedelta, *, late: bool) -> Result:
    if isinstance(error, httpx2.InvalidURL):
        return Result(outcome=Outcome.PERMANENT, reason="the webhook's url is not one")
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return Result(outcome=Outcome.RETRYABLE, reason=f"no connection: {error}"[:300])
    late = late or isinstance(error, httpx2.TimeoutException)
    why = f"no answer within {timeout.total_seconds():g}s" if late else "the connection broke off"
    # The receiver may have it: the next attempt carries the same key.
    return Result(outcome=Outcome.UNKNOWN, reason=f"{why} ({type(error).__name__})")

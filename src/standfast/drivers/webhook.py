"""Webhooks: one signed POST per notification, its key in a header so that a duplicate shows as one."""

from __future__ import annotations

import hashlib
import hmac
import logging
import ssl
import threading
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx2

from standfast.drivers.resolver import Deadlined, Resolver
from standfast.drivers.secrets import resolve
from standfast.errors import SourceError
from standfast.paging.notification import Outcome, Result
from standfast_kit.clock import Clock, Monotonic, monotonic, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from standfast.paging.message import Message
    from standfast.spec.calling import Channel
    from standfast.spec.values import SecretRef

# At INFO the client logs every URL, and the address of a webhook is a secret.
logging.getLogger("httpx2").setLevel(logging.WARNING)

_MAY_PASS = frozenset({408, 425, 429})
_MOST_READ = 64 * 1024  # bytes of an answer
_REASON = 300  # characters


class _TooSlow(Exception):
    """The answer did not end in the time that the whole exchange has."""


class WebhookSend:
    """Sends one message per call: `engine.deliver.Send`.

    `X-Standfast-Signature: t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "t.body">`, where the channel
    has a secret. Redirects are not followed.
    """

    def __init__(
        self,
        secret: Callable[[SecretRef], str] = resolve,
        clock: Clock = utc_now,
        ticks: Monotonic = monotonic,
        resolver: Resolver | None = None,
    ) -> None:
        self._secret, self._clock, self._ticks = secret, clock, ticks
        self._resolver = resolver or Resolver()
        self._tls = ssl.create_default_context()  # costs 20 ms, so it is made once

    def __call__(self, channel: Channel, message: Message, timeout: timedelta) -> Result:
        body, seconds = message.payload.encode(), timeout.total_seconds()
        try:
            url = self._url(channel)
            request = httpx2.Request(
                "POST", url, content=body, headers=self._headers(channel, message, body)
            )
            return self._exchange(request, seconds)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            return Result(outcome=Outcome.RETRYABLE, reason=_said(channel, error))
        except (httpx2.TimeoutException, httpx2.TransportError, _TooSlow) as error:
            # It was on its way: the receiver may have it.
            return Result(outcome=Outcome.UNKNOWN, reason=_said(channel, error))
        except (httpx2.InvalidURL, SourceError, ValueError) as error:
            return Result(outcome=Outcome.PERMANENT, reason=_said(channel, error))

    def _exchange(self, request: httpx2.Request, seconds: float) -> Result:
        until = self._ticks() + seconds
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        plain = httpx2.HTTPTransport(verify=self._tls, trust_env=False)
        client = httpx2.Client(
            transport=Deadlined(plain, self._resolver, until, self._ticks), trust_env=False
        )
        # Time-outs of the client are per read: one byte a second would keep it busy for ever.
        watchdog = threading.Timer(seconds, client.close)
        watchdog.daemon = True
        watchdog.start()
        try:
            with client:
                return self._judge(client.send(request, stream=True), until)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            raise  # nothing was on its way yet, however late it is
        except (httpx2.HTTPError, RuntimeError, OSError) as error:
            if self._ticks() < until:
                raise
            raise _TooSlow(f"no whole answer within {seconds:g} s") from error
        finally:
            watchdog.cancel()

    def _judge(self, answer: httpx2.Response, until: float) -> Result:
        """What the status says stands, even where the text after it does not end."""
        read = b""
        try:
            for chunk in answer.iter_raw(512):
                read += chunk
                if len(read) > _MOST_READ or self._ticks() > until:
                    break
        except (httpx2.HTTPError, RuntimeError, OSError):
            pass
        finally:
            answer.close()
        return _judged(answer, read, self._clock())

    def _url(self, channel: Channel) -> str:
        if channel.url is None:
            raise SourceError(f"the channel {channel.name} has no url")
        return channel.url if isinstance(channel.url, str) else self._secret(channel.url)

    def _headers(self, channel: Channel, message: Message, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "standfast",
            "Idempotency-Key": message.message_id.strip("<>"),
        }
        if channel.secret is not None:
            stamp = str(int(self._clock().timestamp()))
            headers["X-Standfast-Signature"] = signature(self._secret(channel.secret), stamp, body)
        return headers


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What a receiver computes again and compares in constant time."""
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def _judged(answer: httpx2.Response, read: bytes, now: datetime) -> Result:
    code = answer.status_code
    if 200 <= code < 300:
        outcome = Outcome.ACCEPTED if code == 202 else Outcome.DELIVERED
        return Result(outcome=outcome, provider_id=answer.headers.get("X-Request-Id", "")[:_REASON])
    text = " ".join(read.decode("utf-8", "replace").split())[:120]
    reason = f"the receiver answered {code} {text}".strip()
    if code in _MAY_PASS or code >= 500:
        later = _later(answer.headers.get("Retry-After", ""), now)
        return Result(outcome=Outcome.RETRYABLE, reason=reason, retry_after=later)
    return Result(outcome=Outcome.PERMANENT, reason=reason)


def _later(text: str, now: datetime) -> timedelta | None:
    """RFC 9110, 10.2.3: seconds or a date."""
    if text.strip().isdecimal():
        return timedelta(seconds=min(int(text), 86_400))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(moment - now, timedelta(0))


def _said(channel: Channel, error: Exception) -> str:
    """Without the address: a webhook's address is a secret."""
    if isinstance(error, (SourceError, _TooSlow)):
        return f"{channel.name}: {str(error).splitlines()[0]}"
    if isinstance(error.__cause__, TimeoutError) and str(error).startswith("DNS"):
        return f"{channel.name}: DNS did not answer in time"
    return f"{channel.name}: {type(error).__name__}"

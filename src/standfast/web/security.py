"""What every answer and every request passes: headers, a size limit, a same-origin check."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MEGABYTE = 1 << 20
BODY_LIMIT = 4 * _MEGABYTE
_SAFE = {"GET", "HEAD", "OPTIONS"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with `no-referrer` browsers send `Origin: null` with our own forms
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class SecurityHeaders:
    """Sets the headers that keep a page from being framed, sniffed or scripted by others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


class BodyLimit:
    """Refuses a body that is larger than anything we ever ask for, counted as it arrives."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if length.isdigit() and int(length) > self._limit:
            await _refuse(413, f"a body may hold {self._limit} bytes", scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._limit:
                # To whoever reads, the sender has gone away; nothing of it is used.
                return {"type": "http.disconnect"}
            return message

        await self._app(scope, counted, send)


class SameOrigin:
    """Refuses a change that another site's page sends with our cookie (Origin and Sec-Fetch-Site).

    `open_to_others`: paths that read no cookie and look at the origin by themselves.
    """

    def __init__(self, app: ASGIApp, open_to_others: frozenset[str] = frozenset()) -> None:
        self._app, self._open_to_others = app, open_to_others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in _SAFE
            and scope["path"] not in self._open_to_others
            and _foreign(Headers(scope=scope))
        ):
            await _refuse(403, "this change was sent from another site", scope, receive, send)
            return
        await self._app(scope, receive, send)


def _foreign(headers: Headers) -> bool:
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    if not origin or origin == "null":
        return origin == "null" and "cookie" in headers
    return urlsplit(origin).netloc != headers.get("host", "")


async def _refuse(status: int, words: str, scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(words + "\n", status_code=status)(scope, receive, send)

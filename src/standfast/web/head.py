"""HEAD is answered as GET without the body (RFC 9110, 9.3.2), whatever the routes know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _Enough(OSError):
    """Nobody takes more; to a stream it looks as if the reader had gone."""


class HeadAsGet:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        ended = False

        async def without_body(message: Message) -> None:
            nonlocal ended
            if message["type"] == "http.response.start":
                await send(message)
            elif not ended:
                ended = True
                await send({"type": "http.response.body", "body": b""})
            if message.get("more_body"):
                raise _Enough

        scope["method"] = (
            "GET"  # in place: whoever counts outside looks for the route in this scope
        )
        try:
            await self._app(scope, receive, without_body)
        except Exception:
            if not ended:
                raise  # what goes wrong after the answer is the abandoned stream's own end
        finally:
            scope["method"] = "HEAD"

"""A switch that breaks a process on demand: the demo's hand on the shop, never part of its traffic."""

from __future__ import annotations

import asyncio
import hmac
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MODES = ("well", "failing", "hanging")
_HANG = 30  # seconds


class Switch:
    """Modes: `well`, `failing` (every answer is 500), `hanging` (no answer for long)."""

    def __init__(self, secret: str) -> None:
        self.mode, self._secret = "well", secret

    def outside(self, app: ASGIApp) -> ASGIApp:
        """Answers `POST /control?mode=...`; goes around the kit, so that it is not counted."""

        async def control(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["path"] == "/control":
                await self._turn(Request(scope, receive))(scope, receive, send)
            else:
                await app(scope, receive, send)

        return control

    def inside(self, app: ASGIApp) -> ASGIApp:
        """Breaks the application; goes inside the kit, so that the kit sees what customers see."""

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or self.mode == "well":
                await app(scope, receive, send)
                return
            if self.mode == "hanging":
                await asyncio.sleep(_HANG)
            await PlainTextResponse("broken on purpose", status_code=500)(scope, receive, send)

        return faulty

    def _turn(self, request: Request) -> PlainTextResponse:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._secret}".encode()):
            return PlainTextResponse("no", status_code=403)
        mode = parse_qs(request.url.query).get("mode", [""])[0]
        if request.method != "POST" or mode not in MODES:
            return PlainTextResponse(f"POST one of {', '.join(MODES)}", status_code=400)
        self.mode = mode
        return PlainTextResponse(mode)

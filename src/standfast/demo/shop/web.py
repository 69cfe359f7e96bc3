"""What customers see: a page of goods, and the way to the API. `python -m standfast.demo.shop.web`"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from typing import Any
from uuid import UUID

import httpx2
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.types import ASGIApp

from standfast.demo.shop.settings import Settings, settings
from standfast_kit import Kit
from standfast_kit.asgi import Reliable

_PASSED_ON = ("x-customer", "idempotency-key", "content-type")
_PATIENCE = 6.0  # seconds
_PAGE = """<!doctype html><title>Tea</title><style>
body{{font:16px/1.6 system-ui;max-width:32em;margin:3em auto}}
td{{padding:.2em 1em .2em 0}}</style>{beacon}<h1>Tea</h1><table>{rows}</table>"""
_BEACON = '<script src="{}/beacon.js" defer></script>'


class Front:
    """Passes requests on; once, so that what customers count is what the API counts."""

    def __init__(self, api: str) -> None:
        limits = httpx2.Limits(max_connections=200, max_keepalive_connections=100)
        self.http = httpx2.AsyncClient(
            base_url=api, timeout=_PATIENCE, limits=limits, trust_env=False
        )

    async def pass_on(self, request: Request, path: str) -> Response:
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        body = await request.body()
        try:
            answer = await self.http.request(request.method, path, headers=headers, content=body)
        except httpx2.TimeoutException:
            return Response("the shop is slow", 504)
        except httpx2.HTTPError:
            return Response("the shop is closed", 502)
        kind = answer.headers.get("content-type", "text/plain")
        return Response(answer.content, answer.status_code, media_type=kind)


def application(known: Settings) -> ASGIApp:
    front = Front(known.api)
    kit = Kit("shop-web", "1.0", thresholds=[0.2, 0.4, 0.5], routes=["/products", "/orders"])
    kit.check("api", _api(front), required=False, timeout="3s")

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await front.http.aclose()

    app = FastAPI(title="Tea", docs_url=None, redoc_url=None, lifespan=life)

    @app.get("/")
    async def home(request: Request) -> Response:
        answer = await front.pass_on(request, "/products")
        return _page(answer, known.standfast) if answer.status_code == 200 else answer

    @app.get("/products")
    async def products(request: Request) -> Response:
        return await front.pass_on(request, "/products")

    @app.post("/sessions")
    async def sign_in(request: Request) -> Response:
        return await front.pass_on(request, "/sessions")

    @app.post("/orders")
    async def place(request: Request) -> Response:
        return await front.pass_on(request, "/orders")

    @app.get("/orders/{number:uuid}")
    async def order(request: Request, number: UUID) -> Response:
        return await front.pass_on(request, f"/orders/{number}")

    return Reliable(app, kit)


def _api(front: Front) -> Any:
    async def ask() -> bool:
        return bool((await front.http.get("/health/ready")).is_success)

    return ask


def _page(answer: Response, standfast: str) -> Response:
    rows = "".join(
        f"<tr><td>{escape(one['name'])}<td>{one['cents'] / 100:.2f} EUR"
        for one in json.loads(bytes(answer.body))
    )
    beacon = _BEACON.format(escape(standfast)) if standfast else ""
    return HTMLResponse(_PAGE.format(rows=rows, beacon=beacon))


if __name__ == "__main__":
    told = settings()
    uvicorn.run(application(told), host="127.0.0.1", port=told.listens_at, log_level="warning")

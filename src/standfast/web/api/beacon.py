"""The beacon of users' pages: anybody may send it, from the origins that the file names, and not too often.

No cookie is set or read, no address is kept, and what comes in is a number in a bucket and nothing else.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from importlib import resources
from ipaddress import ip_address, ip_network
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from standfast.errors import StandfastError
from standfast.web.caller import PlatformNow, address
from standfast.web.limiting import Limit

PATH = "/api/v1/beacon"
LARGEST = 2_000  # bytes
routes = APIRouter()
script = APIRouter(include_in_schema=False)
_limit = Limit(rate=1.0, burst=60.0, rate_of_all=200.0, burst_of_all=1000.0)


@routes.options("/beacon", include_in_schema=False)
def asked_first(request: Request, app: PlatformNow) -> Response:
    """Browsers ask before they send JSON to another origin."""
    return Response(status_code=204, headers=_cors(app.feel.allowed(_origin(request))))


@routes.post("/beacon", status_code=204)
async def beacon(request: Request, app: PlatformNow) -> Response:
    """`{"path": "/products/7", "vitals": {"LCP": 1830, "INP": 64, "CLS": 0.02}}`, times in milliseconds."""
    origin = app.feel.allowed(_origin(request))
    proxies = app.accept.current().server.trusted_proxies
    if not _limit.passes(sender(address(request) or "", request.headers, proxies)):
        return Response(status_code=429, headers={**_cors(origin), "retry-after": "60"})
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise StandfastError(f"a beacon has at most {LARGEST} bytes")
    path, vitals = parsed(bytes(body))
    app.feel.take(path, vitals, app.now())
    return Response(status_code=204, headers=_cors(origin))


@script.get("/beacon.js")
def beacon_script(app: PlatformNow) -> Response:
    """What a page includes; only there once the file asks for it."""
    app.feel.asked_for()
    text = _script()
    headers = {
        "cache-control": "public, max-age=3600",
        "cross-origin-resource-policy": "cross-origin",
        "etag": f'"{sha256(text).hexdigest()[:20]}"',
    }
    return Response(text, media_type="text/javascript", headers=headers)


def parsed(body: bytes) -> tuple[str, dict[str, float]]:
    """Raises StandfastError for everything that is not a path and a few numbers."""
    try:
        told: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise StandfastError("not JSON", fix="see the reference of the API") from None
    known = isinstance(told, dict) and set(told) == {"path", "vitals"}
    if not known or not isinstance(told["path"], str) or not isinstance(told["vitals"], dict):
        raise StandfastError("a beacon is a path and its vitals, and nothing else")
    vitals = told["vitals"]
    if not vitals or not all(_number(value) for value in vitals.values()):
        raise StandfastError("vitals are numbers by name", fix='{"LCP": 1830}')
    return told["path"], {name: float(value) for name, value in vitals.items()}


def sender(peer: str, headers: Any, proxies: tuple[str, ...]) -> str:
    """Whoever sent it, by the nearest of our proxies that is believed; never kept, only counted."""
    told = [part.strip() for part in headers.get("x-forwarded-for", "").split(",") if part.strip()]
    while told and _trusted(peer, proxies):
        peer = told.pop()
    return peer[:64]


def _trusted(peer: str, proxies: tuple[str, ...]) -> bool:
    try:
        here = ip_address(peer)
        return any(here in ip_network(one, strict=False) for one in proxies)
    except ValueError:
        return peer in proxies


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _origin(request: Request) -> str:
    """What the browser says; a page of our own origin need not say it with GET, but does with POST."""
    return request.headers.get("origin", "").lower()


def _cors(origin: str) -> dict[str, str]:
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "3600",
        "vary": "origin",
    }


@cache
def _script() -> bytes:
    folder = resources.files("standfast.web").joinpath("static")
    vitals = folder.joinpath("vendor/web-vitals.iife.js").read_bytes()
    return b"\n".join((vitals, folder.joinpath("beacon.js").read_bytes()))

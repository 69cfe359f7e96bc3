"""What the ASGI middleware adds to a request, against none and prometheus-fastapi-instrumentator.

Run: uv run --group bench python bench/kit_middleware.py
"""

from __future__ import annotations

import asyncio
import time
from statistics import median

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from standfast_kit import Kit
from standfast_kit.asgi import Reliable

ROUNDS, REQUESTS = 9, 1500


def shop() -> FastAPI:
    app = FastAPI()

    @app.get("/orders/{order}")
    async def order(order: str) -> dict[str, str]:
        return {"order": order}

    return app


async def receive() -> dict[str, object]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: object) -> None:
    return


def scope() -> dict[str, object]:
    return {
        "type": "http", "method": "GET", "path": "/orders/7", "raw_path": b"/orders/7", "root_path": "",
        "headers": [], "query_string": b"", "scheme": "http", "http_version": "1.1",
        "server": ("shop", 80), "client": ("client", 1),
    }  # fmt: skip


async def bare(scope, receive, send) -> None:
    """An application that costs next to nothing, so that only the middleware is seen."""
    scope["route"] = ROUTE
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


class ROUTE:
    path = "/orders/{order}"


def timed(app) -> float:
    """Microseconds a request."""

    async def run() -> float:
        started = time.perf_counter()
        for _ in range(REQUESTS):
            await app(scope(), receive, send)
        return (time.perf_counter() - started) / REQUESTS * 1e6

    return asyncio.run(run())


def instrumented() -> FastAPI:
    from prometheus_fastapi_instrumentator import Instrumentator

    app = shop()
    Instrumentator(registry=CollectorRegistry()).instrument(app)
    return app


def rows() -> list[tuple[str, str, str]]:
    """(what, figure, beside what)"""
    subjects = {
        "bare": bare,
        "bare + standfast": Reliable(bare, Kit("bare", thresholds=[0.3])),
        "fastapi": shop(),
        "fastapi + standfast": Reliable(shop(), Kit("shop", thresholds=[0.3])),
        "fastapi + instrumentator": instrumented(),
    }
    seen: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(ROUNDS):
        for name, app in subjects.items():
            seen[name].append(timed(app))
    times = {name: median(values) for name, values in seen.items()}
    alone = times["bare + standfast"] - times["bare"]
    ours = times["fastapi + standfast"] - times["fastapi"]
    peer = times["fastapi + instrumentator"] - times["fastapi"]
    return [
        *((f"a request: {name}", f"{us:.1f} us", "") for name, us in times.items()),
        ("added by standfast, bare application", f"{alone:.1f} us", "goal 5 us"),
        (
            "added by standfast, FastAPI",
            f"{ours:.1f} us",
            f"{ours / peer:.2f} x the instrumentator; goal 0.2 x",
        ),
        ("added by the instrumentator, FastAPI", f"{peer:.1f} us", ""),
    ]


def main() -> None:
    for what, figure, beside in rows():
        print(f"{what:42} {figure:>10}  {beside}")


if __name__ == "__main__":
    main()

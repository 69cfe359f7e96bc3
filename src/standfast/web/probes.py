"""Health and metrics of standfast itself. Live and ready are asynchronous and touch nothing."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse, PlainTextResponse

from standfast.web.caller import PlatformNow

routes = APIRouter(include_in_schema=False)


@routes.get("/health/live")
async def live(app: PlatformNow) -> JSONResponse:
    return JSONResponse(app.health.live())


@routes.get("/health/ready")
async def ready(app: PlatformNow) -> JSONResponse:
    report = app.health.ready()
    return JSONResponse(report, 503 if report["status"] == "unhealthy" else 200)


@routes.get("/health/deep")
def deep(app: PlatformNow) -> JSONResponse:
    report = app.health.deep()
    return JSONResponse(report, 503 if report["status"] == "unhealthy" else 200)


@routes.get("/metrics")
def metrics(app: PlatformNow) -> PlainTextResponse:
    return PlainTextResponse(
        app.health.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8"
    )

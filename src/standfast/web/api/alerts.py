"""Alerts from outside. Accepted means committed: after the answer, nothing loses them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from standfast.app import formats
from standfast.engine.sign_in import Caller
from standfast.errors import StandfastError
from standfast.web.api.encode import answer
from standfast.web.caller import Needs, PlatformNow

routes = APIRouter()
_Source = Annotated[Caller, Depends(Needs("alerts"))]


@routes.post("/alerts")
async def generic(request: Request, app: PlatformNow, _caller: _Source) -> Response:
    """`{"alerts": [{"name", "severity", "component", "summary", "labels", "status"}]}`"""
    found = formats.parse(await _json(request))
    return answer(await run_in_threadpool(app.take_alerts, found))


@routes.post("/alerts/alertmanager")
async def alertmanager(request: Request, app: PlatformNow, _caller: _Source) -> Response:
    """The webhook of Alertmanager, version 4."""
    found = formats.parse_alertmanager(await _json(request))
    return answer(await run_in_threadpool(app.take_alerts, found))


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise StandfastError(f"not JSON: {error}", fix="see the reference of the API") from error

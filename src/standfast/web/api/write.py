"""Remote write: Prometheus sends its samples here. Accepted means kept: after the answer nothing loses them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from standfast.engine.sign_in import Caller
from standfast.web.caller import Needs, PlatformNow

routes = APIRouter()
_Sender = Annotated[Caller, Depends(Needs("metrics"))]


@routes.post("/write")
async def write(request: Request, app: PlatformNow, _caller: _Sender) -> Response:
    """Prometheus remote write 1.0."""
    kind = request.headers.get("content-type", "application/x-protobuf")
    packed = request.headers.get("content-encoding", "snappy")
    if "v2" in kind or not kind.startswith("application/x-protobuf") or packed != "snappy":
        # The sender may fall back to 1.0 on this answer.
        return PlainTextResponse("remote write 1.0 is taken: protobuf in snappy\n", 415)
    body = await request.body()
    await run_in_threadpool(app.take_written, body)
    return Response(status_code=204)

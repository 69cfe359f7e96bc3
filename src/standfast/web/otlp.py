"""`POST /v1/metrics`: where OpenTelemetry's exporters send, by the rules of OTLP/HTTP."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from standfast.app import formats
from standfast.errors import NotAllowed, StandfastError, StoreError
from standfast.web.caller import Needs, PlatformNow, SignInFirst, known

routes = APIRouter()
_MAY = Needs("metrics")


@routes.post("/v1/metrics", include_in_schema=False)
async def metrics(request: Request, app: PlatformNow) -> Response:
    """Durations and levels, counted for the component that names the service."""
    kind = formats.OTLP_PROTOBUF
    try:
        kind = formats.otlp_media(request.headers.get("content-type", ""))
        body, encoding = await request.body(), request.headers.get("content-encoding", "")

        def work() -> bytes:
            _MAY(known(request, app))
            taken = app.pushes.take(formats.read_otlp(body, kind, encoding))
            return formats.otlp_answer(kind, taken.rejected, taken.why)

        return Response(await run_in_threadpool(work), media_type=kind)
    except StandfastError as error:
        return _refused(error, kind)


def _refused(error: StandfastError, kind: str) -> Response:
    """Only what may go well later is answered so that the exporter tries again."""
    table: tuple[tuple[type[StandfastError], int], ...] = (
        (SignInFirst, 401), (NotAllowed, 403), (StoreError, 503), (formats.OtlpUnsupported, 415),
    )  # fmt: skip
    status = next((code for cls, code in table if isinstance(error, cls)), 400)
    words = error.problem + (f"; {error.fix}" if error.fix else "")
    headers = {"retry-after": "2"} if status == 503 else {}
    return Response(formats.otlp_refusal(kind, words), status, headers, media_type=kind)
